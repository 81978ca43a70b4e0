"""A sandbox for code that nobody has read, made of Linux namespaces, without privileges.

It has no network but a loopback interface of its own, sees no other processes, sees only the files
that it needs, and leaves nothing behind: user_namespaces(7), mount_namespaces(7),
pid_namespaces(7). `enter` is called in a freshly forked process and returns in a child of it, which
is process 1 of a PID namespace. When process 1 ends, the kernel ends all processes that it has
started.
"""

import contextlib
import fcntl
import os
import signal
import socket
import stat
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from nbjudge.sandbox.folder import changed_files
from nbjudge.sandbox.guest import system_calls
from nbjudge.sandbox.guest.privileges import (
    give_up_privileges,
    limit_processes,
    limit_resources,
)
from nbjudge.sandbox.guest.system_calls import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    die_with_parent,
    mount,
)
from nbjudge.sandbox.wire import (
    ENVIRONMENT,
    HOME,
    WRITTEN_BYTES,
    Limits,
    SandboxUnavailable,
    send_files,
)

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
    "/etc/timezone",
    "/etc/alternatives",
    "/etc/protocols",
    "/etc/services",
    "/etc/mime.types",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
# What the C library reads of a machine: the sandbox's own users and addresses, not the host's.
MACHINE = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/usr/sbin/nologin\n"
        f"learner:x:1000:1000:learner:{HOME}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "etc/group": "root:x:0:\nlearner:x:1000:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "etc/hostname": "sandbox\n",
    "etc/nsswitch.conf": (
        "passwd: files\ngroup: files\nhosts: files\n"
        "networks: files\nprotocols: files\nservices: files\n"
    ),
}
PACKAGES = ("site-packages", "dist-packages")  # names of folders that packages are installed in
DEVICES = ("null", "zero", "full", "random", "urandom")
# Links below /dev, as udev makes them; without them neither `!command` nor a pipe to a file works.
DEVICE_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
SOCKET_BUFFER = 212992  # bytes: Linux's default of net.core.wmem_default, which TCP would exceed
WRITABLE = (HOME[1:], "tmp", "dev/shm")
NEW_NAMESPACES = (
    system_calls.CLONE_NEWUSER
    | system_calls.CLONE_NEWNS
    | system_calls.CLONE_NEWPID
    | system_calls.CLONE_NEWNET
    | system_calls.CLONE_NEWIPC
    | system_calls.CLONE_NEWUTS
)
SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 1  # linux/if.h
# Settings of the kernel that belong to the sandbox's own namespaces: files below /proc/sys.
SETTINGS = {
    "user/max_user_namespaces": "0",
    "user/max_inotify_watches": "8192",  # a watch holds a kilobyte of the kernel's memory
    "net/ipv4/tcp_rmem": f"4096 65536 {SOCKET_BUFFER}",
    "net/ipv4/tcp_wmem": f"4096 65536 {SOCKET_BUFFER}",
}
HIDDEN_IN_PROC = ("keys", "key-users")  # the names of the grader's keys: keyrings(7)
LEARNER = 1000  # the user and the group inside
# Outside, for root, each sandbox has a user of its own: this one plus a pid. Several things, such
# as descriptors on their way through sockets, are counted for each user, so one submission could
# use up another's share. systemd's table of users calls these unused, and in a container, where
# there are only 65536, those from 65520 to 65533.
FIRST_UNUSED = 1879048192
FIRST_UNUSED_IN_CONTAINER, UNUSED_IN_CONTAINER = 65520, 14
FEWEST_PIDS = 301  # the lowest pid_max that the kernel takes: kernel/pid.c


def enter(
    base: str,
    visible: list[str],
    hidden: Iterable[str],
    files: Mapping[str, bytes],
    limits: Limits,
    user: int,
    report: int,
) -> None:
    """Enter a sandbox and return there, in a child; the caller's own process never returns.

    `base`: an empty folder of the host, on which the file system is built. `visible`: paths to
    show, read-only. `hidden`: folders that are shown empty, even inside a visible one. `files`:
    {relative name: bytes} to find in HOME. `user`: see `user_outside`. `report`: descriptor of a
    socket that takes what HOME holds in the end.

    Raises SandboxUnavailable or OSError, in the caller's process, where the system does not allow
    a sandbox.
    """
    os.umask(0o022)  # else the sandbox's user could not enter the folders that are made here
    make_namespaces(user)
    make_root(base, limits.disk + sum(map(len, files.values())))
    make_writable_folders(base)  # first, because what is visible may lie in one of them
    for path in visible:
        show_path(base, path, visible)
    for path in hidden:
        hide_folder(base, path, visible)
    system_calls.leave_session_keyring()
    make_devices(base)
    describe_machine(base)
    os.makedirs(f"{base}/proc", exist_ok=True)
    start_loopback()
    child = os.fork()
    if child:
        watch_over(child, HOME, files, limits, report)
    die_with_parent()
    mount_proc(base)
    change_root(base)
    give_up_privileges(LEARNER)
    die_with_parent()  # once more, because the kernel forgets it when the user changes
    place_files(HOME, files)
    limit_resources(limits)
    limit_processes(limits)


def user_outside(visible: Iterable[str], modules: Mapping[str, ModuleType]) -> int:
    """Return from which user and group of the host on those of sandboxes are counted.

    A sandbox's processes and files are the grader's own, but for root: root owns nearly everything,
    so a sandbox of root's has a user that owns nothing. If that user could not read the packages,
    it must be root all the same; this is so if they were installed with a umask such as 077.
    """
    own = os.geteuid()
    files = [getattr(module, "__file__", None) for module in modules.values()]
    needed = {*visible, *filter(None, files)}
    needed |= {os.path.dirname(path) for path in needed}
    inside = [path for path in needed if path in visible or lies_below(path, list(visible))]
    return own if own or not all(map(others_can_read, inside)) else FIRST_UNUSED


def others_can_read(path: str) -> bool:
    """Return whether everybody may read a file, or enter and list a folder, if it exists."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return True
    return bool(mode & stat.S_IROTH) and (not stat.S_ISDIR(mode) or bool(mode & stat.S_IXOTH))


def make_namespaces(user: int) -> None:
    """Move this process into new namespaces of every kind.

    There the id 1000 means this process's user, or one that is counted from `user` on. Only a
    process that stays outside can give a process the ids of another user, so a shell does that, for
    root: user_namespaces(7).
    """
    own_user, own_group = os.geteuid(), os.getegid()
    with contextlib.ExitStack() as stack:
        give_ids = stack.enter_context(helper_outside(user)) if user != own_user else bool
        system_calls.unshare(NEW_NAMESPACES)
        if give_ids():
            return
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")  # else nobody may write gid_map: user_namespaces(7)
    (own / "uid_map").write_text(f"{LEARNER} {own_user} 1")
    (own / "gid_map").write_text(f"{LEARNER} {own_group} 1")


@contextlib.contextmanager
def helper_outside(user: int) -> Iterator[Callable[[], bool]]:
    """Start a shell that stays outside; yield a function that has it give us a user's ids.

    The function returns whether that was possible. In a container of few users it is not.
    """
    pid = os.getpid()
    in_container = FIRST_UNUSED_IN_CONTAINER + pid % UNUSED_IN_CONTAINER
    script = (
        f'try() {{ printf "0 0 1\\n{LEARNER} $1 1\\n" >/proc/{pid}/$2; }}; '
        f"give() {{ try $1 gid_map && try $1 uid_map; }}; "
        f"read go; give {user + pid} || give {in_container}"
    )
    theirs, ours = os.pipe()
    nothing = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, theirs, 0), (os.POSIX_SPAWN_DUP2, nothing, 2)]
    shell = os.posix_spawn("/bin/sh", ["sh", "-c", script], {}, file_actions=actions)
    os.close(theirs)
    os.close(nothing)
    ended = False

    def give_ids() -> bool:
        nonlocal ended
        os.write(ours, b"go\n")
        ended = True
        return os.waitpid(shell, 0)[1] == 0

    try:
        yield give_ids
    finally:
        os.close(ours)
        if not ended:
            os.waitpid(shell, 0)


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
    """Show those of the host's devices that hold no data, such as /dev/null, and new terminals.

    The mounts of devices are read-only, so that nobody can change the mode of the host's device.
    It can be written to all the same. Where the kernel has no terminals to mount, there are none.
    """
    os.makedirs(f"{base}/dev/pts", exist_ok=True)
    for name in DEVICES:
        target = f"{base}/dev/{name}"
        Path(target).touch()
        mount(f"/dev/{name}", target, flags=MS_BIND)
        system_calls.make_read_only(target)
    options = "newinstance,ptmxmode=0666,mode=0600"
    with contextlib.suppress(SandboxUnavailable):
        mount("devpts", f"{base}/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options)
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"{base}/dev/{name}")


def describe_machine(base: str) -> None:
    """Write the files that name the sandbox's user and addresses, and name the machine itself."""
    os.makedirs(f"{base}/etc", exist_ok=True)
    for name, text in MACHINE.items():
        descriptor = os.open(f"{base}/{name}", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    system_calls.name_machine("sandbox")


def make_writable_folders(base: str) -> None:
    """Make the folders that stay writable when the rest becomes read-only.

    Each is a mount of its own, of the same file system, so that they share its size.
    """
    for folder in WRITABLE:
        path = f"{base}/{folder}"
        os.makedirs(path, exist_ok=True)
        os.chown(path, LEARNER, LEARNER)
        if path != f"{base}{HOME}":
            os.chmod(path, 0o1777)
        mount(path, path, flags=MS_BIND)


def start_loopback() -> None:
    """Start the loopback interface; netdevice(7). There is no other interface."""
    request = struct.pack("16sH14x", b"lo", IFF_UP)  # struct ifreq
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def watch_over(
    child: int, folder: str, files: Mapping[str, bytes], limits: Limits, report: int
) -> None:
    """Wait until the notebook's first process has ended, report its files, and end this process.

    This process has no code of the student's. It is in the sandbox's mount namespace, so `folder`
    is what the notebook saw, and no process of the notebook is left to change it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(0, report)
    os.closerange(report + 1, 1024)
    os.waitpid(child, 0)
    written = changed_files(folder, files, min(WRITTEN_BYTES, limits.disk))
    with contextlib.suppress(OSError):  # the host does not want it any more
        send_files(socket.socket(fileno=report), written)
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
    for name, value in SETTINGS.items():
        with contextlib.suppress(OSError):
            descriptor = os.open(f"{proc}/sys/{name}", os.O_WRONLY)
            os.write(descriptor, value.encode())
            os.close(descriptor)
    for name in HIDDEN_IN_PROC:
        if os.path.exists(f"{proc}/{name}"):
            mount(f"{base}/dev/null", f"{proc}/{name}", flags=MS_BIND)
    mount("none", proc, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def limit_pids(proc: str) -> None:
    """Limit the number of processes with pid_max; root's processes have no other limit."""
    most = max(FEWEST_PIDS, 8 * (os.cpu_count() or 1))
    Path(proc, "sys/kernel/pid_max").write_text(str(most))


def has_own_pid_max() -> bool:
    """Whether pid_max belongs to the PID namespace, as it does since Linux 6.14 (kernel/pid.c).

    On an older kernel pid_max holds for the whole machine, so it must not be changed.
    """
    return system_calls.linux_is_at_least(6, 14)


def change_root(base: str) -> None:
    """Make `base` the root and unmount the old one, as in the notes of pivot_root(2).

    The root is then read-only, but for the folders that are mounts of their own.
    """
    os.chdir(base)
    system_calls.pivot_root(b".", b".")
    system_calls.unmount(b".")
    os.chdir("/")
    mount("none", "/", flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


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
