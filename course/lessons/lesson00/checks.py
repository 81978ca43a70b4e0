"""Lesson 00, start here: its one warm-up."""

from course.checking import networks
from course.checking.check import check, expect
from course.checking.misconception import Misconception


@check
def count_parameters(answer, names=("resnet18", "mobilenet_v3_small")):
    said = []
    for name in names:
        model = networks.build(name)
        sizes = [p.numel() for p in model.parameters()]
        found = answer(model)
        expect(found, int, f"an int from count_parameters({name})")
        if found == len(sizes):
            raise Misconception(
                "tensors-not-numbers",
                f"for {name} you say {found}: that many tensors, which hold {sum(sizes):,} numbers",
            )
        if found != sum(sizes):
            code = "answer-from-memory" if said else "wrong-result"
            raise Misconception(
                code, f"for {name} you say {found:,}; its parameters hold {sum(sizes):,} numbers"
            )
        said.append(f"{name} {found:,}")
    return f"your count is right: {', '.join(said)}."
