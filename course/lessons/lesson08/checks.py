"""Lesson 08, the capstone: the checks of its exercises.

fixtures.py has what they try answers on. diagnosis.py, training.py, thresholds.py and stored.py
name the thought behind a wrong result. weights_judge.py judges the file that is handed in, for
marks outside the learner's process.
"""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, modes, networks
from course.checking.batchnorm import watch
from course.checking.check import check, expect
from course.checking.misconception import Misconception, expect_something, unlike, wrong_result
from course.checking.values import number, reaches
from course.lessons.lesson08 import weights_judge
from course.lessons.lesson08.diagnosis import (
    check_frozen,
    check_heads_learn,
    check_new_heads,
    check_outputs,
    check_tensor_names,
)
from course.lessons.lesson08.fixtures import (
    even_features,
    made_up_images,
    scores_reached,
    small_model,
    tied_probabilities,
)
from course.lessons.lesson08.stored import check_names_in_file, check_values_in_file
from course.lessons.lesson08.thresholds import check_boundary, check_highest_threshold
from course.lessons.lesson08.training import (
    check_condition,
    check_finite,
    check_follows_labels,
    check_labels,
    check_what_moved,
)
from course.lessons.lesson08.weights_file import (
    WeightsRefused,
    check_dtypes,
    read_bytes,
    read_header,
)

# ---- three heads ---------------------------------------------------------------------------------


@check
def three_heads(
    answer: Callable, names: Sequence[str] = ("narrow resnet18", "narrow resnet34")
) -> str:
    """Exercise 1: do two new heads and the old one answer from one run of the frozen backbone?

    names: torchvision ResNets. Hidden: a ResNet-50, which has four times as many features.
    """
    for name in names:
        model = networks.as_if_used(networks.build(name))
        width = model.fc.in_features
        batches = [networks.images(name, 3), networks.images(name, 1)]
        with torch.no_grad():
            expected = [model.eval()(images) for images in batches]  # (3, 1000), (1, 1000)
        old = {"species.weight", "species.bias"}
        for path in model.state_dict():
            if not path.startswith("fc."):
                old.add(f"backbone.{path}")
        found = answer(model)
        expect(found, nn.Module, "an nn.Module")
        modes.expect_modes(found, name)
        check_tensor_names(name, found, old)
        check_new_heads(name, found, width)
        for images, logits in zip(batches, expected, strict=True):
            check_outputs(name, found.eval(), images, logits, width)
        check_frozen(name, found)
        check_heads_learn(name, found, batches[0])
    return (
        f"{' and '.join(names)}: three outputs from one run of the backbone, and the species "
        "logits are the same to the bit."
    )


# ---- training ------------------------------------------------------------------------------------

# The reference, over 10 seeds x {1, 2} threads: 1.00 and 1.00; the best wrong answer: 0.17 and 0.64
THRESHOLDS = {"fruit": 0.75, "rotten": 0.80}


@check
def train_heads(answer: Callable, width: int = 64, every: int = 10) -> str:
    """Exercise 2: does training the new heads leave the old network the same to the bit?

    width: number of features; one image in `every` is rotten. Hidden: another width, and one in
    five.
    """
    model = small_model(width)
    before = comparisons.snapshot(comparisons.tensors(model).items())
    condition = comparisons.condition_and_gradients(model)
    with watch(model) as seen:
        answer(model, *made_up_images(300, every, seed=1))
    check_what_moved(model, before, seen)
    check_condition(model, condition)
    check_finite(model)
    scores = scores_reached(model, every)
    told = (
        f"of 240 unseen images {scores['fruit']:.0%} have the right fruit, and "
        f"{scores['rotten']:.0%} of the pairs of a rotten and a fresh one are ranked right"
    )
    if not all(scores[head] >= required for head, required in THRESHOLDS.items()):
        told = (
            f"expected at least {THRESHOLDS['fruit']:.0%} of the fruit and "
            f"{THRESHOLDS['rotten']:.0%} of the pairs; {told}"
        )
        check_labels(model, every, told)
        if any(forward.training for forward in seen.forwards):
            raise Misconception(
                "batch-statistics-used",
                f"{told}. In the training the BatchNorms of the old network normalised with the "
                "statistics of each batch, so the heads have learnt from other features",
            )
        check_follows_labels(answer, width, every, told)
        raise Misconception("head-undertrained", told)
    return f"the old network is the same to the bit; {told}."


def score_heads(answer: Callable, target: str, width: int = 64, every: int = 10) -> float:
    """Return what a head that `answer` trains reaches on unseen images; target: see THRESHOLDS."""
    model = small_model(width)
    answer(model, *made_up_images(300, every, seed=1))
    return scores_reached(model, every)[target]


# ---- the threshold -------------------------------------------------------------------------------

# (images, rotten images, minimum recall); in floats 0.55 * 100 and 0.28 * 25 are above 55 and 7
CASES = ((200, 30, 0.85), (200, 28, 0.5), (400, 100, 0.55), (80, 10, 0.7))


@check
def pick_threshold(
    answer: Callable, cases: Sequence[tuple[int, int, float]] = CASES, seed: int = 0
) -> str:
    """Exercise 3: which is the highest threshold that finds a minimum share of the rotten images?

    Some of the probabilities are equal. Hidden: few images, one rotten one, all of them rotten, and
    a minimum recall of 1.
    """
    told = []
    for case, (count, positive, minimum) in enumerate(cases):
        probabilities, rotten = tied_probabilities(count, positive, seed + case)
        result = answer(probabilities.clone(), rotten.clone(), minimum)
        expect_something(result, "pick_threshold")
        found = number(result, "a threshold, one number")
        of_rotten = probabilities[rotten == 1].sort(descending=True).values
        needed = next(k for k in range(1, positive + 1) if reaches(k, positive, 100 * minimum))
        best = of_rotten[needed - 1].item()
        counts = check_highest_threshold(found, best, needed, probabilities, rotten, minimum)
        told.append(f"{counts.tp} of {counts.positive} found for a minimum recall of {minimum:g}")
    return f"{', '.join(told)}, and no higher threshold does that."


@check
def fold_threshold(
    answer: Callable,
    thresholds: Sequence[float] = (0.2, 0.35, 0.01, 0.99),
    width: int = 16,
    seed: int = 0,
) -> str:
    """Exercise 4: does the argmax of the new head change at a probability of `threshold`?

    width: number of features. For two logits argmax changes at a probability of one half; a bias
    moves that point by the logit of the threshold, log(t / (1 - t)). Two thresholds are near 0
    and 1. Hidden: other thresholds and another width.
    """
    for case, threshold in enumerate(thresholds):
        torch.manual_seed(seed + case)
        head = nn.Linear(width, 2)
        features, probabilities = even_features(head)
        found, changed = comparisons.changes_by(partial(answer, head, threshold), head)
        expect(found, nn.Module, "a head, an nn.Linear")
        if changed:
            raise Misconception("edited-in-place", f"the head that you were given: {changed[0]}")
        if not isinstance(found, nn.Linear) or found.weight.shape != head.weight.shape:
            kind, shape = type(found).__name__, tuple(getattr(found, "weight", head.weight).shape)
            raise wrong_result(
                f"expected an nn.Linear with a weight (2, {width}); got {kind}"
                + f" with a weight {shape}" * isinstance(found, nn.Linear)
            )
        for path, tensor in found.named_parameters():
            if not tensor.isfinite().all():
                raise wrong_result(
                    f"threshold {threshold:g}: expected finite parameters in the head that you "
                    f"return; {int((~tensor.isfinite()).sum())} of {tensor.numel()} numbers of "
                    f"{path} are NaN or infinite"
                )
        with torch.no_grad():
            # as the file's judge does: a hook, or a forward of the class's own, is in no file
            logits = F.linear(features.to(found.weight.dtype), found.weight, found.bias)
            calls = logits.argmax(1) == 1  # (N,)
        check_boundary(probabilities, calls, threshold)
    return (
        "argmax now says rotten above a probability of "
        f"{' or '.join(map(str, thresholds))}, and fresh below."
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
        _, changed = comparisons.changes_by(partial(answer, model, str(path)), model)
        if not path.exists():
            others = ", ".join(sorted(other.name for other in Path(folder).iterdir()))
            raise Misconception(
                "file-missing", f"expected a file at `path`, {path.name}; got {others or 'none'}"
            )
        try:
            data = read_bytes(path)
            header = read_header(data)
        except WeightsRefused as refused:
            raise Misconception(refused.code, refused.observed) from None
    check_names_in_file(header, model, keys)
    if changed:
        raise Misconception("edited-in-place", f"the model itself: {changed[0]}")
    try:
        check_dtypes(header)
    except WeightsRefused as refused:
        raise Misconception(refused.code, refused.observed) from None
    check_values_in_file(load(data), before)
    return (
        f"all {len(keys)} tensors are in the file, {len(data):,} bytes of safetensors, and the "
        "model is as it was."
    )


@check
def weights_file(name: str | None, hidden: bool = False) -> str:
    """Exercise 6: is the file beside the notebook what the brief asks for?

    It is judged on the validation images. Hidden: on images drawn with weights_judge.HIDDEN_SEED,
    which no learner has if the copy that grades has another seed. The check cell has the tag
    `judge-outside`: for marks this runs where no line of the learner's code has run, so nobody can
    put another judge in its place.
    """
    if name is None:  # as the cell was given out
        raise NotImplementedError
    if not issubclass(type(name), str):
        kind = type(name).__name__
        raise unlike(name, f"expected `weights_file` to be the file's name, a str; got {kind}")
    if Path(name).name != name or name in ("", ".."):
        raise Misconception(
            "file-missing",
            f"expected the name of a file beside this notebook, without a folder; got {name!r}",
        )
    report = weights_judge.report(name, weights_judge.hidden() if hidden else None)
    if "code" in report:
        raise Misconception(report["code"], report["observed"])
    where = "the hidden images" if hidden else "the validation images"
    fruit, kept, found = (100 * report["measures"][key] for key in ("fruit", "kept", "found"))
    return (
        f"the old network is the same to the bit; on {where} {fruit:.1f}% of the fruit is right, "
        f"{found:.1f}% of the rotten are found, {kept:.1f}% of the fresh are kept."
    )
