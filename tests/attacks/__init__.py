"""The attack corpus: submissions that try to get what is not theirs. GROUP/NAME.py is one of them.

A file's first line says what it tries. Lines that may follow, before the first cell:

    # points: 0 2         what it must get for `add` and `mean`; 0 2 where the line is missing
    # finding: words      a sentence for the instructor must hold these words; `none`: there must
                          be no sentence at all
    # stock: not run: ... why stock nbgrader, which has no sandbox, is not tried with it

Then come cells: `# %% add` and `# %% mean` are answers, and `# %% edit` is code that changes the
notebook as handed in. An attack prints LOOT when it got at something. @ROOT@, @HOME@ and @PORT@
stand for the course's folder, the home of the person who grades, and a port on which somebody
listens.

course.py is the tiny course that all are handed in to, grading.py grades them, table.py reads and
writes docs/attacks.md.
"""

import re
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).parent
GROUPS = {
    "cheat": "points for nothing",
    "look": "reading what is not theirs",
    "write": "changing what is not theirs",
    "network": "calling outside",
    "exhaust": "taking everything",
    "break": "stopping the grading",
    "linger": "staying for the next",
    "honest": "no attack at all",
}
CELL = re.compile(r"^# %% (\w+)\n", re.MULTILINE)


class Attack(NamedTuple):
    """One file of the corpus."""

    name: str  # GROUP/NAME
    tries: str
    points: tuple[int, ...]  # what it must get for `add` and `mean`
    finding: str  # words of a sentence for the instructor, "none", or "" where it does not matter
    stock: str  # why stock nbgrader is not tried with it, "" where it is
    cells: dict[str, str]  # {"add", "mean" or "edit": code}

    @property
    def group(self) -> str:
        """The folder that it lies in."""
        return self.name.partition("/")[0]

    @property
    def learner(self) -> str:
        """The name under which it is handed in."""
        return self.name.replace("/", "-")


def read(path: Path) -> Attack:
    """Read one file of the corpus."""
    head, *cells = CELL.split(path.read_text(encoding="utf-8"))
    first, *more = [line.removeprefix("# ") for line in head.strip().split("\n")]
    said = dict(line.split(": ", 1) for line in more)
    points = said.get("points", "0 2").split()
    return Attack(
        name=f"{path.parent.name}/{path.stem}",
        tries=first,
        points=tuple(int(number) for number in points),
        finding=said.get("finding", ""),
        stock=said.get("stock", ""),
        cells=dict(zip(cells[::2], cells[1::2], strict=True)),
    )


def corpus() -> list[Attack]:
    """All attacks, group by group."""
    attacks = [read(path) for path in CORPUS.glob("*/*.py")]
    order = list(GROUPS)
    return sorted(attacks, key=lambda attack: (order.index(attack.group), attack.name))
