"""Why a trained head gets too few images right: no step reached it, other labels, or too little."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

# heads of usual trainings, even of one small step, have a `label_effect` of 0.32 to 0.71; heads
# that learnt shuffled labels have at most 0.21
FOLLOWS_LABELS = 0.26


def why_too_few_right(logits_after: Callable[[Tensor], Tensor], labels: Tensor, known: int) -> str:
    """Return the code of the misconception behind a head that gets too few images right.

    logits_after: trains a head with the labels (N,) that it gets, and returns its logits
    (N, classes) for the images of the training. known: how many of these the head got right.
    """
    effect = label_effect(logits_after, labels)
    if effect is None:
        return "head-not-trained"
    guessed = share_by_guessing(len(labels), len(labels.unique()))
    if effect < FOLLOWS_LABELS and known / len(labels) <= guessed:
        return "head-learnt-other-labels"
    return "head-undertrained"


def label_effect(logits_after: Callable[[Tensor], Tensor], labels: Tensor) -> float | None:
    """Return how far a head follows its labels, None if they have no effect on it.

    The head is trained from the same seed with the labels, and with the labels in reverse order.
    The result is the cosine similarity of the difference between the logits with the difference
    between the labels, both of shape (N, classes). Already a tiny training step in the right
    direction makes it clearly positive; a head that learnt other labels has about 0.
    """
    wanted = labels, labels.flip(0)
    outputs = []
    for each in wanted:
        torch.manual_seed(0)
        outputs.append(logits_after(each.clone()))
    if torch.equal(*outputs):
        return None
    logits, hits = outputs[0] - outputs[1], _one_hot(wanted[0]) - _one_hot(wanted[1])
    if logits.numel() == len(labels):  # one logit per image, for class 1
        hits = hits[:, 1]
    return F.cosine_similarity(logits.flatten(), hits.flatten(), dim=0).item()


def _one_hot(labels: Tensor) -> Tensor:
    """Return labels (N,) as (N, classes) of zeros and ones."""
    return F.one_hot(labels).float()


def share_by_guessing(count: int, classes: int) -> float:
    """Return the share of `count` labels that guesses among `classes` get right, at most.

    That is the mean and four standard deviations of the binomial distribution: heads trained on
    labels in random order spread twice as far as it, because they answer alike on similar images.
    """
    guess = 1 / classes
    return guess + 4 * math.sqrt(guess * (1 - guess) / count)
