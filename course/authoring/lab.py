"""Open JupyterLab on the learner's own copies of the lessons, in work/."""

import os
import shutil
import subprocess
import sys

from course.authoring.build import RELEASE, ROOT, lessons, stamp_of

WORK = ROOT / "work"
SETTINGS = (
    ROOT / "course" / "authoring" / "jupyter"
)  # JupyterLab without its question about news: `news_url=None` does not silence that


def lay_out():
    """Copy each lesson that the learner has not got yet; what lies in work/ is theirs and is never touched."""
    for lesson in lessons():
        ours, theirs = RELEASE / lesson / f"{lesson}.ipynb", WORK / lesson / f"{lesson}.ipynb"
        if not theirs.exists():
            theirs.parent.mkdir(parents=True, exist_ok=True)
            part = theirs.with_name(theirs.name + ".part")
            shutil.copyfile(ours, part)
            part.replace(theirs)
        elif stamp_of(theirs) != stamp_of(ours):
            print(
                f"{lesson} has changed since you began it. Yours is kept; to start on the new one, rename {theirs} and run this again."
            )


def lab(lesson, browser=True):
    """Run JupyterLab until it is closed; returns its exit status. Raises ValueError for a lesson that does not exist."""
    if lesson not in lessons():
        raise ValueError(f"there is no lesson {lesson!r}: choose one of {', '.join(lessons())}")
    lay_out()
    display = (
        sys.platform in ("darwin", "win32")
        or os.environ.get("DISPLAY")
        or os.environ.get("WAYLAND_DISPLAY")
    )
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={WORK}",
        f"--LabApp.default_url=/lab/tree/{lesson}/{lesson}.ipynb",
    ]
    if not (browser and display):
        command.append("--no-browser")
        print("No display here: open the link that JupyterLab prints below in a browser.")
    if getattr(os, "geteuid", lambda: 1)() == 0:  # in a container, say, where root is all there is
        command.append("--allow-root")
    return subprocess.run(command, cwd=ROOT, env=environment(os.environ)).returncode


def environment(given):
    """The environment variables for JupyterLab, from those that are given."""
    ours = {
        "PATH": os.pathsep.join(
            [os.path.dirname(sys.executable), given["PATH"]]
        ),  # so that kernels find this environment's tools
        "JUPYTER_CONFIG_PATH": os.pathsep.join(
            filter(None, [str(SETTINGS), given.get("JUPYTER_CONFIG_PATH")])
        ),
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait for each other sleep: on a busy machine spinning costs several times the work
        "JUPYTERLAB_WORKSPACES_DIR": str(
            WORK / ".jupyterlab"
        ),  # open tabs are the course's own, not those of other projects
    }
    if not os.access(
        os.path.expanduser("~"), os.W_OK
    ):  # a home that cannot be written to would stop Jupyter
        ours["HOME"] = str(WORK / ".home")
        os.makedirs(ours["HOME"], exist_ok=True)
    return {**given, **ours}
