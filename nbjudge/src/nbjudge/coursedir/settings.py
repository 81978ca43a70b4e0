"""The course's nbgrader settings, as nbgrader itself reads them from nbgrader_config.py."""

import os
import sys
from pathlib import Path

CONFIG = "nbgrader_config.py"


def settings(root):
    """A traitlets Config with our preprocessors in place. Brings the source notebooks up to date where the settings do."""
    from traitlets.config import Config, PyFileConfigLoader

    from nbjudge.coursedir.preprocessors import configure

    config, ours = Config(), str(Path(sys.executable).parent)
    if ours not in os.environ["PATH"].split(os.pathsep):  # nbgrader calls `alembic` by name
        os.environ["PATH"] = os.pathsep.join([ours, os.environ["PATH"]])
    if (root / CONFIG).exists():
        config.merge(PyFileConfigLoader(CONFIG, path=str(root)).load_config())
    config.CourseDirectory.root = str(root)
    configure(config)
    return config


def coursedir(config, lesson=""):
    from nbgrader.coursedir import CourseDirectory

    return CourseDirectory(config=config, assignment_id=lesson)


def gradebook_url(root):
    return coursedir(settings(root)).db_url


def write_nested_settings(root, folder):
    """A course inside another one, with files and a gradebook of its own; `nbgrader` works from there too."""
    lines = [
        '"""A course of its own with the settings of the one it was made from."""',
        "c = get_config()  # noqa: F821",
    ]
    if (root / CONFIG).exists():
        lines.append(f"load_subconfig({str(root / CONFIG)!r})  # noqa: F821")
    lines += [
        f"c.CourseDirectory.root = {str(folder)!r}",
        f"c.CourseDirectory.db_url = {'sqlite:///' + str(folder / 'gradebook.db')!r}",
    ]
    (folder / CONFIG).write_text("\n".join(lines) + "\n", encoding="utf-8")
