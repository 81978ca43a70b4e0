"""How far long work is, in one line below the cell."""

import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

Item = TypeVar("Item")
SECONDS = 2  # work that takes less shows nothing


def followed(items: Sequence[Item], noun: str) -> Iterator[Item]:
    """Yield the items; where that takes long, a line says how many are done.

    The line is renewed in place, so a saved notebook holds only the last one. It is plain text and
    no widget, because a widget shows an error when its kernel is gone.
    """
    start = time.perf_counter()
    line = None
    for done, item in enumerate(items, 1):
        yield item
        if time.perf_counter() - start > SECONDS and InteractiveShell.initialized():
            told = {"text/plain": f"{done} of {len(items)} {noun}"}
            if line is None:
                line = display(told, raw=True, display_id=True)
            else:
                line.update(told, raw=True)
