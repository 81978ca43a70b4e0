"""The logits of two heads, Exercises 2 and 9 of lesson 05: their shapes, limits and values.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons, values
from course.checking.autograd import leaf_tensors
from course.checking.batch_of_one import code_of_shapes
from course.checking.misconception import Misconception, unlike, wrong_result
from course.lessons.lesson05.fixtures import TASKS, WORDS


def logits_of_both(outputs: Any, where: str) -> tuple[Tensor, Tensor]:
    """Return (fruit logits, freshness logits): `outputs` is that pair, or a dict by TASKS."""
    if isinstance(outputs, dict):
        if set(outputs) != set(TASKS):
            keys = sorted(map(str, outputs))
            raise wrong_result(f"{where}: expected the keys 'fruit' and 'fresh'; got {keys}")
        outputs = outputs["fruit"], outputs["fresh"]
    if not isinstance(outputs, tuple | list) or len(outputs) != 2:
        kind = type(outputs).__name__
        raise unlike(outputs, f"{where}: expected two tensors of logits from forward; got {kind}")
    for task, logits in zip(TASKS, outputs, strict=True):
        if not isinstance(logits, Tensor) or not logits.is_floating_point():
            kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
            raise wrong_result(
                f"{where}: expected float tensors; the {WORDS[task]} logits are {kind}"
            )
    fruit, fresh = outputs
    return fruit, fresh


def check_same_logits(model: nn.Module, images: Tensor, where: str) -> None:
    """Check that two forwards give the same logits. model: in eval mode."""
    registered = {id(p) for p in model.parameters()}
    pairs = zip(logits_of_both(model(images), where), logits_of_both(model(images), where))
    for task, (logits, again) in zip(TASKS, pairs, strict=True):
        if values.all_near(again, logits, 1e-4 * float(logits.abs().max())):
            continue
        what = (
            f"{where}: two forwards in eval mode on the same images give other {WORDS[task]} logits"
        )
        strangers = [p for p in leaf_tensors(logits) if id(p) not in registered]
        if strangers:
            raise Misconception(
                "made-in-forward",
                f"{what}: they are computed from {len(strangers)} parameters that "
                "model.parameters() does not list",
            )
        raise wrong_result(f"{what}; expected the same: in eval mode nothing is drawn at random")


LIMITS = {  # what `why_not_logits` finds: the words for it
    "softmax": "are at least 0 and sum to 1 in each row",
    "constant": "are one and the same number",
    "sigmoid": "are all between 0 and 1",
    "ReLU": "are never negative",
    "tanh": "are all between -1 and 1",
}


def check_logits(task: str, outputs: Tensor, where: str) -> None:
    """Check that outputs (N, C), for many and large features, are logits."""
    limit = comparisons.why_not_logits(outputs)
    if limit is None:
        return
    what = (
        f"{where}: the {WORDS[task]} outputs {LIMITS[limit]}, for {len(outputs)} large inputs; "
        "expected logits, which can have any size and sign"
    )
    raise Misconception("softmax-in-the-head" if limit == "softmax" else "wrong-result", what)


def outputs_for(
    model: nn.Module, images: Tensor, classes: tuple[int, int], where: str
) -> tuple[Tensor, Tensor]:
    """Return the logits of both tasks, after a check that they are finite and of their shapes."""
    outputs = logits_of_both(model(images), where)
    found = [tuple(logits.shape) for logits in outputs]
    expected = [(len(images), count) for count in classes]
    if found != expected:
        plural = "image" if len(images) == 1 else "images"
        told = f"{where}: {len(images)} {plural}: expected {expected}; got {found}"
        if found == expected[::-1]:
            told += ". The logits of fruit come first, those of freshness second"
        raise Misconception(code_of_shapes(found, expected), told)
    for task, logits in zip(TASKS, outputs, strict=True):
        if bad := values.not_finite(logits):
            raise wrong_result(
                f"{where}: expected finite {WORDS[task]} logits for an input "
                f"{tuple(images.shape)}; {bad}"
            )
    return outputs


def check_alone(model: nn.Module, images: Tensor, classes: tuple[int, int], where: str) -> None:
    """Check that an image has the same logits alone and in a batch. model: in eval mode."""
    outputs = [outputs_for(model, batch, classes, where) for batch in (images[:1], images)]
    for task, alone, together in zip(TASKS, *outputs, strict=True):
        if not values.all_near(alone, together[:1], 1e-3 * float(together.abs().max())):
            raise wrong_result(
                f"{where}: expected that in eval mode an image has the same logits alone and in a "
                f"batch; for the first one the {WORDS[task]} logits are {in_brackets(alone[0])} "
                f"alone and {in_brackets(together[0])} in a batch of {len(images)}"
            )


def in_brackets(logits: Tensor) -> str:
    """Return the logits of one image (C,) for a message."""
    return f"[{', '.join(f'{value:.3g}' for value in logits.tolist())}]"


def check_free_outputs(model: nn.Module, trained: dict[str, tuple], where: str) -> None:
    """Check that the outputs of both heads are logits, for some random parameters in the heads.

    Each set of parameters is tried with its negative, too: one of both gives a linear head outputs
    below zero. The parameters of the heads are lost.
    """
    prints = set(trained.values())
    heads = [p for p in model.parameters() if comparisons.fingerprint(p) not in prints]
    images = 1000 * torch.randn(8, 3, 32, 32)
    seen: tuple[list[Tensor], list[Tensor]] = ([], [])
    model.eval()
    with torch.no_grad():
        for _ in range(4):
            drawn = [3 * torch.randn_like(p) for p in heads]
            for sign in (1, -1):
                for p, numbers in zip(heads, drawn, strict=True):
                    p.copy_(sign * numbers)
                for rows, logits in zip(seen, logits_of_both(model(images), where), strict=True):
                    rows.append(logits)
    for task, rows in zip(TASKS, seen, strict=True):
        check_logits(task, torch.cat(rows), where)
