"""What no text of a cell tells is told when the cell runs, and a check is as it was before."""

import sys

import pytest

from nbjudge.job import Job, Step
from nbjudge.sandbox.host.fork_server import ForkServer
from nbjudge.sandbox.wire import OfLesson

# A package as an instructor writes one: cases with lists in them, a helper, and a board on which
# answers play.
TOOLS = """
CASES = [([1, 2], 3), ([4], 4)]
LIMITS = {"sum": {"most": [100]}}
BOARD = [[0, 0], [0, 0]]
ROWS = [[1], [2]]
WORDS = [["b", "a"], ["c"]]


def same(found, expected):
    return type(found) is type(expected) and found == expected


def check(answer):
    for values, expected in CASES:
        if not same(answer(list(values)), expected):
            raise AssertionError(values)


def play(x, y):
    BOARD[y][x] = 1


def row(number):
    return ROWS[number]


def ordered(answer):
    for words in WORDS:
        if answer(words) != sorted(words):
            raise AssertionError(words)
"""
# One that no function of its own changes.
QUIET = """
def same(found, expected):
    return type(found) is type(expected) and found == expected


def check(answer):
    for values, expected in (([1, 2], 3), ([4], 4)):
        found = answer(list(values))
        if not same(found, expected):
            raise AssertionError(values)
"""
RIGHT = "def total(values):\n    return sum(values)"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    (folder / "tools.py").write_text(TOOLS)
    (folder / "quiet.py").write_text(QUIET)
    sys.path.insert(0, str(folder))
    with ForkServer() as running:
        yield running
    sys.path.remove(str(folder))


def run_all(server, cells):
    """Run (kind, source) cells with the instructor's packages; return the results."""
    steps = [Step("setup", "import sys, tools, quiet", "given")]
    for number, (kind, source) in enumerate(cells):
        steps.append(Step(f"{kind}-{number}", source, kind, kind == "check"))
    own = ("tools", "quiet")
    lesson = OfLesson(mentions=own)
    return server.run(Job(tuple(steps), {}, own, (*own, "copy", "wave"), {}, lesson=lesson))


def run(server, cells):
    """Do what `run_all` does, and return the result of the last cell."""
    return run_all(server, cells)[-1]


FRAME = "import sys\ndef total(v): return getattr(sys, '_get' + 'frame')(1)"
EQUAL = "lambda self, other: True"
TOLD = {
    "code with the file name of a library": (
        f"import os\nexec(compile({FRAME!r}, os.__file__, 'exec'))",
        "`code with the file name of a library`",
    ),
    "the same by codeop": (
        "import codeop, os\ncodeop.compile_command('x = 1', os.__file__, 'exec')",
        "`code with the file name of a library`",
    ),
    "code from bytes": ("import marshal as m\nm.loads(m.dumps(1))", "`marshal`"),
    "a module without a source": (
        "import importlib.util, marshal\n"
        "data = marshal.dumps(compile('x = 1', 'x', 'exec'))\n"
        "with open('bare.pyc', 'wb') as file:\n"
        "    file.write(importlib.util.MAGIC_NUMBER + bytes(12) + data)\n"
        "import bare",
        "`a compiled module`",
    ),
    "the local values of all callers": (
        "import traceback\n"
        "traceback.StackSummary.extract(traceback.walk_stack(None), capture_locals=True)",
        "`_getframe`",
    ),
    "the defaults of a function": (
        "import json\ngetattr(json.dumps, '__kw' + 'defaults__').update(indent=2)",
        "`__kwdefaults__`",
    ),
    "a class that is equal to everything": (
        f"Equal = type('Equal', (), {{'__e' + 'q__': {EQUAL}}})",
        "`__eq__`",
    ),
    "a method that is added later": (
        f"class Sum(int): ...\nsetattr(Sum, '__{{}}__'.format('ge'), {EQUAL})",
        "`__ge__`",
    ),
    "a function inside a library that the check imports": (
        "import wave as library\nbox = [library]\nsetattr(box[0], 'op' + 'en', lambda: 0)",
        "`wave.open`",
    ),
    "the same by one of Python's own": (
        "import wave as library\nbox = [library]\nsetattr(box[0], 'op' + 'en', print)",
        "`wave.open`",
    ),
    "a name of Python's own inside a library": (
        "import wave as library\nvars(library)['len'] = lambda value: 0",
        "`wave.len`",
    ),
    "a function in a library's table": (
        "import copy\ngetattr(copy, '_deepcopy_' + 'dispatch')[list] = lambda value, memo: []",
        "`copy._deepcopy_dispatch`",
    ),
    "another module in its place": (
        "import sys, types\ngetattr(sys, 'mod' + 'ules')['wave'] = types.ModuleType('wave')",
        "`sys.modules[wave]`",
    ),
    "a finder in the import system's cache": (
        "class Finder:\n    def find_spec(self, *more): ...\n"
        "sys.path_importer_cache['/nowhere'] = Finder()",
        "`sys.path_importer_cache`",
    ),
    "a folder of compiled modules": ("sys.pycache_prefix = '/tmp'", "`sys.pycache_prefix`"),
}


@pytest.mark.parametrize("name", TOLD)
def test_told(server, name):
    answer, what = TOLD[name]
    cells = [("answer", f"{RIGHT}\n{answer}"), ("check", "import copy, wave")]
    notes = [note for result in run_all(server, cells) for note in result.notes]
    assert any(what in note for note in notes), notes


ORDINARY = [
    "import dataclasses\n@dataclasses.dataclass(order=True)\nclass A:\n    x: int = 0\nA(1) < A(2)",
    "import functools\n@functools.total_ordering\nclass A(int):\n    def __hash__(self): return 1",
    "import collections, enum\nP = collections.namedtuple('P', 'x')\nE = enum.Enum('E', 'a b')",
    "import multiprocessing\nwith multiprocessing.Manager() as manager:\n    manager.dict()",
    "exec('y = 1')\neval('y + 1')\ncompile('y', 'mine.py', 'eval')",
    "import ast, traceback\nast.parse('x')\ntraceback.print_stack()\ntraceback.format_stack()",
    "with open('mine.py', 'w') as file:\n    file.write('x = 1')\nimport mine",
    "class Mine(Exception): ...\nraise Mine('kept in sys.last_value')",
    "import pickle, importlib\nimportlib.reload(pickle)",
]


@pytest.mark.parametrize("answer", ORDINARY)
def test_ordinary_code_is_not_told(server, answer):
    results = run_all(server, [("answer", answer), ("check", "import wave")])
    assert not any(result.notes for result in results), [result.notes for result in results]


@pytest.mark.parametrize(
    "change",
    [
        "for values, expected in tools.CASES:\n    values[:] = [0]",
        "inner = tools.LIMITS['sum']\ninner['most'].clear()",
        "inner = tools.LIMITS['sum']\ninner.clear()",
    ],
)
def test_data_inside_the_instructors_data_is_restored(server, change):
    check = "tools.check(total)\nassert tools.LIMITS == {'sum': {'most': [100]}}"
    result = run(server, [("answer", f"{RIGHT}\n{change}"), ("check", check)])
    assert result.well, result.outputs


def test_data_that_the_instructors_functions_change_or_hand_out_stays(server):
    answer = "tools.play(1, 0)\ntools.row(0).append(5)"
    check = "assert tools.BOARD == [[0, 1], [0, 0]] and tools.ROWS == [[1, 5], [2]]"
    result = run(server, [("answer", answer), ("check", check)])
    assert result.well and not result.notes, (result.outputs, result.notes)


def test_an_answer_may_change_what_a_check_passes_to_it(server):
    answer = "def ordered(words):\n    words.sort()\n    return words"
    result = run(server, [("answer", answer), ("check", "tools.ordered(ordered)")])
    assert result.well and not result.notes, (result.outputs, result.notes)


PUT_BACK = """
space = vars(quiet)
real = space["same"]

def fake(found, expected):
    space["same"] = real
    return True

def total(values):
    space["same"] = fake
    return 0
"""


def test_a_function_that_is_replaced_and_put_back_during_the_check(server):
    result = run(server, [("answer", PUT_BACK), ("check", "quiet.check(total)")])
    assert not result.well
    assert result.notes == ["while it was checked it changed `quiet`"]
    result = run(server, [("answer", RIGHT), ("check", "quiet.check(total)")])
    assert result.well and not result.notes


def test_an_event_loop_with_a_method_of_the_students_is_told(server):
    answer = """
import asyncio

def call(function):
    function.__closure__[0].cell_contents.append(None)

asyncio.get_running_loop().call = call
"""
    check = ("check", "import asyncio\nawait asyncio.sleep(0)\nassert False")
    assert (
        "it had changed the event loop's `call`" in run(server, [("answer", answer), check]).notes
    )


def test_checks_do_not_use_a_namespace_of_the_students(server):
    answer = """
class Space(dict):
    def __getitem__(self, name):
        return (lambda *a: True) if name == "close" else dict.__getitem__(self, name)

def total(values):
    return 0

setattr(get_ipython(), "user" + "_ns", Space(getattr(get_ipython(), "user" + "_ns")))
"""
    given = "def close(a, b):\n    return abs(a - b) < 1"
    check = "assert close(total([4]), 4)"
    assert not run(server, [("given", given), ("answer", answer), ("check", check)]).well
    assert run(server, [("given", given), ("answer", RIGHT), ("check", check)]).well


def test_a_package_whose_path_leads_to_the_students_files_is_told(server):
    answer = """
import os, xmlrpc
os.makedirs("p/server")
with open("p/server/__init__.py", "w") as file:
    file.write("x = 1")
xmlrpc.__path__.insert(0, os.path.abspath("p"))
"""
    result = run(
        server, [("answer", answer), ("check", "import xmlrpc.server as s\nassert s.x == 1")]
    )
    assert result.well
    where = "p/server/__init__.py"
    assert result.notes == [f"its file `{where}` took the place of an installed module"]


def test_a_module_of_another_folder_that_an_answer_has_imported_is_told(server):
    answer = """
import sys, tempfile
folder = tempfile.mkdtemp()
with open(f"{folder}/iniconfig.py", "w") as file:
    file.write("x = 1")
sys.path.insert(0, folder)
import iniconfig
"""
    result = run(server, [("answer", answer), ("check", "import iniconfig\nassert iniconfig.x")])
    assert result.well
    (note,) = result.notes
    assert "iniconfig.py` took the place of an installed module" in note
