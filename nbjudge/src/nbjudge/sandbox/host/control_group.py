"""A control group for each sandbox, where the system lets this process make one; cgroups(7).

The kernel then counts all that a sandbox holds, its own memory for sockets, pipes and locks
included, and ends the sandbox at the limit. Without groups the limits are those of single processes
and of what session.py measures twice a second, so nothing depends on a group.

Groups of version 2 can be made below the group of this process, if that was delegated to it and
nobody else is in it: systemd-run --user --scope -p Delegate=yes nbjudge grade ps1
"""

import contextlib
import os
import threading
import time
from pathlib import Path

from nbjudge.sandbox.host.process_table import family
from nbjudge.sandbox.wire import TASKS_PER_PROCESS, Limits

HIERARCHY = Path("/sys/fs/cgroup")
CONTROLLERS = {"memory", "pids"}
OWN = "engine"  # a group with groups below it must have no processes, so ours move into this one
REMOVE_SECONDS = 2.0  # until the kernel has ended the last process of a group

_lock = threading.Lock()


def make_group(pid: int, limits: Limits) -> Path | None:
    """Put a process and all that it has started into a new group with these limits.

    Return the group's folder, or None where no group can be made.
    """
    with _lock:
        parent = delegated(own_group())
    if parent is None:
        return None
    group = parent / f"sandbox-{pid}"
    try:
        group.mkdir()
        for name, value in settings(limits).items():
            write(group / name, value)
        with contextlib.suppress(FileNotFoundError):  # where there is no swap
            write(group / "memory.swap.max", "0")
        for member in (pid, *family(pid)):
            with contextlib.suppress(ProcessLookupError):
                write(group / "cgroup.procs", str(member))
    except OSError:
        remove_group(group)
        return None
    return group


def settings(limits: Limits) -> dict[str, str]:
    """Return {file of a group: its text} for these limits. Files in memory count as memory."""
    return {
        "memory.max": str(limits.memory + limits.disk),
        "memory.oom.group": "1",  # end the whole sandbox, not one process of it
        "pids.max": str(TASKS_PER_PROCESS * limits.processes),
    }


def remove_group(group: Path) -> None:
    """Remove a group, as soon as its processes have ended."""
    ends = time.monotonic() + REMOVE_SECONDS
    while group.exists():
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > ends:
                return
            time.sleep(0.005)


def own_group() -> Path | None:
    """Return the folder of this process's group, None where there is no version 2."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("0::"):
            return HIERARCHY / line.removeprefix("0::").lstrip("/")
    return None


def delegated(own: Path | None) -> Path | None:
    """Return the group below which groups for sandboxes can be made, None where there is none.

    `own`: the group of this process. It must be this process's alone: with others in it, such as a
    login's shell, it is not ours to arrange. This process then moves into a group below it.
    """
    if own is None:
        return None
    if own.name == OWN:  # this process, or the one that has started it, has been here before
        return own.parent
    try:
        offered = set((own / "cgroup.controllers").read_text().split())
        members = {int(pid) for pid in (own / "cgroup.procs").read_text().split()}
        if own == HIERARCHY or not offered >= CONTROLLERS:
            return None
        if not members or members - {os.getpid(), *family(os.getpid())}:
            return None
        (own / OWN).mkdir(exist_ok=True)
        for pid in members:
            with contextlib.suppress(ProcessLookupError):
                write(own / OWN / "cgroup.procs", str(pid))
        write(own / "cgroup.subtree_control", " ".join(f"+{name}" for name in sorted(CONTROLLERS)))
    except (OSError, ValueError):
        return None
    return own


def write(path: Path, text: str) -> None:
    """Write a text to a file of the kernel's in one call, without making the file."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
