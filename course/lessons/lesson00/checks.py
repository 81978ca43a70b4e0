"""Lesson 00, start here: the check of its one exercise."""

from course.checking import comparisons, networks
from course.checking.check import Answer, check, expect
from course.checking.misconception import Misconception


@check
def count_parameters(
    answer: Answer, names: tuple[str, ...] = ("resnet18", "mobilenet_v3_small")
) -> str:
    """Exercise: how many parameters has a model? Hidden: two other families."""
    counts = []
    for name in names:
        model = networks.build(name)
        tensors = list(model.parameters())
        expected = comparisons.numbers_in(tensors)
        found = answer(model)
        expect(found, int, f"an int from count_parameters({name})")
        if found == len(tensors):
            raise Misconception(
                "tensors-not-numbers",
                f"for {name} you say {found}: that many tensors, which hold {expected:,} numbers",
            )
        if found != expected:
            code = "answer-from-memory" if counts else "wrong-result"
            raise Misconception(
                code, f"for {name} you say {found:,}; its parameters hold {expected:,} numbers"
            )
        counts.append(f"{name} {found:,}")
    return f"your count is right: {', '.join(counts)}."
