"""What is to be collected: the zips and folders that were named, or what nbgrader would take."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.collect.archives import Box, Problem, Refused, file_entry, read_folder, read_zip
from nbjudge.collect.layouts import FOLDERS, Collector, is_learners, recognise
from nbjudge.coursedir.roster import has_gradebook
from nbjudge.coursedir.settings import CONFIG, Settings
from nbjudge.errors import CourseError, SettingsError
from nbjudge.untrusted import shown

if TYPE_CHECKING:
    from nbgrader.exchange.default.collect import ExchangeCollect


def boxes_at(
    settings: Settings, assignment: str, places: Iterable[Path], collector: Collector | None
) -> list[Box]:
    """Return what lies at these places; without any, what nbgrader would collect.

    Files that are named one by one are one box. Raises CourseError where there is nothing, or where
    a place is the course's own folder of submissions.
    """
    boxes = []
    loose = Box("the files named", [], [])
    for place in list(places) or [default_place(settings, assignment)]:
        path = place.resolve()
        if path == settings.folders.submitted(".", ".").resolve():
            raise CourseError(
                f"{place} is where collected submissions lie: name what is to be collected"
            )
        if path.is_dir():
            try:
                boxes += in_folder(path, str(place), assignment, collector)
            except OSError as problem:
                why = f"{place} cannot be read ({problem.strerror}): allow it"
                raise CourseError(why) from problem
        elif not path.exists():
            raise CourseError(f"{place}: there is nothing of this name: correct it")
        elif is_zip(path.name) and not is_learners(path.name):
            boxes.append(zip_at(path, str(place)))
        else:
            add_file(loose, path, str(place))
    return [*boxes, *([loose] if loose.entries or loose.problems else [])]


def is_zip(name: str) -> bool:
    """Return whether a file's name is a zip's."""
    return name.lower().endswith(".zip")


def add_file(box: Box, path: Path, place: str) -> None:
    """Put a file into a box, or the reason why it cannot be taken."""
    try:
        box.entries.append(file_entry(path, path.name, shown(place)))
    except Refused as reason:
        box.problems.append(Problem(shown(place), str(reason)))


def zip_at(path: Path, place: str) -> Box:
    """Return a zip; one that cannot be opened is empty, and has a problem."""
    try:
        return read_zip(path, shown(place))
    except Refused as reason:
        return Box(shown(place), [], [Problem(shown(place), str(reason))])


def in_folder(folder: Path, place: str, assignment: str, collector: Collector | None) -> list[Box]:
    """Return a folder, and those zips in it that hold a class's submissions.

    Any other zip in it is its learner's: ada.zip is what ada has handed in. In an exchange's folder
    only this assignment's submissions are looked at.
    """
    here = f"+{assignment}+"
    in_exchange = any(here in path.name for path in folder.iterdir())
    wanted: Callable[[str], bool] = (lambda name: here in name) if in_exchange else bool
    box = read_folder(folder, place.rstrip("/"), wanted)
    boxes = []
    learners = []
    for entry in box.entries:
        if "/" in entry.name or not is_zip(entry.name) or is_learners(entry.name):
            learners.append(entry)
            continue
        inner = zip_at(folder / entry.name, entry.place)
        if inner.entries and recognise(inner, assignment, collector).layout != FOLDERS:
            boxes.append(inner)
        else:
            learners.append(entry._replace(name=f"{entry.name[:-4]}/{entry.name}"))
    if learners or box.problems or not boxes:
        boxes.append(box._replace(entries=learners))
    return boxes


# ---- nbgrader's settings ---------------------------------------------------------------------


def default_place(settings: Settings, assignment: str) -> Path:
    """Return the folder that nbgrader would collect from. Raises CourseError if there is none.

    It is that of `nbgrader zip_collect`, where it exists, else the exchange's.
    """
    from nbgrader.apps import ZipCollectApp

    app = ZipCollectApp(config=settings.config)
    archive = settings.root / app.collect_directory_structure.format(
        downloaded=app.downloaded_directory,
        assignment_id=assignment,
        collect_step=app.archive_directory,
    )
    if archive.is_dir():
        return archive
    inbound = inbound_of(settings)
    if inbound.is_dir():
        return inbound
    raise CourseError(
        f"nothing to collect was named, and there is neither {settings.folders.shown(archive)} nor "
        f"the exchange's folder {inbound}: name the zip or the folder, such as "
        f"`nbjudge collect {assignment} submissions.zip`"
    )


def inbound_of(settings: Settings) -> Path:
    """Return the folder of the exchange that learners submit to."""
    return Path(exchange(settings).root) / settings.course_id / "inbound"


def exchange(settings: Settings) -> "ExchangeCollect":
    """Return nbgrader's step that collects from the exchange, with the course's settings."""
    from nbgrader.exchange.default.collect import ExchangeCollect

    return ExchangeCollect(coursedir=settings.directory, config=settings.config)


def due_date(settings: Settings, assignment: str) -> datetime | None:
    """Return the due date if c.ExchangeCollect.before_duedate says that it chooses the attempt."""
    from nbgrader.api import Gradebook, MissingEntry

    if not exchange(settings).before_duedate or not has_gradebook(settings):
        return None
    with Gradebook(settings.gradebook_url, settings.course_id) as book:
        try:
            due: datetime | None = book.find_assignment(assignment).duedate
            return due
        except MissingEntry:
            return None


def owner_of(settings: Settings, folder: Path) -> str:
    """Return who owns a folder, "" where that is not known or c.ExchangeCollect does not ask."""
    if not exchange(settings).check_owner:
        return ""
    try:
        return folder.owner()
    except (KeyError, OSError, NotImplementedError):
        return ""


def collector_of(settings: Settings) -> Collector | None:
    """Return the course's own way to read a file's name, None where it has set none.

    That is c.FileNameCollectorPlugin.named_regexp, or the plugin c.ZipCollectApp.collector_plugin.
    Raises SettingsError where it cannot be used.
    """
    from nbgrader.apps import ZipCollectApp
    from nbgrader.plugins.zipcollect import FileNameCollectorPlugin

    try:
        with settings.working_folder.entered():
            kind = ZipCollectApp(config=settings.config).collector_plugin
            plugin = kind(config=settings.config)
    except Exception as error:  # it is the course's own code
        raise SettingsError(
            f"{settings.root / CONFIG}: c.ZipCollectApp.collector_plugin cannot be used "
            f"({type(error).__name__}: {error}): correct it"
        ) from error
    if kind is FileNameCollectorPlugin and not plugin.named_regexp:
        return None
    # What it does not match is told here. The log that it has is shared by all of nbgrader's parts.
    plugin.log = plugin.log.getChild("collector")
    plugin.log.setLevel("CRITICAL")

    def collector(name: str) -> dict | None:
        try:
            with settings.working_folder.entered():
                said: dict | None = plugin.collect(str(settings.root / name))
                return said
        except Exception as error:
            raise SettingsError(
                f"{settings.root / CONFIG}: {kind.__name__}, which reads the names of submitted "
                f"files, failed for {shown(name)} ({type(error).__name__}: {error}): correct it"
            ) from error

    return collector
