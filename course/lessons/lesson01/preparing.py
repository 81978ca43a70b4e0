"""Exercise 5 of lesson 01: what is frozen, what the optimizer holds, what its steps change."""

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.stepping import make_step, why_missing
from course.lessons.lesson01.original import Original


def expect_only_new_trainable(model: nn.Module, original: Original) -> dict[str, nn.Parameter]:
    """Return the new parameters by name. Raise Misconception where an old one is trainable."""
    new = {}
    trainable = []
    for path, parameter in model.named_parameters():
        if original.is_new(parameter):
            new[path] = parameter
        elif parameter.requires_grad:
            trainable.append(path)
    if trainable:
        raise Misconception(
            "backbone-not-frozen",
            f"{first_and_more(trainable)} of the backbone: expected requires_grad=False; got True",
        )
    return new


def expect_held(
    new: dict[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    model: nn.Module,
    original: Original,
) -> None:
    """Raise Misconception unless the optimizer holds all the new parameters."""
    held = set(comparisons.learning_rates(optimizer))
    missing = [path for path, parameter in new.items() if id(parameter) not in held]
    if not missing:
        return
    what = f"the optimizer does not hold {first_and_more(missing)} of the new head"
    strangers = held - {id(parameter) for parameter in model.parameters()}
    if strangers:
        what += f"; it holds {len(strangers)} tensors that are not in the model"
        if strangers & original.shapes.keys():
            raise Misconception("optimizer-before-swap", f"{what} any more, such as the old head's")
        raise wrong_result(f"{what}, such as copies: its steps change them, and not the model")
    what += why_missing(optimizer.param_groups or ())
    raise Misconception("parameter-not-in-optimizer", what)


def expect_steps_move_only(
    new: dict[str, nn.Parameter],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    original: Original,
    n: int,
) -> None:
    """Raise Misconception unless three training steps move the new parameters alone.

    One step would not show what moves by the state that an earlier step has left.
    """
    images = original.images()
    labels = torch.tensor([0, n - 1])
    if not model(images).requires_grad:
        raise wrong_result(
            "expected that a loss of the logits trains the new head; no gradient reaches it, "
            "because the logits of your model have requires_grad=False"
        )
    start = comparisons.snapshot(model.named_parameters())
    learning = set()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        for path, parameter in new.items():
            if parameter.grad is not None and parameter.grad.abs().max() > 1e-4:
                learning.add(path)
        return loss

    moved: set[str] = set()  # after any of the steps: a parameter can move and come back
    for _ in range(3):
        make_step(optimizer, original.name, closure)
        moved.update(comparisons.moved_since(model, start))
    if moved - set(new):
        raise Misconception(
            "backbone-not-frozen",
            f"expected that three steps of your optimizer change the new head alone; they changed "
            f"{first_and_more(sorted(moved - set(new)))}",
        )
    still = sorted(learning - moved)
    if still or not learning:
        raise wrong_result(
            "expected that three steps of your optimizer change the whole new head; they did not "
            f"change {first_and_more(still or sorted(new))}"
        )
