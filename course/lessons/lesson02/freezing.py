"""Exercises 4 and 5 of lesson 02: which parameters a call has frozen, and how many it left."""

from torch import nn

from course.checking.misconception import Misconception, first_and_more
from course.lessons.lesson02.diagnosis import (
    expect_more_than_weights,
    expect_no_lookalike,
    frozen_names,
    in_tensors,
    inside,
)


def why_wrong_count(
    model: nn.Module, count: int, asked: set[str], frozen_before: set[str], call: str
) -> Misconception:
    """Return the Misconception behind a wrong count of the trainable numbers.

    asked, frozen_before: the names that had to be frozen, and those that were before the call.
    """
    sizes = {path: parameter.numel() for path, parameter in model.named_parameters()}
    trainable = {path: size for path, size in sizes.items() if path not in asked}
    frozen_parts = {path.split(".")[0] for path in asked}
    buffers = sum(
        buffer.numel()
        for path, buffer in model.named_buffers()
        if path.split(".")[0] not in frozen_parts
    )
    weights = sum(size for path, size in trainable.items() if not path.endswith("bias"))
    before = sum(size for path, size in sizes.items() if path not in frozen_before)
    head = sum(size for path, size in trainable.items() if path.startswith("fc."))
    expected, total = sum(trainable.values()), sum(sizes.values())
    thoughts = {
        weights: ("biases-not-counted", " (without the biases)"),
        expected + buffers: ("buffers-counted", " (with buffers)"),
        total: ("wrong-result", " (of all parameters)"),
        before: ("counted-before-freezing", " (of those that were trainable before the call)"),
        total - expected: ("wrong-result", " (of the frozen ones)"),
        expected - head: ("wrong-result", " (without the head)"),
        len(trainable): ("tensors-not-numbers", ""),
    }
    code, thought = thoughts.get(count, ("wrong-result", ""))
    return Misconception(
        code,
        f"{call}: expected {expected:,} trainable numbers, in {len(trainable)} tensors; got "
        f"{count:,}{thought}",
    )


def expect_others_learn(
    model: nn.Module, others: set[str], learning: set[str], part: str, where: str
) -> None:
    """Raise Misconception where a parameter outside the part gets no gradient any more."""
    stuck = others - learning
    cut_off = stuck - frozen_names(model)
    if cut_off and cut_off == stuck:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{where}: expected that gradients pass through the frozen part; none reaches "
            f"{first_and_more(sorted(cut_off))} any more",
        )
    stuck -= cut_off
    if stuck:
        raise Misconception(
            "prefix-too-greedy" if all(part in path for path in stuck) else "wrong-result",
            f"{where}: expected that only {part} becomes frozen; you also froze "
            f"{in_tensors(len(stuck))} outside it, such as {min(stuck)}",
        )


def expect_part_frozen(
    model: nn.Module,
    part: str,
    asked: set[str],
    learning: set[str],
    worked_before: bool,
    where: str,
) -> None:
    """Raise Misconception where a parameter of the part gets a gradient.

    asked: names of the part's parameters that were trainable before. learning: names that get a
    gradient. worked_before: the answer has frozen another part, whose path has no dot.
    """
    loose = asked & learning
    if not loose:
        return
    expect_no_lookalike(model, loose, where)
    what = (
        f"{where}: expected {in_tensors(len(asked))} frozen; {len(loose)} can still be trained, "
        f"such as {min(loose)}"
    )
    expect_more_than_weights(loose, asked, what)
    if loose == asked and not model.get_submodule(part).training:
        raise Misconception("eval-as-freezing", f"{what}; the part is in eval mode")
    if loose == asked and worked_before and not frozen_names(model) & asked:
        raise Misconception("prefix-matches-nothing", what)
    raise Misconception("part-not-frozen", what)


def expect_frozen_until(
    model: nn.Module,
    stage: str | None,
    asked: set[str],
    learning: set[str],
    frozen_before: set[str],
    call: str,
) -> None:
    """Raise Misconception unless all names in `asked` are frozen, and no others.

    learning: names that get a gradient. frozen_before: names that were frozen before the call.
    """
    everything = {path for path, _ in model.named_parameters()}
    loose = asked & learning
    stuck = everything - asked - learning
    if loose:
        what = (
            f"{call}: expected {in_tensors(len(asked))} frozen; {len(loose)} can still be trained, "
            f"such as {min(loose)}"
        )
        expect_no_lookalike(model, loose, call)
        expect_more_than_weights(loose, asked, what)
        some_frozen = loose != asked
        if stage and some_frozen and loose == inside(asked, stage):
            raise Misconception("stage-left-out", what)
        if some_frozen and loose == inside(asked, "bn1"):
            raise Misconception("layer-forgotten", what)
        raise Misconception("part-not-frozen", what)
    cut_off = stuck - frozen_names(model)
    if cut_off:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{call}: expected gradients for all that is not frozen; none reaches "
            f"{first_and_more(sorted(cut_off))}, with requires_grad=True",
        )
    if stuck:
        what = f"{call}: expected trainable, got frozen: {first_and_more(sorted(stuck))}"
        if stuck <= frozen_before:
            raise Misconception("never-unfreezes", f"{what}, which had been frozen before the call")
        words = {path.split(".")[0] for path in asked}
        greedy = all(any(word in path for word in words) for path in stuck)
        raise Misconception("prefix-too-greedy" if greedy else "wrong-result", what)
