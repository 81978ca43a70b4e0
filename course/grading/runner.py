"""What runs cells inside a room: an IPython shell without a kernel around it, and a fork of it for every check.

The learner's cells run in one process, one after the other. A check runs in a fork of that process and says how it ended on a
socket of ours: nothing that it prints, shows or patches can say it for it, and nothing that it breaks is missed by the next one.
Messages are JSON, because nothing that comes out of a room is ever unpickled.
"""
import ast
import asyncio
import builtins
import contextlib
import gc
import inspect
import io
import json
import math
import os
import random
import struct
import sys
import time
import traceback

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from course.grading import guard
from course.grading.plugins import CUT, KEPT_PICTURES, KEPT_TEXT, shorten

LARGEST = 200 << 20  # bytes of one message
REAL = "__builtins_of_python__"


def send(sock, message, descriptors=()):
    data = json.dumps(message).encode()
    frame = struct.pack("!Q", len(data)) + data
    if descriptors:
        import socket

        socket.send_fds(sock, [frame[:1]], descriptors)
        frame = frame[1:]
    sock.sendall(frame)


def receive(sock, descriptors=None):
    """The next message; None where the other end is closed. Descriptors that come along are added to the list.

    Raises ValueError for what is no message."""
    import socket

    first, found, _, _ = socket.recv_fds(sock, 1, 4) if descriptors is not None else (sock.recv(1), [], 0, None)
    if descriptors is not None:
        descriptors += found
    if not first:
        return None
    rest = exactly(sock, 7)
    length = struct.unpack("!Q", first + rest)[0]
    if length > LARGEST:
        raise ValueError(f"a message of {length} bytes")
    return json.loads(exactly(sock, length))


def exactly(sock, count):
    data = bytearray()
    while len(data) < count:
        part = sock.recv(min(count - len(data), 1 << 20))
        if not part:
            raise ValueError("the message ended too soon")
        data += part
    return bytes(data)


# ---- what a cell prints and shows ------------------------------------------------------------------------------------------


class Page:
    """The outputs of the cell that runs, in nbformat's form, cut where they grow beyond what anybody reads."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.outputs, self.printed, self.shown, self.wait = [], 0, 0, False

    def print(self, name, text):
        self._make_way()
        room = KEPT_TEXT - self.printed
        self.printed += len(text)
        if room < 0:
            return
        if len(text) > room:
            text = f"{text[:room]}\n{CUT}the cell printed more than {KEPT_TEXT:,} characters.\n"
            self.printed += 1  # full exactly to the brim must not be reported twice
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def show(self, kind, data, metadata, **more):
        self._make_way()
        data = {key: value if isinstance(value, (str, dict, list)) else str(value) for key, value in data.items()}
        self.shown += sum(len(str(value)) for value in data.values())
        if self.shown > KEPT_PICTURES:
            data, metadata = {"text/plain": f"{CUT}the cell displayed more than {KEPT_PICTURES:,} characters."}, {}
        self.outputs.append({"output_type": kind, "data": data, "metadata": metadata or {}, **more})

    def fail(self, name, message, lines):
        self.outputs.append({"output_type": "error", "ename": name, "evalue": shorten(message), "traceback": [shorten(line) for line in lines]})

    def _make_way(self):
        if self.wait:
            self.outputs, self.wait = [], False


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr: whatever is done to it, it writes on the page."""

    encoding = "utf-8"

    def __init__(self, page, name):
        self.page, self.name = page, f"<{name}>"

    def write(self, text):
        self.page.print(self.name[1:-1], text)
        return len(text)

    def writable(self):
        return True

    def close(self):
        pass


class Publisher(DisplayPublisher):
    page = None

    def publish(self, data, metadata=None, *, transient=None, update=False, **_):
        name = (transient or {}).get("display_id")
        if update:
            for output in self.page.outputs:
                if name and output.get("display_id") == name:
                    output |= {"data": {**data}, "metadata": metadata or {}}
        else:
            self.page.show("display_data", data, metadata, **({"display_id": name} if name else {}))

    def clear_output(self, wait=False):
        self.page.wait = wait
        if not wait:
            self.page.outputs = []


class Displays(DisplayHook):
    page = None

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.page.show("execute_result", format_dict, md_dict, execution_count=self.prompt_count)


class Shell(InteractiveShell):
    """IPython as a notebook knows it, with its outputs on a page."""

    display_pub_class = Type(Publisher)
    displayhook_class = Type(Displays)

    def __init__(self, **options):
        self.page = Publisher.page = Displays.page = Page()
        super().__init__(config=Config(HistoryManager={"enabled": False, "hist_file": ":memory:"}, InteractiveShell={"colors": "NoColor"}), **options)

    def _showtraceback(self, etype, evalue, stb):
        lines = stb if isinstance(stb, list) else [str(stb)]
        self.page.fail(getattr(etype, "__name__", str(etype)), words_of(evalue), lines)

    def run(self, source):
        """Run a cell as a notebook would; return (well, None, outputs)."""
        self.page.clear()
        with contextlib.redirect_stdout(Stream(self.page, "stdout")), contextlib.redirect_stderr(Stream(self.page, "stderr")):
            try:
                well = self.run_cell(source, store_history=True).success
            except BaseException as problem:  # a second interrupt, or hooks that the learner broke
                well = False
                self.page.fail(type(problem).__name__, words_of(problem), [])
        return well, None, self.page.outputs


def words_of(problem):
    try:
        return str(problem)
    except BaseException as second:
        return f"(its message cannot be shown: {type(second).__name__})"


# ---- checks ----------------------------------------------------------------------------------------------------------------


def judge(source, name, space, shell):
    """Run a check in the notebook's names; return (well, score or None, outputs).

    It is compiled and run here and not by the shell, so that none of IPython's many hooks has a part in it. `score` is the
    value of its last expression where that is a plain number: nbgrader's partial credit.
    """
    page = shell.page
    page.clear()
    value = None
    with contextlib.redirect_stdout(Stream(page, "stdout")), contextlib.redirect_stderr(Stream(page, "stderr")):
        try:
            tree = ast.parse(TransformerManager().transform_cell(source), f"<check {name}>")
            tree = ast.fix_missing_locations(NotShadowed(space).visit(tree))
            last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            space["__builtins__"], space[REAL] = builtins, builtins
            for part, mode in ((tree, "exec"), (last, "eval")):
                if part is not None:
                    code = compile(part, f"<check {name}>", mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
                    value = eval(code, space)
                    if code.co_flags & inspect.CO_COROUTINE:
                        value = asyncio.run(awaited(value))
            well = True
        except BaseException as problem:
            well, value = False, None
            page.fail(type(problem).__name__, words_of(problem), told(problem, source, name))
    score = float(value) if type(value) in (int, float) and math.isfinite(value) and value >= 0 else None
    if score is not None:
        page.show("execute_result", {"text/plain": repr(value)}, {}, execution_count=None)
    return well, score, page.outputs


async def awaited(value):
    return await value


class NotShadowed(ast.NodeTransformer):
    """Python's own `isinstance` where a check says so, though the notebook has another thing of that name."""

    def __init__(self, space):
        self.shadowed = {name for name in vars(builtins) if name in space and callable(space[name]) and not name.startswith("_")}

    def visit_Name(self, node):
        if node.id in self.shadowed and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Attribute(ast.Name(REAL, ast.Load()), node.id, ast.Load()), node)
        return node


def told(problem, source, name):
    """The traceback as lines: the exception's own words where it has some (IPython's `_render_traceback_`), else Python's."""
    try:
        own = getattr(problem, "_render_traceback_", None)
        if own:
            return [str(line) for line in own()]
        lines = source.split("\n")
        shown = []
        for entry in traceback.extract_tb(problem.__traceback__)[1:]:
            text = lines[entry.lineno - 1] if entry.filename == f"<check {name}>" and entry.lineno <= len(lines) else entry.line
            shown.append(f"{entry.filename}, line {entry.lineno}, in {entry.name}\n    {(text or '').strip()}")
        return [*shown, "".join(traceback.format_exception_only(problem)).rstrip()]
    except BaseException:
        return [f"{type(problem).__name__}: {words_of(problem)}"]


# ---- the room's first process ----------------------------------------------------------------------------------------------


def reseed(seed):
    """The same random numbers for everybody, in those libraries that are there."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def work(sock, shell, snapshot, given):
    """Run what comes on the socket until it is closed.

    A message {"run": source, "name": ..., "kind": "given", "answer", "added" or "check", "alone": bool, "word": ...} is answered
    by {"word", "well", "score", "outputs", "seconds", "notes"}. `word` is a secret of the two ends of the socket. A check that
    runs alone runs in a fork; {"word", "ended": status} follows when it is gone. `given` maps names to the functions, classes
    and modules that the instructor's own cells have bound so far.
    """
    notes = []
    guard.watch(trusted_places(), notes)
    space = shell.user_ns
    while (order := receive(sock)) is not None:
        source, word = order["run"], order["word"]
        if order["kind"] != "check":
            before = dict(space) if order["kind"] == "given" else {}
            answer = report(word, lambda source=source: shell.run(source), notes)
            if order["kind"] == "given":
                given |= {key: value for key, value in space.items()
                          if not key.startswith("_") and before.get(key) is not value and isinstance(value, guard.FIXED)}
            send(sock, answer)
        elif order["alone"]:
            gc.freeze()
            numbers = random.getstate()
            child = os.fork()
            if not child:
                random.setstate(numbers)  # Python seeds it anew in every fork
                check(sock, order, shell, snapshot, given, notes)
                os._exit(0)
            send_later = os.waitpid(child, 0)[1]
            send(sock, {"word": word, "ended": send_later})
        else:
            check(sock, order, shell, snapshot, given, notes)


def check(sock, order, shell, snapshot, given, notes):
    """Put back what was changed, run the check, and say how it ended."""
    guard.calm()
    space = shell.user_ns
    changed = snapshot.put_back()
    for name, value in given.items():
        if space.get(name) is not value and name in order["uses"]:
            changed.append(f"the notebook's `{name}`")
            space[name] = value
    notes += [f"it had changed {what}" for what in changed[:5]]

    def run():
        well, score, outputs = judge(order["run"], order["name"], space, shell)
        if well and (during := snapshot.put_back()):
            notes.append(f"while it was checked it changed {', '.join(during[:3])}")
            outputs = [*outputs, {"output_type": "error", "ename": "Refused", "evalue": f"The answer changed {during[0]} while it was checked",
                                  "traceback": [f"The answer changed {during[0]} while it was checked."]}]
            well, score = False, None
        return well, score, outputs

    send(sock, report(order["word"], run, notes))


def report(word, run, notes):
    start = time.perf_counter()
    well, score, outputs = run()
    said = {"word": word, "well": well, "score": score, "outputs": outputs, "seconds": time.perf_counter() - start, "notes": notes[:20]}
    notes.clear()
    return said


def trusted_places():
    """Where the code lies that may look around: Python's, the installed packages', ours."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    return {sys.prefix, sys.base_prefix, own, "<frozen ", "<check "}


def started(modules):
    """A shell with these modules imported, as a notebook would find them: the state that everything is forked from."""
    shell = Shell.instance()
    sys.modules["__main__"] = shell.user_module
    for name in modules:
        with contextlib.suppress(Exception):  # what cannot be imported fails again, and is shown, in the cell that asks for it
            __import__(name)
    sys.path.insert(0, "")  # as in a notebook, what lies beside it can be imported
    return shell
