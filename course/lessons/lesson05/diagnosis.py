"""The thought behind wrong images or counts, Exercises 1 and 3 of lesson 05.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.misconception import (
    Misconception,
    unlike,
    wrong_result,
)
from course.vision.fruit import FRUITS, Pictures


def check_selection(result: Any, data: Pictures, names: Sequence[str]) -> None:
    """Check the triple (images, fruit, rotten) of the images that show one of `names`."""
    got = f"got {type(result).__name__}"
    if isinstance(result, tuple | list):
        got = f"got {len(result)} values"
    chosen = [FRUITS.index(name) for name in names]
    keep = torch.isin(data.fruit, torch.tensor(chosen))
    count = int(keep.sum())
    if not isinstance(result, tuple | list) or len(result) != 3:
        expected = f"{names}: expected three tensors (images, fruit, rotten)"
        if not count:  # the function has returned tensors before
            raise wrong_result(f"{expected} without rows, because no image shows these; {got}")
        raise unlike(result, f"{expected}; {got}")
    for part, tensor in zip(("images", "fruit", "rotten"), result, strict=True):
        if not isinstance(tensor, Tensor):
            kind = type(tensor).__name__
            raise wrong_result(f"{names}: expected `{part}` to be a tensor; got {kind}")
    images, labels, rotten = result
    for part, tensor in zip(("images", "fruit", "rotten"), result, strict=True):
        rows = len(tensor) if tensor.ndim else 0
        if rows != count:
            raise wrong_result(
                f"{names}: {count} of {len(data.fruit)} images show one of these; expected {count} "
                f"rows in `{part}`, got {rows}"
            )
    check_kept("images", images, data.images[keep], names)
    right = data.rotten[keep]
    if comparisons.same(labels, right) and not comparisons.same(rotten, right):
        raise wrong_result(
            f"{names}: expected the triple (images, fruit, rotten); yours has rotten before fruit"
        )
    check_labels(labels, data.fruit[keep], chosen, names)
    check_kept("rotten", rotten, right, names)


def check_kept(part: str, found: Tensor, expected: Tensor, names: Sequence[str]) -> None:
    """Check `images` or `rotten`: the rows of the data that show one of `names`, in their order."""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        raise wrong_result(
            f"{names}: expected `{part}` to be {expected.dtype} of shape {tuple(expected.shape)}, "
            f"as in the data; got {found.dtype} of shape {tuple(found.shape)}"
        )
    if torch.equal(found, expected):
        return
    different = (found != expected).reshape(len(found), -1).any(1)
    raise wrong_result(
        f"{names}: {int(different.sum())} of {len(found)} rows of `{part}` are others than "
        f"expected; the first is row {int(different.nonzero()[0])}. Return the rows that show one "
        "of these fruits, in the order of the data"
    )


def miscounted(model: nn.Module) -> dict[str, float]:
    """Return {code: how many times as many tensors' numbers} where other tensors are counted."""
    parts = (model.backbone, model)
    trainable = [
        comparisons.numbers_in(p for p in m.parameters() if p.requires_grad) for m in parts
    ]
    stored = [comparisons.numbers_in(comparisons.tensors(m).values()) for m in parts]
    weights = [
        comparisons.numbers_in(p for path, p in m.named_parameters() if not path.endswith("bias"))
        for m in parts
    ]
    found = {
        "buffers-counted": 1 + stored[0] / stored[1],
        "biases-not-counted": 1 + weights[0] / weights[1],
    }
    if trainable[1]:
        found["frozen-not-counted"] = 1 + trainable[0] / trainable[1]
    return found


def check_labels(labels: Tensor, old: Tensor, chosen: list[int], names: Sequence[str]) -> None:
    """Check new labels (N,) of images with the labels `old` (N,), which are among `chosen`."""
    numbers = [chosen.index(number) for number in old.tolist()]
    expected = torch.tensor(numbers, dtype=torch.int64)
    if labels.shape != expected.shape or labels.dtype != torch.int64:
        raise wrong_result(
            f"{names}: expected `fruit` to be int64 of shape {tuple(expected.shape)}; got "
            f"{str(labels.dtype).removeprefix('torch.')} of shape {tuple(labels.shape)}"
        )
    if torch.equal(labels, expected):
        return
    row = int((labels != expected).nonzero()[0])
    name = FRUITS[int(old[row])]
    what = f"{names}: a {name} has the label {labels[row]}; expected {expected[row]}"
    if torch.equal(labels, expected + 1):
        raise Misconception("labels-off-by-one", f"{what}. Your labels run from 1 to {len(names)}")
    if torch.equal(labels, old):
        raise Misconception(
            "labels-not-renumbered",
            f"{what}. A head with {len(names)} outputs has no output {labels.max()}",
        )
    orders = {
        "of FRUITS": sorted(chosen),
        "of the alphabet": [FRUITS.index(fruit) for fruit in sorted(names)],
        "in which the fruits appear in the data": list(dict.fromkeys(old.tolist())),
    }
    for words, order in orders.items():
        if labels.tolist() == [order.index(number) for number in old.tolist()]:
            raise Misconception(
                "labels-in-another-order", f"{what}. Your labels follow the order {words}"
            )
    raise wrong_result(what)
