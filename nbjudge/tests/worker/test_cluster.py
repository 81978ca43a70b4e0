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

import psutil
import pytest
from distributed import Client, Security

from classroom import CONFIG, LESSON, course_of_one
from faults import command, make_class, state
from nbjudge.coordinator import grade
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.errors import SchedulerError
from nbjudge.grading.options import Options
from nbjudge.worker.cluster import workers_of
from nbjudge.worker.places import THREADS
from nbjudge.worker.threads import Threads


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    root = tmp_path_factory.mktemp("quiet")
    make_class(root)
    assert grade(root, [LESSON], options=Options(workers=2)).clean
    return root


def test_an_unknown_scheduler_is_named(tmp_path):
    course = course_of_one(tmp_path)
    here = Options(scheduler="tcp://127.0.0.1:9", scheduler_without_tls=True)
    with pytest.raises(SchedulerError, match="no scheduler answers at tcp"):
        grade(course, [LESSON], options=here)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9", "ws://127.0.0.1:9"])
def test_a_scheduler_without_tls_is_refused_unless_it_is_allowed(address):
    with pytest.raises(SchedulerError, match="say --scheduler-without-tls"):
        with workers_of(1, address, ()):
            pass


def test_without_tls_files_dasks_settings_are_named():
    with pytest.raises(SchedulerError, match=r"set distributed.comm.tls.ca-file"):
        with workers_of(1, "tls://127.0.0.1:9", ()):
            pass


def addresses_of_this_grading():
    """(host, port) of all TCP sockets that this process and its children listen on."""
    found = set()
    here = psutil.Process()
    for process in (here, *here.children(recursive=True)):
        for connection in process.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN:
                found.add((connection.laddr.ip, connection.laddr.port))
    return found


def test_local_processes_know_each_other_and_nobody_else():
    before = addresses_of_this_grading()
    with workers_of(2 * THREADS, None, None) as client:
        assert sum(client.nthreads().values()) == 2 * THREADS
        # Several threads must not import it at the same time.
        loaded = client.run(eval, "'nbjudge.worker.submission' in __import__('sys').modules")
        assert list(loaded.values()) == [True, True]
        assert client.scheduler.address.startswith("tls://127.0.0.1:")
        new = addresses_of_this_grading() - before
        assert len(new) >= 3  # the scheduler and two workers
        assert {host for host, _ in new} == {"127.0.0.1"}
        for host, port in new:
            for stranger in (Security(), Security.temporary()):
                kind = "tls" if stranger.require_encryption else "tcp"
                with pytest.raises((OSError, TimeoutError)):
                    Client(f"{kind}://{host}:{port}", security=stranger, timeout=2)


def test_threads_of_this_process_listen_nowhere():
    before = addresses_of_this_grading()
    with workers_of(2, None, ()) as workers:  # of a course that imports no package
        assert isinstance(workers, Threads)
        assert addresses_of_this_grading() <= before


def test_what_is_started_after_a_grading_has_the_environment_of_before():
    before = dict(os.environ)
    with workers_of(1, None, None):
        pass
    assert dict(os.environ) == before


@pytest.fixture
def tls(tmp_path):
    """Where TLS files lie, under their names in the options of Dask's commands."""
    keys = Security.temporary()
    texts = {"ca-file": keys.tls_ca_file, "cert": keys.tls_client_cert, "key": keys.tls_client_key}
    paths = {}
    for name, text in texts.items():
        paths[name] = tmp_path / f"{name}.pem"
        paths[name].write_text(text)
    return paths


@pytest.fixture
def cluster(tmp_path, tls):
    """(address of a scheduler, [two workers]), which are processes on the loopback interface."""
    place, processes = tmp_path / "scheduler.json", []
    keys = [part for name, path in tls.items() for part in (f"--tls-{name}", str(path))]

    def start(part, *more):
        line = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{part}",
            "--host",
            "127.0.0.1",
            "--scheduler-file",
            str(place),
            *keys,
            *more,
        ]
        processes.append(
            subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    start("scheduler", "--protocol", "tls", "--port", "0", "--no-dashboard")
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


def test_a_worker_of_a_cluster_dies_and_the_marks_are_the_same(quiet, cluster, tls, tmp_path):
    address, workers = cluster
    settings = {
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(tls["ca-file"]),
        "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(tls["cert"]),
        "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": str(tls["key"]),
    }
    make_class(tmp_path / "course")
    with subprocess.Popen(
        command(tmp_path / "course", "--scheduler", address),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | settings,
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
    assert marks(root, server) == marks(quiet, gradebook_url(quiet))


def marks(root, url):
    """The marks of the class, without the seconds that they took."""
    return {
        student: {cell: mark._replace(seconds=0) for cell, mark in row.items()}
        for student, row in report.marks(root, LESSON, url).items()
    }
