"""What the checks of lesson 06 try answers on: predictions that are planned, and a model that makes
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from course.checking.binary import BinaryCounts, count_binary
from course.checking.draws import generator, noise

Pair = tuple[Tensor, Tensor]  # inputs and labels, or predictions and labels

# ---- numbers and labels --------------------------------------------------------------------------


def made_up_labels(
    seed: int,
    count: int,
    classes: int,
) -> Tensor:
    """Return labels (count,) of `classes` classes; about half of them are 0."""
    r = generator(seed + 100)
    labels = torch.randint(classes, (count,), generator=r)
    common = torch.rand(count, generator=r) < 0.4
    return torch.where(common, 0, labels)


def confusion_matrices(classes: Sequence[int], seed: int) -> list[Tensor]:
    """Return an integer matrix (K, K) for each K in `classes`, and one of zeros (3, 3).

    One class is common. With more than three classes, one neither occurs nor is predicted, another
    one is predicted but does not occur; with more than four, a third has a single image, which is
    predicted right. The counts of the first matrix are thousands, more than int16 can hold; F1 is
    the same as with a thousandth of them. The second is int32, the others are int64.
    """
    matrices = []
    for k in classes:
        matrix = torch.randint(1, 9, (k, k), generator=generator(seed + k))
        matrix[0, 0] += 80
        if k > 3:
            matrix[-2:] = 0
            matrix[:, -1] = 0
        if k > 4:
            matrix[1], matrix[:, 1] = 0, 0
            matrix[1, 1] = 1
        matrices.append(matrix)
    matrices[0] *= 1000
    matrices[1] = matrices[1].int()
    return [*matrices, torch.zeros(3, 3, dtype=torch.int64)]


# ---- counts --------------------------------------------------------------------------------------


def counts_over(pairs: Sequence[Pair]) -> BinaryCounts:
    """Return the counts of all pairs (predictions (B,), labels (B,)) together."""
    predicted = torch.cat([prediction for prediction, _ in pairs])
    labels = torch.cat([label for _, label in pairs])
    return count_binary(predicted, labels)


def ranked(
    seed: int,
    count: int = 120,
    positives: int = 24,
    crowded: bool = False,
) -> Pair:
    """Return probabilities (count,) and labels (count,); positives tend to have the higher ones.

    Half of the probabilities are multiples of 1/32, so that many are equal, the others of 1/8192.
    crowded: all are within 0.5 +- 1/32, so that many differ by less than 0.001. All are exact in
    float32, and with more than two images one is 0 and one is 1.
    """
    order = torch.randperm(count, generator=generator(seed))
    labels = torch.zeros(count, dtype=torch.int64)
    labels[order[:positives]] = 1
    probabilities = (noise(seed + 50, count) + 1.7 * labels - 0.5).sigmoid()
    steps = torch.where(torch.arange(count) % 2 == 0, 32, 8192)
    probabilities = (probabilities * steps).round() / steps
    if crowded:
        probabilities = 0.5 + (probabilities - 0.5) / 16
    if count > 2:
        probabilities[order[0]] = 1.0
        probabilities[order[-1]] = 0.0
    return probabilities, labels


def counts_at_thresholds(
    probabilities: Tensor, labels: Tensor, strictly: bool = False
) -> dict[float, BinaryCounts]:
    """Return {threshold: counts}, ascending, for each probability (N,) as a threshold.

    Flagged is what has at least the threshold, or, with `strictly`, more.
    """
    found = {}
    for threshold in probabilities.unique().tolist():
        flags = probabilities > threshold if strictly else probabilities >= threshold
        found[threshold] = count_binary(flags, labels)
    return found


# ---- a model whose predictions are planned by its input ------------------------------------------


def planned_model(width: int = 48) -> nn.Sequential:
    """Return a model (B, 3, 4, 4) to logits (B, 2), in train mode, with BatchNorm and Dropout.

    In eval mode it predicts class 1 where the first pixel is positive. Both logits are positive
    then, so that neither of them alone says which class it is. BatchNorm's statistics are not the
    0 and 1 of a new layer, so that a reset shows. Its parameters have gradients, as in the middle
    of a training loop.
    """
    linear = nn.Linear(width, 2)
    nn.init.zeros_(linear.weight)
    nn.init.constant_(linear.bias, 4.0)
    norm = nn.BatchNorm1d(width)
    with torch.no_grad():
        linear.weight[:, 0] = torch.tensor([-1.0, 1.0])
        norm.running_mean.copy_(0.1 * noise(1, width).clamp(-2, 2))
        norm.running_var.copy_(noise(2, width).square().clamp(0.5, 2))
    model = nn.Sequential(nn.Flatten(), norm, nn.Dropout(0.5), linear)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    return model.train()


@dataclass
class Forwards:
    """The mode of each forward pass of a model: whether one of its modules was in train mode."""

    modes: list[bool] = field(default_factory=list)


def record_forwards(model: nn.Module) -> Forwards:
    """Return a Forwards that fills as the model runs.

    The hook is a plain function, so that a deepcopy of the model fills the same Forwards.
    """
    seen = Forwards()

    def note(module: nn.Module, _inputs: tuple) -> None:
        seen.modes.append(any(part.training for part in module.modules()))

    model.register_forward_pre_hook(note)
    return seen


def planned_batches(
    seed: int,
    sizes: Sequence[int],
    all_negative: bool = False,
) -> tuple[list[Pair], list[Tensor]]:
    """Return batches and predictions: batches (images (B, 3, 4, 4), labels (B,)) of these sizes,
    and for each what `planned_model()` predicts (B,).

    The prediction of a batch of one is wrong. all_negative: all labels and all predictions are 0,
    so that F1 is 0 / 0.
    """
    batches, predictions = [], []
    last = len(sizes) - 1
    for number, size in enumerate(sizes):
        labels = made_up_labels(seed + number, size, 2)
        if number == 1:
            labels[: size // 2] = 1  # so that the batches differ in their number of positives
        share = 0.1 + 0.3 * (number == last)
        wrong = torch.rand(size, generator=generator(seed + 7 * number)) < share
        wrong |= size == 1
        predicted = torch.where(wrong, 1 - labels, labels)
        if all_negative:
            labels, predicted = torch.zeros_like(labels), torch.zeros_like(labels)
        images = 0.1 * noise(seed + number, size, 3, 4, 4)
        images[:, 0, 0, 0] = 2.0 * predicted - 1
        batches.append((images, labels))
        predictions.append(predicted)
    return batches, predictions
