"""The thought behind a wrong threshold, exercises 3 and 4 of lesson 08."""

import math

import torch
from torch import Tensor

from course.checking.binary import BinaryCounts, count_binary
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import near


def check_highest_threshold(
    found: float, best: float, needed: int, probabilities: Tensor, rotten: Tensor, minimum: float
) -> BinaryCounts:
    """Check a threshold on probabilities (N,), and return the counts that it gives.

    best: the highest threshold with which the recall of rotten (N,) reaches `minimum`, because
    `needed` rotten ones are found.
    """
    slack = 1e-6  # a threshold may be rounded to single precision
    counts = count_binary(probabilities >= found - slack, rotten)
    told = (
        f"minimum recall {minimum:g}: your threshold {found:.4f} finds {counts.tp} of "
        f"{counts.positive} rotten images; false alarms: {counts.fp}"
    )
    if not 0 <= found <= 1:
        told += "; no probability is outside 0 to 1, so it may be a place in a list"
    if counts.tp < needed:
        raise Misconception("threshold-misses-recall", f"{told}; {needed} are needed")
    if near(found, best, slack):
        return counts
    told += f"; a higher threshold, {best:.4f}, finds enough as well"
    in_floats = math.ceil(minimum * counts.positive)
    if in_floats != needed and counts.tp == in_floats:
        raise Misconception(
            "share-in-floats",
            f"{told}: {needed}. In floating point {minimum:g} * {counts.positive} is "
            f"{minimum * counts.positive!r}, which ceil rounds up to {in_floats}",
        )
    alarms = count_binary(probabilities >= best, rotten).fp
    told += f"; false alarms: {alarms}"
    single = torch.tensor(needed / counts.positive, dtype=torch.float32).item()
    if single < minimum and counts.tp > needed:
        told += (
            f". In single precision {needed} / {counts.positive} is {single:.8f}, which is below "
            f"{minimum:g}"
        )
    raise Misconception("lower-than-needed", told)


def check_boundary(probabilities: Tensor, calls: Tensor, threshold: float) -> None:
    """Check that `calls` (N,) are True for rotten where `probabilities` (N,) exceed a threshold.

    The probabilities are those of the head that was given, in ascending order; the calls follow
    from weight and bias of the folded head. Within 0.0002 of the threshold rounding may decide.
    """
    sure = (probabilities - threshold).abs() > 2e-4
    if torch.equal(calls[sure], (probabilities > threshold)[sure]):
        return
    told = f"threshold {threshold:g}: by its weight and bias your head calls"
    count = int(calls.sum())
    if count in (0, len(calls)):
        raise wrong_result(
            f"{told} every image {'rotten' if count else 'fresh'}, at probabilities from "
            f"{probabilities[0]:.4f} to {probabilities[-1]:.4f}; expected rotten above "
            f"{threshold:g}, fresh below"
        )
    if not calls[-count:].all():
        raise wrong_result(
            f"{told} images rotten at probabilities from {probabilities[calls].min():.3f} to "
            f"{probabilities[calls].max():.3f}, and fresh from {probabilities[~calls].min():.3f} "
            f"to {probabilities[~calls].max():.3f}; expected rotten only above {threshold:g}"
        )
    lowest = probabilities[-count].item()
    told += (
        f" an image rotten from a probability of {lowest:.3f} on; expected from {threshold:g} on"
    )
    if near(lowest, 1 - threshold, 2e-3):
        raise Misconception("threshold-upside-down", told)
    if near(lowest, 0.5, 2e-3):
        raise Misconception("threshold-not-folded", told)
    for shift in (threshold, -threshold, 0.5 - threshold, threshold - 0.5, math.log(threshold)):
        if near(lowest, 1 / (1 + math.exp(-shift)), 2e-3):
            raise Misconception("probability-for-logit", told)
    logit = math.log(threshold / (1 - threshold))
    for base, name in ((2, "log2"), (10, "log10")):
        if near(lowest, 1 / (1 + math.exp(-logit / math.log(base))), 2e-3):
            told += f". Yours is what {name} gives; softmax is made of exp, whose inverse is log"
    raise wrong_result(told)
