"""What the checks of lesson 06 try answers on: predictions that are planned, a model that makes
them, and procedures that use the test set or do not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.checking.binary import BinaryCounts, count_binary

Pair = tuple[Tensor, Tensor]  # inputs and labels, or guesses and labels
Procedure = Callable[[Pair, Pair], nn.Module]  # (training set, test set) to a head

# ---- numbers and labels --------------------------------------------------------------------------


def generator(seed: int) -> torch.Generator:
    """Return a random generator of its own, so that no draw depends on what was drawn before."""
    return torch.Generator().manual_seed(seed)


def noise(seed: int, *shape: int) -> Tensor:
    """Return normal numbers of this shape."""
    return torch.randn(*shape, generator=generator(seed))


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


def uneven_labels(
    seed: int,
    count: int,
    classes: int,
) -> Tensor:
    """Return labels (count,) in which no two classes are equally frequent.

    Exchanging two classes therefore changes the frequencies.
    """
    sizes = []
    for k in range(classes - 1):
        sizes.append(round(count * 2 * (k + 1) / (classes * (classes + 1))))
    sizes.append(count - sum(sizes))
    labels = torch.arange(classes).repeat_interleave(torch.tensor(sizes))
    return labels[torch.randperm(count, generator=generator(seed))]


# ---- counts --------------------------------------------------------------------------------------


def counts_over(pairs: Sequence[Pair]) -> BinaryCounts:
    """Return the counts of all pairs (guesses (B,), labels (B,)) together."""
    guesses = torch.cat([guess for guess, _ in pairs])
    labels = torch.cat([label for _, label in pairs])
    return count_binary(guesses, labels)


def ranked(
    seed: int,
    count: int = 120,
    positives: int = 24,
) -> Pair:
    """Return probabilities (count,), some of them equal, and labels (count,).

    Positives tend to have the higher probabilities.
    """
    order = torch.randperm(count, generator=generator(seed))
    labels = torch.zeros(count, dtype=torch.int64)
    labels[order[:positives]] = 1
    probabilities = (noise(seed + 50, count) + 1.7 * labels - 0.5).sigmoid()
    return (probabilities * 40).round() / 40, labels


def counts_at_thresholds(probabilities: Tensor, labels: Tensor) -> dict[float, BinaryCounts]:
    """Return {threshold: counts}, ascending, for each probability (N,) as a threshold."""
    found = {}
    for threshold in probabilities.unique().tolist():
        found[threshold] = count_binary(probabilities >= threshold, labels)
    return found


# ---- a model whose guesses are planned by its input ----------------------------------------------


def planned_model(
    width: int,
    classes: int,
    pixel: bool = False,
) -> nn.Sequential:
    """Return a model (B, width) to (B, classes), in train mode, with BatchNorm and Dropout.

    In eval mode its guess is the largest of the first columns of the input. With `pixel` there are
    two classes, and the guess is the sign of the first pixel.
    """
    linear = nn.Linear(width, classes)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    with torch.no_grad():
        if pixel:
            linear.weight[:, 0] = torch.tensor([-1.0, 1.0])
        else:
            linear.weight[:, :classes] = torch.eye(classes)
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(width), nn.Dropout(0.5), linear)
    return model.train()


@dataclass
class Forwards:
    """What the forwards of a model were."""

    modes: list[bool] = field(default_factory=list)  # of each forward: whether in train mode
    rows: int = 0  # how many rows went in, all forwards together


def record_forwards(model: nn.Sequential) -> Forwards:
    """Return a Forwards that fills as the model runs.

    A forward counts as in train mode where one of the layers is. The hook is a plain function, so
    that a deepcopy of the model fills the same Forwards.
    """
    seen = Forwards()

    def note(layers: nn.Sequential, inputs: tuple) -> None:
        seen.modes.append(any(layer.training for layer in layers))
        seen.rows += len(inputs[0])

    model.register_forward_pre_hook(note)
    return seen


def planned_batches(
    seed: int,
    sizes: Sequence[int],
    only_last_wrong: bool = False,
) -> tuple[list[Pair], list[Tensor]]:
    """Return batches and guesses: batches (images (B, 3, 4, 4), labels (B,)) of these sizes, and
    for each what `planned_model(48, 2, pixel=True)` guesses (B,).

    only_last_wrong: every guess is right but that of a batch of one.
    """
    batches, guesses = [], []
    last = len(sizes) - 1
    for number, size in enumerate(sizes):
        labels = made_up_labels(seed + number, size, 2)
        if number == 1:
            labels[: size // 2] = 1  # so that the batches differ in their number of positives
        share = 0.1 + 0.3 * (number == last)
        wrong = torch.rand(size, generator=generator(seed + 7 * number)) < share
        if only_last_wrong:
            wrong = torch.full((size,), size == 1)
        guess = torch.where(wrong, 1 - labels, labels)
        images = 0.1 * noise(seed + number, size, 3, 4, 4)
        images[:, 0, 0, 0] = 2.0 * guess - 1
        batches.append((images, labels))
        guesses.append(guess)
    return batches, guesses


def planned_inputs(
    seed: int,
    count: int,
    classes: int,
    right: float,
) -> Pair:
    """Return inputs (count, classes + 4) and labels (count,).

    `planned_model(classes + 4, classes)` is right on about the share `right`.
    """
    labels = made_up_labels(seed, count, classes)
    is_right = torch.rand(count, generator=generator(seed)) < right
    guess = torch.where(is_right, labels, (labels + 1) % classes)
    columns = 2.0 * F.one_hot(guess, classes) - 1
    return torch.cat([columns, noise(seed, count, 4)], 1), labels


class Photos(torch.utils.data.Dataset):
    """A training set as in Exercise 8; `augmented` counts the images that were altered."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images
        self.labels = labels
        self.augmented = 0

        def augment(image: Tensor) -> Tensor:
            self.augmented += 1
            return -image if self.augmented % 2 else image

        self.augment = augment

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Pair:
        image = self.images[index]
        if self.augment:
            image = self.augment(image)
        return image, self.labels[index]


# ---- procedures that make a head, from the training set alone or not -----------------------------


class Standardised(nn.Module):
    """A head (B, C) behind the standardisation of its features (B, D)."""

    def __init__(
        self,
        mean: Tensor,
        std: Tensor,
        head: nn.Module,
    ) -> None:
        super().__init__()
        self.mean, self.std, self.head = mean, std, head

    def forward(self, features: Tensor) -> Tensor:
        return self.head((features - self.mean) / self.std)


def ridge(
    features: Tensor,
    labels: Tensor,
    classes: int,
    strength: float = 1.0,
) -> nn.Linear:
    """Return a Linear fitted by ridge regression on one-hot labels: the same for the same inputs.

    It solves (X'X + strength I) W = X'Y, the normal equations (Hoerl and Kennard, "Ridge
    Regression", 1970). features: (N, D); labels: (N,).
    """
    ones = torch.ones(len(features), 1)
    x = torch.cat([features, ones], 1).double()  # (N, D + 1)
    y = F.one_hot(labels % classes, classes).double()  # (N, C)
    gram = x.T @ x + strength * torch.eye(x.shape[1]).double()
    solution = torch.linalg.solve(gram, x.T @ y).float()  # (D + 1, C)
    head = nn.Linear(features.shape[1], classes)
    head.weight.data = solution[:-1].T.contiguous()
    head.bias.data = solution[-1].clone()
    return head


def procedures(classes: int) -> dict[str, tuple[Procedure, set[str]]]:
    """Return {what the procedure does: (procedure, what its head takes from the test set)}."""

    def standardised(train: Pair, features: Tensor) -> nn.Module:
        features = features.sort(0).values  # so that the sums do not depend on the order
        mean, std = features.mean(0), features.std(0) + 1e-3
        head = ridge((train[0] - mean) / std, train[1], classes)
        return Standardised(mean, std, head)

    def honest(train: Pair, test: Pair) -> nn.Module:
        return standardised(train, train[0])

    def statistics_of_all(train: Pair, test: Pair) -> nn.Module:
        return standardised(train, torch.cat([train[0], test[0]]))

    def frequencies_of_all(train: Pair, test: Pair) -> nn.Module:
        head = ridge(*train, classes)
        labels = torch.cat([train[1], test[1]])
        is_class = labels[:, None] == torch.arange(classes)  # (N, C)
        frequencies = is_class.double().mean(0).add(0.01)
        head.bias.data += frequencies.log().float()
        return head

    def scaled_on_test(train: Pair, test: Pair) -> nn.Module:
        head = ridge(*train, classes)
        features, labels = test
        with torch.no_grad():
            logits = head(features)
            wanted = F.one_hot(labels % classes, classes) - 1 / classes
            # the scale that fits the test set best, by least squares
            head.weight.data *= 1 + (logits * wanted).sum() / logits.square().sum()
        return head

    return {
        "takes mean and deviation of the training features": (honest, set()),
        "takes mean and deviation of all features": (statistics_of_all, {"features"}),
        "adds the class frequencies of all labels": (frequencies_of_all, {"labels"}),
        "chooses the scale of its weights on the test set": (
            scaled_on_test,
            {"features", "labels"},
        ),
    }
