"""Exercise 2 of lesson 01: what a percentage counts, and what wrong ones do."""

from torch import nn

from course.checking import comparisons
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import apart, near


def of_classes(model: nn.Module, classes: int) -> int:
    """Return how many parameters of a ResNet's head belong to this many classes."""
    return classes * (model.fc.in_features + 1)


def wrong_percentages(model: nn.Module, n: int) -> dict[str, tuple[str, float]]:
    """Return {what was counted: (code, the percentage that comes of it)}."""
    total = comparisons.numbers_in(model.parameters())
    trainable = comparisons.numbers_in(each for each in model.parameters() if each.requires_grad)
    buffers = comparisons.numbers_in(model.buffers())
    saved = of_classes(model, 1000 - n)
    weights = (1000 - n) * model.fc.in_features
    return {
        "that is the share of the classes": (
            "head-is-the-model",
            100 * saved / of_classes(model, 1000),
        ),
        "that counts only the parameters that require a gradient": (
            "frozen-not-counted",
            100 * saved / trainable,
        ),
        "that counts the buffers, too": ("buffers-counted", 100 * saved / (total + buffers)),
        "that leaves the bias out": ("biases-not-counted", 100 * weights / total),
        "that gives the new head no bias": ("biases-not-counted", 100 * (saved + n) / total),
        "that is a fraction, not a percentage": ("wrong-result", saved / total),
        "that is the change of the size; the removed share is positive": (
            "wrong-result",
            -100 * saved / total,
        ),
        "that is what remains": ("wrong-result", 100 - 100 * saved / total),
        "that removes the old head and adds no new one": (
            "wrong-result",
            100 * of_classes(model, 1000) / total,
        ),
        "that is a share of the new model": ("wrong-result", 100 * saved / (total - saved)),
        "that is a share of the backbone, without the head": (
            "wrong-result",
            100 * saved / (total - of_classes(model, 1000)),
        ),
        f"that is the share of the {n} classes that stay": (
            "wrong-result",
            100 * of_classes(model, n) / total,
        ),
        "that is the number of removed parameters, not a percentage": ("wrong-result", saved),
        "that divides by the number of tensors, not by the numbers in them": (
            "tensors-not-numbers",
            100 * saved / len(list(model.parameters())),
        ),
        "that is right for 512 features, which another ResNet has": (
            "in-features-from-memory",
            100 * (1000 - n) * 513 / total,
        ),
        "that is right for 2048 features, which another ResNet has": (
            "in-features-from-memory",
            100 * (1000 - n) * 2049 / total,
        ),
    }


def why_wrong_percentage(
    where: str, value: float, expected: float, thoughts: dict[str, tuple[str, float]]
) -> Misconception:
    found, wanted = apart(value, expected)
    what = f"{where}: expected {wanted} %; got {found}"
    for counted, (code, percentage) in thoughts.items():
        if near(value, percentage, relative=1e-6):
            return Misconception(code, f"{what}; {counted}")
    if value and value in [round(expected, digits) for digits in range(5)]:
        what += "; that is rounded"
    return wrong_result(what)
