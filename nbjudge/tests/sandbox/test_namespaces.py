"""The namespaces around a submission: what it sees of the machine, and what it can change."""

import contextlib
import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from nbjudge.job import Job, Step
from nbjudge.sandbox.guest import namespaces, seccomp
from nbjudge.sandbox.host import process_table
from nbjudge.sandbox.host.fork_server import ForkServer

PID_MAX = "/proc/sys/kernel/pid_max"


@pytest.fixture(scope="module")
def server():
    with ForkServer() as server:
        yield server


def printed_by(server, source):
    """What a cell prints in a sandbox, as a text; the cell must raise nothing."""
    (result,) = server.run(Job((Step("cell", source, "answer"),), {}, (), (), {}))
    assert result.well, result.outputs
    return "".join(output.get("text", "") for output in result.outputs)


@pytest.mark.skipif(not namespaces.has_own_pid_max(), reason="a Linux older than 6.14")
def test_the_kernel_limits_the_processes_of_a_sandbox_and_of_nothing_else(server):
    before = int(Path(PID_MAX).read_text())
    inside = int(printed_by(server, f"print(open('{PID_MAX}').read())"))
    assert inside < 1000 < before == int(Path(PID_MAX).read_text())


def test_the_user_and_the_machine_have_names(server):
    source = """
import getpass, grp, os, pwd, socket
print(getpass.getuser(), pwd.getpwuid(os.getuid()).pw_dir, grp.getgrgid(os.getgid()).gr_name)
print(socket.gethostbyname("localhost"), socket.gethostbyname(socket.gethostname()))
print(socket.getservbyname("http"))
"""
    assert printed_by(server, source).split() == [
        *("learner", namespaces.HOME, "learner"),
        *("127.0.0.1", "127.0.0.1", "80"),
    ]


def test_a_command_runs_in_a_terminal_as_ipython_runs_it(server):
    source = """
import pexpect, subprocess
print(pexpect.run("tty").decode())
command = ["sh", "-c", "cat /dev/stdin > /dev/stdout"]
print(subprocess.run(command, input=b"piped", stdout=subprocess.PIPE).stdout.decode())
"""
    assert printed_by(server, source).split() == ["/dev/pts/0", "piped"]


def test_a_local_server_and_a_manager_of_multiprocessing_work_and_nothing_outside_is_reached(
    server,
):
    source = """
import http.server, multiprocessing, socket, threading, urllib.request
local = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=local.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://localhost:{local.server_port}/").status)
local.shutdown()
with multiprocessing.Manager() as manager:
    print(list(manager.list([1, 2])))
for address in ("10.0.0.1", "192.0.2.1", "2001:db8::1"):
    try:
        socket.create_connection((address, 80), timeout=2)
    except OSError:
        print("unreachable")
try:
    socket.gethostbyname("example.org")
except socket.gaierror:
    print("no such name")
"""
    lines = [line for line in printed_by(server, source).splitlines() if '"GET' not in line]
    expected = ["200", "[1, 2]", *["unreachable"] * 3, "no such name"]
    assert [line for line in lines if line] == expected


def test_only_its_own_folders_can_be_written_and_a_device_keeps_its_mode(server):
    mode = stat.S_IMODE(os.stat("/dev/full").st_mode)
    source = f"""
import errno, os
for path in ("/x", "/etc/passwd", "/dev/x", "/usr/x", "/home/x"):
    try:
        open(path, "a")
    except OSError as problem:
        print(errno.errorcode[problem.errno])
for path in ("x", "/tmp/x", "/dev/shm/x", "/dev/null"):
    open(path, "w").write("text")
try:
    os.chmod("/dev/full", {mode ^ 1})
except OSError as problem:
    print(errno.errorcode[problem.errno])
"""
    found = printed_by(server, source).split()
    assert len(found) == 6 and {*found} <= {"EROFS", "EPERM", "EACCES"}
    assert stat.S_IMODE(os.stat("/dev/full").st_mode) == mode


def test_the_kernel_makes_no_user_namespace_inside(server):
    setting = "/proc/sys/user/max_user_namespaces"
    before = Path(setting).read_text()
    assert printed_by(server, f"print(open({setting!r}).read())").split() == ["0"]
    assert Path(setting).read_text() == before


# In a session keyring of its own, which holds a key, as a grader's does who uses Kerberos.
WITH_KEY = """
import ctypes, json, sys
from nbjudge.job import Job, Step
from nbjudge.sandbox.guest import system_calls
from nbjudge.sandbox.host.fork_server import ForkServer
keyctl, add_key = json.loads(sys.argv[1])
syscall = ctypes.CDLL(None).syscall
if syscall(keyctl, 1, None) < 0 or syscall(add_key, b"user", b"secret", b"word", 4, -3) < 0:
    sys.exit("no keyrings here")
with ForkServer() as server:
    look = Step("look", "print('secret' in open('/proc/keys').read())", "answer")
    (result,) = server.run(Job((look,), {}, (), (), {}))
print(result.outputs[0]["text"])
for _ in range(2):
    print(syscall(keyctl, 10, -3, b"user", b"secret", 0) > 0)  # search in the session keyring
    system_calls.leave_session_keyring()
"""


def test_keys_of_the_grader_are_neither_seen_nor_reached():
    machine = os.uname().machine
    if machine not in seccomp.MACHINES:
        pytest.skip("the numbers of system calls are not known for this machine")
    column = seccomp.MACHINES[machine][1]
    calls = [seccomp.REFUSED[name][column] for name in ("keyctl", "add_key")]
    command = [sys.executable, "-c", WITH_KEY, json.dumps(calls)]
    done = subprocess.run(command, capture_output=True, text=True)
    if "no keyrings" in done.stderr:
        pytest.skip("this kernel has no keyrings, or a container forbids them")
    assert done.stdout.split() == ["False", "True", "False"], done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's sandboxes have another user")
def test_for_root_processes_and_files_belong_to_somebody_who_owns_nothing(server):
    seen = {}

    def look():
        ends = time.monotonic() + 30
        while not seen and time.monotonic() < ends:
            for pid in process_table.family(os.getpid()):
                with contextlib.suppress(OSError):
                    if "sleep" in Path(f"/proc/{pid}/comm").read_text():
                        seen[pid] = os.stat(f"/proc/{pid}").st_uid

    watcher = threading.Thread(target=look)
    watcher.start()
    source = """
import os, subprocess
open("mine", "w").close()
subprocess.run(["sleep", "1"])
print(os.getuid(), os.getgid(), os.getgroups(), os.stat("mine").st_uid, os.stat("/usr").st_uid)
"""
    assert printed_by(server, source).split() == ["1000", "1000", "[]", "1000", "0"]
    watcher.join()
    (user,) = seen.values()
    assert user >= namespaces.FIRST_UNUSED_IN_CONTAINER


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's sandboxes have another user")
def test_packages_that_only_root_can_read_are_read_as_root(tmp_path):
    module = ModuleType("theirs")
    module.__file__ = str(tmp_path / "theirs.py")
    path = Path(module.__file__)
    path.touch(0o644)
    tmp_path.chmod(0o755)
    visible = [str(tmp_path)]
    assert namespaces.user_outside(visible, {"theirs": module}) == namespaces.FIRST_UNUSED
    path.chmod(0o600)
    assert namespaces.user_outside(visible, {"theirs": module}) == 0
    path.chmod(0o644)
    tmp_path.chmod(0o700)
    assert namespaces.user_outside(visible, {}) == 0
