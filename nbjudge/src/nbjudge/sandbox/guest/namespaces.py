"""A sandbox for code that nobody has read, made of Linux namespaces, without privileges.

It has no network, sees no other processes, sees only the files that it needs, and leaves nothing
behind: user_namespaces(7), mount_namespaces(7), pid_namespaces(7). `enter` is called in a freshly
forked process and returns in a child of it, which is process 1 of a PID namespace. When process 1
ends, the kernel ends all processes that it has started.
"""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

from nbjudge.sandbox.guest import system_calls
from nbjudge.sandbox.guest.privileges import give_up_privileges, limit_resources
from nbjudge.sandbox.guest.system_calls import (
    MS_BIND,
    MS_NODEV,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    die_with_parent,
    mount,
)
from nbjudge.sandbox.wire import ENVIRONMENT, HOME, Limits, SandboxUnavailable

SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/alternatives",
)
PACKAGES = ("site-packages", "dist-packages")  # names of folders that packages are installed in
DEVICES = ("null", "zero", "full", "random", "urandom")
NEW_NAMESPACES = (
    system_calls.CLONE_NEWUSER
    | system_calls.CLONE_NEWNS
    | system_calls.CLONE_NEWPID
    | system_calls.CLONE_NEWNET
    | system_calls.CLONE_NEWIPC
    | system_calls.CLONE_NEWUTS
)
FEWEST_PIDS = 301  # the lowest pid_max that the kernel takes: kernel/pid.c


def enter(
    base: str, visible: list[str], hidden: Iterable[str], files: Mapping[str, bytes], limits: Limits
) -> None:
    """Enter a sandbox and return there, in a child; the caller's own process never returns.

    `base`: an empty folder of the host, on which the file system is built. `visible`: paths to
    show, read-only. `hidden`: folders that are shown empty, even inside a visible one. `files`:
    {relative name: bytes} to find in HOME.

    Raises SandboxUnavailable or OSError, in the caller's process, where the system does not allow
    a sandbox.
    """
    make_namespaces()
    make_root(base, limits.disk + sum(map(len, files.values())))
    for path in visible:
        show_path(base, path, visible)
    for path in hidden:
        hide_folder(base, path, visible)
    make_devices(base)
    for folder in ("tmp", "proc", "dev/shm", HOME[1:]):
        os.makedirs(f"{base}/{folder}", exist_ok=True)
    child = os.fork()
    if child:
        watch_over(child)
    die_with_parent()
    mount_proc(base)
    change_root(base)
    place_files(HOME, files)
    give_up_privileges()
    limit_resources(limits)


def make_namespaces() -> None:
    """Move this process into new namespaces of every kind, in which its user has the id 1000."""
    user, group = os.geteuid(), os.getegid()
    system_calls.unshare(NEW_NAMESPACES)
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")  # else nobody may write gid_map: user_namespaces(7)
    (own / "uid_map").write_text(f"1000 {user} 1")
    (own / "gid_map").write_text(f"1000 {group} 1")


def make_root(base: str, size: int) -> None:
    """Mount an empty file system of `size` bytes, in memory; mounts made here stay in here."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    options = f"size={size},nr_inodes=20000,mode=755"
    mount("tmpfs", base, "tmpfs", MS_NOSUID | MS_NODEV, options)


def show_path(base: str, path: str, visible: list[str]) -> None:
    """Show a path of the host, read-only; a link as a link, if it leads to what is visible."""
    target = f"{base}{path}"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path) and lies_below(os.path.realpath(path), visible):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        Path(target).touch()
    mount(path, target, flags=MS_BIND | MS_REC)
    system_calls.make_read_only(target)


def hide_folder(base: str, path: str, visible: list[str]) -> None:
    """Put an empty folder over one that would be visible."""
    if lies_below(path, visible) and os.path.isdir(path):
        mount("tmpfs", f"{base}{path}", "tmpfs", MS_RDONLY, "size=4k")


def lies_below(path: str, folders: list[str]) -> bool:
    """Return whether a path is inside one of these folders."""
    return path.startswith(tuple(f"{folder}/" for folder in folders))


def make_devices(base: str) -> None:
    """Show those of the host's devices that hold no data, such as /dev/null."""
    os.makedirs(f"{base}/dev", exist_ok=True)
    for name in DEVICES:
        target = f"{base}/dev/{name}"
        Path(target).touch()
        mount(f"/dev/{name}", target, flags=MS_BIND)


def watch_over(child: int) -> None:
    """Wait until the sandbox's first process has ended, then end this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(0, 256)
    os.waitpid(child, 0)
    os._exit(0)


def mount_proc(base: str) -> None:
    """Mount a /proc that shows the sandbox's own processes only; where that is forbidden, none.

    Some containers forbid it. It is read-only, because in a sandbox made by root a submission could
    change the system's settings in /proc/sys.
    """
    proc = f"{base}/proc"
    with contextlib.suppress(SandboxUnavailable):
        mount("proc", proc, "proc", MS_NOSUID | MS_NODEV)
    if not os.path.exists(f"{proc}/self"):
        return
    if has_own_pid_max():
        with contextlib.suppress(OSError):
            limit_pids(proc)
    mount("none", proc, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def limit_pids(proc: str) -> None:
    """Limit the number of processes with pid_max; root's processes have no other limit."""
    most = max(FEWEST_PIDS, 8 * (os.cpu_count() or 1))
    Path(proc, "sys/kernel/pid_max").write_text(str(most))


def has_own_pid_max() -> bool:
    """Whether pid_max belongs to the PID namespace, as it does since Linux 6.14 (kernel/pid.c).

    On an older kernel pid_max holds for the whole machine, so it must not be changed.
    """
    major, minor = os.uname().release.split(".")[:2]
    digits = re.match(r"\d+", minor)
    return digits is not None and (int(major), int(digits[0])) >= (6, 14)


def change_root(base: str) -> None:
    """Make `base` the root and unmount the old one, as in the notes of pivot_root(2)."""
    os.chdir(base)
    system_calls.pivot_root(b".", b".")
    system_calls.unmount(b".")


def place_files(folder: str, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, work there, and replace the environment by a plain one."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(ENVIRONMENT)


def visible_paths(modules: Mapping[str, ModuleType]) -> list[str]:
    """Return what Python needs: the interpreter, system libraries, installed packages.

    These are all folders of packages, such as a user's own site, and what `modules` were imported
    from elsewhere.
    """
    prefixes = {sys.prefix}
    for path in (sys.prefix, sys.base_prefix, sys.exec_prefix):
        prefixes.add(str(Path(path).resolve()))
    sites = [path for path in sys.path if os.path.basename(path) in PACKAGES]
    found = {path for path in (*prefixes, *sites, *SYSTEM) if os.path.exists(path)}
    for name, module in modules.items():
        file = getattr(module, "__file__", None)
        if "." in name or not file or lies_below(file, list(found)):
            continue
        places = getattr(module, "__path__", [file])
        found |= {str(place) for place in places if os.path.exists(place)}
    return sorted(found - {"/"})
