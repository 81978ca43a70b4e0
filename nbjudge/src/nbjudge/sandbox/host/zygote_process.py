"""The zygote's process, as this side starts and ends it.

A grading starts it before it imports nbgrader, so this module imports the standard library only.
"""

import contextlib
import json
import os
import site
import socket
import subprocess
import sys
from collections.abc import Callable, Collection
from typing import NamedTuple

from nbjudge.sandbox import wire
from nbjudge.temporary import new_folder, remove_folder

# For malloc (GNU C Library manual, 3.2.3): use large pages, and keep all memory in one stretch.
# Where much memory comes and goes, cells take a fifth less time.
MALLOC = ":".join(
    [
        "glibc.malloc.hugetlb=1",
        "glibc.malloc.mmap_threshold=2147483648",
        "glibc.malloc.trim_threshold=4294967296",
    ]
)


class ZygoteProcess(NamedTuple):
    """A zygote that was started."""

    process: subprocess.Popen[bytes]
    sock: socket.socket  # for its orders
    home: str  # its home folder, with the working folders of its templates
    packages: frozenset[str]  # that it imports

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def end(self) -> None:
        """Kill the process and remove its home folder."""
        with self.process:  # waits for its end, and closes its stdin
            self.process.kill()
        self.sock.close()
        remove_folder(self.home)


def start_zygote(packages: Collection[str]) -> ZygoteProcess:
    """Start a zygote that imports these packages, and return at once."""
    return with_packages(start_empty(), packages)


def start_empty() -> ZygoteProcess:
    """Start a zygote that imports the engine, and then waits to be told its packages."""
    home = new_folder("home")
    allow_more_descriptors()
    ours, theirs = socket.socketpair()
    descriptor = theirs.fileno()
    path = os.pathsep.join(dict.fromkeys(path for path in sys.path if path))
    module = "nbjudge.sandbox.guest.zygote"
    environment = wire.ENVIRONMENT | {
        "GLIBC_TUNABLES": MALLOC,
        "HOME": home,
        "PYTHONPATH": path,
        **surroundings(),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(descriptor)],
        pass_fds=[descriptor],
        env=environment,
        stdin=subprocess.PIPE,
    )
    theirs.close()
    return ZygoteProcess(process, ours, home, frozenset())


def with_packages(zygote: ZygoteProcess, packages: Collection[str]) -> ZygoteProcess:
    """Tell a zygote of `start_empty` what to import, and return it as one with these packages."""
    orders = zygote.process.stdin
    if orders:
        with contextlib.suppress(BrokenPipeError):  # it is lost: the first fork says so
            with orders:
                orders.write(json.dumps(sorted(packages)).encode())
    return zygote._replace(packages=frozenset(packages))


def allow_more_descriptors() -> None:
    """Raise this process's limit of descriptors as far as the system allows.

    Descriptors on their way through sockets are counted for each user, and whoever has a limit
    below that count cannot send one. A submission may have as many on their way as its own limit,
    so ours must be higher: unix(7), ETOOMANYREFS.
    """
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OSError, ValueError):  # macOS says there is no limit, and has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def surroundings() -> dict[str, str]:
    """Return the environment variables by which the zygote finds what this process finds.

    Its home folder is a new one, so without them it would miss packages that were installed with
    `pip install --user`, and matplotlib's list of fonts, which takes a while to make.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if site.ENABLE_USER_SITE:
        return {"XDG_CACHE_HOME": cache, "PYTHONUSERBASE": site.getuserbase()}
    return {"XDG_CACHE_HOME": cache, "PYTHONNOUSERSITE": "1"}


class Ahead:
    """A zygote that was started before the server that uses it."""

    def __init__(self) -> None:
        self.started: ZygoteProcess | None = None

    def start(self, find_packages: Callable[[], Collection[str]]) -> None:
        """Start a zygote, and find its packages while it imports the engine."""
        self.end()
        self.started = start_empty()
        try:
            self.started = with_packages(self.started, find_packages())
        except BaseException:
            self.end()
            raise

    def take(self, packages: Collection[str]) -> ZygoteProcess | None:
        """Hand over the zygote if it imports just these packages; end it if not.

        An assignment that does not use a package runs as if it had not been imported.
        """
        started, self.started = self.started, None
        if started and started.packages == set(packages) and started.runs:
            return started
        if started:
            started.end()
        return None

    def end(self) -> None:
        """End the zygote if nobody has taken it."""
        started, self.started = self.started, None
        if started:
            started.end()


AHEAD = Ahead()  # of this process
