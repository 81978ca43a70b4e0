"""Results of experiments are read back only where nothing that they depend on has changed."""

import math

import pytest
import torch

from course.notebook import kept as module

CELL = """
import torch
from torch import nn
from course.notebook.kept import kept_on_disk

runs = []
rate = 0.1

def helper(x):
    return x + 1

@kept_on_disk
def experiment(value):
    print("computed")
    return {"a": (helper(value) * rate, None, [True, "b"]), 2: torch.arange(3) * value}
"""


class Notebook:
    """What cells define in a notebook: each run of a cell is as the kernel does it."""

    def __init__(self):
        self.names = {"__name__": "__main__"}

    def run(self, source):
        exec(compile(source, "a cell", "exec"), self.names)


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A learner's work/, with one lesson, whose folder is the current one."""
    (tmp_path / ".kept").mkdir()
    (tmp_path / "01-lesson").mkdir()
    monkeypatch.chdir(tmp_path / "01-lesson")
    monkeypatch.setattr(module, "told", set())
    return tmp_path


def computed(capsys):
    """Whether the experiment has run since the last call."""
    return "computed" in capsys.readouterr().out


def after_a_restart(*cells, call="result = experiment(2.0)"):
    module.told.clear()
    notebook = Notebook()
    for cell in (CELL, *cells, call):
        notebook.run(cell)
    return notebook.names["result"]


def test_a_result_is_read_back_and_a_line_says_so(work, capsys):
    first = after_a_restart()
    assert computed(capsys)
    again = after_a_restart()
    said = capsys.readouterr().out
    assert "computed" not in said
    assert "experiment: kept from" in said
    place = f"{work.name}/.kept/01-lesson/experiment"
    assert said.strip().endswith(f"To run it again, delete {place}")
    assert again["a"] == first["a"] == (3.0 * 0.1, None, [True, "b"])
    assert torch.equal(again[2], first[2])
    assert {path.suffix for path in work.rglob("*") if path.is_file()} == {".safetensors"}


@pytest.mark.parametrize(
    "changed",
    [
        "rate = 0.2",
        "def helper(x):\n    return x + 2",
        "@kept_on_disk\ndef experiment(value):\n    print('computed')\n    return value",
        "experiment.keeps.__defaults__ = (1,)",
    ],
)
def test_whatever_changes_the_result_runs_it_again(work, capsys, changed):
    after_a_restart()
    computed(capsys)
    after_a_restart(changed)
    assert computed(capsys)


def test_other_arguments_and_versions_run_it_again(work, capsys, monkeypatch):
    after_a_restart()
    computed(capsys)
    after_a_restart(call="result = experiment(3.0)")
    assert computed(capsys)
    monkeypatch.setattr(torch, "__version__", "another")
    after_a_restart()
    assert computed(capsys)
    monkeypatch.undo()
    monkeypatch.chdir(work / "01-lesson")
    monkeypatch.setattr(module, "course_digest", lambda: "other weights")
    after_a_restart()
    assert computed(capsys)


def test_what_does_not_matter_does_not_run_it_again(work, capsys):
    after_a_restart()
    computed(capsys)
    torch.manual_seed(1)
    after_a_restart("unused = 3\ndef other():\n    return 4", "\n\n" + CELL)
    assert not computed(capsys)


def test_each_call_starts_from_the_same_random_state(work, capsys):
    """Whatever ran before: a learner runs cells in any order."""
    random = CELL.split("@kept_on_disk")[0] + (
        "@kept_on_disk\ndef experiment(value):\n"
        "    print('computed')\n    return torch.rand(1).item()"
    )
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    assert after_a_restart(random) == after_a_restart(random, "torch.rand(5)")
    assert capsys.readouterr().out.count("computed") == 1
    torch.manual_seed(3)
    after_a_restart(random)
    assert torch.equal(torch.rand(1), expected), "the caller's state is as it was"


def test_a_kept_function_inside_another_is_not_kept_itself(work, capsys):
    outer = "@kept_on_disk\ndef outer(value):\n    return experiment(value)"
    after_a_restart(outer, call="result = outer(2.0)")
    assert [path.parent.name for path in work.rglob("*.safetensors")] == ["outer"]
    after_a_restart(outer, "rate = 0.3", call="result = outer(2.0)")
    assert capsys.readouterr().out.count("computed") == 2, "what the inner one uses counts"


def test_nothing_is_kept_where_there_is_no_such_folder(work, capsys):
    """As in nbgrader's autograde, in the engine's sandbox and in `course build`."""
    (work / ".kept").rmdir()
    for _ in range(2):
        after_a_restart()
        assert computed(capsys)
    assert [path for path in work.rglob("*") if path.is_file()] == []


TRAINING = """
network = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)).eval()
network[0].requires_grad_(False)

@kept_on_disk
def train(network):
    print("computed")
    network.train()
    network[1].bias.requires_grad_(False)
    optimizer = torch.optim.SGD([network[1].weight], lr=0.1)
    network(torch.randn(4, 3)).square().mean().backward()
    optimizer.step()

result = train(network)
"""


def test_a_network_is_put_as_the_training_left_it(work, capsys):
    seen = []
    for _ in range(2):
        torch.manual_seed(0)
        notebook = Notebook()
        notebook.run(CELL)
        notebook.run(TRAINING)
        network = notebook.names["network"]
        trainable = [p.requires_grad for p in network.parameters()]
        seen.append((network.state_dict(), trainable, network[0].training))
        assert computed(capsys) == (len(seen) == 1)
    first, second = seen
    for name, tensor in first[0].items():
        assert torch.equal(tensor, second[0][name])
    assert first[1:] == second[1:]
    (kept,) = work.rglob("*.safetensors")
    assert b"0.running_mean" in kept.read_bytes()
    assert b"changed 0.0.weight" not in kept.read_bytes(), "only what changed"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return open", "it returns a"),
        ("runs.append(1)", "it changes more"),
        ("value[0] = 3", "it changes more"),
    ],
)
def test_what_cannot_be_kept_runs_and_is_told(work, capsys, body, why):
    cell = f"@kept_on_disk\ndef experiment(value):\n    if runs is None: pass\n    {body}\n"
    for _ in range(2):
        after_a_restart(cell, call="result = experiment([1])")
        assert f"experiment: not kept, because {why}" in capsys.readouterr().out
    assert [path for path in work.rglob("*") if path.is_file()] == []


def test_a_damaged_file_is_made_anew(work, capsys):
    after_a_restart()
    computed(capsys)
    (path,) = work.rglob("*.safetensors")
    path.write_bytes(path.read_bytes()[:40])
    assert not math.isnan(after_a_restart()["a"][0])
    assert computed(capsys)
    after_a_restart()
    assert not computed(capsys)


def test_networks_and_functions_of_a_notebook_are_told_apart():
    def digest(*lines):
        torch.manual_seed(0)
        notebook = Notebook()
        for line in lines:
            notebook.run(line)
        noted = module.Digest()
        noted.note(notebook.names["it"])
        return noted.hex()

    same = "from torch import nn\nit = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))"
    assert digest(same) == digest(same)
    assert digest(same) != digest(same, "it[1].p = 0.2")
    assert digest(same) != digest(same, "it.eval()")
    assert digest(same) != digest(same, "it[0].weight.data[0, 0] = 0")
    hooked = "it[0].register_forward_hook(lambda m, i, o: o + {})"
    assert digest(same, hooked.format(1)) != digest(same, hooked.format(2))
    own = "class It:\n    def f(self):\n        return {}\nit = It()"
    assert digest(own.format(1)) != digest(own.format(2))
    two = (
        "class It:\n    a = property(lambda self: 0)\n    b = property(lambda self: {})\nit = It()"
    )
    assert digest(two.format(1)) != digest(two.format(2)), "each property counts"
    with pytest.raises(module.NotKept):
        module.Digest().note(iter([]))


def test_the_lab_makes_the_folder(tmp_path, monkeypatch):
    from course.authoring import lab

    monkeypatch.setattr(lab, "WORK", tmp_path)
    lab.lay_out()
    monkeypatch.chdir(tmp_path / "01-replace-the-head")
    assert module.folder() == tmp_path / ".kept" / "01-replace-the-head"
