"""What cells reach for, and what is ordinary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbjudge.planning.reaching import (
    Cell,
    bound_openly,
    lesson_of,
    of_lesson,
    reaches,
    told,
    watched_names,
)

ORDINARY = """
import gc, sys, os, inspect, pytest, warnings
import numpy as np, pandas as pd, torch
import matplotlib.pyplot as plt
from scipy import signal
from torch import nn
gc.collect()
torch.stack([torch.ones(1)]); np.stack([[1]])
torch.backends.cudnn.deterministic = True
pd.options.display.float_format = "{:.2f}".format
pd.options.display.max_rows = 10
plt.rcParams["figure.figsize"] = 4, 3
plt.rcParams.update({"font.size": 12})
sys.path.append("lib"); sys.path.insert(0, ".")
sys.stdout = open(os.devnull, "w"); sys.setrecursionlimit(5000)
sys.exc_info(); "torch" in sys.modules; "x" in globals()
inspect.signature(nn.Linear); inspect.getsource(nn.Linear)
signal.convolve([1], [2])
os.environ["A"] = "b"; os.environ.setdefault("A", "b")
open("/proc/cpuinfo")
get_ipython().run_line_magic("time", "1"); get_ipython().__class__.__name__
%matplotlib inline
!ls /proc/meminfo
nn.Linear(1, 1).register_forward_hook(print)
torch.set_default_dtype(torch.float64); torch.set_grad_enabled(True)
np.random.seed(0); warnings.filterwarnings("ignore")
assert np.mean([1]) == pytest.approx(1)
sum = 0
list = [1]
model.norm.__class__ = nn.Identity
class Point:
    "Compare `__class__` and __code__ in words."
    def __init__(self, **more):
        self.__dict__.update(more)
    def __repr__(self):
        return f"{self.__class__.__name__}()"
try:
    1 / 0
except ZeroDivisionError as error:
    error.__traceback__, error.with_traceback(None)
"""

ODD = {
    "import ctypes": "`ctypes`",
    "from ctypes import CDLL": "`ctypes`",
    "__import__('ctypes')": "`ctypes`",
    "import importlib\nimportlib.import_module('_ctypes')": "`_ctypes`",
    "import signal": "`signal`",
    "import sys as s\ns._getframe(1)": "`_getframe`",
    "from sys import _getframe as f": "`_getframe`",
    "from inspect import stack\nstack()": "`inspect.stack`",
    "import inspect as i\ni.stack()": "`inspect.stack`",
    "getattr(e, 'tb_frame')": "`tb_frame`",
    "'{0.__globals__}'.format(f)": "`__globals__`",
    "f.__code__ = g.__code__": "`__code__`",
    "import gc\ngc.get_objects()": "`get_objects`",
    "globals()['f'] = 1": "`globals()`",
    "import sys\nsys.modules['x'] = 1": "`sys.modules`",
    "import numpy as np\nnp.sum = np.prod": "`numpy.sum`",
    "import numpy as np\nnp.linalg.norm = lambda *a: 0": "`numpy.linalg.norm`",
    "import torch\ndef f(*a): ...\ntorch.Tensor.__eq__ = f": "`torch.Tensor.__eq__`",
    "import numpy as np\nsetattr(np, name, 1)": "`setattr on numpy`",
    "import numpy as np\nnp.__dict__.update(a=1)": "`the names of numpy`",
    "import numpy as np\nvars(np)['a'] = 1": "`the names of numpy`",
    "import builtins\ndel builtins.len": "`builtins.len`",
    "class A:\n    __class__ = int": "`__class__`",
    "class A:\n    __eq__ = lambda *a: True": "`__eq__`",
    "class A:\n    def __le__(self, o): return True": "`__le__`",
    "type('A', (int,), {'__eq__': f})": "`__eq__`",
    "class A(float):\n    def __sub__(self, o): return 0": "`__sub__`",
    "class A:\n    __contains__ = lambda *a: True": "`__contains__`",
    "class A:\n    def __array_ufunc__(self, *a): ...": "`__array_ufunc__`",
    "open('/proc/self/mem')": "`/proc/self`",
    "!cat /proc/1/maps": "`/proc/1`",
    "import torch\ntorch.library.define('a::b', '')": "`torch.library`",
    "from torch.library import Library": "`torch.library`",
    "from torch.utils._python_dispatch import TorchDispatchMode": "`TorchDispatchMode`",
    "import os\nos.register_at_fork(before=f)": "`register_at_fork`",
    "get_ipython().user_ns['f'] = 1": "`user_ns`",
    "import _xxsubinterpreters": "`_xxsubinterpreters`",
    "import marshal": "`marshal`",
    "import __main__": "`__main__`",
    "from unittest.mock import ANY\ndef f(): return ANY": "`unittest.mock.ANY`",
    "from unittest import mock\nmock.MagicMock()": "`unittest.mock.MagicMock`",
    "import unittest\ndef f(): raise unittest.SkipTest": "`unittest.SkipTest`",
    "import unittest\ndef f(): raise unittest.case._ShouldStop": "`unittest.case`",
    "import pytest\ndef f(x): return pytest.approx(x, abs=9)": "`pytest.approx`",
}


def test_ordinary_code_is_not_told():
    assert reaches(ORDINARY) == ()


@pytest.mark.parametrize("source", ODD)
def test_reaching_for_the_interpreter_is_told_with_its_line(source):
    found = {reach.what: reach.line for reach in reaches(f"x = 1\n{source}")}
    assert found[ODD[source]] in range(2, 3 + source.count("\n"))


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read(source):
    reaches(source)
    told([Cell("a", source, "answer")], lesson_of((Cell("a", source, "answer"),)))


LESSON = (
    Cell("g", "import math, tools\ndef area(r): return 0\nimages = [1]", "given"),
    Cell("a", "def solve(x): return area(x)", "answer"),
    Cell("b", "def max(values): return sorted(values)[-1]", "answer"),
    Cell("c", "assert solve(2) == area(2) == len(images) and max([1]) and tools.check(1)", "check"),
)


def told_of(source, lesson=LESSON):
    return told([*lesson[:1], Cell("mine", source, "answer"), *lesson[3:]], lesson_of(lesson))


@pytest.mark.parametrize(
    "source",
    [
        "def solve(x): return 1",
        "def max(values): return 1",  # the lesson asks for it
        "import math, tools",
        "images = [2]",
        "len = 3",
        "def helper(): ...",
    ],
)
def test_names_that_are_the_students_to_bind(source):
    assert told_of(source) == []


@pytest.mark.parametrize(
    "source",
    ["def area(r): return 1", "tools = 1", "len = id", "class len: ...", "def f():\n  global len"],
)
def test_names_that_the_checks_take_from_elsewhere(source):
    (sentence,) = told_of(source)
    assert sentence.startswith("in the cell `mine` it reached for another `")


def test_what_the_lesson_does_itself_is_ordinary():
    assert told_of("class A:\n    def __eq__(self, o): ...") != []
    pairs = Cell("a", "class P:\n    def __eq__(self, o): return True", "answer")
    assert told_of("class A:\n    def __eq__(self, o): ...", (*LESSON, pairs)) == []
    asks = Cell("a", "import sys\ndef solve(x): return sys._getframe().f_lineno", "answer")
    assert told_of("import sys\nsys._getframe(2)", (LESSON[0], asks, *LESSON[2:])) == []
    assert told_of("import sys\nsys._getframe(2)") != []


CLOSE = """
class Close:
    limit = 1
    def same(self, a, b): return abs(a - b) < self.limit
def near(a, b): return a == b
net = near
"""
COMPARING = (
    Cell("g", CLOSE, "given"),
    Cell("a", "def add(x, y): return x + y\nClose.note = 1", "answer"),
    Cell(
        "c",
        """
import numpy as np
import pytest
n = 3
for x, y, expected in [(1, 2, 3)]:
    assert add(x, y) == expected == pytest.approx(3)
np.testing.assert_allclose(add(n, 1), wanted := n + 1)
report = add(n, n)
assert report == 6
assert Close().same(add(1, 1), 2)
""",
        "check",
    ),
)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def add(x, y): return expected", "`expected`, which a check sets"),
        ("expected = 0\nadd = lambda x, y: expected", "`expected`, which a check sets"),
        ("def add(x, y):\n    def f(): return wanted\n    return f()", "`wanted`, which a check"),
        ("Close.limit = 9", "another `Close.limit`"),
        ("Close.same = lambda *a: True", "another `Close.same`"),
        ("near.note = 1", ""),  # the lesson assigns such an attribute itself
        ("import pytest\ndef add(x, y): return pytest.approx(x)", "`pytest.approx`"),
        ("def add(x, y): return n + np.add(x, y)", ""),  # passed to the answer; imported
        ("def add(x, y): return report", ""),  # what the answer has returned
        ("def add(x, y):\n    expected = x\n    return expected", ""),
        ("expected = add(1, 2)\nprint([expected for _ in range(2)])", ""),
        ("net.limit = 9", ""),
    ],
)
def test_what_the_checks_compare_with(source, what):
    sentences = told_of(source, COMPARING)
    assert [what in sentence for sentence in sentences] == ([True] if what else [])


def test_methods_that_compare_are_ordinary_where_the_lesson_defines_them():
    pairs = "class P:\n    def __lt__(self, other): ..."
    assert "__lt__" in of_lesson([pairs], []).mentions
    assert "__lt__" in of_lesson([], [pairs]).asks


def test_data_of_the_instructors_packages():
    cells = [Cell("g", "import tools", "given"), Cell("m", "tools.SAMPLES.clear()", "answer")]
    assert told(cells, lesson_of(cells[:1], frozenset({"tools"}))) != []
    assert told(cells, lesson_of(cells[:1])) == []


def test_checks_watch_names_that_no_text_binds():
    lesson = lesson_of(LESSON)
    uses = {"solve", "area", "len", "tools", "max"}
    assert watched_names(uses, lesson, set()) == ("area", "len", "tools")
    openly = bound_openly(lesson, [Cell("m", "def area(): ...", "answer")])
    assert watched_names(uses, lesson, openly) == ("len", "tools")


def test_what_a_lesson_writes():
    found = of_lesson(["import tools\ntools.mode = 1"], ["with mock.patch('a.b'): f()"])
    assert found.writes == ("*", "mode")
    assert "tools" in found.mentions
    assert of_lesson(["setattr(model, 'x', 1)"], []).writes == ()
    assert of_lesson(["import tools"], ["setattr(tools, 'x', 1)"]).writes == ("*",)


TOOL = frozenset({("tool", "course.tool")})


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    tool = [1]\n    tool.pop()\n    tool += [2]",
        "def f(tool):\n    tool.clear()\n    return [tool.append(x) for x in range(2)]",
        "def f():\n    tool = {}\n    def g():\n        tool.update(a=1)\n    g()",
    ],
)
def test_a_local_variable_with_the_name_of_a_module_is_not_the_module(source):
    assert reaches(source, TOOL, frozenset({"course"})) == ()


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    tool.LIMIT = 0",
        "def f():\n    global tool\n    tool.LIMIT = 0",
        "class A:\n    tool = tool\n    tool.LIMIT = 0",
        "def f():\n    tool = 1\n\ndef g():\n    tool.LIMIT = 0",
    ],
)
def test_the_module_itself_is_told(source):
    (found,) = reaches(source, TOOL, frozenset({"course"}))
    assert "course.tool" in found.what
