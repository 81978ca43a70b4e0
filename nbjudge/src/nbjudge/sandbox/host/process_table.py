"""This machine's processes, read from /proc; see proc(5). Without /proc, none are found."""

import contextlib
from functools import cache
from pathlib import Path

LINUX_DEFAULT = 212992  # bytes of a socket's queue


def parents() -> dict[int, int]:
    """Return {pid: pid of the parent} of all processes."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        fields = stat_fields(int(entry.name))
        if runs_in(fields):
            found[int(entry.name)] = int(fields[1])
    return found


def children(pid: int) -> list[int]:
    """Return the running children of a process.

    proc(5) lists them for each thread, if the kernel was built with CONFIG_PROC_CHILDREN. If it
    was not, all processes are searched.
    """
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += map(int, (thread / "children").read_text().split())
        except FileNotFoundError:
            if thread.exists():
                return [child for child, parent in parents().items() if parent == pid]
        except OSError:
            continue
    return [child for child in found if runs(child)]


def runs(pid: int) -> bool:
    """Return whether there is a process with this pid, and it is not a zombie."""
    return runs_in(stat_fields(pid))


def runs_in(fields: list[str]) -> bool:
    """Return what `runs` does, from the fields of /proc/PID/stat."""
    return bool(fields) and fields[0] != "Z"


def stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on, [] if there is no such process.

    Before them is the program's name in parentheses, which may itself hold parentheses and spaces.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def command(pid: int) -> bytes:
    """Return the command line of a process, b"" if there is no such process.

    A process that was only forked has the one of its parent.
    """
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def family(pid: int) -> list[int]:
    """Return all descendants of a process, the nearest first."""
    found: list[int] = []
    level = children(pid)
    while level:
        found += level
        level = [child for parent in level for child in children(parent)]
    return found


def held_by_sockets(pid: int) -> int:
    """Return the bytes that the sockets of a process's network namespace can hold.

    That is memory of the kernel's, which counts for no process. No file says how much of it is
    used, so each socket counts with the size of its buffer, which the sandbox's processes cannot
    change.
    """
    try:
        text = Path(f"/proc/{pid}/net/sockstat").read_text()
        used = int(text.split()[2])  # after "sockets: used"
    except (OSError, ValueError, IndexError):
        return 0
    return used * socket_buffer()


@cache
def socket_buffer() -> int:
    """Return the bytes that a socket's queue holds by default; socket(7)."""
    sizes = [LINUX_DEFAULT]
    for name in ("wmem_default", "rmem_default"):
        with contextlib.suppress(OSError, ValueError):
            sizes.append(int(Path("/proc/sys/net/core", name).read_text()))
    return max(sizes)


def held(pid: int) -> int:
    """Return the bytes of a process's memory that belong to no file; proc(5), RssAnon, RssShmem."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = 0
    for line in lines:
        name, _, value = line.partition(":")
        if name in ("RssAnon", "RssShmem"):
            kilobytes += int(value.split()[0])
    return kilobytes << 10


def used_and_waited(pids: list[int]) -> dict[int, tuple[float, float]]:
    """Return {tid: (seconds on a core, seconds of waiting for one)} of these processes' threads.

    /proc/PID/task/TID/schedstat says both in nanoseconds: Documentation/scheduler/sched-stats.rst
    in the kernel's sources. A kernel without it says nothing, and then all time counts.
    """
    found = {}
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            try:
                used, waited, _ = (thread / "schedstat").read_text().split()
            except (OSError, ValueError):
                continue
            found[int(thread.name)] = int(used) / 1e9, int(waited) / 1e9
    return found
