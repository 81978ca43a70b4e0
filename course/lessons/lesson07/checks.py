"""Lesson 07, the capstone: what its exercises ask. weights_judge.py judges the file; for marks, in a process of its own."""

import copy
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

from course.checking import comparisons, networks
from course.checking.batchnorm import batchnorms, watch, why_statistics_moved
from course.checking.check import check, expect
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson07 import weights_judge

PARTS = ("backbone", "species", "fruit", "rotten")
# as it was before any answer ran; one thread, because drawing multiplies small matrices, over which two threads wait for each other
ENVIRONMENT = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
PATIENCE = 120  # seconds; the judge takes about five


# ---- three heads -----------------------------------------------------------------------------------------------------------


@check
def three_heads(answer, names=("resnet18", "resnet34")):
    for name in names:
        model = networks.build(name)
        x, width = networks.images(name, 3), model.fc.in_features
        with torch.no_grad():
            expected = model.eval()(x)
        wanted = {
            f"backbone.{path}" for path in model.state_dict() if not path.startswith("fc.")
        } | {"species.weight", "species.bias"}
        found = answer(model)
        expect(found, nn.Module, "an nn.Module")
        judge_parts(name, found, wanted)
        convolution, calls = (
            next(layer for layer in found.backbone.modules() if isinstance(layer, nn.Conv2d)),
            [],
        )
        hook = convolution.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        with torch.no_grad():
            result = found.eval()(x)
        hook.remove()
        shapes = (
            [tuple(t.shape) for t in result]
            if isinstance(result, tuple | list)
            else type(result).__name__
        )
        if shapes != [(3, 1000), (3, 6), (3, 2)]:
            raise wrong_result(
                f"three pictures through your model on {name} give {shapes}; asked are the logits of "
                "species, fruit and rotten, (3, 1000), (3, 6) and (3, 2)"
            )
        first = next(
            (layer for layer in found.fruit.modules() if isinstance(layer, nn.Linear)), None
        )
        if first is not None and first.in_features == 1000 != width:
            raise Misconception(
                "stacked-on-logits",
                f"{name}: the fruit head reads the 1000 species logits; the features are {width}",
            )
        if not torch.equal(result[0], expected):
            raise Misconception(
                "old-head-changed",
                f"{name}: the species logits are off by up to {(result[0] - expected).abs().max():.2g}",
            )
        if len(calls) > 1:
            raise Misconception(
                "backbone-run-twice",
                f"{name}: for one batch the first convolution ran {len(calls)} times",
            )
        if comparisons.are_probabilities(result[1]) or comparisons.are_probabilities(result[2]):
            raise Misconception(
                "softmax-in-the-head",
                f"{name}: a new head gives probabilities, which sum to 1; asked are logits",
            )
        judge_freezing(name, found)
    return f"{' and '.join(names)}: three answers from one run of the backbone, the old one the same to the bit."


def judge_parts(name, found, wanted):
    """Whether the module's tensors are called as the brief asks: those of the old network `wanted`, and two heads of any make."""
    names = set(found.state_dict())
    missing = sorted(wanted - names) + [
        f"{part}.weight" for part in PARTS[2:] if not any(n.startswith(f"{part}.") for n in names)
    ]
    extra = sorted(n for n in names - wanted if not n.startswith(("fruit.", "rotten.")))
    if missing:
        lost = f"; in its place there is {extra[0]}" if extra else ""
        raise Misconception(
            "tensors-missing",
            f"{name}: the state_dict has no {missing[0]}, one of {len(missing)} that are missing{lost}",
        )
    if extra:
        what = f"{name}: the state_dict has {extra[0]}, one of {len(extra)} that the brief does not know"
        raise Misconception("tensors-extra", what)


def judge_freezing(name, found):
    loose = [
        path
        for path, p in found.named_parameters()
        if p.requires_grad and not path.startswith(("fruit.", "rotten."))
    ]
    silent = [
        path
        for path, p in found.named_parameters()
        if not p.requires_grad and path.startswith(("fruit.", "rotten."))
    ]
    if loose:
        what = f"{name}: of the old network {len(loose)} tensors require a gradient, {loose[0]} among them"
        raise Misconception("backbone-not-frozen", what)
    if silent:
        raise Misconception(
            "froze-the-new-head", f"{name}: {silent[0]} does not require a gradient"
        )


# ---- training --------------------------------------------------------------------------------------------------------------

FLOORS = {
    "fruit": 0.75,
    "rotten": 0.80,
}  # reference over 10 seeds x {1, 2} threads: 1.00 and 1.00; best wrong answer 0.17 and 0.64


class Small(nn.Module):
    """A quick stand-in for the capstone's model: BatchNorm and Dropout in the backbone, `width` features, three heads."""

    def __init__(self, width):
        super().__init__()
        self.backbone = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(3, 16, 3, stride=2),
                norm1=nn.BatchNorm2d(16),
                relu1=nn.ReLU(),
                pool=nn.AdaptiveAvgPool2d(2),
                flatten=nn.Flatten(),
                linear=nn.Linear(64, width),
                norm2=nn.BatchNorm1d(width),
                relu2=nn.ReLU(),
                drop=nn.Dropout(0.1),
            )
        )
        self.species, self.fruit, self.rotten = (
            nn.Linear(width, 20),
            nn.Linear(width, 6),
            nn.Linear(width, 2),
        )

    def forward(self, images):
        features = self.backbone(images)  # (B, width)
        return self.species(features), self.fruit(features), self.rotten(features)


def small(width=64, seed=3):
    """A Small whose backbone and old head are frozen, with statistics of other pictures; in train mode."""
    torch.manual_seed(seed)
    model = Small(width).train()
    for _, norm in batchnorms(model):
        norm.momentum = None
    with torch.no_grad():
        model(1.3 * lamplight(64, 4, seed + 1)[0] + 0.3)
    for _, norm in batchnorms(model):
        norm.momentum = 0.1
    model.backbone.requires_grad_(False)
    model.species.requires_grad_(False)
    return model


def lamplight(count, every, seed):
    """(images (N, 3, 12, 12), fruit, rotten): six colours under noise; the rotten ones, one in `every`, have a stain in a corner."""
    r = torch.Generator().manual_seed(seed)
    hues = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1.0]])
    fruit, rotten = torch.arange(count) % 6, (torch.arange(count) // 6 % every == every - 1).long()
    images = (
        2 * hues[fruit][:, :, None, None] + 0.7 * torch.randn(count, 3, 12, 12, generator=r) - 1
    )
    images[:, :, 6:, 6:] -= 2 * rotten[:, None, None, None]
    return images, fruit, rotten


def ranking(scores, rotten):
    """The share of pairs of a rotten and a fresh picture in which the rotten one has the higher score."""
    pairs = scores[rotten == 1][:, None] - scores[rotten == 0][None]
    return ((pairs > 0).float() + 0.5 * (pairs == 0).float()).mean().item()


def score_heads(answer, target, width=64, every=10):
    """What the answer's heads reach on unseen pictures: accuracy for "fruit", ranking for "rotten"."""
    model = small(width)
    answer(model, *lamplight(300, every, seed=1))
    return reached(model, every)[target]


def reached(model, every):
    images, fruit, rotten = lamplight(240, every, seed=2)
    with torch.no_grad():
        _, fruit_logits, rotten_logits = model.eval()(images)
    scores = rotten_logits[:, 1] - rotten_logits[:, 0]
    return {
        "fruit": (fruit_logits.argmax(1) == fruit).float().mean().item(),
        "rotten": ranking(scores, rotten),
    }


@check
def train_heads(answer, width=64, every=10):
    model = small(width)
    before = comparisons.snapshot(comparisons.tensors(model).items())
    with watch(model) as seen:
        answer(model, *lamplight(300, every, seed=1))
    moved = comparisons.moved_since(model, before)
    old = [
        path
        for path in moved
        if path.startswith(("backbone.", "species.")) and not path.endswith("num_batches_tracked")
    ]
    if old:
        statistics = [path for path in old if path.endswith(("running_mean", "running_var"))]
        path = next((p for p in old if p not in statistics), old[0])
        far = (comparisons.tensors(model)[path] - before[path]).abs().max()
        code = (
            why_statistics_moved(model, old, seen)
            if len(statistics) == len(old)
            else "backbone-not-frozen"
        )
        raise Misconception(
            code,
            f"{path} moved by up to {far:.2g}; of the old network's tensors {len(old)} moved in all",
        )
    for head in FLOORS:
        if not any(path.startswith(f"{head}.") for path in moved):
            raise Misconception("head-left-out", f"no tensor of model.{head} has moved")
    scores = reached(model, every)
    told = (
        f"of 240 unseen pictures {scores['fruit']:.0%} have the right fruit, and of the pairs of a rotten and a fresh one "
        f"{scores['rotten']:.0%} are ranked right"
    )
    if any(scores[head] < FLOORS[head] for head in FLOORS):
        told += f"; asked are {FLOORS['fruit']:.0%} and {FLOORS['rotten']:.0%}"
        if scores["rotten"] < 0.3:
            raise wrong_result(
                f"{told}. Far below one half means that fresh and rotten are exchanged"
            )
        raise Misconception("head-undertrained", told)
    return f"the old network is the same to the bit; {told}."


# ---- the threshold ---------------------------------------------------------------------------------------------------------


@check
def pick_threshold(answer, floors=(0.85, 0.5), count=200, seed=0):
    r = torch.Generator().manual_seed(seed)
    said = []
    for floor in floors:
        rotten = (torch.rand(count, generator=r) < 0.15).long()
        scores = torch.sigmoid(2 * torch.randn(count, generator=r) + 2.5 * rotten - 2)
        result = answer(scores.clone(), rotten.clone(), floor)
        if result is None:
            raise Misconception("nothing-returned", "pick_threshold gave None")
        try:
            found = float(result)
        except (TypeError, ValueError):
            raise wrong_result(f"asked is a number; you return {type(result).__name__}") from None
        positives = scores[rotten == 1].sort(descending=True).values
        best = positives[math.ceil(floor * len(positives)) - 1]
        flagged, asked = scores >= found - 1e-7, scores >= best
        recall, alarms = (
            (flagged & (rotten == 1)).sum() / rotten.sum(),
            int((flagged & (rotten == 0)).sum()),
        )
        told = f"floor {floor}: from your {found:.3f} on, {recall:.0%} of {len(positives)} rotten ones are found, with {alarms} false alarms"
        if recall < floor:
            precision = (flagged & (rotten == 1)).sum() / max(1, int(flagged.sum()))
            what = f"{told}; of those that you flag {precision:.0%} are rotten, which is another question"
            raise Misconception("threshold-misses-floor", what)
        if not torch.equal(flagged, asked):
            raise Misconception(
                "lower-than-needed",
                f"{told}; {best:.3f} reaches the floor with {int((asked & (rotten == 0)).sum())}",
            )
        said.append(f"{recall:.0%} found for a floor of {floor:.0%}")
    return f"{', '.join(said)}, and no threshold above yours does that."


@check
def fold_threshold(answer, thresholds=(0.2, 0.35), width=16, seed=0):
    for number, threshold in enumerate(thresholds):
        torch.manual_seed(seed + number)
        head, features = nn.Linear(width, 2), 3 * torch.randn(2000, width)
        given, twin = copy.deepcopy(head), head
        found = answer(head, threshold)
        expect(found, nn.Module, "a head, an nn.Linear")
        if comparisons.moved_since(twin, comparisons.snapshot(given.named_parameters())):
            raise Misconception(
                "edited-in-place", "the head that you were given has changed: work on a copy"
            )
        if not isinstance(found, nn.Linear) or found.weight.shape != head.weight.shape:
            raise wrong_result(
                f"asked is Linear({width}, 2), which the file has room for; you return {found}"
            )
        with torch.no_grad():
            p, calls = given(features).softmax(1)[:, 1], found(features).argmax(1) == 1
        sure = (p - threshold).abs() > 1e-3
        if not torch.equal(calls[sure], (p >= threshold)[sure]):
            judge_boundary(p, calls, threshold)
    return f"argmax now says rotten exactly where the probability is at least {' or '.join(map(str, thresholds))}."


def judge_boundary(p, calls, threshold):
    """Where a wrongly folded head changes its mind, as the probability that the given head would say there."""
    ends = (
        p[calls].min().item() if calls.any() else 1.0,
        p[~calls].max().item() if (~calls).any() else 0.0,
    )
    if abs(ends[0] - ends[1]) > 0.05:
        raise wrong_result(
            f"threshold {threshold}: your head calls pictures rotten from {ends[0]:.2f} on, and fresh up to {ends[1]:.2f}"
        )
    told = f"threshold {threshold}: your head calls a picture rotten from a probability of {ends[0]:.2f} on"
    if abs(ends[0] - (1 - threshold)) < 0.01:
        raise Misconception("threshold-upside-down", told)
    if abs(ends[0] - 0.5) < 0.01:
        raise Misconception("threshold-not-folded", told)
    raise Misconception("probability-for-logit", told)


# ---- the file --------------------------------------------------------------------------------------------------------------


@check
def hand_in(answer, width=24, seed=5):
    model = small(width, seed)
    before, keys = comparisons.snapshot(comparisons.tensors(model).items()), set(model.state_dict())
    kinds = {name: tensor.dtype for name, tensor in comparisons.tensors(model).items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        answer(model, str(path))
        try:
            data = weights_judge.read_bytes(path)
            header = weights_judge.read_header(data)
        except weights_judge.Refused as refused:
            raise Misconception(refused.code, refused.observed) from None
    missing, extra = sorted(keys - set(header)), sorted(set(header) - keys)
    if missing:
        buffers = {name for name, _ in model.named_buffers()}
        code = "parameters-only" if set(missing) <= buffers else "tensors-missing"
        raise Misconception(
            code,
            f"the file holds {len(header)} of {len(keys)} tensors; {missing[0]} is not among them",
        )
    if extra:
        raise Misconception(
            "tensors-extra", f"the file holds {extra[0]}, which the model's state_dict does not"
        )
    changed = [
        name for name, tensor in comparisons.tensors(model).items() if tensor.dtype != kinds[name]
    ] or comparisons.moved_since(model, before)
    if changed:
        now = comparisons.tensors(model)[changed[0]]
        what = (
            f"is {now.dtype}, and was {kinds[changed[0]]}"
            if now.dtype != kinds[changed[0]]
            else "holds other numbers than before"
        )
        raise Misconception(
            "edited-in-place", f"after saving, {changed[0]} of the model itself {what}"
        )
    for name, entry in header.items():
        asked = ("I64",) if name.endswith("num_batches_tracked") else ("F16", "F32")
        if entry["dtype"] not in asked:
            raise Misconception(
                "wrong-dtype",
                f"{name} is stored as {entry['dtype']}; asked is {' or '.join(asked)}",
            )
    stored = weights_judge.safetensors.torch.load(data)
    for name, tensor in stored.items():
        if tensor.shape != before[name].shape or not torch.allclose(
            tensor.float(), before[name].float(), rtol=2e-3, atol=1e-4
        ):
            raise wrong_result(f"{name} in the file is not {name} of the model")
    return f"all {len(keys)} tensors are in the file, {len(data):,} bytes of safetensors, and the model is as it was."


@check
def weights_file(answer, seed=None):
    name = answer()
    expect(name, str | Path, "the file's name, a string")
    name = str(name)
    if Path(name).name != name or name in ("", ".."):
        raise Misconception(
            "file-missing",
            f"{name!r} is a path: asked is the name of a file that lies beside this notebook",
        )
    report = weights_judge.report(name) if seed is None else ask_judge(Path.cwd() / name, seed)
    if "code" in report:
        raise Misconception(report["code"], report["observed"])
    fruit, kept, found = (report["measures"][key] for key in ("fruit", "kept", "found"))
    where = "the validation pictures" if seed is None else "pictures that nobody has seen"
    told = f"{fruit:.0%} fruit right, {found:.0%} of the rotten found, {kept:.0%} of the fresh kept"
    return f"the old network is the same to the bit; on {where} {told}."


def ask_judge(path, seed):
    """The judge's report on a file, from a process that has not run a line of the learner's code. RuntimeError where it cannot be had."""
    command = [sys.executable, "-I", "-m", weights_judge.__name__, str(path), "--seed", str(seed)]
    try:
        done = subprocess.run(
            command, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE
        )
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"the judge did not answer within {PATIENCE} s: run the check again on an idle machine"
        ) from None
    except ValueError:
        raise RuntimeError(
            f"the judge could not start, which is not your fault: {done.stderr.strip()[-300:]}"
        ) from None
