"""How far heads follow the labels that they were trained on.

A head that is no better than a guess was trained too little, or it was trained on labels that are
not those of its images. The checks of lessons 01, 05 and 08 tell the two apart: they train it again
with other labels, and look whether its logits follow.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

# Heads of usual trainings, even of one small step, have a `label_effect` of 0.32 to 0.71; heads
# that learnt shuffled labels have at most 0.21.
FOLLOWS_LABELS = 0.26

Two = tuple[Tensor, Tensor]


def why_too_few_right(logits_after: Callable[[Tensor], Tensor], labels: Tensor, known: int) -> str:
    """Return the code of the misconception behind a head that gets too few images right.

    logits_after: trains a head with the labels (N,) that it gets, and returns its logits
    (N, classes) for the images of the training. known: how many of these the head got right.
    """
    both = labels, labels.flip(0)
    logits = []
    for each in both:
        torch.manual_seed(0)
        logits.append(logits_after(each.clone()))
    effect = label_effect((logits[0], logits[1]), both)
    if effect is None:
        return "head-not-trained"
    guessed = share_by_guessing(len(labels), len(labels.unique()))
    if effect < FOLLOWS_LABELS and known / len(labels) <= guessed:
        return "head-learnt-other-labels"
    return "head-undertrained"


def label_effect(logits: Two, labels: Two) -> float | None:
    """Return how far a head follows its labels, None if they have no effect on it.

    logits: what the head gives for its training images, (N, classes) or one logit each, after a
    training with either of the `labels` (N,), from the same seed. The result is the cosine
    similarity of the difference between the logits with the difference between the labels. Already
    a tiny training step in the right direction makes it clearly positive; a head that learnt other
    labels has about 0.
    """
    if torch.equal(*logits):
        return None
    moved = logits[0] - logits[1]
    hits = one_hot(labels[0]) - one_hot(labels[1])
    if moved.numel() == len(hits):  # one logit per image, for class 1
        hits = hits[:, 1]
    return nn.functional.cosine_similarity(moved.flatten(), hits.flatten(), dim=0).item()


def one_hot(labels: Tensor) -> Tensor:
    """Return labels (N,) as (N, classes) of zeros and ones."""
    return nn.functional.one_hot(labels).float()


def share_by_guessing(count: int, classes: int) -> float:
    """Return the share of `count` labels that guesses among `classes` get right, at most.

    That is the mean and four standard deviations of the binomial distribution: heads trained on
    labels in random order spread twice as far as it, because they answer alike on similar images.
    """
    guess = 1 / classes
    return guess + 4 * math.sqrt(guess * (1 - guess) / count)
