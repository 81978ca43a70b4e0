"""docs/attacks.md: what each attack tries, and what it got from stock nbgrader and here."""

import re
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from tests.attacks import GROUPS, corpus

TABLE = Path(__file__).resolve().parents[2] / "docs" / "attacks.md"
ROW = re.compile(r"^\| `(?P<name>[\w/-]+)` \| (?P<tries>.*) \| (?P<stock>.*) \| (?P<ours>.*) \|$")
HEAD = "| Attack | What it tries | Stock nbgrader | Here |\n| --- | --- | --- | --- |\n"


def outcome(
    points: tuple[float, ...] | None,
    notebook: NotebookNode | None,
    heard: bool = False,
    flagged: bool = False,
) -> str:
    """What the table says of a graded submission.

    Points for `add` and `mean`, whether it got at something (its notebook shows LOOT, or it was
    heard outside), and whether the instructor was told.
    """
    words = ["not graded" if points is None else f"{points[0]:g} + {points[1]:g}"]
    if heard or (notebook and shows_loot(notebook)):
        words.append("**got in**")
    if flagged:
        words.append("flagged")
    return ", ".join(words)


def shows_loot(notebook: NotebookNode) -> bool:
    """Whether a cell has printed LOOT."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "LOOT" in output.get("text", ""):
                return True
    return False


def rows() -> dict[str, dict[str, str]]:
    """{attack: {"name", "tries", "stock", "ours"}} as the table has them."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").split("\n"):
        if row := ROW.match(line):
            found[row["name"]] = row.groupdict()
    return found


def write_table(column: str, outcomes: Mapping[str, str]) -> None:
    """Write the table anew with these {attack: outcome} in the column "stock" or "ours".

    What is not given stays as it is; an attack without an outcome gets a question mark.
    """
    old = rows()
    first = next(iter(GROUPS)).capitalize()
    text = TABLE.read_text(encoding="utf-8").partition(f"\n## {first}: ")[0].rstrip() + "\n"
    for group, meaning in GROUPS.items():
        text += f"\n## {group.capitalize()}: {meaning}\n\n{HEAD}"
        for attack in corpus():
            if attack.group != group:
                continue
            row = {"stock": "?", "ours": "?"} | old.get(attack.name, {})
            if attack.name in outcomes:
                row[column] = outcomes[attack.name]
            text += f"| `{attack.name}` | {attack.tries} | {row['stock']} | {row['ours']} |\n"
    TABLE.write_text(text, encoding="utf-8")
