"""How far long work is, in a line below the cell."""

import time
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from IPython.core.getipython import get_ipython
from IPython.display import display

Item = TypeVar("Item")
SECONDS = 2  # a cell that has worked for less shows nothing


class Cell:
    """The cell that runs: when it first called `followed`, and {noun: its line}."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.lines: dict[str, Any] = {}

    def tell(self, noun: str, done: int, total: int) -> None:
        """Say how many are done, in the line of this noun."""
        told = {"text/plain": f"{done} of {total} {noun}"}
        if noun in self.lines:
            self.lines[noun].update(told, raw=True)
        else:
            self.lines[noun] = display(told, raw=True, display_id=True)


cells: dict[int, Cell] = {}  # {its number: the cell that runs}


def followed(items: Collection[Item], noun: str) -> Iterator[Item]:
    """Yield the items; in a cell that takes long, a line says how many are done.

    All calls with the same noun in a cell renew one line, so a saved notebook holds the last state
    only. A single item has no line, because that would come when the item is done. The line is
    plain text and no widget, because a widget shows an error when its kernel is gone.
    """
    cell = cell_that_runs()
    for done, item in enumerate(items, 1):
        yield item
        if cell and len(items) > 1 and time.perf_counter() - cell.start > SECONDS:
            cell.tell(noun, done, len(items))


def cell_that_runs() -> Cell | None:
    """Return the cell that runs; None outside a notebook.

    Several calls that are quick can make a slow cell.
    """
    shell = get_ipython()
    if shell is None:
        return None
    if shell.execution_count not in cells:
        cells.clear()
        cells[shell.execution_count] = Cell()
    return cells[shell.execution_count]
