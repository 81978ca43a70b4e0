"""Control groups: for real where this process has been given a part of the tree, else pretended."""

import os
from pathlib import Path

import pytest

from nbjudge.job import Job, Step
from nbjudge.sandbox.host import control_group
from nbjudge.sandbox.host.fork_server import ForkServer
from nbjudge.sandbox.wire import Limits


def folder_of_group(place, members, controllers="cpu memory pids"):
    """A folder with the files that a group has when it is new."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "cgroup.controllers").write_text(controllers)
    (place / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in members))
    (place / "cgroup.subtree_control").write_text("")
    return place


def test_a_group_of_our_own_is_arranged(tmp_path):
    own = folder_of_group(tmp_path / "own", [os.getpid()])
    folder_of_group(own / control_group.OWN, [])
    assert control_group.delegated(own) == own
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (own / control_group.OWN / "cgroup.procs").read_text() == str(os.getpid())
    assert control_group.delegated(own / control_group.OWN) == own


@pytest.mark.parametrize(
    ("members", "controllers"),
    [([], "memory pids"), ([1], "memory pids"), (["own", 1], "memory pids"), (["own"], "cpu")],
)
def test_a_group_with_others_in_it_or_without_controllers_is_left_alone(
    tmp_path, members, controllers
):
    pids = [os.getpid() if member == "own" else member for member in members]
    own = folder_of_group(tmp_path / "own", pids, controllers)
    assert control_group.delegated(own) is None
    assert (own / "cgroup.subtree_control").read_text() == ""
    assert not (own / control_group.OWN).exists()


def test_where_no_group_can_be_made_there_is_none(monkeypatch):
    monkeypatch.setattr(control_group, "own_group", lambda: Path("/nowhere"))
    assert control_group.make_group(os.getpid(), Limits()) is None


def test_a_sandbox_is_in_a_group_of_its_own():
    parent = control_group.delegated(control_group.own_group())
    if parent is None:
        pytest.skip("no group is delegated here: systemd-run --user --scope -p Delegate=yes pytest")
    look = Step("look", "print(open('/proc/self/cgroup').read())", "answer")
    with ForkServer() as server:
        (result,) = server.run(Job((look,), {}, (), (), {}))
    assert "/sandbox-" in result.outputs[0]["text"]
    assert not list(parent.glob("sandbox-*"))
