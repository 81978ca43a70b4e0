"""A Jupyter Server extension of the learner's lab: it runs all checks of a lesson.

    POST course/check-all  {"path": the lesson's notebook}  ->  what check_process.py answers
    POST course/check-the-rest  the same, if that answer says "running"
    POST course/get-ready  {"path": the lesson's notebook}  ->  {}, as soon as that is under way
    POST assignments/validate  {"path": a notebook}  ->  what nbgrader's own handler answers

The checks run in a process of their own, which starts when the first lesson is opened and stays
ready. The server itself never waits. labextensions/new-heads-check-all is the part in the browser;
nbgrader's button Validate sends the last request.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from nbgrader.server_extensions import validate_assignment
from nbgrader.server_extensions.validate_assignment.handlers import ValidateAssignmentHandler
from tornado.web import HTTPError, authenticated

from course.paths import RELEASE, ROOT

TRIES = 2  # of an order, if the process ends before it has answered


class CheckProcess:
    """The process that checks lessons: started when it is first needed, and again if it has ended.

    Orders are answered one after the other.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        self.process: subprocess.Popen[str] | None = None
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        self.free = asyncio.Lock()
        self.waiting: set[asyncio.Task[dict[str, Any]]] = set()  # asyncio itself keeps no tasks

    def ask_later(self, do: str, lesson: str) -> None:
        """Give an order whose answer nobody needs."""
        task = asyncio.create_task(self.ask(do, lesson))
        self.waiting.add(task)
        task.add_done_callback(self.waiting.discard)

    async def ask(self, do: str, lesson: str) -> dict[str, Any]:
        """Return the answer to an order, {"problem": sentence} where there is none."""
        order = json.dumps({"do": do, "lesson": lesson}) + "\n"
        async with self.free:
            for _ in range(TRIES):
                if not self.process or self.process.poll() is not None:
                    self.start()
                with contextlib.suppress(OSError):  # it has just ended; the queue says so
                    self.process.stdin.write(order)
                    self.process.stdin.flush()
                if answer := await self.answers.get():
                    return json.loads(answer)
                self.process.wait()
        return {
            "problem": (
                "The process that runs the checks ended twice. The terminal of JupyterLab says "
                "more; memory may be short: close other programs or notebooks, then try again."
            )
        }

    def start(self) -> None:
        """Start the process, and a thread that reads its answers."""
        # A session of its own: Ctrl+C in the terminal is for the server alone.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "course.notebook.check_process", str(self.work)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.answers = asyncio.Queue()
        arguments = [self.process, self.answers, asyncio.get_running_loop()]
        threading.Thread(target=listen, args=arguments, daemon=True).start()


def listen(
    process: subprocess.Popen[str], answers: asyncio.Queue[str], loop: asyncio.AbstractEventLoop
) -> None:
    """Put what a process answers into a queue, and "" when it has ended.

    A thread does this, because the event loop of Jupyter Server cannot read pipes on Windows.
    """
    with contextlib.suppress(RuntimeError):  # the server has ended
        for line in process.stdout:
            loop.call_soon_threadsafe(answers.put_nowait, line)
        loop.call_soon_threadsafe(answers.put_nowait, "")


class LessonHandler(APIHandler):
    """What these handlers do: find the lesson, and ask the process."""

    def initialize(self, process: CheckProcess, do: str) -> None:
        self.process = process
        self.do = do

    def lesson(self) -> str:
        """The name of the lesson that the request is about. Raises HTTPError where it is none."""
        body = self.get_json_body()
        path = PurePosixPath(str(body.get("path", "")) if isinstance(body, dict) else "")
        name = path.stem
        if path.parts != (name, f"{name}.ipynb") or not (RELEASE / path).exists():
            raise HTTPError(
                404,
                f"{path} is no lesson, so it has no exercises to check: open the notebook in its "
                "folder, such as 01-replace-the-head/01-replace-the-head.ipynb",
            )
        return name


class CheckHandler(LessonHandler):
    @authenticated
    async def post(self) -> None:
        self.finish(await self.process.ask(self.do, self.lesson()))


class GetReadyHandler(LessonHandler):
    @authenticated
    async def post(self) -> None:
        self.process.ask_later(self.do, self.lesson())
        self.finish({})


class ValidateHandler(ValidateAssignmentHandler):
    """nbgrader's own, with its work in a process, so that the server does not wait for it."""

    def initialize(self, work: Path) -> None:
        self.work = work

    @authenticated
    async def post(self) -> None:
        body = self.get_json_body()
        path = self.get_argument("path", None) or (body or {}).get("path", "")
        found = await asyncio.to_thread(validate, self.work, path)
        if "refused" in found:
            raise HTTPError(*found["refused"])
        self.finish(json.dumps(found["answer"]))


def validate(work: Path, path: str) -> dict[str, Any]:
    """What validate_process.py prints for the notebook at `path` below `work`."""
    module = "course.notebook.validate_process"
    command = [sys.executable, "-m", module, str(work), path]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode == 0:
        return json.loads(done.stdout)
    sentence = (
        f"The process that validates ended with {done.returncode}. The terminal of JupyterLab says "
        "more; memory may be short: close other programs or notebooks, then try again."
    )
    return {"answer": {"success": False, "value": sentence}}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the handlers to a server whose root folder is the learner's.

    nbgrader's own extension is loaded here and nowhere else, because the handler that is added
    first answers.
    """
    work = Path(server.root_dir)
    process = CheckProcess(work)

    def asks(do: str) -> dict[str, Any]:
        return {"process": process, "do": do}

    handlers = [
        ("course/check-all", CheckHandler, asks("check")),
        ("course/check-the-rest", CheckHandler, asks("check the rest")),
        ("course/get-ready", GetReadyHandler, asks("get ready")),
        ("assignments/validate", ValidateHandler, {"work": work}),
    ]
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(
        ".*$", [(url_path_join(base, path), *handler) for path, *handler in handlers]
    )
    validate_assignment.load_jupyter_server_extension(server)
