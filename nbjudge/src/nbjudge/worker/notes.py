"""Notes of the sandbox on single cells, joined into few sentences for the instructor."""

import re
from collections.abc import Iterable, Sequence

QUOTED = re.compile(r"`([^`]+)`")
MOST = 3  # notes in one sentence


def joined(says: Sequence[str], notes: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each cell on which there are notes that say anything new.

    `notes`: (cell, note). The fork of every check finds the same changes, so a note stands at the
    first cell only. What the text of a cell has told already (`says`) is not told again.
    """
    told = set()
    for sentence in says:
        told |= set(QUOTED.findall(sentence))
    seen: set[str] = set()
    by_cell: dict[str, list[str]] = {}
    for cell, note in notes:
        quoted = set(QUOTED.findall(note))
        if note in seen or (quoted and quoted <= told):
            continue
        seen.add(note)
        by_cell.setdefault(cell, []).append(note)
    sentences = []
    for cell, found in by_cell.items():
        more = f", and {len(found) - MOST} more" if len(found) > MOST else ""
        what = ", ".join(found[:MOST])
        sentences.append(f"in the cell `{cell}` {what}{more}: look at it")
    return sentences
