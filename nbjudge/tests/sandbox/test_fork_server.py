"""The fork server: what a submission finds does not depend on what has run before it."""

import os
import resource
import site
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbjudge.errors import ProcessLost
from nbjudge.job import Job, Step
from nbjudge.sandbox.host.fork_server import ForkServer
from nbjudge.sandbox.host.zygote_process import surroundings
from nbjudge.sandbox.wire import Limits

RANDOM_CELLS = (
    Step("given-0", "import random", "given"),
    Step("given-1", "x = random.random()", "given"),
    Step("f", "def f():\n    return random.random()", "answer"),
    Step("added", "print(x, f())", "added"),
)


def test_values_are_the_same_from_a_shared_template_and_from_scratch():
    job = Job(RANDOM_CELLS, {}, (), ("random",), {})
    with ForkServer() as server:
        first = server.run(job)
        second = server.run(job)
        scratch = server.run(job._replace(files={"mine.txt": b""}))
        prefixes = [key[0] for key in server.templates]
    assert prefixes == [("import random", "x = random.random()"), ()]
    assert first[0].seconds > 0 == second[0].seconds  # the given cells ran once
    assert first[-1].outputs == second[-1].outputs == scratch[-1].outputs
    assert first[-1].outputs[0]["text"].count("0.") == 2


def test_a_cell_that_ends_the_process_is_left_out_and_the_rest_runs():
    steps = (
        Step("a", "x = 1", "given"),
        Step("b", "import os\nos._exit(1)", "answer"),
        Step("c", "y = x + 1", "added"),
        Step("d", "assert y == 2", "check", True, ("y",)),
    )
    with ForkServer() as server:
        results = server.run(Job(steps, {}, (), (), {}))
    assert [(result.well, result.end) for result in results] == [
        (True, ""),
        (False, "died"),
        (True, ""),
        (True, ""),
    ]


def test_the_zygote_has_a_home_that_nobody_else_can_write_and_that_is_removed():
    with ForkServer() as server:
        server.run(Job((), {}, (), (), {}))  # a program has no environment until it has started
        data = Path(f"/proc/{server.process.pid}/environ").read_bytes().decode()
        variables = dict(line.split("=", 1) for line in data.split("\0") if line)
        home = Path(variables["HOME"])
        assert home.parent.parent == Path(tempfile.gettempdir())
        for folder in (home, home.parent):
            found = folder.stat()
            assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (os.geteuid(), 0o700)
    assert not home.exists()


def test_a_closed_server_starts_again_without_the_packages_of_before():
    look = Step("look", "import sys\nprint('colorsys' in sys.modules)", "answer")
    printed = []
    with ForkServer() as server:
        for packages in (("colorsys",), ()):
            server.warm_up(packages)
            (result,) = server.run(Job((look,), {}, (), (), {}, packages=packages))
            printed.append(result.outputs[0]["text"])
            server.close()
    assert printed == ["True\n", "False\n"]


def test_a_closed_server_makes_nothing_ready():
    server = ForkServer()
    server.warm_up(())
    server.close()
    with pytest.raises(ProcessLost):
        server.make_ready(Job((), {}, (), (), {}))
    assert not server.process and not server.templates


@pytest.mark.parametrize("used", [True, False])
def test_packages_of_the_user_site_are_found_if_the_grader_itself_finds_them(monkeypatch, used):
    monkeypatch.setattr(site, "ENABLE_USER_SITE", used)
    variables = surroundings()
    assert variables.get("PYTHONUSERBASE") == (site.getuserbase() if used else None)
    assert ("PYTHONNOUSERSITE" in variables) is not used


FULL_SOCKETS = """
import os, socket, time
for _ in range(4):
    if not os.fork():
        break
ends = []
for _ in range({count}):
    ends += socket.socketpair()
    for end in ends[-2:]:
        end.setblocking(False)
        try:
            while True:
                end.send(bytes(4000))
        except BlockingIOError:
            pass
time.sleep(2)
"""


@pytest.mark.parametrize(("count", "end"), [(4, ""), (400, "died")])
def test_what_waits_in_sockets_counts_as_memory(count, end):
    fill = Step("fill", FULL_SOCKETS.format(count=count), "answer")
    limits = Limits(memory=300 << 20)
    with ForkServer() as server:
        (result,) = server.run(Job((fill,), {}, (), (), {}, limits=limits))
    assert result.end == end


HOARD = """
import socket, time
ends = []
try:
    while True:
        ends += socket.socketpair()
        socket.send_fds(ends[-1], [b"x"], [0] * 200)
except OSError:
    print("hoarded")
time.sleep(4)
"""
SEND = """
import socket, time
time.sleep(1.5)
one, other = socket.socketpair()
socket.send_fds(one, [b"x"], [0])
print(len(socket.recv_fds(other, 1, 1)[1]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's sandboxes have users of their own")
def test_a_submission_that_hoards_descriptors_takes_none_from_another():
    with ForkServer() as server, ThreadPoolExecutor(2) as pool:

        def printed_by(source):
            (result,) = server.run(Job((Step("cell", source, "answer"),), {}, (), (), {}))
            return result.outputs[0].get("text")

        assert list(pool.map(printed_by, (HOARD, SEND))) == ["hoarded\n", "1\n"]


def test_the_engine_can_send_descriptors_while_a_submission_hoards_them():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
        with ForkServer() as server:
            server.warm_up(())
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


SEARCH = """
import ctypes, re
found = 0
wanted = bytes(reversed(b"tfel-enoemos"))
for line in open("/proc/self/maps"):
    first, last, rights = re.match(r"(\\w+)-(\\w+) (\\S+)", line).groups()
    if rights.startswith("rw"):
        size = int(last, 16) - int(first, 16)
        found += ctypes.string_at(int(first, 16), size).count(wanted)
print(found > 100)
"""


def test_no_submission_finds_the_files_of_an_earlier_one_in_its_memory():
    step = Step("search", SEARCH, "answer")
    job = Job((step,), {"mine.txt": b"someone-left" * 2000}, (), (), {})
    with ForkServer() as server:
        server.run(job)
        second = server.run(job._replace(files={"other.txt": b""}))
    assert second[0].outputs[0]["text"] == "False\n"
