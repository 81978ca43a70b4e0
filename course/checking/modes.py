"""What checks share about train and eval mode of a learner's module."""

from torch import nn

from course.checking import panel, values
from course.checking.misconception import Misconception, wrong_result


def set_mode(module: nn.Module, mode: bool, where: str) -> None:
    """Call train(mode) of a module that is the learner's, or has one of the learner's as a part.

    where: for messages. Raises Misconception where the learner's train() does not take the mode.
    """
    try:
        module.train(mode)
    except TypeError as problem:
        if panel.raised_by_learner(problem):
            raise
        raise wrong_result(
            f"{where}: expected that train() of your module takes the mode, because PyTorch calls "
            f"train({mode}) of each part; it raises TypeError: {problem}"
        ) from None


def expect_modes(module: nn.Module, where: str) -> None:
    """Raise Misconception unless train() and eval() of a learner's module work as PyTorch's do.

    They take the mode and return the module. It is in eval mode afterwards.
    """
    set_mode(module, False, where)
    for call, given in {
        "train()": module.train(),
        "train(False)": module.train(False),
        "eval()": module.eval(),
    }.items():
        if given is not module:
            raise Misconception(
                "train-returns-nothing",
                f"{where}: {call} of your module returns {values.shown(given)}; expected the "
                "module",
            )
