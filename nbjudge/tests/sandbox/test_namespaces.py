"""The namespaces around a submission: what it sees of the machine, and what it can change."""

import os
import stat
from pathlib import Path

import pytest

from nbjudge.job import Job, Step
from nbjudge.sandbox.guest import namespaces
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
    assert printed_by(server, source).split() == ["EROFS"] * 6
    assert stat.S_IMODE(os.stat("/dev/full").st_mode) == mode
