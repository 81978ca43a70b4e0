"""The shell that a notebook's cells run in: that of a real IPython kernel, without its sockets.

What a kernel would send to a front end is kept on a page instead, as nbclient keeps it. Cells run
inside one event loop and in one task, as in a kernel, so `await`, `asyncio.create_task` and context
variables (such as the precision of decimal numbers) mean what they mean in Jupyter.

This module is all that student code can reach of the grading engine. It therefore judges nothing,
knows no secret, and imports nothing of the engine but output.py.

The snapshot includes the objects that this module's names refer to. The module typing must not be
one of them: typing_extensions patches it, so every notebook that imports PyTorch would be reported.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import fcntl
import importlib.util
import json
import os
import selectors
import sys
import tempfile
import threading
from inspect import isawaitable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.profiledir import ProfileDir
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import observe
from traitlets.config import Config

from nbjudge.sandbox.output import KEPT_TEXT, OutputBudget, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

LONGEST_PRINTED = 4 * KEPT_TEXT + 1  # bytes that are read of what other programs print
CONNECTION_FILE = "/tmp/kernel.json"  # which a kernel is told; it does not exist
NO_HISTORY_FILE = "--HistoryManager.hist_file=:memory:"  # as nbclient starts kernels
TURNS = 5  # of the event loop after a cell, in which tasks that the cell has started go on


# ---- outputs -------------------------------------------------------------------


class Page:
    """The outputs of the cell that runs, in nbformat's form, cut beyond their budget."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.budget = OutputBudget()
        self.clear_before_next = False

    def print(self, name: str, text: str) -> None:
        """Keep text that the cell has written to the stream `name`, stdout or stderr."""
        if not text:
            return
        self._clear_if_asked()
        kept = self.budget.text(text)
        if kept is None:
            return
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += kept
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": kept})

    def show(self, kind: str, data: dict[str, Any], metadata: Any, **more: Any) -> None:
        """Keep a display of the kind `kind`, with more fields of nbformat's if given."""
        self._clear_if_asked()
        output = {"output_type": kind, **self._within_budget(data, metadata), **more}
        self.outputs.append(output)

    def update(self, name: Any, data: dict[str, Any], metadata: Any) -> None:
        """Replace the data of this page's displays that have the id `name`."""
        same = [output for output in self.outputs if name and output.get("display_id") == name]
        if same:
            kept = self._within_budget(data, metadata)
            for output in same:
                output.update(kept)

    def fail(self, name: str, message: str, lines: list[str]) -> None:
        """Keep an error: its exception's name and message, and its traceback as lines."""
        self._clear_if_asked()
        self.outputs.append(
            {
                "output_type": "error",
                "ename": name,
                "evalue": shorten(message),
                "traceback": [shorten(line) for line in lines],
            }
        )

    def clear(self, wait: bool) -> None:
        """Remove all outputs; with `wait`, only when the next one comes."""
        self.clear_before_next = wait
        if not wait:
            self.outputs.clear()

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Keep what a message of the kernel's brings; those that bring no output have no effect."""
        if kind == "stream":
            self.print(content["name"], content["text"])
        elif kind == "execute_result":
            count = content.get("execution_count")
            self.show(kind, content["data"], content["metadata"], execution_count=count)
        elif kind == "display_data":
            name = display_id_of(content)
            more = {"display_id": name} if name else {}
            self.show(kind, content["data"], content["metadata"], **more)
        elif kind == "update_display_data":
            self.update(display_id_of(content), content["data"], content["metadata"])
        elif kind == "error":
            lines = content["traceback"]
            shown = [str(line) for line in lines] if isinstance(lines, list) else [str(lines)]
            self.fail(content["ename"], content["evalue"], shown)
        elif kind == "clear_output":
            self.clear(content["wait"])

    def _within_budget(self, data: dict[str, Any], metadata: Any) -> dict[str, Any]:
        """Return both as fields of an output; a note in their place beyond the budget."""
        both = {**data, "": metadata or {}}
        kept = self.budget.data(both)
        if kept is both:
            return {"data": data, "metadata": metadata or {}}
        return {"data": kept, "metadata": {}}

    def _clear_if_asked(self) -> None:
        if self.clear_before_next:
            self.outputs.clear()
            self.clear_before_next = False


def display_id_of(content: dict[str, Any]) -> Any:
    """Return the id under which a display can be updated, None where it has none."""
    return (content.get("transient") or {}).get("display_id")


# ---- what the kernel needs in place of sockets and threads -----------------------------


class PageSession(Session):
    """Puts the kernel's messages on a shell's page instead of sending them."""

    shell: Shell

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> Any:
        """Put one message on the page, given whole or as its type and its content; return it."""
        message = msg_or_type
        if not isinstance(message, dict):
            message = self.msg(msg_or_type, content)
        self.shell.collect_printed()
        kind, content = message["msg_type"], as_json(message["content"])
        if kind.startswith("comm_"):
            self.shell.widgets.take(kind, content)
        else:
            self.shell.receiver().take(kind, content)
        return message


def as_json(content: Any) -> Any:
    """Return a message's content as it would arrive: bytes in base 64, dates and more as text.

    Raises TypeError or ValueError for what a message cannot hold.
    """
    return json.loads(json.dumps(content, default=json_default))


class Stream(OutStream):
    """sys.stdout or sys.stderr, written to the page. Closing it has no effect.

    It is ipykernel's by type only: that one hands what is written to a thread, and no fork has a
    thread of its parent's.
    """

    closed = False

    def __init__(self, shell: Shell, name: str, descriptor: int) -> None:
        self.shell = shell
        self.name = name
        self.descriptor = descriptor

    def write(self, string: str) -> int:
        """Write a text to the page; return its length."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if os.getpid() != self.shell.pid:  # a fork by the notebook, which has no page to send
            os.write(self.descriptor, string.encode(errors="backslashreplace"))
            return len(string)
        self.shell.collect_printed()
        self.shell.receiver().print(self.name, string)
        return len(string)

    def writelines(self, sequence: Any) -> None:
        """Write several texts."""
        for text in sequence:
            self.write(text)

    def fileno(self) -> int:
        """Return the descriptor of the process's own standard stream, which is collected, too."""
        return self.descriptor

    def isatty(self) -> bool:
        """Return False: nobody types here."""
        return False

    def flush(self) -> None:
        """Do nothing: each text is on the page at once."""

    def close(self) -> None:
        """Stay open."""

    def set_parent(self, parent: Any) -> None:
        """Do nothing: what is written belongs to the cell that runs."""

    set_thread_parent = reset_thread_parent = set_parent


class OutputWidgets:
    """What a front end does for ipywidgets.Output: it keeps what is shown inside `with output:`.

    The kernel says in messages which of these widgets there are, and when one of them begins and
    ends to take the outputs of the cell.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}  # {id of the widget: what it shows}
        self.open: list[Page] = []  # the last one takes the outputs
        self.changed: set[str] = set()  # ids of widgets that have taken outputs in this cell

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Note what a message to or about a widget says."""
        name, data = content["comm_id"], content.get("data") or {}
        state = data.get("state") or {}
        if kind == "comm_open" and state.get("_model_name") == "OutputModel":
            self.pages[name] = Page()
        if name not in self.pages or "msg_id" not in state:
            return
        if state["msg_id"]:
            self.open.append(self.pages[name])
            self.changed.add(name)
        elif self.open:
            self.open.pop()

    def start_cell(self, page: Page) -> None:
        """Let all widgets share the budget of a cell that begins."""
        self.open.clear()
        self.changed.clear()
        for shown in self.pages.values():
            shown.budget = page.budget

    def tell(self, comms: Any) -> None:
        """Tell the widgets what they show: their field `outputs`."""
        for name in self.changed:
            state = {"outputs": [plain(output) for output in self.pages[name].outputs]}
            data = {"method": "update", "state": state, "buffer_paths": []}
            message = {"content": {"comm_id": name, "data": data}, "buffers": []}
            comms.comm_msg(None, None, message)


def plain(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output with the fields of nbformat alone."""
    return {name: value for name, value in output.items() if name != "display_id"}


class Profile(ProfileDir):
    """IPython's folder for what it keeps, such as `%store`; made when something is kept in it."""

    @observe("location")
    def _location_changed(self, change: Any) -> None:
        """Do not make the folder yet."""


class Loop(asyncio.SelectorEventLoop):
    """The event loop that all cells run in, in one task.

    It asks the system with poll, because a fork would share the table of epoll with its parent.
    """

    def __init__(self) -> None:
        super().__init__(selectors.PollSelector())
        self.order: Callable[[], Any] | None = None
        self.result: Any = None
        self.asked: asyncio.Future[None] = self.create_future()
        self.worker: asyncio.Task[None] | None = None
        self.context: contextvars.Context | None = None  # of the worker, from Python 3.11 on

    def call(self, function: Callable[[], Any]) -> Any:
        """Call a function in the loop, await what it returns if that can be awaited, return it.

        The exception that it raises is raised. All calls share one task, and so the context
        variables that one of them has set.
        """
        self.order, self.result = function, None
        if self.worker is None or self.worker.done():
            self.worker = self._start_worker()
        elif not self.asked.done():
            self.asked.set_result(None)
        try:
            while self.order is not None:  # the notebook may stop the loop, too
                self.run_forever()
        except BaseException:
            # An interrupt, for example, came while the loop waited: its task is not used again.
            self.worker.cancel()
            self.worker = self.order = None
            raise
        well, value = self.result
        if not well:
            raise value
        return value

    def _start_worker(self) -> asyncio.Task[None]:
        if self.context is None:
            self.context = contextvars.copy_context()
        if sys.version_info < (3, 11):  # a task copies the context there
            return self.context.run(self.create_task, self._work())
        return self.create_task(self._work(), context=self.context)

    async def _work(self) -> None:
        """Do what `call` is asked for, again and again."""
        while True:
            if self.order is not None:
                await self._do(self.order)
                if self.worker is not asyncio.current_task():
                    return
                self.order = None
                self.stop()
            self.asked = self.create_future()
            with contextlib.suppress(asyncio.CancelledError):
                await self.asked

    async def _do(self, order: Callable[[], Any]) -> None:
        try:
            value = order()
            if isawaitable(value):
                value = await value
            self.result = True, value
            turns = TURNS
            while turns and self._ready:  # type: ignore[attr-defined]
                turns -= 1
                await asyncio.sleep(0)
        except BaseException as problem:
            self.result = self.result or (False, problem)

    def renew_pipe(self) -> list[int]:
        """Make a new pipe for the wake-up calls of threads, and return its descriptors.

        A fork would share the old one.
        """
        self._close_self_pipe()  # type: ignore[attr-defined]
        self._make_self_pipe()  # type: ignore[attr-defined]
        return [self._ssock.fileno(), self._csock.fileno()]  # type: ignore[attr-defined]


# ---- the shell -------------------------------------------------------------------------


class Shell:
    """A notebook's shell: runs its cells, and keeps what they print and display on a page."""

    def __init__(self) -> None:
        self.page = Page()
        self.widgets = OutputWidgets()
        self.pid = os.getpid()  # of the process that has the page; its forks print to files
        self.printed: list[int] = []  # descriptors of these files, for stdout and stderr
        self.loop = Loop()
        asyncio.set_event_loop(self.loop)
        self.session = PageSession()
        self.session.shell = self
        self.kernel = make_kernel(self.session)
        self.streams = Stream(self, "stdout", 1), Stream(self, "stderr", 2)
        sys.stdout, sys.stderr = self.streams
        self.kernel.io_loop = IOLoop.current()
        self.kernel._forward_input(allow_stdin=False)  # in checks, too, nobody answers `input`
        self.kernel.shell.extension_manager.load_extension("storemagic")
        # The first cell imports and makes what all others use: here it does so once for all forks.
        self.loop.call(lambda: self.kernel.do_execute("pass", silent=True))
        # The notebook's names. Checks use this dictionary, whatever the notebook puts in its place.
        self.user_ns: dict[str, Any] = self.kernel.shell.user_ns
        # The packages that a kernel has imported before its first cell, all in all.
        self.at_start = frozenset(name.partition(".")[0] for name in sys.modules)

    def run(self, source: str) -> tuple[bool, list[dict[str, Any]]]:
        """Run a cell as a kernel would; return (well, outputs)."""
        page = use_page(self, Page())
        try:
            well = self.loop.call(lambda: self._execute(source))["status"] == "ok"
        except BaseException as problem:  # a second interrupt, or hooks that the student broke
            well = False
            page.fail(type(problem).__name__, message_of(problem), [])
        self.collect_printed()
        with contextlib.suppress(Exception):  # widgets that the student broke
            self.widgets.tell(self.kernel.comm_manager)
        return well, page.outputs

    def in_loop(self, function: Callable[[], Any]) -> Any:
        """Call a function where cells run: inside the event loop, in the cells' own task.

        If it returns something that can be awaited, that is awaited. Returns what comes of it, and
        raises what it raises. It works in a fork, too. The notebook's code can replace the loop's
        methods, so whoever judges notes in the function itself that it ran to its end.
        """
        return self.loop.call(function)

    def count_input(self, source: str) -> None:
        """Number a cell that is not run by `run`, so that `In[-1]` is its source while it runs."""
        shell = self.kernel.shell
        with contextlib.suppress(Exception):  # history that the student broke
            cell = shell.transform_cell(source)
            shell.history_manager.store_inputs(shell.execution_count, cell, source)
            shell.execution_count += 1

    def receiver(self) -> Page:
        """Return the page that takes outputs now: the cell's, or that of a widget."""
        return self.widgets.open[-1] if self.widgets.open else self.page

    def _execute(self, source: str) -> Any:
        """Return a coroutine that runs a cell and returns the kernel's reply."""
        request = {"code": source, "silent": False, "allow_stdin": False}
        self.kernel.set_parent([], self.session.msg("execute_request", request))
        return self.kernel.do_execute(source, silent=False, allow_stdin=False)

    def prepare_process(self) -> list[int]:
        """Make anew what a fork must not share; return descriptors that have to stay open.

        Call this in the notebook's folder, before its first cell.
        """
        for descriptor in self.printed:
            os.close(descriptor)
        self.printed = [unnamed_file(), unnamed_file()]
        for standard, descriptor in enumerate(self.printed, 1):
            os.dup2(descriptor, standard)
        set_environment(self.kernel.shell)
        return [*self.printed, *self.loop.renew_pipe()]

    def collect_printed(self) -> None:
        """Put on the page what other programs have written to this process's standard streams."""
        for stream, descriptor in zip(self.streams, self.printed):
            with contextlib.suppress(OSError):  # the notebook has closed it
                size = os.lseek(descriptor, 0, os.SEEK_END)
                if size:
                    text = os.pread(descriptor, LONGEST_PRINTED, 0)
                    os.ftruncate(descriptor, 0)
                    self.receiver().print(stream.name, text.decode(errors="replace"))


def make_kernel(session: Session) -> Any:
    """Return a kernel without sockets and threads, which sends its messages through `session`.

    It has an application, as Jupyter's kernels do, because IPython and libraries look for that.
    """
    config = Config(
        IPKernelApp={"connection_file": CONNECTION_FILE},
        HistoryManager={"enabled": False, "hist_file": ":memory:"},
    )
    application = IPKernelApp.instance(config=config)
    with without_debugger():
        application.kernel = IPythonKernel.instance(
            parent=application,
            session=session,
            iopub_socket=object(),
            user_ns=None,  # as IPKernelApp: IPython 8 then makes a real module of the notebook
            log=application.log,
            profile_dir=Profile(location=".ipython/profile_default"),
            shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
        )
    return application.kernel


@contextlib.contextmanager
def without_debugger() -> Iterator[None]:
    """Keep ipykernel from loading debugpy, which takes as long as the rest of it.

    Nobody debugs here. A notebook can still import debugpy.
    """
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["debugpy"]


def set_environment(shell: Any) -> None:
    """Set what a kernel sets for its notebook: environment, command line, IPython's folder."""
    shell.init_environment()
    own = os.path.dirname(sys.executable)  # so that `!pip` and `!python` are the notebook's own
    os.environ["PATH"] = f"{own}:{os.environ['PATH']}"
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    shell.history_manager.dir_hist[:] = [Path.cwd()]  # where `%cd -` goes back to
    shell.profile_dir.location = os.path.join(os.getcwd(), ".ipython", "profile_default")


def look_like_jupyter() -> None:
    """Give this process the command line and the module search path of a kernel's.

    The notebook's folder comes after the standard library and before all installed packages: so a
    file beside the notebook hides an installed package of its name.
    """
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv[:] = [str(launcher and launcher.origin), "-f", CONNECTION_FILE, NO_HISTORY_FILE]
    packages = ("site-packages", "dist-packages")
    places = [place for place, path in enumerate(sys.path) if path.endswith(packages)]
    sys.path.insert(min(places, default=0), "")


def unnamed_file() -> int:
    """Return the descriptor of a new file without a name, to which everything is appended."""
    folder = tempfile.gettempdir()
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_APPEND, 0o600)
    except OSError:  # not every file system has such files
        descriptor, path = tempfile.mkstemp(dir=folder)
        os.unlink(path)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
        return descriptor


def use_page(shell: Shell, page: Page) -> Page:
    """Put all outputs of this process on a page from now on; return it."""
    shell.page = page
    shell.widgets.start_cell(page)
    shell.pid = os.getpid()
    return page


def fresh_page(shell: Shell) -> Page:
    """Return an empty page, which takes all outputs from now on, whatever sys.stdout was."""
    sys.stdout, sys.stderr = shell.streams
    return use_page(shell, Page())


def message_of(problem: BaseException) -> str:
    """Return str(problem), or a note where the student's own __str__ fails."""
    try:
        return str(problem)
    except BaseException as second:
        return f"(its message cannot be shown: {type(second).__name__})"
