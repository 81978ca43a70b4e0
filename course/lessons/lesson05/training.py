"""Lesson 05: what exercise 9 requires of two heads that an answer trains."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from course.checking import values
from course.checking.check import expect
from course.checking.label_effect import FOLLOWS_LABELS, label_effect, share_by_guessing
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson05.fixtures import CRATE, TASKS, WORDS, Triple, split_of
from course.lessons.lesson05.two_heads import check_logits, logits_of_both, outputs_for

# The reference scores about 0.97 and 0.86 on CRATE; the best undertrained answer scores 0.33 and
# 0.55. `python -m course.authoring.thresholds` prints the margins over seeds.
THRESHOLDS = {"fruit": 0.85, "rotten": 0.70}


def why_too_low(
    answer: Callable,
    model: nn.Module,
    names: Sequence[str],
    passed: Sequence[bool],
    right: Sequence[int],
    what: str,
) -> Misconception:
    """Return the Misconception behind an accuracy that is too low.

    passed, right: for each task, whether its accuracy is reached, and how many test images are
    right. what: the accuracies in words.
    """
    task = list(passed).index(False)
    head = f"{WORDS[TASKS[task]]} head"
    effect = effect_of_labels(answer, names, task)
    if effect is None:
        what += f". With other labels your {head} comes out the same"
        dead = "mean-hides-a-dead-head" if passed[1 - task] else "head-not-trained"
        mean = sum(right) / len(split_of("test", names)[0]) / 2
        if passed[1 - task]:
            what += f". The mean is {mean:.0%}"
        return Misconception(dead, what)
    train = split_of("train", names)
    labels = train[1 + task]
    with torch.no_grad():
        logits = logits_of_both(model(train[0]), "your module")[task]
    fitted = int((logits.argmax(1) == labels).sum())
    what += f". On the training images your {head} is right in {fitted} of {len(labels)}"
    if values.reaches(fitted, len(labels), percents()[task]):
        return wrong_result(f"{what}: it has learnt these images alone")
    guess = share_by_guessing(len(labels), logits.shape[1])
    if fitted / len(labels) < 2 / logits.shape[1] - guess:
        return wrong_result(
            f"{what}, fewer than by guessing: its labels were exchanged, or its loss grew"
        )
    if effect < FOLLOWS_LABELS and fitted / len(labels) <= guess:
        return Misconception("head-learnt-other-labels", what)
    return Misconception("head-undertrained", what)


def percents() -> list[int]:
    """Return THRESHOLDS in per cent, fruit first."""
    return [round(100 * share) for share in THRESHOLDS.values()]


def train_on(answer: Callable, names: Sequence[str], flipped_task: int | None = None) -> nn.Module:
    """Return the module that `answer` trains on the named fruits, in eval mode.

    flipped_task: the index in TASKS of a task whose training labels are put in reverse order.
    """
    train, validation = list(split_of("train", names)), split_of("validation", names)
    if flipped_task is not None:
        train[1 + flipped_task] = train[1 + flipped_task].flip(0)
    model = answer(tuple(train), validation)
    expect(model, nn.Module, "an nn.Module")
    return model.eval()


def checked_outputs(model: nn.Module, test: Triple, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return the logits of both tasks on `test`, after a check of their shapes and their limits."""
    features = test[0]
    with torch.no_grad():
        outputs = outputs_for(model, features, (len(names), 2), "your module")
        large = 1000 * features[:40]
        limits = logits_of_both(model(torch.cat([large, -large])), "your module")
    for task, logits in zip(TASKS, limits, strict=True):
        check_logits(task, logits, "your module")
    return outputs


def score_both(answer: Callable, target: str, names: Sequence[str] = CRATE) -> float:
    """Return the test accuracy in one task of THRESHOLDS of the heads that `answer` trains."""
    test = split_of("test", names)
    outputs = checked_outputs(train_on(answer, names), test, names)
    task = list(THRESHOLDS).index(target)
    return (outputs[task].argmax(1) == test[1 + task]).float().mean().item()


def effect_of_labels(answer: Callable, names: Sequence[str], task: int) -> float | None:
    """Return how far a head follows its labels, None where no step has reached it.

    task: its index in TASKS. See `label_effect`.
    """
    features, *labels = split_of("train", names)
    outputs = []
    for flipped_task in (None, task):
        torch.manual_seed(0)
        model = train_on(answer, names, flipped_task)
        with torch.no_grad():
            outputs.append(logits_of_both(model(features), "your module")[task])
    return label_effect((outputs[0], outputs[1]), (labels[task], labels[task].flip(0)))
