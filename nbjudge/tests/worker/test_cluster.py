"""Grading on a Dask cluster whose worker dies, and into a PostgreSQL server: the same marks."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from classroom import CONFIG, LESSON, course_of_one
from faults import command, make_class, state
from nbjudge.coordinator import Options, grade
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.errors import SchedulerError
from nbjudge.worker.cluster import workers_of


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    root = tmp_path_factory.mktemp("quiet")
    make_class(root)
    assert grade(root, [LESSON], options=Options(workers=2)).clean
    return root


def test_an_unknown_scheduler_is_named(tmp_path):
    course = course_of_one(tmp_path)
    with pytest.raises(SchedulerError, match="no scheduler answers at tcp"):
        grade(course, [LESSON], options=Options(scheduler="tcp://127.0.0.1:9"))


def test_what_is_started_after_a_grading_has_the_environment_of_before():
    before = dict(os.environ)
    with workers_of(1, None, ()):
        pass
    assert dict(os.environ) == before


@pytest.fixture
def cluster(tmp_path):
    """(address of a scheduler, [two workers]), which are processes on the loopback interface."""
    place, processes = tmp_path / "scheduler.json", []

    def start(part, *more):
        line = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{part}",
            "--host",
            "127.0.0.1",
            "--scheduler-file",
            str(place),
            *more,
        ]
        processes.append(
            subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    start("scheduler", "--port", "0", "--no-dashboard")
    for _ in range(2):
        start("worker", "--no-nanny", "--no-dashboard", "--nthreads", "1", "--memory-limit", "0")
    try:
        ends = time.monotonic() + 60
        while not place.exists() and time.monotonic() < ends:
            time.sleep(0.1)
        yield json.loads(place.read_text())["address"], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_worker_of_a_cluster_dies_and_the_marks_are_the_same(quiet, cluster, tmp_path):
    address, workers = cluster
    make_class(tmp_path / "course")
    with subprocess.Popen(
        command(tmp_path / "course", "--scheduler", address),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as grading:
        first = json.loads(grading.stdout.readline())
        os.kill(workers[0].pid, signal.SIGKILL)
        printed, log = grading.communicate()
    assert grading.returncode == 0, log
    rows = [first, *map(json.loads, printed.splitlines())]
    assert first["done"] == 1 and rows[-1]["graded"] == 10
    assert workers[0].wait() == -signal.SIGKILL and workers[1].poll() is None
    assert state(tmp_path / "course") == state(quiet)


# ---- PostgreSQL ------------------------------------------------------------------------------

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))


@pytest.fixture
def server():
    """The URL of a throw-away PostgreSQL server on the loopback interface.

    PostgreSQL refuses to run as root, so as root it is started as the user nobody.
    """
    pytest.importorskip(
        "psycopg", reason="the driver psycopg is not installed: pip install -e .[test]"
    )
    if not SERVERS:
        pytest.skip("there is no PostgreSQL server here: apt-get install postgresql")
    tools, ordinary = SERVERS[-1].parent, []
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, socket.socket() as free:
        if os.geteuid() == 0:
            ordinary = [
                shutil.which("setpriv") or "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
            ]
            os.chown(folder, 65534, 65534)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()

        def tool(name, *arguments):
            subprocess.run(
                [*ordinary, tools / name, "-D", f"{folder}/data", *arguments],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
            )

        tool("initdb", "-U", "grader", "-A", "trust", "--no-sync")
        tool(
            "pg_ctl",
            "-w",
            "-l",
            f"{folder}/log",
            "-o",
            f"-p {port} -k {folder} -h 127.0.0.1 -F",
            "start",
        )
        try:
            yield f"postgresql+psycopg://grader@127.0.0.1:{port}/postgres"
        finally:
            tool("pg_ctl", "-m", "immediate", "stop")


def test_a_gradebook_on_a_postgresql_server(quiet, server, tmp_path):
    root = tmp_path / "course"
    make_class(root)
    (root / "nbgrader_config.py").write_text(
        f"{CONFIG}c.CourseDirectory.db_url = {server!r}\nc.CourseDirectory.course_id = 'tiny'\n"
    )
    assert gradebook_url(root) == server
    assert grade(root, [LESSON], options=Options(workers=2)).clean
    assert grade(root, [LESSON]).cells == 0
    assert state(root) == state(quiet) and not (root / "gradebook.db").exists()
    assert report.marks(root, LESSON, server) == report.marks(quiet, LESSON, gradebook_url(quiet))
