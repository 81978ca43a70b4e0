"""How long the cells of a notebook show nothing while they run.

A learner who sees nothing for long does not know whether a cell still works. So `course build`
records in a solution's metadata, under SILENCES, the longest time in which each cell showed
nothing: {cell's id: seconds}, without those below WORTH_NOTING. A test reads it.
"""

import time
from typing import Any

import psutil
from nbclient import NotebookClient
from nbformat import NotebookNode

SILENCES = "cells_silent_for"
WORTH_NOTING = 1.0
SHOWN = {"stream", "display_data", "update_display_data", "execute_result", "error"}


class ListeningClient(NotebookClient):
    """Runs a notebook and records its silences.

    A silence is as long as a clock says, or as the kernel's processor time if that is less: then
    other programs held it up.
    """

    def __init__(self, notebook: NotebookNode, **options: Any) -> None:
        super().__init__(notebook, **options)
        self.last_shown: dict[int, tuple[float, float]] = {}
        self.longest: dict[int, float] = {}

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> Any:
        """Note when something is shown, and when the cell begins and ends."""
        if msg["msg_type"] in SHOWN | {"status"}:
            now = time.perf_counter(), self.processor_time()
            last = self.last_shown.get(cell_index, now)
            silent = min(now[0] - last[0], now[1] - last[1])
            self.longest[cell_index] = max(silent, self.longest.get(cell_index, 0))
            self.last_shown[cell_index] = now
        return super().process_message(msg, cell, cell_index)

    def processor_time(self) -> float:
        """How many seconds the kernel has computed."""
        times = psutil.Process(self.km.provisioner.pid).cpu_times()
        return times.user + times.system

    def record(self) -> None:
        """Write the silences into the notebook's metadata."""
        self.nb.metadata[SILENCES] = {
            self.nb.cells[index].id: round(seconds, 1)
            for index, seconds in sorted(self.longest.items())
            if seconds >= WORTH_NOTING
        }
