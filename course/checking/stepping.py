"""A step of a learner's optimizer, which may be one that cannot make it."""

from typing import Any

import torch

from course.checking import panel
from course.checking.misconception import wrong_result


def make_step(optimizer: torch.optim.Optimizer, where: str, *arguments: Any) -> None:
    """Call `optimizer.step(*arguments)`. `where` names the optimizer in the message.

    Raises Misconception where the step raises. An error in the learner's own code goes on to the
    learner.
    """
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
