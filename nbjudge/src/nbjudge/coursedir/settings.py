"""The course's nbgrader settings, as nbgrader itself reads them from nbgrader_config.py.

They are read once per command with `read_settings`, which writes nothing into the course, and are
handed to all who need them.
"""

import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.errors import SettingsError

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

CONFIG = "nbgrader_config.py"


@dataclass(frozen=True)
class Settings:
    """A course's settings."""

    root: Path  # the course's folder
    config: "Config"  # all of nbgrader_config.py, with this engine's preprocessors put in
    directory: "CourseDirectory"  # nbgrader's own view of the course's folder

    @property
    def gradebook_url(self) -> str:
        """The SQLAlchemy URL of the gradebook."""
        return self.directory.db_url

    @property
    def course_id(self) -> str:
        """The course's name, "" where it has none."""
        return self.directory.course_id


def read_settings(root: Path | str) -> Settings:
    """Read the settings of the course in the folder `root`.

    Raises SettingsError, with file and line, where nbgrader_config.py fails.
    """
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config, PyFileConfigLoader

    from nbjudge.coursedir.preprocessors import configure

    root = Path(root).resolve()
    os.environ["PATH"] = path_with_alembic()
    config = Config()
    try:
        if (root / CONFIG).exists():
            config.merge(PyFileConfigLoader(CONFIG, path=str(root)).load_config())
        config.CourseDirectory.root = str(root)
        configure(config)
        return Settings(root, config, CourseDirectory(config=config))
    except Exception as error:  # nbgrader_config.py is a program, so it can raise anything
        raise SettingsError(
            f"{line_of(error) or root / CONFIG}: {type(error).__name__}: {error}; correct it"
        ) from error


def line_of(error: BaseException) -> str:
    """Return the line of nbgrader_config.py that raised an error; "" where it was not raised there.

    With load_subconfig there are several such files: the innermost is named.
    """
    if isinstance(error, SyntaxError) and Path(error.filename or "").name == CONFIG:
        return f"{error.filename}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).name == CONFIG:
            return f"{frame.filename}, line {frame.lineno}"
    return ""


def gradebook_url(root: Path | str) -> str:
    """Return the URL of a course's gradebook, for who needs nothing else of its settings."""
    return read_settings(root).gradebook_url


def path_with_alembic() -> str:
    """Return a PATH on which `alembic` is found: nbgrader calls it by name to make a gradebook.

    It is installed beside this Python, whose folder need not be on PATH.
    """
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    ours = str(Path(sys.executable).parent)
    return os.pathsep.join(places if ours in places else [ours, *places])


def write_nested_settings(root: Path, folder: Path) -> None:
    """Make `folder` a course of its own, with the settings of the course in `root`.

    It has its own files and its own gradebook; nbgrader's own commands work from there, too.
    """
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
