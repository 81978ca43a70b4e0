"""A process that forks on order, seen from outside: the zygote, or a template process."""

import contextlib
import os
import shutil
import signal
import socket
import threading
from collections.abc import Mapping
from typing import Any

from nbjudge.errors import ProcessLost
from nbjudge.sandbox import wire

FAILED = wire.TemplateReport(outputs=[], seconds=[], well=False, folder="")


class ForkingProcess:
    """A process that forks on order. Many threads may order a fork at once.

    `lost`: the process is gone or does not answer as it should. `users`: sandboxes that are forked
    from it and still run. `report`: what a template says of its cells; None until it has been read.
    """

    def __init__(self, pid: int, sock: socket.socket) -> None:
        self.pid = pid
        self.sock = sock
        self.lock = threading.Lock()
        self.lost = False
        self.users = 0
        self.report: wire.TemplateReport | None = None

    def fork(self, order: Mapping[str, Any]) -> tuple[int, socket.socket]:
        """Return (pid of a fork that has its order, socket to it).

        Raises ProcessLost where this process or the fork is gone.
        """
        ours, theirs = socket.socketpair()
        answer = None
        with self.lock, theirs, contextlib.suppress(OSError, ValueError):
            wire.send_socket(self.sock, theirs)
            answer = wire.receive_answer(self.sock)
        if not answer:
            ours.close()
            self.lost = True
            raise ProcessLost("the process that forks is gone")
        try:
            wire.send_order(ours, order)
        except OSError as problem:
            ours.close()
            raise ProcessLost("a process was lost before it had its order") from problem
        return answer["pid"], ours

    def wait_for_report(self, seconds: float) -> wire.TemplateReport:
        """Return the report of a template process, which has `seconds` to run its cells."""
        with self.lock:
            if self.report is None:
                self.report = self._receive_report(seconds)
            return self.report

    def _receive_report(self, seconds: float) -> wire.TemplateReport:
        report = None
        self.sock.settimeout(seconds)
        try:
            report = wire.receive_answer(self.sock)
            self.lost = report is None
        except TimeoutError:
            pass  # the process still runs: it is killed later, like a template that is not used
        except (OSError, ValueError):
            self.lost = True
        self.sock.settimeout(None)
        if not report or "problem" in report:
            return FAILED
        return report

    def end(self) -> None:
        """Kill the process and remove its folder."""
        self.sock.close()
        if not self.lost:  # the pid of a lost process may have been reused
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        if self.report and self.report["folder"]:
            shutil.rmtree(self.report["folder"], ignore_errors=True)
