"""System calls that Python has no functions for, made through the C library.

Numbers are those of the kernel's headers: linux/sched.h, linux/mount.h, linux/prctl.h, and for
each kind of machine asm/unistd.h.
"""

import contextlib
import ctypes
import os
import re
import signal
import sys
from functools import cache
from typing import Any

from nbjudge.sandbox.wire import SandboxUnavailable

CLONE_NEWNS = 0x00020000  # mounts
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000  # the machine's name
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY = 1
AT_FDCWD = -100
AT_RECURSIVE = 0x8000

KEYCTL_JOIN_SESSION_KEYRING = 1  # linux/keyctl.h

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

NUMBERS = {
    "x86_64": {"pivot_root": 155, "capset": 126, "keyctl": 250},
    "aarch64": {"pivot_root": 41, "capset": 91, "keyctl": 219},
}
MOUNT_SETATTR = 442  # the same number on every machine: syscalls(2), since Linux 5.12


@cache
def libc() -> ctypes.CDLL:
    """Return the C library."""
    return ctypes.CDLL(None, use_errno=True)


@cache
def linux_is_at_least(major: int, minor: int) -> bool:
    """Return whether this is Linux `major`.`minor` or a later one."""
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return found is not None and (int(found[1]), int(found[2])) >= (major, minor)


def checked(step: str, result: int) -> int:
    """Return the result of a call. Raises SandboxUnavailable, naming the step, if it is -1."""
    if result == -1:
        code = ctypes.get_errno()
        raise SandboxUnavailable(f"[Errno {code}] {step}: {os.strerror(code)}")
    return result


def unshare(flags: int) -> None:
    """Give this process namespaces of its own; unshare(2)."""
    checked("unshare", libc().unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2)"""
    names = [text.encode() for text in (source, target, kind)]
    data = options.encode() or None
    checked(f"mount {target}", libc().mount(*names, ctypes.c_ulong(flags), data))


def make_read_only(target: str) -> None:
    """Make a mount and all mounts below it read-only; mount_setattr(2)."""
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    syscall(
        "mount_setattr",
        MOUNT_SETATTR,
        ctypes.c_int(AT_FDCWD),
        target.encode(),
        ctypes.c_uint(AT_RECURSIVE),
        attributes,
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )


def pivot_root(new: bytes, old: bytes) -> None:
    """pivot_root(2)"""
    syscall("pivot_root", number_of("pivot_root"), new, old)


def unmount(target: bytes) -> None:
    """Unmount what is mounted there, even while it is in use; umount2(2)."""
    checked("umount", libc().umount2(target, MNT_DETACH))


def name_machine(name: str) -> None:
    """sethostname(2)"""
    data = name.encode()
    checked("sethostname", libc().sethostname(data, ctypes.c_size_t(len(data))))


def set_no_capabilities() -> None:
    """capset(2), with a header of version 3 for this process and six words of zeros."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    syscall("capset", number_of("capset"), header, nothing)


def leave_session_keyring() -> None:
    """Take a new session keyring instead of the grader's; keyctl(2). Some kernels have none."""
    with contextlib.suppress(SandboxUnavailable):
        syscall("keyctl", number_of("keyctl"), ctypes.c_int(KEYCTL_JOIN_SESSION_KEYRING), None)


def prctl(option: int, *arguments: Any) -> int:
    """prctl(2). A failure raises nothing, because older kernels do not know every option."""
    result: int = libc().prctl(option, *arguments)
    return result


def number_of(name: str) -> int:
    """Return a system call's number. Raises SandboxUnavailable on an unknown machine."""
    machine = os.uname().machine
    number = NUMBERS.get(machine, {}).get(name)
    if number is None:
        raise SandboxUnavailable(f"{name}: not known on {machine}")
    return number


def syscall(name: str, number: int, *arguments: Any) -> None:
    """syscall(2), for calls that the C library has no function for."""
    checked(name, libc().syscall(ctypes.c_long(number), *arguments))


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends; prctl(2)."""
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent has ended, so that they are found; prctl(2).

    A sandbox does not need this: there the notebook's process is process 1, which adopts them.
    """
    if sys.platform == "linux":
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
