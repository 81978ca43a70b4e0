"""Looking at this machine's processes, as the kernel shows them: proc(5). Where there is no /proc, nothing is seen."""

import contextlib
from pathlib import Path


def parents():
    """{pid: parent's pid} of all processes; empty where there is no /proc."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":  # a zombie runs no more
                found[int(entry.name)] = int(parent)
    return found


def children(pid):
    """The running children of a process, asked of the kernel (proc(5), children); by a look at all processes where it does not say."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += map(int, (thread / "children").read_text().split())
        except FileNotFoundError:
            if thread.exists():
                return [child for child, parent in parents().items() if parent == pid]
        except OSError:
            continue
    return [child for child in found if runs(child)]


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def family(pid):
    """All descendants, the nearest first."""
    found, level = [], [pid]
    while level := [child for parent in level for child in children(parent)]:
        found += level
    return found


def held(pid):
    """Bytes of memory that a process holds without a file behind them; proc(5)."""
    with contextlib.suppress(OSError):
        entries = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        return sum(int(entries.get(name, "0").split()[0]) << 10 for name in ("RssAnon", "RssShmem"))
    return 0
