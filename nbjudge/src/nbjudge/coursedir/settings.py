"""The course's nbgrader settings, as nbgrader itself reads them.

They come from nbgrader_config.py and nbgrader_config.json in the course's folder and, below those,
in Jupyter's configuration folders. They are read once per command with `read_settings`, which
writes nothing into the course, and are handed to all who need them.
"""

import copy
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.coursedir.folders import Folders
from nbjudge.coursedir.working_folder import WorkingFolder
from nbjudge.errors import CourseError, SettingsError

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

CONFIG = "nbgrader_config.py"
CONFIG_JSON = "nbgrader_config.json"
KEPT = ".grading"  # results of earlier runs, and the record of each submission

# A cell may take a year where the course sets no limit: sockets and timers take no infinity.
NO_LIMIT = 365 * 24 * 3600.0

NAMED = ("{student_id}", "{assignment_id}")  # what c.CourseDirectory.directory_structure holds


@dataclass(frozen=True)
class Settings:
    """A course's settings."""

    root: Path  # the course's folder
    config: "Config"  # all that was set
    directory: "CourseDirectory"  # nbgrader's own view of the course's folder
    working_folder: WorkingFolder  # in which the course's own plugins and preprocessors run
    timeout: float  # seconds a cell
    skip: list[str]  # tags of cells that do not run
    students_own: dict[str, list[str]]  # {assignment: files that the instructor's do not replace}
    permissions: int  # of files in autograded/
    creates_students: bool  # whether a student may be graded whom the gradebook does not know
    made: Path  # where the notebooks that nbgrader makes of the source are kept

    @property
    def folders(self) -> Folders:
        """Where the course keeps its notebooks."""
        return Folders(self.root, self.directory)

    @property
    def gradebook_url(self) -> str:
        """The SQLAlchemy URL of the gradebook."""
        return self.directory.db_url

    @property
    def course_id(self) -> str:
        """The course's name, "" where it has none."""
        return self.directory.course_id


KNOWN: dict[Path, Folders] = {}  # of the courses whose settings this process has read


def folders_of(root: Path | str) -> Folders:
    """Return where a course keeps its notebooks, for who needs nothing else of its settings."""
    root = Path(root).resolve()
    return KNOWN.get(root) or read_settings(root).folders


def read_settings(root: Path | str) -> Settings:
    """Read the settings of the course in the folder `root`.

    Raises CourseError where there is no such folder, and SettingsError, with file and line, where
    nbgrader_config.py fails.
    """
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import Execute

    root = Path(root).resolve()
    if not root.is_dir():
        raise CourseError(f"{root}: there is no such folder; expected the course's folder")
    os.environ["PATH"] = path_with_alembic()
    working_folder = WorkingFolder(root)
    try:
        with working_folder.entered():
            config = read_config(root)
            config.CourseDirectory.root = str(root)
            directory = CourseDirectory(config=config)
            url = absolute_url(root, directory.db_url)
            config.CourseDirectory.db_url = directory.db_url = url
            execute = Execute(config=config)
            autograde = Autograde(coursedir=directory, config=config)
            structure = directory.directory_structure
    # nbgrader_config.py is a program, so it can raise anything, and it can end
    except (Exception, SystemExit) as error:
        raise SettingsError(
            f"{line_of(error) or root / CONFIG}: {type(error).__name__}: {error}; correct it"
        ) from error
    if "{nbgrader_step}" not in structure or any(structure.count(name) != 1 for name in NAMED):
        raise SettingsError(
            f"{root / CONFIG}: c.CourseDirectory.directory_structure is {structure!r}, and it must "
            f"hold {{nbgrader_step}}, and each of {' and '.join(NAMED)} once: correct it"
        )
    skipped = execute.skip_cells_with_tag
    KNOWN[root] = Folders(root, directory)
    return Settings(
        root=root,
        config=config,
        directory=directory,
        working_folder=working_folder,
        timeout=limit_of(execute.timeout),
        skip=[skipped] if skipped else [],
        students_own=dict(autograde.exclude_overwriting),
        permissions=int(str(autograde.permissions), 8),  # nbgrader writes them as decimal numbers
        creates_students=autograde.create_student,
        made=root / KEPT,
    )


def with_gradebook(settings: Settings, url: str, made: Path) -> Settings:
    """Return the same settings with another gradebook, and another folder for what is made."""
    config = copy.deepcopy(settings.config)
    config.CourseDirectory.db_url = url
    with settings.working_folder.entered():
        directory = type(settings.directory)(config=config)
    return replace(settings, config=config, directory=directory, made=made)


def limit_of(seconds: float | None) -> float:
    """Return a limit of time as a number; nbclient takes None, 0 and -1 for no limit."""
    return NO_LIMIT if not seconds or seconds < 0 else float(seconds)


def timeouts_of(
    settings: Settings, notebooks: Mapping[str, "NotebookNode"]
) -> dict[str, dict[str, float]]:
    """Return {notebook: {name of a code cell: seconds}} as c.Execute.timeout_func says; else {}.

    It is asked for the instructor's cells. Raises SettingsError where it fails.
    """
    from nbgrader.preprocessors import Execute

    found: dict[str, dict[str, float]] = {}
    with settings.working_folder.entered():
        function = Execute(config=settings.config).timeout_func
        if function is None:
            return found
        for notebook, source in notebooks.items():
            limits = {}
            for cell in source.cells:
                if cell.cell_type != "code":
                    continue
                name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell["id"]
                try:
                    limits[name] = limit_of(function(cell))
                except Exception as error:  # it is the course's own code
                    raise SettingsError(
                        f"{settings.root / CONFIG}: timeout_func failed for the cell `{name}` of "
                        f"{notebook}.ipynb ({type(error).__name__}: {error}): correct it"
                    ) from error
            found[notebook] = limits
    return found


def read_config(root: Path) -> "Config":
    """Return all that is set for nbgrader, the names of older versions replaced by today's."""
    from nbgrader.apps import AutogradeApp, GenerateAssignmentApp
    from traitlets.config import Config

    app = AutogradeApp()
    config = Config()
    folders = app.config_file_paths  # Jupyter's, the most important one first
    for name, places in (("jupyter_config", folders), (Path(CONFIG).stem, [str(root), *folders])):
        for found, _ in app._load_config_files(name, places, raise_config_file_errors=True):
            config.merge(found)
    for program in (app, GenerateAssignmentApp()):  # each knows the older names of its settings
        program.update_config(config)
        config = program.config
    return config


def absolute_url(root: Path, url: str) -> str:
    """Return the URL of a database; the file of a relative one lies in the course's folder."""
    from sqlalchemy.engine import make_url

    parts = make_url(url)
    file = parts.database or ""
    if parts.get_backend_name() != "sqlite" or file in ("", ":memory:") or "file:" in file:
        return url
    if os.path.isabs(file):
        return url
    return parts.set(database=str(root / file)).render_as_string(hide_password=False)


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
        lines += [
            "import sys",
            f"sys.path.insert(0, {str(root)!r})  # for the modules that it imports",
            f"load_subconfig({str(root / CONFIG)!r})  # noqa: F821",
        ]
    if (root / CONFIG_JSON).exists():
        lines += [
            "from traitlets.config import JSONFileConfigLoader",
            f"c.merge(JSONFileConfigLoader({CONFIG_JSON!r}, path={str(root)!r}).load_config())",
        ]
    lines += [
        f"c.CourseDirectory.root = {str(folder)!r}",
        f"c.CourseDirectory.db_url = {'sqlite:///' + str(folder / 'gradebook.db')!r}",
    ]
    (folder / CONFIG).write_text("\n".join(lines) + "\n", encoding="utf-8")
