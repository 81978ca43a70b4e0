"""A room for code that nobody has read: no network, no other processes, only the files it needs, and all of it gone with its end.

Linux namespaces do this without privileges (user_namespaces(7), mount_namespaces(7), pid_namespaces(7)): `enter` is called in a
freshly forked process and returns in a child of it that is process 1 of its own world. Nothing that it starts outlives it.
"""

import contextlib
import ctypes
import errno
import os
import re
import resource
import signal
import struct
import sys
from functools import cache
from pathlib import Path

from nbjudge.sandbox.wire import HOME, PLAIN, NoRoom

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
DEVICES = ("null", "zero", "full", "random", "urandom")
CLONE = {
    "user": 0x10000000,
    "mounts": 0x00020000,
    "processes": 0x20000000,
    "network": 0x40000000,
    "ipc": 0x08000000,
    "name": 0x04000000,
}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    32,
    4096,
    16384,
    1 << 18,
)
MNT_DETACH, MOUNT_ATTR_RDONLY, AT_RECURSIVE = 2, 1, 0x8000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = (
    1,
    4,
    24,
    36,
    38,
)
SYSCALLS = {
    "x86_64": {"pivot_root": 155, "capset": 126},
    "aarch64": {"pivot_root": 41, "capset": 91},
}
MOUNT_SETATTR = 442  # the same number everywhere: syscalls(2), Linux 5.12
FEWEST_PROCESSES = 301  # the least that the kernel lets a namespace have, kernel/pid.c
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = (
    22,
    2,
    0x7FFF0000,
    0x00050000,
)
# memory that no limit counts while it is not mapped: (audit's name for the machine; memfd_create, memfd_secret, shmget)
UNCOUNTED = {"x86_64": (0xC000003E, (319, 447, 29)), "aarch64": (0xC00000B7, (279, 447, 194))}


@cache
def libc():
    return ctypes.CDLL(None, use_errno=True)


def call(step, result):
    if result == -1:
        code = ctypes.get_errno()
        raise NoRoom(code, f"{step}: {os.strerror(code)}")
    return result


def mount(source, target, kind="", flags=0, options=""):
    arguments = [str(text).encode() for text in (source, target, kind)]
    call(
        f"mount {target}", libc().mount(*arguments, ctypes.c_ulong(flags), options.encode() or None)
    )


def syscall(name, *arguments):
    number = (
        MOUNT_SETATTR if name == "mount_setattr" else SYSCALLS.get(os.uname().machine, {}).get(name)
    )
    if number is None:
        raise NoRoom(f"{name}: not known on {os.uname().machine}")
    return call(name, libc().syscall(ctypes.c_long(number), *arguments))


def die_with_parent():
    """The kernel ends this process when its parent has ended; prctl(2)."""
    if sys.platform == "linux":
        libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans():
    """Without a room: what this process's children leave running becomes its own child, so that it can be found; prctl(2)."""
    if sys.platform == "linux":
        libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def visible_paths(modules):
    """What Python needs: the interpreter, the system's libraries, and the packages of `modules` that lie elsewhere."""
    prefixes = {
        str(Path(path).resolve()) for path in (sys.prefix, sys.base_prefix, sys.exec_prefix)
    } | {sys.prefix}
    found = {path for path in (*prefixes, *SYSTEM) if os.path.exists(path)}
    for name, module in modules.items():
        file = getattr(module, "__file__", None)
        if "." not in name and file and not file.startswith(tuple(f"{path}/" for path in found)):
            found |= {
                str(path) for path in getattr(module, "__path__", [file]) if os.path.exists(path)
            }
    return sorted(path for path in found if path != "/")


def enter(base, visible, hidden, files, limits):
    """Go into a room and return there, in a child of the caller's process; the caller's process itself never returns.

    `base`: an empty folder of the outside, on which the room is built. `visible`: paths to see, read-only. `hidden`: folders
    that stay empty even where they lie inside a visible one. `files`: {relative name: bytes} to find in HOME.
    Raises NoRoom, in the caller's process, where the system does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    call("unshare", libc().unshare(ctypes.c_int(sum(CLONE.values()))))
    for file, text in (
        ("setgroups", "deny"),
        ("uid_map", f"1000 {user} 1"),
        ("gid_map", f"1000 {group} 1"),
    ):
        Path("/proc/self", file).write_text(text)
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount(
        "tmpfs",
        base,
        "tmpfs",
        MS_NOSUID | MS_NODEV,
        f"size={limits.disk + sum(map(len, files.values()))},nr_inodes=20000,mode=755",
    )
    for path in visible:
        target = f"{base}{path}"
        if os.path.islink(path) and any(
            os.path.realpath(path).startswith(f"{other}/") for other in visible
        ):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(os.readlink(path), target)
            continue
        if os.path.isdir(path):
            os.makedirs(target, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            Path(target).touch()
        mount(path, target, flags=MS_BIND | MS_REC)
        attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
        syscall(
            "mount_setattr",
            ctypes.c_int(-100),
            target.encode(),
            ctypes.c_uint(AT_RECURSIVE),
            attributes,
            ctypes.c_size_t(32),
        )
    for path in hidden:
        if any(path.startswith(f"{seen}/") for seen in visible) and os.path.isdir(path):
            mount("tmpfs", f"{base}{path}", "tmpfs", MS_RDONLY, "size=4k")
    for name in DEVICES:
        os.makedirs(f"{base}/dev", exist_ok=True)
        Path(f"{base}/dev/{name}").touch()
        mount(f"/dev/{name}", f"{base}/dev/{name}", flags=MS_BIND)
    for folder in ("tmp", "proc", "dev/shm", HOME[1:]):
        os.makedirs(f"{base}/{folder}", exist_ok=True)
    child = os.fork()
    if child:
        watch_over(child)
    die_with_parent()
    with contextlib.suppress(NoRoom):  # some containers forbid it; then there is none
        mount("proc", f"{base}/proc", "proc", MS_NOSUID | MS_NODEV)
    if os.path.exists(f"{base}/proc/self"):
        with contextlib.suppress(OSError):
            if (
                each_room_has_its_own_pid_max()
            ):  # for root's processes there is no other limit of their number
                Path(f"{base}/proc/sys/kernel/pid_max").write_text(
                    str(max(FEWEST_PROCESSES, 8 * (os.cpu_count() or 1)))
                )
        mount(
            "none", f"{base}/proc", flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
        )  # or root's rooms could change the system's settings
    os.chdir(base)
    syscall("pivot_root", b".", b".")
    call("umount", libc().umount2(b".", MNT_DETACH))
    place_files(HOME, files)
    give_up_powers()
    bound(limits)


def each_room_has_its_own_pid_max():
    """Since Linux 6.14 it belongs to the PID namespace (kernel/pid.c); before, who sets it sets it for the whole machine."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(re.match(r"\d+", minor)[0])) >= (6, 14)


def watch_over(child):
    """Wait for the room's first process, and take no other part: with its end the kernel ends all that it has started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(0, 256)
    os.waitpid(child, 0)
    os._exit(0)


def place_files(folder, files):
    """Write files into a folder, work there, and forget the environment of before."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(PLAIN)


def give_up_powers():
    """No capability is left and none can be had: the mounts stay as they are. Nobody looks into this process's memory, prctl(2)."""
    libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        libc().prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    syscall("capset", header, nothing)
    have_no_uncounted_memory()


def have_no_uncounted_memory():
    """As if this kernel knew no files in memory without a name and no System V segments: a filter of system calls, seccomp(2)."""
    if os.uname().machine not in UNCOUNTED:
        return
    machine, numbers = UNCOUNTED[os.uname().machine]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h
    steps = [
        (load, 0, 0, 4),
        (
            equal,
            0,
            len(numbers) + 3,
            machine,
        ),  # another machine's calls, such as those of 32 bits, have other numbers,
        (load, 0, 0, 0),
        (at_least, len(numbers) + 1, 0, 0x40000000),  # and so have those of x32
        *((equal, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
        (answer, 0, 0, SECCOMP_RET_ALLOW),
        (answer, 0, 0, SECCOMP_RET_ERRNO | errno.ENOSYS),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    libc().prctl(
        PR_SET_SECCOMP,
        SECCOMP_MODE_FILTER,
        struct.pack("HP", len(steps), ctypes.addressof(code)),
        0,
        0,
    )


def bound(limits):
    """Limits of the process and of what it starts; getrlimit(2)."""
    status = Path("/proc/self/status")
    own = (
        {
            line.split(":")[0]: int(line.split()[1]) << 10
            for line in status.read_text().splitlines()
            if line.endswith(" kB")
        }
        if status.exists()
        else {}
    )
    for what, most in (
        (resource.RLIMIT_DATA, own.get("VmData", 1 << 30) + limits.memory),
        (resource.RLIMIT_AS, own.get("VmSize", 8 << 30) + 2 * limits.memory),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_NPROC, limits.processes),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
