"""Which labels the loss of an answer's training compares with which images.

If an answer shuffles the labels within each batch, an image has its own label now and then. So the
head is better than a guess, like one that was trained too little. What cross_entropy gets tells
the two apart.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock

from torch import Tensor, nn
from torch.nn import functional as F


@contextlib.contextmanager
def labels_watched(inputs: Tensor, labels: Tensor) -> Iterator[Counter[str]]:
    """Count while the block runs: for how many logits in cross_entropy the image is known
    ("known"), and how many of these are compared with a label that is not that of the image
    ("others").

    inputs: the images or features of the training, one a row; labels: (N,). An image is known where
    a module gets its row as it is in `inputs`, and cross_entropy gets what the module returned.
    """
    numbers = {row.numpy().tobytes(): number for number, row in enumerate(inputs)}
    classes = int(labels.max()) + 1
    seen = Counter(known=0, others=0)
    cross_entropy = F.cross_entropy

    def note_rows(module: nn.Module, given: tuple, output: Any) -> None:
        if not given or not _is_batch_of(given[0], inputs):
            return
        rows = [numbers.get(row.numpy().tobytes()) for row in given[0].detach()]
        if None in rows:
            return
        for tensor in _tensors_in(output):
            tensor.rows_of_training = rows

    def watched(input: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        rows = getattr(input, "rows_of_training", [])
        count = len(rows)
        if count and input.shape == (count, classes) and target.shape == (count,):
            counts = target >= 0  # -100 is left out of the loss
            seen["known"] += int(counts.sum())
            seen["others"] += int((target != labels[rows])[counts].sum())
        return cross_entropy(input, target, *args, **kwargs)

    hook = nn.modules.module.register_module_forward_hook(note_rows)
    try:
        with mock.patch.object(F, "cross_entropy", watched):
            yield seen
    finally:
        hook.remove()


def _is_batch_of(found: Any, inputs: Tensor) -> bool:
    """Return whether `found` is a tensor with rows like those of `inputs`."""
    if not isinstance(found, Tensor) or found.device.type != "cpu":
        return False
    return found.dtype == inputs.dtype and found.ndim > 1 and found.shape[1:] == inputs.shape[1:]


def _tensors_in(output: Any) -> Iterable[Tensor]:
    """Return the tensors of what a module returned: one, or several in a tuple, list or dict."""
    if isinstance(output, dict):
        output = output.values()
    parts = (output,) if isinstance(output, Tensor) else output
    if not isinstance(parts, Iterable):
        return ()
    return [part for part in parts if isinstance(part, Tensor)]


def share_of_others(seen: Counter[str]) -> str:
    """Return in words how many logits were compared with a label that is not their image's."""
    return (
        f"In cross_entropy {seen['others']:,} of {seen['known']:,} rows of logits got a label that "
        "is not that of their image"
    )
