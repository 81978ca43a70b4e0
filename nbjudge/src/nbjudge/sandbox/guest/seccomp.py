"""A filter of system calls: what no notebook needs is refused, whatever the kernel thinks of it.

Three kinds are refused. Some calls reach over the sandbox's border, such as keyctl, whose keyrings
no namespace separates. Others are where faults of the kernel are found, such as io_uring and bpf.
The third kind takes memory that no limit counts: a file in memory without a name (memfd_create),
and the segments, queues and semaphores of System V.

The rest is allowed, because libraries must find what they find elsewhere. Calls that are newer than
this list fail with ENOSYS, as they do on an older kernel. See seccomp(2).
"""

import ctypes
import os
import struct
from errno import EAFNOSUPPORT, ENOSYS, EPERM, EPROTONOSUPPORT

from nbjudge.sandbox.guest.system_calls import (
    CLONE_NEWCGROUP,
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    PR_SET_SECCOMP,
    prctl,
)

SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
# {machine: (its name in linux/audit.h, its column in the tables below)}
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

# {call: (number on x86_64, number on aarch64, error)}. The numbers are those of Linux's
# arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h; from 424 on all
# machines have the same. ENOSYS where libraries then try another way, EPERM elsewhere.
REFUSED = {
    # keyrings, which all processes of a user share
    "add_key": (248, 217, EPERM),
    "request_key": (249, 218, EPERM),
    "keyctl": (250, 219, EPERM),
    # namespaces and mounts
    "unshare": (272, 97, EPERM),
    "setns": (308, 268, EPERM),
    "clone3": (435, 435, ENOSYS),  # its flags lie in memory, which a filter cannot read
    "mount": (165, 40, EPERM),
    "umount2": (166, 39, EPERM),
    "pivot_root": (155, 41, EPERM),
    "chroot": (161, 51, EPERM),
    "open_tree": (428, 428, EPERM),
    "move_mount": (429, 429, EPERM),
    "fsopen": (430, 430, EPERM),
    "fsconfig": (431, 431, EPERM),
    "fsmount": (432, 432, EPERM),
    "fspick": (433, 433, EPERM),
    "mount_setattr": (442, 442, EPERM),
    "name_to_handle_at": (303, 264, EPERM),
    "open_by_handle_at": (304, 265, EPERM),
    # other processes
    "ptrace": (101, 117, EPERM),
    "process_vm_readv": (310, 270, EPERM),
    "process_vm_writev": (311, 271, EPERM),
    "process_madvise": (440, 440, EPERM),
    "process_mrelease": (448, 448, EPERM),
    "kcmp": (312, 272, EPERM),
    "pidfd_getfd": (438, 438, EPERM),
    # parts of the kernel where faults are found
    "bpf": (321, 280, EPERM),
    "perf_event_open": (298, 241, EPERM),
    "io_uring_setup": (425, 425, ENOSYS),
    "io_uring_enter": (426, 426, ENOSYS),
    "io_uring_register": (427, 427, ENOSYS),
    "userfaultfd": (323, 282, EPERM),
    "fanotify_init": (300, 262, EPERM),
    "lookup_dcookie": (212, 18, EPERM),
    "nfsservctl": (180, 42, ENOSYS),
    # the machine itself
    "syslog": (103, 116, EPERM),
    "kexec_load": (246, 104, EPERM),
    "kexec_file_load": (320, 294, EPERM),
    "init_module": (175, 105, EPERM),
    "finit_module": (313, 273, EPERM),
    "delete_module": (176, 106, EPERM),
    "reboot": (169, 142, EPERM),
    "swapon": (167, 224, EPERM),
    "swapoff": (168, 225, EPERM),
    "acct": (163, 89, EPERM),
    "quotactl": (179, 60, EPERM),
    "quotactl_fd": (443, 443, EPERM),
    # memory that no limit counts
    "memfd_create": (319, 279, ENOSYS),
    "memfd_secret": (447, 447, ENOSYS),
    "shmget": (29, 194, ENOSYS),
    "msgget": (68, 186, ENOSYS),
    "semget": (64, 190, ENOSYS),
}
ONLY_X86 = {"modify_ldt": 154, "ioperm": 173, "iopl": 172, "uselib": 134}
# Beyond Linux 6.7's last call. The calls of x86_64's second interface, x32, have a bit that makes
# them larger still: asm/unistd.h.
FIRST_UNKNOWN = 457

# Calls that are refused for some of their arguments.
CLONE = (56, 220)
SOCKET = (41, 198)
SOCKETPAIR = (53, 199)
SETSOCKOPT = (54, 208)
NEW_NAMESPACES = (
    CLONE_NEWCGROUP
    | CLONE_NEWIPC
    | CLONE_NEWNET
    | CLONE_NEWNS
    | CLONE_NEWPID
    | CLONE_NEWUSER
    | CLONE_NEWUTS
)
# linux/socket.h and linux/in.h. Netlink's protocol 0 lists interfaces: psutil and gloo use it.
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP = 1, 6, 17
SOL_SOCKET = 1
BUFFER_SIZES = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF and their *FORCE: asm-generic/socket.h

# Classic BPF, linux/bpf_common.h: load a word; jump if equal, if at least, if it shares a bit;
# return.
LOAD, EQUAL, AT_LEAST, SHARES_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data, linux/seccomp.h


def filter_system_calls() -> None:
    """Install the filter for this process and all that it starts. It cannot be removed."""
    if not PROGRAM:
        return
    code = ctypes.create_string_buffer(PROGRAM)
    count = len(PROGRAM) // len(allow()[0])
    header = struct.pack("HP", count, ctypes.addressof(code))  # struct sock_fprog
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)


def filter_program(machine: int, column: int) -> list[bytes]:
    """Return the instructions for a machine: its name in linux/audit.h, its column in the tables.

    System calls of another architecture, such as 32-bit calls, have other numbers; all of them are
    refused.
    """
    program = [
        instruction(LOAD, 0, 0, MACHINE),
        *unless(EQUAL, machine, fail(ENOSYS)),
        instruction(LOAD, 0, 0, NUMBER),
        *when(AT_LEAST, FIRST_UNKNOWN, fail(ENOSYS)),
    ]
    for numbers in REFUSED.values():
        program += when(EQUAL, numbers[column], fail(numbers[2]))
    if column == 0:
        for number in ONLY_X86.values():
            program += when(EQUAL, number, fail(EPERM))
    program += when(EQUAL, CLONE[column], look_at_clone())
    program += when(EQUAL, SOCKET[column], look_at_socket())
    program += when(EQUAL, SOCKETPAIR[column], look_at_socket())
    program += when(EQUAL, SETSOCKOPT[column], look_at_option())
    return program + allow()


def look_at_clone() -> list[bytes]:
    """Refuse clone(2) with a flag for a new namespace."""
    return [argument(0), *when(SHARES_BIT, NEW_NAMESPACES, fail(EPERM)), *allow()]


def look_at_socket() -> list[bytes]:
    """Refuse families and protocols of sockets that no notebook needs, such as AF_VSOCK.

    AF_VSOCK is not separated by the namespace of the network.
    """
    internet = [argument(2)]
    for protocol in (0, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP):
        internet += when(EQUAL, protocol, allow())
    internet += fail(EPROTONOSUPPORT)
    netlink = [argument(2), *when(EQUAL, 0, allow()), *fail(EPROTONOSUPPORT)]
    return [
        argument(0),
        *when(EQUAL, AF_UNIX, allow()),
        *when(EQUAL, AF_INET, internet),
        *when(EQUAL, AF_INET6, internet),
        *when(EQUAL, AF_NETLINK, netlink),
        *fail(EAFNOSUPPORT),
    ]


def look_at_option() -> list[bytes]:
    """Let a socket's buffers keep their size: they are the kernel's memory, which no limit counts.

    The call says that it has worked, because programs take the size for a wish: socket(7).
    """
    options = [argument(2)]
    for option in BUFFER_SIZES:
        options += when(EQUAL, option, fail(0))
    return [argument(1), *when(EQUAL, SOL_SOCKET, options + allow()), *allow()]


def argument(place: int) -> bytes:
    """Return the instruction that loads an argument's lower half, which both machines store first.

    The kernel takes each argument that is looked at here as an int, so it ignores the upper half.
    """
    return instruction(LOAD, 0, 0, ARGUMENTS + 8 * place)


def when(test: int, value: int, then: list[bytes]) -> list[bytes]:
    """Return instructions that skip `then` unless the test of the loaded word is true."""
    return [instruction(test, 0, len(then), value), *then]


def unless(test: int, value: int, then: list[bytes]) -> list[bytes]:
    """Return instructions that skip `then` if the test of the loaded word is true."""
    return [instruction(test, len(then), 0, value), *then]


def allow() -> list[bytes]:
    """Return the instruction that lets the call happen."""
    return [instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW)]


def fail(error: int) -> list[bytes]:
    """Return the instruction that lets the call fail with this errno; with 0, return 0 at once."""
    return [instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | error)]


def instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    """Return an instruction as bytes: struct sock_filter, linux/filter.h.

    A jump has two numbers: how many instructions to skip if its test is true, and how many if not.
    """
    return struct.pack("HBBI", code, if_true, if_false, value)


def program_of_this_machine() -> bytes:
    """Return the filter for this machine, b"" where none is known."""
    machine = os.uname().machine
    return b"".join(filter_program(*MACHINES[machine])) if machine in MACHINES else b""


PROGRAM = program_of_this_machine()  # made once: every sandbox is a fork of this process
