"""A real JupyterLab on scratch copies of the lessons."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

START = """
import pathlib, sys
from course.authoring import lab
lab.WORK = pathlib.Path(sys.argv[1])
sys.exit(lab.lab("00-start-here", browser=False))
"""


@contextlib.contextmanager
def running(script, *arguments):
    """The address that a JupyterLab prints which this script starts; it ends with the block."""
    server = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said = []
        for line in server.stdout:
            said.append(line)
            if address := re.search(r"http://127\.0\.0\.1:\d+/lab/tree/\S+", line):
                break
        else:
            pytest.fail("JupyterLab did not start:\n" + "".join(said))
        threading.Thread(
            target=server.stdout.read, daemon=True
        ).start()  # or the pipe fills up and the server waits
        yield address[0]
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # Jupyter and its kernels too
        server.wait(30)


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    """The address of lesson 00, as `course lab` prints it."""
    # a path with a space and an apostrophe
    with running(START, tmp_path_factory.mktemp("a learner's folder")) as address:
        yield address
