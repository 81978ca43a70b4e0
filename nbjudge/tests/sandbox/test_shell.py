"""The guest's shell beside a real kernel: the same cells have the same outputs, one by one."""

import json
import re

import IPython
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from nbjudge.job import Job, Step
from nbjudge.sandbox.host.fork_server import ForkServer

# Cells of one notebook, in order. A name that begins with _ prepares others and shows nothing.
# A kernel reads what programs print in a thread of its own, on a busy machine after the cell's end.
WAIT = "import time; time.sleep(0.5)"
CELLS = {
    "stdout": """
import io, os, sys
print(sys.stdout.name, sys.stdout.encoding, sys.stdout.isatty(), hasattr(sys.stdout, "buffer"))
print(type(sys.stdout.fileno()).__name__, isinstance(sys.stdout, io.TextIOBase))""",
    "value": "40 + 2",
    "value-kept-silent": "43;",
    "in-and-out": "_, __, Out[2], In[2], _i, len(In)",
    "input": "input('name? ')",
    "getpass": "import getpass; getpass.getpass()",
    "command": "!echo hi; echo err >&2",
    "command-kept": "lines = !echo a; echo b\nlines, lines.n",
    "command-with-names": "word = 'x y'\n!echo {word} $word",
    "command-fails": "!exit 3\n_exit_code",
    "cell-of-bash": "%%bash\necho out\necho err >&2",
    "cell-of-bash-fails": "%%bash\nexit 3",
    "cell-of-bash-kept": "%%bash --out o --err e\necho out; echo err >&2",
    "what-it-kept": "o, e",
    "cell-of-sh": "%%sh\nprintf x",
    "cell-of-python": "%%python\nprint(1)",
    "os-system": f"_ = os.system('echo by the system')\n{WAIT}",
    "subprocess": f"import subprocess; _ = subprocess.run(['echo', 'sub'])\n{WAIT}",
    "child-process": """
import multiprocessing
def work(n):
    print("child", n)
    return n * 2
with multiprocessing.get_context("fork").Pool(1) as pool:
    doubled = pool.map(work, [1])
doubled""",
    "fork": """
pid = os.fork()
if not pid:
    print("forked")
    os._exit(0)
os.waitpid(pid, 0)[1]""",
    "thread": """
import threading
thread = threading.Thread(target=lambda: (print("from a thread"), display("shown")))
thread.start()
thread.join()""",
    "writefile": "%%writefile beside.py\nprint('beside', __name__)\nz = 7",
    "run": "%run beside.py\nz",
    "import-beside": "import beside",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "cd-and-pwd": """
start = os.getcwd()
%cd -q /
here = %pwd
%cd -q -
here, os.getcwd() == start""",
    "env": "%env SOME=3\nos.environ['SOME']",
    "environment": "[os.environ[k] for k in ('TERM', 'FORCE_COLOR', 'PAGER', 'MPLBACKEND')]",
    "command-line": "os.path.basename(sys.argv[0]), sys.argv[1], len(sys.argv) > 2",
    "who": "%who_ls int",
    "history": "%history -n 2-3",
    "macro": "%macro -q again 2\nagain",
    "alias": "%alias hey echo hey\n%hey you",
    "timeit": "t = %timeit -n1 -r1 -o -q pass\ntype(t).__name__",
    "time": "%%time\nx = 1",
    "prun": "%prun -q sum(range(3))",
    "capture": "%%capture kept\nprint('x'); display(3)",
    "captured": "kept.stdout, len(kept.outputs)",
    "store": "%store z\n%store -r z\nz",
    "config": "%config Application.log_level",
    "lsmagic": "len(str(get_ipython().run_line_magic('lsmagic', ''))) > 1000",
    "precision": "%precision 3\n3.14159265",
    "html": "%%html\n<b>x</b>",
    "javascript": "%%javascript\n1",
    "latex": "%%latex\n$x$",
    "markdown": "%%markdown\n*x*",
    "svg": "%%svg\n<svg></svg>",
    "no-such-magic": "%nosuchmagic",
    "no-such-cell-magic": "%%nosuchmagic\n1",
    "question-mark": "len?",
    "register-magic": """
from IPython.core.magic import register_line_magic
@register_line_magic
def shout(line):
    return line.upper()
%shout abc""",
    "display-updated": """
h = display('a', display_id=True)
h.update('b')
display('c', metadata={'m': 1})""",
    "clear": "print('x'); from IPython.display import *; clear_output(); print('y')",
    "clear-later": "for k in range(3): clear_output(wait=True); display(k)",
    "displays": "display(1, 'x', HTML('<b>'), JSON({'a': 1})); Markdown('*x*')",
    "representations": """
class R:
    def _repr_html_(self): return "<i>r</i>"
    def _repr_png_(self): return bytes(9)
    def _repr_json_(self): return {"a": 1}
R()""",
    "mime-bundle": """
class M:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": "h", "text/plain": "p"}, {"text/html": {"m": 1}}
M()""",
    "broken-repr": """
class B:
    def __repr__(self): raise ValueError("no repr")
B()""",
    "warning": "import warnings; warnings.warn('w')",
    "logging": "import logging; logging.warning('lw')",
    "error": "1/0",
    "error-in-function": "def f(): raise KeyError('k')\nf()",
    "error-with-cause": "raise OSError(1, 'a') from ValueError('b')",
    "own-traceback": """
class Own(Exception):
    def _render_traceback_(self): return ["custom", "lines"]
raise Own("c")""",
    "syntax-error": "def f(:\n    pass",
    "half-a-cell": "print('(",
    "exit-with-status": "sys.exit(3)",
    "interrupt": "raise KeyboardInterrupt",
    "redirected": "import io; before = sys.stdout; sys.stdout = io.StringIO(); print('hidden')",
    "still-redirected": "print('hidden, too')",
    "_restored": "sys.stdout = before",
    "loop": """
import asyncio
loop = asyncio.get_running_loop()
loop.is_running(), loop is asyncio.get_event_loop(), type(asyncio.current_task()).__name__""",
    "await": "await asyncio.sleep(0, 5)",
    "await-gathered": "await asyncio.gather(*[asyncio.sleep(0, k) for k in range(3)])",
    "task": "task = asyncio.create_task(asyncio.sleep(0, 5))",
    "task-is-done": "task.done(), task.result(), loop is asyncio.get_running_loop()",
    "asyncio-run": """
later = asyncio.sleep(0)
try:
    asyncio.run(later)
except RuntimeError as problem:
    print(problem)
await later""",
    "async-error": "async def boom(): raise ValueError('boom')\nawait boom()",
    "async-process": """
process = await asyncio.create_subprocess_exec("echo", "a", stdout=subprocess.PIPE)
(await process.communicate())[0]""",
    "in-executor": "await loop.run_in_executor(None, lambda: 4)",
    "all-cancelled": """
for task in asyncio.all_tasks() - {asyncio.current_task()}:
    task.cancel()""",
    "decimal": "import decimal; decimal.getcontext().prec = 7",
    "decimal-is-kept": "decimal.getcontext().prec",
    "context-variable": """
import contextvars
v = contextvars.ContextVar('v', default=0)
_ = v.set(4)""",
    "context-is-kept": "v.get()",
    "kernel": """
shell = get_ipython()
(type(shell).__name__, type(shell.kernel).__name__, "IPKernelApp" in shell.config,
 shell.kernel.get_parent()["msg_type"], type(shell.parent).__name__)""",
    "main": "__name__, sys.modules['__main__'].__dict__ is globals(), '__file__' in globals()",
    "pickle": "import pickle\nclass P: pass\ntype(pickle.loads(pickle.dumps(P()))) is P",
    "source": "import inspect\ndef g():\n    return 1\ninspect.getsource(g)",
    "doctest": '''
import doctest
def twice(x):
    """
    >>> twice(1)
    2
    """
    return 2 * x
doctest.testmod()''',
    "comm": "from comm import create_comm; c = create_comm('x'); c.send({'a': 1}); c.close()",
    "by-hand": """
get_ipython().run_cell('print(5)\\n6')
get_ipython().run_line_magic('pwd', '') != ''""",
    "everything-shown": """
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.ast_node_interactivity = "all\"""",
    "two-values": "1\n2",
    "search-path": "sys.path.index('') > sys.path.index(os.path.dirname(os.__file__))",
    "_last-value-only": "InteractiveShell.ast_node_interactivity = 'last_expr'",
}
WIDGETS = {
    "output-widget": """
import ipywidgets
out = ipywidgets.Output()
with out:
    print("inside")
    display("shown inside")
print("outside")
out""",
    "what-it-holds": "[sorted(output.items()) for output in out.outputs]",
    "cleared": "with out:\n    out.clear_output()\n    print('second')",
    "what-it-holds-then": "out.outputs",
    "interact": "@ipywidgets.interact(x=3)\ndef shown(x):\n    print('x', x)\n    return x",
    "button": "b = ipywidgets.Button(); b.on_click(lambda _: print('clicked')); b.click(); b",
}
PLOTS = {
    "inline": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "figure-without-value": "fig, ax = plt.subplots(figsize=(1, 1)); ax.plot([1]); plt.show()",
    "format": "%config InlineBackend.figure_formats = ['jpeg']\nfig",
    "agg": "%matplotlib agg\nplt.figure(figsize=(1, 1)); plt.plot([1]); plt.show()",
    "figures": "plt.get_fignums()",
}
SAID_ELSEWHERE = [
    (r"0x[0-9a-f]{6,}", "0x..."),
    (r"ipykernel_\d+", "ipykernel_PID"),
    (r"\(pid=\d+\)", "(pid=PID)"),  # Python 3.12 and newer warn of a fork
    (r'"[0-9a-f]{32}"', '"ID"'),
    (r"[\d.]+(e[+-]\d+)? (ns|us|[µμ]s|ms|s)\b", "TIME"),
    (r"Thread-\d+", "Thread-N"),
    (r"(~|/home/learner|/root)(?=/)", "HOME"),
]
if IPython.version_info[0] < 9:  # it shows the lines around an error in some runs only
    SAID_ELSEWHERE.append((r'\\n\\u001b\[1;32m +\d+\\u001b\[0m .*?(?=\\n|(?<!\\)")', ""))


def by_kernel(cells, folder):
    """The outputs of cells in a real kernel, as nbclient keeps them, for each cell."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    client = NotebookClient(
        notebook,
        timeout=120,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST")  # with it, a kernel does not show what processes print
        client.execute()
    return [cell.outputs for cell in notebook.cells]


def by_shell(cells, server, **fields):
    """The outputs of cells in a sandbox, for each cell."""
    steps = tuple(Step(f"cell-{k}", source, "answer") for k, source in enumerate(cells))
    job = Job(steps, **({"files": {}, "own": (), "imports": (), "assignment_files": {}} | fields))
    return [result.outputs for result in server.run(job)]


def comparable(outputs):
    """Outputs as lines of JSON, joined streams first, without what differs from run to run."""
    texts = {}
    others = []
    for output in outputs:
        if output["output_type"] == "stream":
            texts[output["name"]] = texts.get(output["name"], "") + output["text"]
        else:
            kept = {key: value for key, value in output.items() if key != "execution_count"}
            others.append(kept)
    lines = json.dumps([sorted(texts.items()), *others], sort_keys=True, ensure_ascii=False)
    for pattern, replacement in SAID_ELSEWHERE:
        lines = re.sub(pattern, replacement, lines)
    return lines


@pytest.fixture(scope="module")
def server():
    with ForkServer() as server:
        yield server


@pytest.fixture(scope="module")
def compared(server, tmp_path_factory):
    """{name of a cell: (outputs of a real kernel, ours)}."""
    cells = CELLS | WIDGETS | PLOTS
    kernel = by_kernel(cells.values(), tmp_path_factory.mktemp("kernel"))
    ours = by_shell(cells.values(), server)
    return dict(zip(cells, zip(kernel, ours, strict=True), strict=True))


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_shows_what_it_shows_in_a_kernel(compared, name):
    kernel, ours = map(comparable, compared[name])
    assert ours == kernel


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_shows_what_it_shows_in_a_kernel(compared, name):
    pytest.importorskip("ipywidgets")
    kernel, ours = map(comparable, compared[name])
    assert ours == kernel


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_shows_what_it_shows_in_a_kernel(compared, name):
    pytest.importorskip("matplotlib")
    kernel, ours = map(comparable, compared[name])
    assert ours == kernel


# ---- modules beside the notebook ------------------------------------------------------------

BESIDE = {
    "rich.py": "an installed package",
    "typer/__init__.py": "one with a folder",
    "sympy_of_mine.py": "a name that nobody has installed",
    "statistics.py": "a module of the standard library",
    "tornado.py": "what a kernel has imported at its start",
    "yaml/data.txt": "a folder that is no package",
}
WHOSE = """
import importlib, os
for name in ("rich", "typer", "sympy_of_mine", "statistics", "tornado", "yaml"):
    file = importlib.import_module(name).__file__
    print(name, "beside" if file and file.startswith(os.getcwd()) else "installed")
"""


@pytest.mark.parametrize("given", [False, True])
def test_a_file_beside_wins_where_it_does_in_a_kernel(server, tmp_path, given):
    for name, text in BESIDE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"'{text}'")
    files = {name: f"'{text}'".encode() for name, text in BESIDE.items()}
    ahead = ("rich", "rich.table", "typer", "statistics", "yaml")
    ours = by_shell(
        [WHOSE],
        server,
        files=files,
        assignment_files=files if given else {},
        packages=ahead,
        imports=ahead,
    )
    assert comparable(ours[0]) == comparable(by_kernel([WHOSE], tmp_path)[0])
    # The next submission, without such files, has the installed packages.
    (plain,) = by_shell(["import rich; rich.__path__[0]"], server, packages=ahead, imports=ahead)
    assert "site-packages" in plain[0]["data"]["text/plain"]


def test_a_kernel_has_imported_the_same_packages_at_its_start(tmp_path):
    """No file beside the notebook hides these."""
    listing = """
import sys
print(*sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names))"""
    (kernel,) = by_kernel([listing], tmp_path)
    with ForkServer() as fresh:
        (ours,) = by_shell([listing], fresh)
    assert set(ours[0]["text"].split()) <= set(kernel[0]["text"].split())


# ---- what is kept -----------------------------------------------------------------------------

FLOODS = {
    "a program prints": "!head -c 3000000 /dev/zero | tr '\\0' x",
    "the system prints": "import os; _ = os.system('head -c 3000000 /dev/zero | tr \"\\\\0\" x')",
    "metadata": "display('small', metadata={'text/plain': 'x' * 11_000_000})",
    "an update": "h = display(1, display_id=True); h.update('x' * 11_000_000)",
    "in a widget": """
import ipywidgets
with ipywidgets.Output() as out:
    for _ in range(300):
        print('x' * 10_000)""",
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_what_is_kept_of_a_flood_is_bounded(server, flood):
    (outputs,) = by_shell([flood], server)
    text = json.dumps(outputs)
    assert len(text) < 200_000
    assert "Output cut here" in text or not outputs  # a widget's page is not in the notebook


def test_an_answer_that_ends_the_kernel_ends_nothing(server):
    """A kernel ends a moment after `exit()`, and stock nbgrader then grades no cell any more."""
    wait = "import time; time.sleep(0.3)\nimport asyncio; await asyncio.sleep(0.3)\n'here'"
    _, outputs = by_shell(["exit()", wait], server)
    assert outputs[0]["data"]["text/plain"] == "'here'"


def test_submissions_of_one_template_share_no_descriptor(server):
    """They would otherwise have a way to talk to each other past their sandboxes."""
    source = """
import os, stat
kinds = {}
for name in os.listdir("/proc/self/fd"):
    try:
        kinds[os.readlink(f"/proc/self/fd/{name}")] = True
    except OSError:
        pass
print(*[kind for kind in kinds if kind.startswith(("socket", "pipe", "anon_inode"))])"""
    (first,), (second,) = by_shell([source], server), by_shell([source], server)
    assert not set(first[0]["text"].split()) & set(second[0]["text"].split())
    assert len(first[0]["text"].split()) >= 2  # the loop's own
