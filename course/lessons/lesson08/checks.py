"""Lesson 08, the capstone: the checks of its exercises.

fixtures.py has what they try answers on; diagnosis.py names the thought behind a wrong result;
weights_judge.py judges the file that is handed in, for marks outside the learner's process.
"""

import copy
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load
from torch import nn

from course.checking import comparisons, networks
from course.checking.batchnorm import watch
from course.checking.check import check, expect
from course.checking.misconception import Misconception, expect_something, unlike, wrong_result
from course.checking.values import number
from course.lessons.lesson08 import weights_judge
from course.lessons.lesson08.diagnosis import (
    check_boundary,
    check_frozen,
    check_highest_threshold,
    check_logits,
    check_model_unchanged,
    check_names_in_file,
    check_tensor_names,
    check_values_in_file,
    check_what_moved,
)
from course.lessons.lesson08.fixtures import made_up_pictures, scores_reached, small_model

# ---- three heads ---------------------------------------------------------------------------------


@check
def three_heads(answer: Callable, names: Sequence[str] = ("resnet18", "resnet34")) -> str:
    """Exercise 1: do two new heads and the old one answer from one run of the frozen backbone?

    names: torchvision ResNets. Hidden: ResNet-50, whose features are 2048 and not 512.
    """
    for name in names:
        model = networks.build(name)
        images, width = networks.images(name, 3), model.fc.in_features
        with torch.no_grad():
            expected = model.eval()(images)  # (3, 1000)
        old = {"species.weight", "species.bias"}
        for path in model.state_dict():
            if not path.startswith("fc."):
                old.add(f"backbone.{path}")
        found = answer(model)
        expect(found, nn.Module, "an nn.Module")
        check_tensor_names(name, found, old)
        runs = []
        convolutions = (m for m in found.backbone.modules() if isinstance(m, nn.Conv2d))
        hook = next(convolutions).register_forward_hook(lambda *_, runs=runs: runs.append(1))
        with torch.no_grad():
            outputs = found.eval()(images)
        hook.remove()
        check_logits(name, found, outputs, expected, width)
        if len(runs) > 1:
            raise Misconception(
                "backbone-run-twice",
                f"{name}: for one batch the first convolution ran {len(runs)} times",
            )
        if any(comparisons.are_probabilities(logits) for logits in outputs[1:]):
            raise Misconception(
                "softmax-in-the-head",
                f"{name}: a new head gives probabilities, which sum to 1; expected logits",
            )
        check_frozen(name, found)
    return (
        f"{' and '.join(names)}: three answers from one run of the backbone, the old one the same "
        "to the bit."
    )


# ---- training ------------------------------------------------------------------------------------

# The reference, over 10 seeds x {1, 2} threads: 1.00 and 1.00; the best wrong answer: 0.17 and 0.64
FLOORS = {"fruit": 0.75, "rotten": 0.80}


@check
def train_heads(answer: Callable, width: int = 64, every: int = 10) -> str:
    """Exercise 2: does training the new heads leave the old network the same to the bit?

    width: number of features; one picture in `every` is rotten. Hidden: another width, and one
    in five.
    """
    model = small_model(width)
    before = comparisons.snapshot(comparisons.tensors(model).items())
    with watch(model) as seen:
        answer(model, *made_up_pictures(300, every, seed=1))
    check_what_moved(model, before, seen)
    scores = scores_reached(model, every)
    told = (
        f"of 240 unseen pictures {scores['fruit']:.0%} have the right fruit, and of the pairs of a "
        f"rotten and a fresh one {scores['rotten']:.0%} are ranked right"
    )
    if any(scores[head] < floor for head, floor in FLOORS.items()):
        told += f"; expected {FLOORS['fruit']:.0%} and {FLOORS['rotten']:.0%}"
        if scores["rotten"] < 0.3:
            raise wrong_result(
                f"{told}. Far below one half means that fresh and rotten are exchanged"
            )
        raise Misconception("head-undertrained", told)
    return f"the old network is the same to the bit; {told}."


def score_heads(answer: Callable, target: str, width: int = 64, every: int = 10) -> float:
    """Return what a head that `answer` trains reaches on unseen pictures; target: one of FLOORS."""
    model = small_model(width)
    answer(model, *made_up_pictures(300, every, seed=1))
    return scores_reached(model, every)[target]


# ---- the threshold -------------------------------------------------------------------------------


@check
def pick_threshold(
    answer: Callable, floors: Sequence[float] = (0.85, 0.5), count: int = 200, seed: int = 0
) -> str:
    """Exercise 3: which is the highest threshold that finds a share `floor` of the rotten ones?

    count: pictures. Hidden: fewer pictures, and floors that need rounding, one of them 1.
    """
    r = torch.Generator().manual_seed(seed)
    told = []
    for floor in floors:
        rotten = (torch.rand(count, generator=r) < 0.15).long()
        scores = torch.sigmoid(2 * torch.randn(count, generator=r) + 2.5 * rotten - 2)
        result = answer(scores.clone(), rotten.clone(), floor)
        expect_something(result, "pick_threshold")
        found = number(result, "a number")
        of_rotten = scores[rotten == 1].sort(descending=True).values
        best = of_rotten[math.ceil(floor * len(of_rotten)) - 1].item()
        recall = check_highest_threshold(found, best, scores, rotten, floor)
        told.append(f"{recall:.0%} found for a floor of {floor:.0%}")
    return f"{', '.join(told)}, and no threshold above yours does that."


@check
def fold_threshold(
    answer: Callable,
    thresholds: Sequence[float] = (0.2, 0.35),
    width: int = 16,
    seed: int = 0,
) -> str:
    """Exercise 4: does the argmax of a new head say rotten exactly from a threshold on?

    width: number of features. For two logits argmax changes at a probability of one half; a bias
    moves that point by the logit of the threshold, log(t / (1 - t)). Hidden: thresholds above one
    half and near 0, and another width.
    """
    for case, threshold in enumerate(thresholds):
        torch.manual_seed(seed + case)
        head = nn.Linear(width, 2)
        features = 3 * torch.randn(2000, width)
        original = copy.deepcopy(head)
        found = answer(head, threshold)
        expect(found, nn.Module, "a head, an nn.Linear")
        if comparisons.moved_since(head, comparisons.snapshot(original.named_parameters())):
            raise Misconception(
                "edited-in-place", "the head that you were given has changed: work on a copy"
            )
        if not isinstance(found, nn.Linear) or found.weight.shape != head.weight.shape:
            raise wrong_result(
                f"expected Linear({width}, 2), which the file has room for; you return {found}"
            )
        with torch.no_grad():
            probabilities = original(features).softmax(1)[:, 1]  # (2000,)
            calls = found(features).argmax(1) == 1
        check_boundary(probabilities, calls, threshold)
    return (
        "argmax now says rotten exactly where the probability is at least "
        f"{' or '.join(map(str, thresholds))}."
    )


# ---- the file ------------------------------------------------------------------------------------


@check
def hand_in(answer: Callable, width: int = 24, seed: int = 5) -> str:
    """Exercise 5: does the file hold all tensors of the state_dict, in half or single precision?

    width: number of features. Hidden: another width and other weights.
    """
    model = small_model(width, seed)
    before = comparisons.snapshot(comparisons.tensors(model).items())
    keys = set(model.state_dict())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        answer(model, str(path))
        try:
            data = weights_judge.read_bytes(path)
            header = weights_judge.read_header(data)
        except weights_judge.WeightsRefused as refused:
            raise Misconception(refused.code, refused.observed) from None
    check_names_in_file(header, model, keys)
    check_model_unchanged(model, before)
    try:
        weights_judge.check_dtypes(header)
    except weights_judge.WeightsRefused as refused:
        raise Misconception(refused.code, refused.observed) from None
    check_values_in_file(load(data), before)
    return (
        f"all {len(keys)} tensors are in the file, {len(data):,} bytes of safetensors, and the "
        "model is as it was."
    )


@check
def weights_file(name: str | None, seed: int | None = None) -> str:
    """Exercise 6: is the file that lies beside the notebook what the brief asks for?

    Without a seed the judge looks at the validation pictures. Hidden: with a seed it draws pictures
    that nobody has seen. The check cell has the tag `judge-outside`: for marks this runs where no
    line of the learner's code has run, so nobody can put another judge in its place.
    """
    if name is None:  # as the cell was given out
        raise NotImplementedError
    if not issubclass(type(name), str):
        kind = type(name).__name__
        raise unlike(name, f"expected the file's name, a string; `weights_file` is a {kind}")
    if Path(name).name != name or name in ("", ".."):
        raise Misconception(
            "file-missing",
            f"{name!r} is a path: expected the name of a file that lies beside this notebook",
        )
    report = weights_judge.report(name, seed)
    where = "the validation pictures" if seed is None else "pictures that nobody has seen"
    if "code" in report:
        raise Misconception(report["code"], report["observed"])
    fruit, kept, found = (report["measures"][key] for key in ("fruit", "kept", "found"))
    return (
        f"the old network is the same to the bit; on {where} {fruit:.0%} fruit right, "
        f"{found:.0%} of the rotten found, {kept:.0%} of the fresh kept."
    )
