"""Steps: of a learner's optimizer, which may not make it, and those that a learner's code calls."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from course.checking import panel
from course.checking.misconception import wrong_result


def make_step(optimizer: torch.optim.Optimizer, where: str, *arguments: Any) -> None:
    """Call `optimizer.step(*arguments)`. `where` names the optimizer in the message.

    Raises Misconception where the step raises, or would raise the loss. An error in the learner's
    own code goes on to the learner.
    """
    for number, group in enumerate(optimizer.param_groups or ()):
        if group.get("maximize"):
            raise wrong_result(
                f"{where}: expected an optimizer whose steps lower the loss; group {number} of "
                f"yours, {type(optimizer).__name__}, has maximize=True, so its steps raise it"
            )
    try:
        optimizer.step(*arguments)
    except Exception as problem:
        if panel.raised_by_learner(problem):
            raise
        words = str(problem).split("\n")[0]
        raise wrong_result(
            f"{where}: expected an optimizer that can make a step; the step of yours, "
            f"{type(optimizer).__name__}, raises {type(problem).__name__}: {words}"
        ) from None


def why_missing(groups: Iterable[Mapping[str, Any]]) -> str:
    """Return what explains a parameter that is in none of an optimizer's groups, for a message.

    An empty group may come from a generator that was read before. "" where no group is empty.
    """
    if all(group["params"] for group in groups):
        return ""
    return (
        ". One group is empty. A generator, such as `parameters()` returns, can be read only once: "
        "make a list of it if you read it twice"
    )


def expect_gradients_on(call: str) -> None:
    """Raise Misconception where a learner's code calls something that trains with gradients off.

    `call` names it in the message, for example "step()".
    """
    if torch.is_grad_enabled() and not torch.is_inference_mode_enabled():
        return
    raise wrong_result(
        f"expected that you call {call} with gradients on; you call it under no_grad or "
        "inference_mode, where it cannot train"
    )
