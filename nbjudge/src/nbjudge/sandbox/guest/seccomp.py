"""A filter of system calls that refuses memory which no limit counts; seccomp(2).

Memory that is not mapped is not counted: a file in memory without a name (memfd_create,
memfd_secret), and a System V segment (shmget). The calls fail with ENOSYS, as they do on a kernel
that does not have them.
"""

import ctypes
import errno
import os
import struct

from nbjudge.sandbox.guest.system_calls import PR_SET_SECCOMP, prctl

SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
# {machine: (its name in linux/audit.h, numbers of memfd_create, memfd_secret and shmget)}
UNCOUNTED = {
    "x86_64": (0xC000003E, (319, 447, 29)),
    "aarch64": (0xC00000B7, (279, 447, 194)),
}
X32 = 0x40000000  # calls of x86_64's second interface have this bit: asm/unistd.h

# Classic BPF, linux/bpf_common.h: load a word, jump if equal, jump if at least, return.
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, MACHINE = 0, 4  # offsets in struct seccomp_data, linux/seccomp.h


def refuse_uncounted_memory() -> None:
    """Install the filter for this process and all that it starts. It cannot be removed."""
    machine = os.uname().machine
    if machine not in UNCOUNTED:
        return
    program = filter_program(*UNCOUNTED[machine])
    code = ctypes.create_string_buffer(b"".join(program))
    header = struct.pack("HP", len(program), ctypes.addressof(code))  # struct sock_fprog
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)


def filter_program(machine: int, refused: tuple[int, ...]) -> list[bytes]:
    """Return the instructions: the last one refuses, the one before it allows.

    A jump has two numbers: how many instructions to skip if its test is true, and how many if not.
    System calls of another architecture, such as 32-bit calls, have other numbers; all of them are
    refused.
    """
    count = len(refused)
    program = [
        instruction(LOAD, 0, 0, MACHINE),
        instruction(EQUAL, 0, count + 3, machine),
        instruction(LOAD, 0, 0, NUMBER),
        instruction(AT_LEAST, count + 1, 0, X32),
    ]
    for place, number in enumerate(refused):
        program.append(instruction(EQUAL, count - place, 0, number))
    program.append(instruction(RETURN, 0, 0, SECCOMP_RET_ALLOW))
    program.append(instruction(RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.ENOSYS))
    return program


def instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    """Return an instruction as bytes: struct sock_filter, linux/filter.h."""
    return struct.pack("HBBI", code, if_true, if_false, value)
