"""A batch of one: what is left of its result, and which errors it raises, after a squeeze()."""

import contextlib
from collections.abc import Iterator, Sequence

from course.checking import panel
from course.checking.misconception import Misconception

Shape = Sequence[int]


def code_of_shape(found: Shape, expected: Shape) -> str:
    """Return the code for a result of the shape `found`: "batch-dimension-lost" or "wrong-result".

    The first is for a batch of one whose result has lost dimensions of size 1.
    """
    return code_of_shapes([found], [expected])


def code_of_shapes(found: Sequence[Shape], expected: Sequence[Shape]) -> str:
    """Return the code for several results, as `code_of_shape` does for one."""
    if len(found) != len(expected):
        return "wrong-result"
    wrong = [pair for pair in zip(found, expected, strict=True) if tuple(pair[0]) != tuple(pair[1])]
    lost = bool(wrong) and all(_has_lost_dimensions(*pair) for pair in wrong)
    return "batch-dimension-lost" if lost else "wrong-result"


def _has_lost_dimensions(found: Shape, expected: Shape) -> bool:
    kept, due = ([size for size in shape if size != 1] for shape in (found, expected))
    return tuple(expected[:1]) == (1,) and len(found) < len(expected) and kept == due


@contextlib.contextmanager
def errors_told(count: int, where: str) -> Iterator[None]:
    """Tell an error that the learner's code raises for a batch of one, `count` == 1, as such.

    It is for calls that come after larger batches, for which the answer has raised none.
    """
    try:
        yield
    except (IndexError, RuntimeError, TypeError, ValueError) as problem:
        if count != 1 or not panel.raised_by_learner(problem):
            raise
        raise Misconception(
            "batch-dimension-lost",
            f"{where}: larger batches raise no error, and for this batch of one your function "
            f"raises `{problem!r}`, in {panel.last_line_in_notebook(problem.__traceback__)}",
        ) from None
