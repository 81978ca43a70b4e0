"""A JupyterHub for a class: a JupyterLab for each learner, handing in by nbgrader's exchange.

Start it as root, as deploy/README.md says: `.venv/bin/jupyterhub -f deploy/jupyterhub_config.py`.
Learners and instructors are users of this machine and log in with their passwords (PAM).
"""

import csv
import os
import sys
from pathlib import Path

from course.authoring import lab
from course.paths import ROOT

HERE = ROOT / "deploy" / "jupyter"
# the instructor's folder: source, submitted, gradebook; closed to learners (deploy/README.md)
COURSE = Path(os.environ.get("COURSE_FOLDER", ROOT))
# learners, as `nbgrader db student import` reads them: a column `id` with their user names
STUDENTS = Path(os.environ.get("COURSE_STUDENTS", COURSE / "students.csv"))
INSTRUCTORS = os.environ.get("COURSE_INSTRUCTORS", "instructor").split()
EXCHANGE = os.environ.get("NBGRADER_EXCHANGE", "/srv/nbgrader/exchange")

c = get_config()  # noqa: F821


def learners() -> set[str]:
    """The user names in the list of students; ends with a sentence where there is no such list."""
    try:
        with STUDENTS.open(newline="", encoding="utf-8-sig") as file:
            found = {(row.get("id") or "").strip() for row in csv.DictReader(file)} - {""}
    except OSError as problem:
        sys.exit(
            f"{STUDENTS} cannot be read ({problem.strerror}): write it, with a first line `id` and "
            "a learner's user name on each other line, or set COURSE_STUDENTS to another file"
        )
    except (UnicodeDecodeError, csv.Error):
        sys.exit(f"{STUDENTS} is no CSV file in UTF-8: save it again as one")
    if not found:
        sys.exit(f"{STUDENTS} names no learner: its first line must have a column `id`")
    if both := sorted(found.intersection(INSTRUCTORS)):
        sys.exit(f"{STUDENTS} names {both[0]}, who is an instructor: take that line out")
    return found


def environment(name: str) -> dict[str, str]:
    """The environment variables of a user's JupyterLab."""
    if name in INSTRUCTORS:
        settings = [HERE / "instructor", HERE / "everybody", lab.INSTRUCTOR, lab.COMMON]
    else:
        settings = [HERE / "learner", HERE / "everybody", lab.LEARNER, lab.COMMON]
    ours_first = os.pathsep.join(map(str, settings))
    return {
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
        "JUPYTER_CONFIG_PATH": ours_first,
        "JUPYTER_PATH": ours_first,  # labextensions/
        "COURSE_FOLDER": str(COURSE),
        "NBGRADER_EXCHANGE": EXCHANGE,
        "OMP_NUM_THREADS": "1",  # many share this machine
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def prepare(spawner) -> None:
    """Give a user the JupyterLab of a learner or of an instructor; called before each start."""
    spawner.environment = {**spawner.environment, **environment(spawner.user.name)}
    if spawner.user.name in INSTRUCTORS:
        spawner.notebook_dir = str(COURSE)


c.Authenticator.allowed_users = learners() | set(INSTRUCTORS)
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.pre_spawn_hook = prepare
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 120  # on a busy machine JupyterLab takes its time
# `npm install --prefix deploy` puts the proxy there; else it is looked for in PATH
ours = ROOT / "deploy" / "node_modules" / ".bin" / "configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(ours) if ours.exists() else ours.name]
