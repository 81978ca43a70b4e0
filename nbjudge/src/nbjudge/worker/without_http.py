"""Dask's scheduler and worker without their HTTP servers.

Dask has no setting for that: without a dashboard a server still listens, a worker's on all of the
machine's addresses, and shows the names and the logs of a grading to whoever asks.
"""

from typing import Any

from distributed import Scheduler, Worker


class SilentScheduler(Scheduler):
    """A scheduler that serves no HTTP."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start none."""


class SilentWorker(Worker):
    """A worker that serves no HTTP."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start none."""
