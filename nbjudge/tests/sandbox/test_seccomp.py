"""The filter of system calls, tried call by call inside a sandbox."""

import errno
import json
import os
import subprocess
import sys

import pytest

from nbjudge.job import Job, Step
from nbjudge.sandbox.guest import seccomp
from nbjudge.sandbox.host.fork_server import ForkServer

pytestmark = pytest.mark.skipif(
    os.uname().machine not in seccomp.MACHINES, reason="there is no filter for this machine"
)

# A program of its own, because what ctypes does in a notebook is not the filter's business.
TRY = """
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
own = os.getpid()
found = {}
for name, numbers in json.loads(sys.argv[1]).items():
    ctypes.set_errno(0)
    result = libc.syscall(*map(ctypes.c_long, numbers))
    if os.getpid() != own:
        os._exit(0)
    found[name] = ctypes.get_errno() if result == -1 else "done"
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def server():
    with ForkServer() as server:
        yield server


def errors_of(server, calls):
    """{name: errno, or "done"} of the calls {name: [number, arguments]}, made in a sandbox."""
    source = f"""
import subprocess
print(subprocess.check_output([{sys.executable!r}, "-c", {TRY!r}, {json.dumps(calls)!r}]).decode())
"""
    (result,) = server.run(Job((Step("cell", source, "answer"),), {}, (), (), {}))
    assert result.well, result.outputs
    return json.loads(result.outputs[0]["text"])


def column():
    return seccomp.MACHINES[os.uname().machine][1]


def test_each_refused_call_fails_with_its_error(server):
    calls, expected = {}, {}
    for name, numbers in seccomp.REFUSED.items():
        calls[name] = [numbers[column()], *[0] * 6]
        expected[name] = numbers[2]
    if column() == 0:
        for name, number in seccomp.ONLY_X86.items():
            calls[name], expected[name] = [number, *[0] * 6], errno.EPERM
    for number in (seccomp.FIRST_UNKNOWN, 500, 0x40000000 + 39):  # the last is getpid of x32
        calls[str(number)], expected[str(number)] = [number], errno.ENOSYS
    assert errors_of(server, calls) == expected


# getpid as a 32-bit program calls it: mov eax, 20; int 0x80; ret
CALL_OF_32_BITS = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000cd80c3"))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print(call())
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="32-bit calls of x86_64")
def test_calls_of_32_bit_programs_do_not_exist(server):
    program = f"[{sys.executable!r}, '-c', {CALL_OF_32_BITS!r}]"
    source = f"import subprocess\nprint(subprocess.check_output({program}).decode())"
    outside = subprocess.run([sys.executable, "-c", CALL_OF_32_BITS], capture_output=True)
    if outside.returncode:
        pytest.skip("this kernel has no 32-bit calls")
    (result,) = server.run(Job((Step("cell", source, "answer"),), {}, (), (), {}))
    assert int(outside.stdout) > 0
    assert int(result.outputs[0]["text"]) == -errno.ENOSYS


def test_clone_makes_processes_but_no_namespace(server):
    child_signal = 17
    calls = {"plain": [seccomp.CLONE[column()], child_signal, *[0] * 4]}
    for flag in (1 << 17, *(1 << bit for bit in range(25, 31))):  # linux/sched.h
        calls[hex(flag)] = [seccomp.CLONE[column()], flag | child_signal, *[0] * 4]
        with_user = flag | 0x10000000 | child_signal  # which needs no privileges
        calls[f"{flag:x} with user"] = [seccomp.CLONE[column()], with_user, *[0] * 4]
    expected = dict.fromkeys(calls, errno.EPERM) | {"plain": "done"}
    assert errors_of(server, calls) == expected


def test_only_families_that_notebooks_use_have_sockets(server):
    allowed = {
        "unix": (1, 1, 0),
        "tcp": (2, 1, 6),
        "udp": (2, 2, 0),
        "tcp6": (10, 1, 0),
        "interfaces": (16, 3, 0),
    }
    calls = {name: [seccomp.SOCKET[column()], *which] for name, which in allowed.items()}
    assert errors_of(server, calls) == dict.fromkeys(allowed, "done")
    families = [family for family in range(48) if family not in (1, 2, 10, 16)]
    calls = {str(family): [seccomp.SOCKET[column()], family, 1, 0] for family in families}
    assert errors_of(server, calls) == dict.fromkeys(calls, errno.EAFNOSUPPORT)
    protocols = {"mptcp": (2, 1, 262), "sctp": (2, 1, 132), "netfilter": (16, 3, 12)}
    calls = {name: [seccomp.SOCKET[column()], *which] for name, which in protocols.items()}
    assert errors_of(server, calls) == dict.fromkeys(calls, errno.EPROTONOSUPPORT)
    calls = {"tipc": [seccomp.SOCKETPAIR[column()], 30, 1, 0, 0]}
    assert errors_of(server, calls) == {"tipc": errno.EAFNOSUPPORT}


def test_a_socket_keeps_the_size_of_its_buffers(server):
    source = """
import socket
one, other = socket.socketpair()
before = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * before)
one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
print(before == one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF))
print(one.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
"""
    (result,) = server.run(Job((Step("cell", source, "answer"),), {}, (), (), {}))
    assert result.outputs[0]["text"].split() == ["True", "1"]
