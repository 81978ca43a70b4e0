"""How far heads follow the labels that they were trained on.

A head that is hardly better than a guess was trained too little, or it was trained on labels that
are not those of its images. The checks of lessons 01, 03, 05 and 08 tell the two apart: they train
it again with other labels, and look what the loss gets (labels_used.py) and whether the logits
follow.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from course.checking.labels_used import labels_watched, share_of_others

LABELINGS = 6  # how many times a head is trained again
# Standard deviations. Measured with 4 labelings on the lessons' features, ten seeds and eight usual
# optimizers: after an epoch a head for fruit had at least 4.6 and one for two classes at least 1.9;
# 6 labelings make that 1.3 times as much. Heads that learnt labels of other images had at most 3.0.
FOLLOWS_LABELS = 2.5


def why_too_few_right(
    logits_after: Callable[[Tensor], Tensor], labels: Tensor, known: int, inputs: Tensor
) -> tuple[str, str]:
    """Return the code of the misconception behind a head that gets too few images right, and what
    was seen: a sentence, "" where the code says it all.

    logits_after: trains a head on `inputs`, images or features, with the labels (N,) that it gets,
    and returns its logits (N, classes) for them. known: how many of these the head got right.
    """
    given = shuffles_of(labels)
    logits = []
    for each in given:
        torch.manual_seed(0)
        with labels_watched(inputs, each) as seen:
            logits.append(logits_after(each.clone()))
        if seen["others"]:
            return "head-learnt-other-labels", share_of_others(seen)
        if len(logits) == 2:
            if torch.equal(*logits):
                return "head-not-trained", ""
            if known / len(labels) > share_by_guessing(len(labels), len(labels.unique())):
                return "head-undertrained", ""
    if label_effect(logits, given) < FOLLOWS_LABELS:
        return "head-learnt-other-labels", ""
    return "head-undertrained", ""


def shuffles_of(labels: Tensor) -> Tensor:
    """Return labels (N,) in LABELINGS random orders, (LABELINGS, N), the same at each call.

    In a random order they have nothing to do with the images. If a class took the place of another
    one, a head that learnt wrong labels could seem to follow them by chance: six classes are few.
    """
    generator = torch.Generator().manual_seed(0)
    orders = [torch.randperm(len(labels), generator=generator) for _ in range(LABELINGS)]
    return labels[torch.stack(orders)]


def label_effect(logits: Sequence[Tensor], labels: Tensor) -> float:
    """Return how far a head follows its labels, in standard deviations of a head that does not.

    labels: `shuffles_of` the labels (K, N). logits: what the head gives for its training images
    after a training with each of them, (N, classes) or one logit each.

    This is the cosine similarity of logits and labels, both as differences from their means over
    the K trainings. A head that learnt labels of other images has a mean of 0 there, and a standard
    deviation of 1 / sqrt((K - 1) N (classes - 1)), because the labels are in random order.
    """
    count, size = labels.shape
    moved = torch.stack([each.reshape(size, -1) for each in logits])  # (K, N, classes or 1)
    moved = moved - moved.mean(0)
    moved = moved - moved.mean(1, keepdim=True)
    hits = nn.functional.one_hot(labels).float()  # (K, N, classes)
    hits = hits - hits.mean(0)
    if moved.shape[2] == 1:  # one logit per image, for class 1
        hits = hits[:, :, 1:]
    cosine = nn.functional.cosine_similarity(moved.flatten(), hits.flatten(), dim=0).item()
    return cosine * math.sqrt((count - 1) * size * max(hits.shape[2] - 1, 1))


def share_by_guessing(count: int, classes: int) -> float:
    """Return the share of `count` labels that guesses among `classes` get right, at most.

    That is the mean and four standard deviations of the binomial distribution: heads trained on
    labels in random order spread twice as far as it, because they answer alike on similar images.
    """
    guess = 1 / classes
    return guess + 4 * math.sqrt(guess * (1 - guess) / count)
