"""The learner's lab answers while it runs the checks of a lesson; a real Jupyter Server."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import nbformat
import psutil
import pytest
from nbgrader.validator import Validator

from course.authoring import lab
from course.notebook import server_extension
from course.paths import RELEASE, ROOT
from nbjudge.coursedir.settings import read_settings

LESSON = "00-start-here"
PATH = f"{LESSON}/{LESSON}.ipynb"
TOKEN = "secret"
RIGHT = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"


class Server:
    """A Jupyter Server with the settings of the learner's lab, on one copy of a lesson."""

    def __init__(self, work):
        (work / LESSON).mkdir(parents=True)
        shutil.copy(RELEASE / PATH, work / PATH)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "jupyter_server", f"--ServerApp.root_dir={work}"]
        command += [f"--port={self.port}", "--no-browser", f"--IdentityProvider.token={TOKEN}"]
        if lab.is_root():
            command.append("--allow-root")
        surroundings = lab.environment(os.environ)
        self.process = subprocess.Popen(command, cwd=ROOT, env=surroundings)
        self.work = work

    def ask(self, what, body=None, token=TOKEN):
        """The status and the JSON of an answer; a request with a body is a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{what}", data)
        request.add_header("Authorization", f"token {token}")
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, json.load(problem)

    def wait(self):
        for _ in range(300):
            try:
                return self.ask("api/status")
            except OSError:
                time.sleep(0.2)
        raise AssertionError("Jupyter Server does not start")

    def answer(self, source):
        notebook = json.loads((self.work / PATH).read_text())
        (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "count-parameters"]
        cell["source"] = source
        (self.work / PATH).write_text(json.dumps(notebook))

    def below(self):
        """All processes that the server has started, directly or not."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def check_process(self):
        """The process that checks, as soon as it is there."""
        for _ in range(100):
            for process in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.Error):  # another one that has just ended
                    if "course.notebook.check_process" in process.cmdline():
                        return process
            time.sleep(0.1)
        raise AssertionError("no process that checks was started")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("lab") / "a learner's folder")
    try:
        server.wait()
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def test_only_lessons_are_checked_and_only_for_the_learner(server):
    assert server.ask("course/check-all", {"path": PATH}, token="wrong")[0] == 403
    for path in ("notes.ipynb", f"copies/{PATH}", f"../{PATH}", ""):
        status, answer = server.ask("course/check-all", {"path": path})
        assert status == 404
        assert "is no lesson" in answer["message"]


def test_the_server_answers_while_checks_run_and_when_their_process_is_lost(server):
    answers = []
    server.answer(RIGHT)
    assert server.ask("course/get-ready", {"path": PATH}) == (200, {})
    checking = server.check_process()
    asking = threading.Thread(
        target=lambda: answers.append(server.ask("course/check-all", {"path": PATH}))
    )
    asking.start()
    assert server.ask("api/status")[0] == 200
    assert not answers, "the check still runs"
    checking.kill()
    asking.join()
    ((status, answer),) = answers
    assert (status, answer["total"]) == (200, "1 of 1 points")
    assert [row["state"] for row in answer["rows"]] == ["passed"]
    status, again = server.ask("course/check-all", {"path": PATH})
    assert again == answer


def check_cell(name, source):
    about = {"grade": True, "grade_id": name, "locked": False, "points": 1, "solution": False}
    about |= {"schema_version": 3, "task": False, "cell_type": "code"}
    return nbformat.v4.new_code_cell(source, id=name, metadata={"nbgrader": about})


def test_the_server_answers_while_nbgrader_validates_and_the_result_is_nbgraders(server):
    waits = "import os, time\nwhile not os.path.exists('asked'): time.sleep(0.05)"
    cells = [check_cell("right", waits), check_cell("wrong", "assert 1 == 2, 'not equal'")]
    path = server.work / "two checks.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(server.ask("assignments/validate", {"path": path.name}))
    )
    asking.start()
    assert server.ask("api/status")[0] == 200
    (server.work / "asked").touch()  # only now the first cell can end
    asking.join()
    ((status, answer),) = answers
    expected = Validator(config=read_settings(ROOT).config).validate(str(path))
    assert (status, answer) == (200, {"success": True, "value": expected})
    assert [failed["source"] for failed in expected["failed"]] == [cells[1].source]


def test_validate_reads_nothing_outside_the_learners_folder(tmp_path):
    refused = server_extension.validate(tmp_path, "../secret.ipynb")["refused"]
    assert refused[0] == 403


def test_nothing_is_left_when_the_server_is_killed(server):
    server.ask("course/check-all", {"path": PATH})
    started = server.below()
    assert len(started) >= 2, "the process that checks, and what it forks from"
    os.kill(server.process.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
