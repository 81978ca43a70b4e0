"""Lesson 05: what exercise 9 requires of two heads that an answer trains."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from course.checking import values
from course.checking.check import expect
from course.checking.label_effect import share_by_guessing, why_too_few_right
from course.checking.misconception import Misconception, wrong_result
from course.checking.preparation import expect_not_standardised
from course.lessons.lesson05.fixtures import CRATE, TASKS, WORDS, Triple, split_of
from course.lessons.lesson05.logits import (
    check_logits,
    in_brackets,
    logits_of_both,
    outputs_for,
)

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
    train = split_of("train", names)
    labels = train[1 + task]
    head = f"your {WORDS[TASKS[task]]} head"

    def logits_of(trained: nn.Module) -> Tensor:
        with torch.no_grad():
            return logits_of_both(trained(train[0]), "your module")[task]

    def logits_after(given: Tensor, features: Tensor = train[0]) -> Tensor:
        batch = [features, *train[1:]]
        batch[1 + task] = given
        torch.manual_seed(0)
        return logits_of(train_on(answer, names, batch))

    expect_not_standardised(logits_after, labels, train[0], what)
    logits = logits_of(model)
    fitted = int((logits.argmax(1) == labels).sum())
    code, seen = why_too_few_right(logits_after, labels, fitted, train[0])
    if code == "head-not-trained":
        what += f". With other labels {head} comes out the same"
        if not passed[1 - task]:
            return Misconception(code, what)
        mean = sum(right) / len(split_of("test", names)[0]) / 2
        return Misconception("mean-hides-a-dead-head", f"{what}. The mean is {mean:.0%}")
    what += f". On the training images {head} is right in {fitted} of {len(labels)}"
    if not seen and values.reaches(fitted, len(labels), percents()[task]):
        return wrong_result(f"{what}: it has learnt these images alone")
    classes = logits.shape[1]
    if fitted / len(labels) < 2 / classes - share_by_guessing(len(labels), classes):
        what += ", fewer than by guessing: its labels were exchanged, or its loss grew"
    return Misconception(code, f"{what}. {seen}" if seen else what)


def percents() -> list[int]:
    """Return THRESHOLDS in per cent, fruit first."""
    return [round(100 * share) for share in THRESHOLDS.values()]


def train_on(
    answer: Callable, names: Sequence[str], train: Sequence[Tensor] | None = None
) -> nn.Module:
    """Return the module that `answer` trains on the named fruits, in eval mode.

    train: copies are taken of it; None: the features and labels of the training images.
    """
    given = tuple(tensor.clone() for tensor in train or split_of("train", names))
    model = answer(given, split_of("validation", names))
    expect(model, nn.Module, "an nn.Module")
    return model.eval()


def checked_outputs(model: nn.Module, test: Triple, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return the logits of both tasks on `test`, after a check of their shapes and their limits,
    and that those of an image do not depend on the other images of its batch.
    """
    features = test[0]
    with torch.no_grad():
        outputs = outputs_for(model, features, (len(names), 2), "your module")
        large = 1000 * features[:40]
        limits = logits_of_both(model(torch.cat([large, -large])), "your module")
        pair = outputs_for(model, features[:2], (len(names), 2), "your module")
    for task, logits, two in zip(TASKS, outputs, pair, strict=True):
        if not values.all_near(two, logits[:2], 1e-3 * float(logits.abs().max())):
            raise wrong_result(
                f"expected that in eval mode an image has the same {WORDS[task]} logits in any "
                f"batch; for the first test image they are {in_brackets(two[0])} in a batch of 2 "
                f"and {in_brackets(logits[0])} in one of {len(features)}"
            )
    for task, logits in zip(TASKS, limits, strict=True):
        check_logits(task, logits, "your module")
    return outputs


def score_both(answer: Callable, target: str, names: Sequence[str] = CRATE) -> float:
    """Return the test accuracy in one task of THRESHOLDS of the heads that `answer` trains."""
    test = split_of("test", names)
    outputs = checked_outputs(train_on(answer, names), test, names)
    task = list(THRESHOLDS).index(target)
    return (outputs[task].argmax(1) == test[1 + task]).float().mean().item()
