"""The recipe of deploy/README.md for a Dask cluster with TLS, run as it is written."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from distributed import Client, Security

from classroom import LESSON, course_of_one
from course.paths import ROOT
from tests.support.hub import free_ports

README = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
TOOLS = Path(sys.executable).parent
pytestmark = pytest.mark.skipif(
    subprocess.run(["sh", "-c", "command -v openssl"], capture_output=True).returncode,
    reason="no openssl here: install it to make certificates",
)


def commands():
    """The commands of the recipe, in order."""
    part = README.split("\n## A Dask cluster with TLS\n")[1].split("\n## ")[0]
    return re.findall(r"^```\n(.*?)\n```$", part, re.M | re.S)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """(address of the running cluster, the command that grades, the folder with tls/)."""
    place = tmp_path_factory.mktemp("an instructor's folder")
    certificates, scheduler, worker, grade = commands()
    (port,) = free_ports(1)

    def here(command):
        for written, ours in (
            ("deploy/", f"{shlex.quote(str(ROOT))}/deploy/"),
            (".venv/bin/", f"{shlex.quote(str(TOOLS))}/"),
            ("scheduler.example.org", "127.0.0.1"),
            ("8786", str(port)),
            ("01-replace-the-head", LESSON),
        ):
            command = command.replace(written, ours)
        return command

    subprocess.run(here(certificates), shell=True, cwd=place, check=True)
    with (place / "log").open("w") as log:
        started = [
            subprocess.Popen(here(part), shell=True, cwd=place, stdout=log, stderr=log)
            for part in (scheduler, worker)
        ]
        try:
            yield f"tls://127.0.0.1:{port}", here(grade), place
        finally:
            for process in started:
                family = psutil.Process(process.pid).children(recursive=True)
                for child in [psutil.Process(process.pid), *family]:
                    child.kill()
                process.wait()


def test_the_cluster_of_the_recipe_grades(recipe):
    _, grade, place = recipe
    course = course_of_one(place / "course")
    end = time.monotonic() + 60
    command = f"{grade} --json --root {shlex.quote(str(course))}"
    while True:
        done = subprocess.run(command, shell=True, cwd=place, capture_output=True, text=True)
        if done.returncode == 0 or time.monotonic() > end:
            break
        assert "no scheduler answers" in done.stderr
    assert done.returncode == 0, done.stderr + (place / "log").read_text()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["graded"] == 1 and lines[-1]["not_graded"] == 0
    assert "Registered to" in (place / "log").read_text()


def test_without_a_certificate_of_the_recipe_nobody_is_let_in(recipe):
    address, _, _ = recipe
    for stranger in (Security.temporary(), Security(require_encryption=False)):
        with pytest.raises((OSError, TimeoutError, TypeError)):
            Client(address, security=stranger, timeout=3)


def test_keys_are_private_and_never_overwritten(recipe):
    *_, place = recipe
    for key in (place / "tls").iterdir():
        assert key.stat().st_mode & 0o077 == 0, key
    script = [ROOT / "deploy" / "certificates.sh", place / "tls"]
    again = subprocess.run(script, capture_output=True, text=True, env=os.environ)
    assert again.returncode == 1 and "choose another folder" in again.stderr
