"""How far long work is, in one line below the cell."""

import time
from collections.abc import Collection, Iterator
from typing import TypeVar

from IPython.core.getipython import get_ipython
from IPython.display import display

Item = TypeVar("Item")
SECONDS = 2  # a cell that has worked for less shows nothing
started: dict[int, float] = {}  # {number of the cell that runs: when it first called `followed`}


def followed(items: Collection[Item], noun: str) -> Iterator[Item]:
    """Yield the items; in a cell that takes long, a line says how many are done.

    Each call has a line of its own. It is renewed in place, so a saved notebook holds only the last
    one. It is plain text and no widget, because a widget shows an error when its kernel is gone.
    """
    start = start_of_cell()
    line = None
    for done, item in enumerate(items, 1):
        yield item
        if start is not None and time.perf_counter() - start > SECONDS:
            told = {"text/plain": f"{done} of {len(items)} {noun}"}
            if line is None:
                line = display(told, raw=True, display_id=True)
            else:
                line.update(told, raw=True)


def start_of_cell() -> float | None:
    """When the cell that runs first called `followed`; None outside a notebook.

    Several calls that are quick can make a slow cell.
    """
    shell = get_ipython()
    if shell is None:
        return None
    if shell.execution_count not in started:
        started.clear()
        started[shell.execution_count] = time.perf_counter()
    return started[shell.execution_count]
