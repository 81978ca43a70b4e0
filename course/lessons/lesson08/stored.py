"""The thought behind a wrong file, exercise 5 of lesson 08."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import difference


def check_names_in_file(stored: Iterable[str], model: nn.Module, keys: set[str]) -> None:
    """Check that a file holds the tensors `keys` and no others."""
    stored = set(stored)
    missing, extra = sorted(keys - stored), sorted(stored - keys)
    if missing:
        buffers = {name for name, _ in model.named_buffers()}
        only_parameters = not buffers & stored and set(missing) <= buffers
        raise Misconception(
            "parameters-only" if only_parameters else "tensors-missing",
            f"expected {len(keys)} tensors in the file; got {len(stored)}, without "
            f"{first_and_more(missing)}"
            + (f"; it holds {first_and_more(extra)}, which the model has not" if extra else ""),
        )
    if extra:
        raise Misconception(
            "tensors-extra",
            f"expected only the {len(keys)} tensors of the state_dict in the file; got "
            f"{first_and_more(extra)} as well",
        )


def check_values_in_file(stored: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> None:
    """Check that stored tensors are those of the snapshot `before`, perhaps in half precision."""
    for name, tensor in sorted(stored.items()):  # the order of safetensors varies
        expected = before[name]
        if tensor.shape != expected.shape:
            raise wrong_result(
                f"expected {name} {tuple(expected.shape)} in the file; got {tuple(tensor.shape)}"
            )
        rounded = expected.half() if expected.is_floating_point() else expected
        if not (
            comparisons.same(tensor, expected) or torch.equal(tensor, rounded.to(tensor.dtype))
        ):
            raise wrong_result(
                f"expected {name} of the model in the file, perhaps in half precision: "
                f"{difference(tensor, rounded, 0)}"
            )
