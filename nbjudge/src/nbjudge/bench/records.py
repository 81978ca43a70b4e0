"""What the records of a grading say: how long each submission took, and which cells stopped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nbjudge.coursedir.results import KEPT


class Duration(NamedTuple):
    """What one submission took."""

    assignment: str
    cells_s: float  # seconds of its cells
    worker_s: float  # seconds that a worker was busy with it


def records_of(course: Path) -> list[dict[str, Any]]:
    """Return the records of all submissions that are graded in a course."""
    paths = sorted((course / KEPT / "results").glob("*/*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def cells_of(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the cells of a record, of all its notebooks."""
    for notebook in record["notebooks"].values():
        yield from notebook["cells"]


def durations(course: Path) -> list[Duration]:
    """Return how long each submission of a course took that is graded."""
    found = []
    for record in records_of(course):
        seconds = sum(cell["seconds"] for cell in cells_of(record))
        found.append(Duration(record["lesson"], round(seconds, 3), record["worker_s"]))
    return found


def stopped_cells(course: Path) -> int:
    """Return how many cells ran out of time or ended their process."""
    ends = []
    for record in records_of(course):
        ends += [cell["end"] for cell in cells_of(record)]
    return sum(map(bool, ends))
