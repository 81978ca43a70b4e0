"""The judge of handed-in weights: whatever the file holds, it answers with measures or with a code
and a sentence, and runs nothing.
"""

import io
import json
import os
import pickle
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save
from torch import nn

from course.authoring.build import ROOT
from course.checking.misconception import CATALOGUE, Misconception
from course.lessons.lesson08 import checks, weights_file, weights_judge, weights_network
from course.vision.backbones import load_backbone
from course.vision.evening import evening


@pytest.fixture(scope="module")
def tensors():
    """What the brief asks for, with two heads that have learnt nothing."""
    found = {}
    for name, tensor in weights_file.bundled().items():
        found[weights_file.name_in_file(name)] = tensor
    for head, classes in weights_file.HEADS.items():
        found[f"{head}.weight"] = torch.zeros(classes, 512)
        found[f"{head}.bias"] = torch.zeros(classes)
    return found


def code_of(data):
    """Return the code with which the judge refuses a file of these bytes."""
    with pytest.raises(weights_file.WeightsRefused) as refused:
        weights_network.check_old_network(weights_file.read_tensors(data))
    assert refused.value.code in CATALOGUE
    assert len(refused.value.observed) < 300
    return refused.value.code


def test_a_file_as_the_brief_asks_is_read(tensors):
    read = weights_file.read_tensors(save(tensors))
    weights_network.check_old_network(read)
    assert len(read) == 126
    for name, tensor in read.items():
        assert tensor.dtype == torch.float32 or name.endswith("num_batches_tracked")


EDITS = {
    "no head": (
        "tensors-missing",
        lambda t: {n: v for n, v in t.items() if not n.startswith("rotten.")},
    ),
    "parameters only": (
        "tensors-missing",
        lambda t: {n: v for n, v in t.items() if "running" not in n},
    ),
    "torchvision's names": (
        "tensors-missing",
        lambda t: {n.replace("backbone.", ""): v for n, v in t.items()},
    ),
    "a head with BatchNorm": (
        "head-no-chain",
        lambda t: t | {"fruit.0.running_mean": torch.zeros(512)},
    ),
    "an optimizer": ("tensors-extra", lambda t: t | {"optimizer.step": torch.tensor(3)}),
    "transposed": ("wrong-shape", lambda t: t | {"rotten.weight": torch.zeros(512, 2)}),
    "one logit": (
        "wrong-shape",
        lambda t: t | {"rotten.weight": torch.zeros(1, 512), "rotten.bias": torch.zeros(1)},
    ),
    "bias of another width": ("wrong-shape", lambda t: t | {"fruit.bias": torch.zeros(10)}),
    "layers with names": (
        "head-no-chain",
        lambda t: t | {"fruit.hidden.weight": torch.zeros(6, 512)},
    ),
    "bias without weight": (
        "tensors-missing",
        lambda t: {n: v for n, v in t.items() if n != "fruit.weight"},
    ),
    "a vector for a weight": ("wrong-shape", lambda t: t | {"fruit.weight": torch.zeros(3072)}),
    "layers that do not fit": ("wrong-shape", lambda t: t | {"fruit.2.weight": torch.zeros(6, 16)}),
    "another backbone": (
        "wrong-shape",
        lambda t: t | {"backbone.conv1.weight": torch.zeros(64, 3, 3, 3)},
    ),
    "integers": (
        "wrong-dtype",
        lambda t: t | {"fruit.weight": torch.zeros(6, 512, dtype=torch.int8)},
    ),
    "counts in half": ("wrong-dtype", lambda t: {n: v.half() for n, v in t.items()}),
    "infinite": (
        "weights-not-finite",
        lambda t: t | {"backbone.bn1.running_var": torch.full((64,), torch.inf)},
    ),
    "not a number": (
        "weights-not-finite",
        lambda t: t | {"rotten.bias": torch.tensor([0, torch.nan])},
    ),
    "too wide": (
        "too-many-parameters",
        lambda t: (
            {n: v for n, v in t.items() if n[:5] != "fruit"}
            | {"fruit.0.weight": torch.zeros(600, 512), "fruit.2.weight": torch.zeros(6, 600)}
        ),
    ),
    "another old head": ("old-head-changed", lambda t: t | {"species.bias": torch.zeros(1000)}),
    "drifted": ("requires-grad-alone", lambda t: t | {"backbone.bn1.running_var": torch.ones(64)}),
    "fine-tuned": (
        "backbone-not-frozen",
        lambda t: (
            t | {f"backbone.bn1.{part}": torch.ones(64) for part in ("weight", "running_var")}
        ),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_not_as_the_brief_asks_is_named(tensors, edit):
    code, change = EDITS[edit]
    assert code_of(save(change(tensors))) == code


def header(**entries):
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"<html>Please sign in.</html>",
        b"{" * 100,
        (9).to_bytes(8, "little") + b"[1, 2, 3]",
        (2).to_bytes(8, "little") + b"{}",
        (2**63).to_bytes(8, "little") + b"{}",
        (50_000).to_bytes(8, "little") + b'{"a":' * 10_000,
        (4).to_bytes(8, "little") + b"{\xff\xfe}",
        header(a=3),
        header(a={"dtype": "F32"}),
        header(a={"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}),
        header(a={"dtype": "F32", "shape": "ab", "data_offsets": [0, 4]}),
        header(a={"dtype": "F32", "shape": [2**70], "data_offsets": [0, 4]}),
        header(a={"dtype": ["F32"], "shape": [1], "data_offsets": [0, 0]}),
        header(a={"dtype": "F32", "shape": [1], "data_offsets": [0, 10**7]}),
        header(a={"dtype": "F32", "shape": [1.5], "data_offsets": [0]}),
        header(__metadata__={}),
    ],
    ids=range(18),
)
def test_what_is_no_safetensors_file_is_named(data):
    assert code_of(data) == "file-damaged"


def test_mangled_files_end_in_a_sentence(tensors):
    """A header in which some bytes are others, and a file that is shorter or longer."""
    whole, r = save(tensors), random.Random(0)
    length = int.from_bytes(whole[:8], "little")
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(r.randint(1, 4)):
            data[r.randrange(8 + length)] = r.choice(b'0123456789"{}[]:,ax\xff\0')
        try:
            weights_file.read_tensors(bytes(data))
        except weights_file.WeightsRefused as refused:
            assert refused.code in CATALOGUE
    for size in (4, 8, 1000, len(whole) - 1):
        assert code_of(whole[:size]) == "file-damaged"
    assert code_of(whole + b"\0") == "file-damaged"


def test_overlapping_tensors_are_refused(tensors):
    """Two names for the same bytes: the sizes add up, the library does not agree."""
    whole = save(tensors)
    length = int.from_bytes(whole[:8], "little")
    entries = json.loads(whole[8 : 8 + length])
    start = entries["species.bias"]["data_offsets"][0]
    entries["fruit.bias"]["data_offsets"] = [start, start + 24]
    text = json.dumps(entries).encode()
    assert code_of(len(text).to_bytes(8, "little") + text + whole[8 + length :]) == "file-damaged"


class Surprise:
    def __reduce__(self):
        return open, ("surprise.txt", "w")


@pytest.mark.parametrize(
    "write",
    [
        pickle.dump,
        torch.save,
        lambda thing, file: torch.save(thing, file, _use_new_zipfile_serialization=False),
        lambda thing, file: pickle.dump([thing] * 10, file, protocol=0),
    ],
    ids=["pickle", "torch.save", "torch.save, old", "pickle, protocol 0"],
)
def test_a_pickle_is_not_opened(tmp_path, monkeypatch, write):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evening.safetensors"
    with path.open("wb") as file:
        write(Surprise(), file)
    assert code_of(weights_file.read_bytes(path)) == "pickle-for-weights"
    assert not (tmp_path / "surprise.txt").exists()


def test_what_is_not_a_file_or_too_large_is_not_read(tmp_path):
    def code(name):
        with pytest.raises(weights_file.WeightsRefused) as refused:
            weights_file.read_bytes(tmp_path / name)
        return refused.value.code

    (tmp_path / "folder").mkdir()
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "small")
    with open(tmp_path / "large", "wb") as file:
        file.truncate(10**12)  # takes no room on the disk, and none in memory
    for name in ("folder", "link", "nothing"):
        assert code(name) == "file-missing"
    assert code("large") == "file-too-large"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # reading would wait for ever
        assert code("pipe") == "file-missing"


@pytest.mark.parametrize("length", [640 + 256 * k for k in range(4)])
def test_a_header_whose_length_looks_like_a_pickle_is_read(length):
    """Its first two bytes are 80 02 to 80 05, as those of a pickle."""
    text = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})
    data = length.to_bytes(8, "little") + text.ljust(length).encode() + bytes(4)
    assert list(weights_file.read_header(data)) == ["a"]
    assert code_of(data[:-1]) == "file-damaged"


def test_an_archive_of_numpy_is_no_pickle():
    file = io.BytesIO()
    np.savez(file, a=np.zeros(3))
    assert code_of(file.getvalue()) == "file-damaged"


def judged_as(fruit, scores):
    """Return the code for predictions of 120 images, half of them rotten; None if they are right.

    fruit: a function of the right fruit (120,); scores: of the right rotten labels (120,).
    """
    right = torch.arange(120) % 6
    rotten = torch.arange(120) // 60
    judged = weights_judge.Judged(torch.zeros(120, 512), right, rotten)
    found, values = fruit(right), scores(rotten.float())
    measures = weights_judge.count_right(found, (values > 0).long(), judged)
    try:
        weights_judge.check_fruit(measures, found, right)
        weights_judge.check_rotten(measures, values, rotten)
    except weights_file.WeightsRefused as refused:
        return refused.code
    return None


def ramp(rotten):
    """Return scores that rank 59 of 60 rotten images above all fresh ones."""
    scores = rotten + torch.linspace(0, 0.5, 120)
    scores[60] = -1
    return scores


RIGHT = torch.clone


@pytest.mark.parametrize(
    ("fruit", "scores", "code"),
    [
        (RIGHT, lambda rotten: rotten - 0.5, None),
        (RIGHT, lambda rotten: ramp(rotten) - 0.9, None),
        (lambda right: torch.where(torch.arange(120) < 90, right, (right + 1) % 6), ramp, None),
        (
            lambda right: torch.where(torch.arange(120) < 89, right, (right + 1) % 6),
            ramp,
            "head-undertrained",
        ),
        (lambda right: right * 0, ramp, "head-not-trained"),
        (lambda right: (right + 1) % 6, ramp, "classes-exchanged"),
        (lambda right: torch.tensor([3, 1, 2, 0, 4, 5])[right], ramp, "classes-exchanged"),
        (RIGHT, lambda rotten: ramp(rotten) - 2, "rare-class-ignored"),
        (RIGHT, lambda rotten: ramp(rotten) + 2, "false-alarms"),
        (RIGHT, lambda rotten: 0.5 - rotten, "classes-exchanged"),
        (RIGHT, lambda rotten: 0.95 - ramp(rotten), "classes-exchanged"),
        (RIGHT, lambda rotten: torch.arange(120) % 2 - 0.5, "head-undertrained"),
    ],
)
def test_what_is_required_of_the_heads(fruit, scores, code):
    if scores is ramp:
        found = judged_as(fruit, lambda rotten: ramp(rotten) - 0.9)
    else:
        found = judged_as(fruit, scores)
    assert found == code


@pytest.mark.parametrize(("name", "required"), weights_judge.REQUIRED.items())
def test_a_share_that_is_just_reached_is_enough(name, required):
    """Counts are compared: 70 of 100 are 70 %, whatever their mean in single precision is."""
    measures = weights_judge.Measures(100, 100, 75, 75, 70, 70)
    assert 100 * measures.shares()[name] == required
    rotten = torch.arange(200) // 100
    scores = torch.where(torch.arange(100) < 70, 1.0, -1.0)
    weights_judge.check_rotten(measures, torch.cat([-scores, scores]), rotten)
    weights_judge.check_fruit(measures, torch.zeros(200), torch.zeros(200))


def test_hidden_images_are_drawn_once_and_stay_as_they_are(monkeypatch, tmp_path, tensors):
    calls = []
    small = weights_judge.Judged(torch.ones(4, 512), torch.arange(4), torch.arange(4) % 2)
    monkeypatch.setattr(weights_judge, "drawn", lambda seed: calls.append(seed) or small)
    monkeypatch.setattr(weights_judge, "HIDDEN_SEED", 7)  # as an instructor changes it
    weights_judge.hidden.cache_clear()
    path = tmp_path / "evening.safetensors"
    path.write_bytes(save(tensors))
    try:
        for _ in range(2):
            judged = weights_judge.hidden()
            weights_judge.report(path, judged)
            assert all(torch.equal(a, b) for a, b in zip(judged, small, strict=True))
    finally:
        weights_judge.hidden.cache_clear()
    assert calls == [7]


def test_the_judge_builds_the_network_that_the_lesson_builds(tensors):
    """Its own ResNet-18 gives torchvision's features (B, 512)."""
    model, preprocess = load_backbone()
    model.fc = nn.Identity()
    images = evening("train", 6).images
    features = weights_network.features_of(weights_file.read_tensors(save(tensors)), images)
    with torch.no_grad():
        assert torch.allclose(features, model(preprocess(images)), atol=1e-4)
    names = torchvision.models.resnet18(num_classes=1000).state_dict().keys()
    assert names == weights_file.bundled().keys()


def test_a_chain_of_layers_gives_the_logits_of_a_sequential():
    head = nn.Sequential(
        nn.Dropout(), nn.Linear(512, 20), nn.ReLU(), nn.Dropout(), nn.Linear(20, 6, bias=False)
    )
    named = {f"fruit.{name}": tensor for name, tensor in head.state_dict().items()}
    features = torch.randn(6, 512)
    with torch.no_grad():
        logits = weights_network.logits_of(named, "fruit", features)
        assert torch.allclose(logits, head.eval()(features), atol=1e-5)


def test_eleven_layers_are_in_the_order_of_their_numbers():
    names = [f"fruit.{n}.weight" for n in (10, 2, 0)]
    assert weights_file.layers_of(names, "fruit") == ["fruit.0", "fruit.2", "fruit.10"]


def test_the_process_answers_in_one_line(tmp_path, tensors):
    """Modules of the learner are not imported, neither from the folder nor from PYTHONPATH."""
    path = tmp_path / "evening.safetensors"
    path.write_bytes(save(tensors))
    for name in ("course", "json", "torch"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of the learner ran')")
    done = subprocess.run(
        [sys.executable, "-I", "-m", weights_judge.__name__, str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["code"] == "head-not-trained"


def test_no_weights_lie_beside_the_source():
    """nbgrader copies the files there over learners' own: all would hand in the instructor's."""
    assert not list((ROOT / "source").glob("*/*.safetensors"))


@pytest.mark.parametrize("name", ["nothing.safetensors", "../nothing", ""])
def test_a_file_that_is_not_there_is_a_misconception(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Misconception) as found:
        checks.weights_file(name)
    assert found.value.code == "file-missing"


def test_a_cell_that_is_as_it_was_given_out_is_not_answered():
    with pytest.raises(NotImplementedError):
        checks.weights_file(None)


def test_what_is_no_name_is_told(capsys):
    with pytest.raises(Misconception, match="file's name, a str; got function") as found:
        checks.weights_file(lambda: "evening.safetensors")
    assert found.value.code == "wrong-result"


def test_the_check_tells_what_the_judge_measured(monkeypatch, capsys):
    measures = {"fruit": 0.9, "kept": 0.8, "found": 0.7}
    monkeypatch.setattr(weights_judge, "report", lambda name, judged: {"measures": measures})
    checks.weights_file("evening.safetensors")
    told = "validation images 90.0% of the fruit is right, 70.0% of the rotten are found"
    assert told in capsys.readouterr().out
