"""What an answer returns is taken only if its class has no say in what it is equal to."""

import collections
import fractions
import functools
import operator
from decimal import Decimal

import numpy as np
import pytest
import torch

from course.checking.check import as_given, plain
from course.checking.misconception import Misconception
from course.lessons.lesson00.checks import count_parameters

LIARS = {
    "equal to all": """
class Liar:
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
""",
    "an int": """
class Liar(int):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
""",
    "C functions": """
import operator
class Liar(int):
    __eq__ = bool
    __ne__ = operator.not_
""",
    "an int by __class__": """
class Liar:
    __class__ = int
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
""",
    "metaclass": """
class Kind(type):
    __eq__ = lambda self, other: True
    __hash__ = None
    mro = lambda self: [int]
class Liar(metaclass=type('Kind', (type,), {})):
    __eq__ = lambda self, other: True
""",
    "tensor": """
import torch
class Kind(torch.Tensor):
    __torch_function__ = classmethod(lambda cls, *a, **k: False)
Liar = lambda: torch.zeros(()).as_subclass(Kind)
""",
}
ANSWERS = """
def answer(model):
    return Liar()

def pair(model):
    return 1, [2], Liar()
"""


@pytest.mark.parametrize("liar", LIARS)
def test_an_object_that_decides_what_it_is_equal_to_is_refused(liar):
    namespace = {"__name__": "__main__"}
    exec(LIARS[liar] + ANSWERS, namespace)
    with pytest.raises(Misconception, match="wrong-result"):
        count_parameters(namespace["answer"])
    for name in ("answer", "pair"):
        with pytest.raises(Misconception, match=r"decides\s+itself"):
            as_given(namespace[name])(None)


class Net(torch.nn.Linear):
    """A class of one's own that is no value."""


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        True,
        1.5,
        "x",
        np.float64(1),
        np.int64(1),
        np.zeros(2),
        torch.zeros(2),
        torch.nn.Parameter(torch.zeros(1)),
        torch.Size([1]),
        torch.zeros(2, 2).max(0),
        collections.Counter("x"),
        collections.OrderedDict(),
        collections.namedtuple("Pair", "x y")(1, 2),
        {1},
        [1],
        {"x": 1},
        fractions.Fraction(1, 2),
        Net(1, 1),
        torch.nn.utils.parametrizations.weight_norm(Net(1, 1)),
        torch.float32,
        Net,
        lambda: 1,
        (number for number in range(3)),
        map(len, []),
        {"x": 1}.keys(),
        len,
        np.ones(2).flat,
        functools.partial(max, 1),
        operator.itemgetter(0),
        Decimal(1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_libraries_return_is_plain(value):
    assert plain(value) is value
