"""JupyterLab on the learner's own copies of the lessons, in work/."""

import os
import subprocess
import sys
from collections.abc import Mapping

from course.authoring import UsageError
from course.authoring.build import lessons, release_path, stamp_of
from course.paths import ROOT, WORK
from nbjudge.files import replace_text

# JupyterLab's configuration; it turns off the question about news, which `news_url=None` leaves on
SETTINGS = ROOT / "course" / "authoring" / "jupyter"


def lay_out() -> None:
    """Copy each lesson that the learner does not have yet.

    What lies in work/ is the learner's and is never changed. Where a lesson has changed since,
    a line is printed that says how to start on the new one.
    """
    for lesson in lessons():
        ours = release_path(lesson)
        theirs = WORK / lesson / f"{lesson}.ipynb"
        if not theirs.exists():
            replace_text(theirs, ours.read_text(encoding="utf-8"))
        elif stamp_of(theirs) != stamp_of(ours):
            print(
                f"{lesson} has changed since you began it. Yours is kept; to start on the new "
                f"one, rename {theirs} and run this again."
            )


def lab(lesson: str, browser: bool = True) -> int:
    """Run JupyterLab until it is closed; return its exit status.

    Raises UsageError for a lesson that does not exist.
    """
    if lesson not in lessons():
        raise UsageError(f"there is no lesson {lesson!r}: choose one of {', '.join(lessons())}")
    lay_out()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={WORK}"]
    command.append(f"--LabApp.default_url=/lab/tree/{lesson}/{lesson}.ipynb")
    if not (browser and has_display()):
        command.append("--no-browser")
        print("No display here: open the link that JupyterLab prints below in a browser.")
    if is_root():
        command.append("--allow-root")
    return subprocess.run(command, cwd=ROOT, env=environment(os.environ)).returncode


def has_display() -> bool:
    """Whether a browser can open a window here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def is_root() -> bool:
    """Whether this process runs as root, as it does in many containers; False on Windows."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment variables for JupyterLab, from those that are given."""
    tools = os.path.dirname(sys.executable)  # kernels find this environment's programs there
    ours = {
        "PATH": joined(tools, given["PATH"]),
        "JUPYTER_CONFIG_PATH": joined(str(SETTINGS), given.get("JUPYTER_CONFIG_PATH")),
        # threads that wait sleep: on a busy machine spinning costs several times the work
        "OMP_WAIT_POLICY": "PASSIVE",
        # open tabs are the course's own, not those of other projects
        "JUPYTERLAB_WORKSPACES_DIR": str(WORK / ".jupyterlab"),
    }
    if not os.access(os.path.expanduser("~"), os.W_OK):  # Jupyter does not start without a home
        ours["HOME"] = str(WORK / ".home")
        os.makedirs(ours["HOME"], exist_ok=True)
    return {**given, **ours}


def joined(first: str, others: str | None) -> str:
    """A search path with one more folder in front."""
    return os.pathsep.join([first, others]) if others else first
