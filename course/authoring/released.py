"""The lessons that are given out, for the parts of the course that learners have, too."""

import json
from pathlib import Path

from course.paths import RELEASE


def lessons() -> list[str]:
    """Names of the lessons that are given out, in order."""
    return sorted(path.stem for path in RELEASE.glob("*/*.ipynb") if path.stem == path.parent.name)


def release_path(lesson: str) -> Path:
    """Where the notebook is that learners get."""
    return RELEASE / lesson / f"{lesson}.ipynb"


def title_of(lesson: str) -> str:
    """The heading of a lesson that is given out, such as "01 Replace the head"."""
    first = json.loads(release_path(lesson).read_text(encoding="utf-8"))["cells"][0]
    return "".join(first["source"]).partition("\n")[0].removeprefix("# ")


def stamp_of(path: Path) -> str | None:
    """The stamp of a derived notebook, None if there is no notebook or one without a stamp."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"].get("made_from")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
