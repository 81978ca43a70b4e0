"""JupyterLab on the learner's own copies of the lessons, in work/."""

import os
import subprocess
import sys
from collections.abc import Mapping

from course.authoring import UsageError
from course.authoring.edition import copy_in, is_untouched, refresh
from course.authoring.released import lessons
from course.paths import ROOT, WORK

SETTINGS = ROOT / "course" / "authoring" / "jupyter"
# no question about news, which `news_url=None` leaves on
COMMON = SETTINGS / "common"
# no formgrader, assignment lists and Create Assignment: one click there writes a gradebook
# In labextensions/ no folder is called "static", as is usual: JupyterLab lets browsers keep such
# files for a year, and after an update of the course learners would still run the old ones.
LEARNER = SETTINGS / "learner"
# the formgrader shows what `course grade` has written while it is open
INSTRUCTOR = SETTINGS / "instructor"


def lay_out() -> None:
    """Copy each lesson that the learner does not have yet, and new editions of untouched copies.

    What a learner has written in work/ is never changed. The folder for what lessons keep is made:
    its being there is what makes them keep it.
    """
    (WORK / ".kept").mkdir(parents=True, exist_ok=True)
    refresh(WORK)


def lab(lesson: str | None = None, browser: bool = True, instructor: bool = False) -> int:
    """Run JupyterLab until it is closed; return its exit status.

    lesson: its name or the beginning of it, such as "03"; without one, the lesson in which the
    learner saved last, or the first. instructor: whether nbgrader's formgrader, assignment lists
    and Create Assignment are there, in the course's own folder and not in work/.
    Raises UsageError for a lesson that does not exist.
    """
    name = named(lesson) if lesson else last_saved()
    folder = ROOT if instructor else WORK
    if not instructor:
        lay_out()
    place = f"source/{name}/{name}.ipynb" if instructor else f"{name}/{name}.ipynb"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command.append(f"--LabApp.default_url=/lab/tree/{place}")
    if not (browser and has_display()):
        command.append("--no-browser")
        print("No display here: open the link that JupyterLab prints below in a browser.")
    if is_root():
        command.append("--allow-root")
    return subprocess.run(command, cwd=ROOT, env=environment(os.environ, instructor)).returncode


def named(beginning: str) -> str:
    """The lesson whose name begins with `beginning`. Raises UsageError unless there is just one."""
    found = [lesson for lesson in lessons() if lesson.startswith(beginning)]
    if beginning in found:
        return beginning
    if len(found) != 1:
        raise UsageError(f"there is no lesson {beginning!r}: choose one of {', '.join(lessons())}")
    return found[0]


def last_saved() -> str:
    """The lesson whose copy in work/ was saved last, of those that are not as they were given out.

    A new edition makes no lesson a begun one. The first lesson if none has been worked on.
    """
    begun = []
    for lesson in lessons():
        theirs = copy_in(WORK, lesson)
        if theirs.exists() and not is_untouched(WORK, lesson):
            begun.append((theirs.stat().st_mtime, lesson))
    return max(begun)[1] if begun else lessons()[0]


def has_display() -> bool:
    """Whether a browser can open a window here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def is_root() -> bool:
    """Whether this process runs as root, as it does in many containers; False on Windows."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def environment(given: Mapping[str, str], instructor: bool = False) -> dict[str, str]:
    """The environment variables for JupyterLab, from those that are given."""
    settings = [INSTRUCTOR if instructor else LEARNER, COMMON]
    ours_first = os.pathsep.join(map(str, settings))
    tools = os.path.dirname(sys.executable)  # kernels find this environment's programs there
    ours = {
        "PATH": joined(tools, given["PATH"]),
        "JUPYTER_CONFIG_PATH": joined(ours_first, given.get("JUPYTER_CONFIG_PATH")),
        "JUPYTER_PATH": joined(ours_first, given.get("JUPYTER_PATH")),  # labextensions/
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
    """A search path with more folders in front."""
    return os.pathsep.join([first, others]) if others else first
