"""What checks say about wrong answers that have no misconception of their own: the real reason."""

import importlib

import pytest

from course.authoring.thresholds import answer
from course.checking.misconception import Misconception
from course.paths import ANSWERS

REASONS = [
    ("00-start-here", "count-parameters", "moved-to-meta", "device was cpu and is meta"),
    ("00-start-here", "count-parameters", "only-weight-and-bias", "shape (): expected 9; got 8"),
    ("01-replace-the-head", "fruit-head", "statistics-reset", "were reset to those of a new layer"),
    ("01-replace-the-head", "prepare", "optimizer-holds-copies", "such as copies"),
    ("01-replace-the-head", "prepare", "ten-for-ever", "give (2, 10); expected (2, 6)"),
    (
        "01-replace-the-head",
        "choose-learning-rate",
        "rounded-to-two-decimals",
        "only if rounded to two decimals",
    ),
    ("02-freeze", "two-learning-rates", "swapped", "got them exchanged"),
    ("03-batchnorm-trap", "batchnorm-paths", "one-exact-type", "1 WithOffset (a subclass of"),
    ("03-batchnorm-trap", "batchnorm-paths", "one-exact-type", "2 BatchNorm1d"),
    ("04-shared-or-copied", "shared-tensors", "frozen-left-out", "a frozen parameter is in memory"),
    ("04-shared-or-copied", "untie", "copies-of-the-first", "all 5 are copies of branch 1"),
    ("04-shared-or-copied", "untie", "in-reversed-order", "the branches are in reversed order"),
    (
        "04-shared-or-copied",
        "five-targets",
        "new-convolutions-in-branches",
        "of target 2 has other",
    ),
    ("05-two-heads-one-loss", "only", "one-name-after-the-other", "a tomato has the label 1"),
    ("05-two-heads-one-loss", "only", "rotten-before-fruit", "rotten before fruit"),
    ("05-two-heads-one-loss", "start-weights", "sorted", "are in another order"),
    ("05-two-heads-one-loss", "choose", "nan-is-not-below", "Fruit is NaN"),
    ("05-two-heads-one-loss", "two-heads", "head-frozen", "of the heads: expected requires_grad"),
    ("05-two-heads-one-loss", "two-heads", "swapped", "The logits of fruit come first"),
    ("05-two-heads-one-loss", "train-both", "fresh-and-rotten-exchanged", "fewer than by guessing"),
    ("06-metrics", "confusion", "int16", "torch.int16 holds numbers up to 32767"),
    ("07-honest-scores", "bootstrap-interval", "half-of-the-images", "half as many elements"),
    ("07-honest-scores", "bootstrap-interval", "ninety-per-cent", "the quantiles 5.0% and 95.0%"),
    ("07-honest-scores", "depends-on-test", "both-at-once", "changed both at once"),
    ("07-honest-scores", "depends-on-test", "close-is-equal", "by less than 0.001"),
    ("07-honest-scores", "fit", "nan-ends-it", "as if NaN ends the training"),
    ("07-honest-scores", "fit", "state-of-the-epoch-before", "state of epoch 2, the one before"),
    ("07-honest-scores", "fit", "without-end", "asks for 10 epochs at most"),
    ("07-honest-scores", "fit", "parameters-of-the-epoch-before", "have the values of epoch 2"),
    ("07-honest-scores", "fit", "parameters-only", "have the values of epoch"),
    ("07-honest-scores", "standardised", "std-above-zero", "compare values"),
    ("08-capstone", "hand-in", "counts_in_half", "is stored as float16; expected int64"),
    ("08-capstone", "three-heads", "other_order", "in another order"),
    ("09-adapt-gently", "add-group", "factor-of-now-for-ever", "keeps the learning rate that it"),
    ("09-adapt-gently", "add-group", "one-behind", "rates of epoch 1; this is epoch 2"),
    ("09-adapt-gently", "add-group", "one-rate-for-all", "each keeps its own `initial_lr`"),
    ("09-adapt-gently", "add-group", "steps-the-scheduler", "only the caller makes steps"),
    ("09-adapt-gently", "adapter-state", "scratch-too", "your dict also has scratch"),
    ("09-adapt-gently", "layerwise-groups", "stem-left-out", "2 more are in no group"),
    ("09-adapt-gently", "low-rank", "the-class", "the class LowRank: return an object of it"),
    ("09-adapt-gently", "two-stage", "one-rate", "Both calls got "),
    ("09-adapt-gently", "two-stage", "rates-swapped", "The two are exchanged"),
    ("10-your-own-photographs", "interval", "group_of_a_drawn_photo", "the more photos they have"),
    ("10-your-own-photographs", "interval", "last_group_never_drawn", "is drawn 0 times"),
    ("10-your-own-photographs", "open-photo", "alpha_of_zero_alone", "pixels; at row"),
    ("10-your-own-photographs", "with-branch", "no_copy_of_layer4", "layer4 was not copied"),
    ("10-your-own-photographs", "open-photo", "blue_first", "in the order blue, green, red"),
    ("10-your-own-photographs", "open-photo", "empty_canvas", "Every pixel is [0, 0, 0]"),
    ("10-your-own-photographs", "open-photo", "scaled_to_one", "Every value is 0 or 1"),
]


@pytest.mark.parametrize("lesson, exercise, name, reason", REASONS)
def test_the_real_reason_is_told(lesson, exercise, name, reason):
    text = (ANSWERS / lesson / "wrong" / exercise / f"{name}.py").read_text(encoding="utf-8")
    checks = importlib.import_module(f"course.lessons.lesson{lesson[:2]}.checks")
    check = getattr(checks, exercise.replace("-", "_"))
    with pytest.raises(Misconception) as wrong:
        check(answer(lesson, exercise, text))
    assert reason in wrong.value.observed
