"""What lesson 06 tries answers on: planted predictions, a model that says them, and procedures that peep at the test set."""

import torch
from torch import nn
from torch.nn import functional as F


def noise(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def labelled(seed, count, classes, common=0):
    """Labels (count,) of `classes` classes; about half of them are class `common`."""
    r = torch.Generator().manual_seed(seed + 100)
    labels = torch.randint(classes, (count,), generator=r)
    return torch.where(
        torch.rand(count, generator=r) < 0.4,
        torch.full_like(labels, min(common, classes - 1)),
        labels,
    )


def uneven(seed, count, classes):
    """Labels (count,) in which no two classes occur equally often: exchanging classes then changes the frequencies."""
    sizes = [round(count * 2 * (k + 1) / (classes * (classes + 1))) for k in range(classes - 1)]
    labels = torch.arange(classes).repeat_interleave(torch.tensor([*sizes, count - sum(sizes)]))
    return labels[torch.randperm(count, generator=torch.Generator().manual_seed(seed))]


def like(found, expected, tolerance=1e-5):
    return abs(float(found) - float(expected)) <= tolerance


# ---- counts ----------------------------------------------------------------------------------------------------------------


def f1_of(tp, fp, fn):
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def averaged(pairs):
    """(accuracy, F1 of class 1) of pairs (guesses, labels), counted over all of them."""
    guesses, labels = (torch.cat(side) for side in zip(*pairs))
    tp, fp, fn = (int(((guesses == g) & (labels == t)).sum()) for g, t in ((1, 1), (1, 0), (0, 1)))
    return (guesses == labels).double().mean().item(), f1_of(tp, fp, fn)


def ranked(seed, count=120, positives=24):
    """Probabilities (count,), some of them equal, and labels: positives tend to have the higher ones."""
    labels = torch.zeros(count, dtype=torch.int64)
    labels[torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:positives]] = 1
    probabilities = (noise(seed + 50, count) + 1.7 * labels - 0.5).sigmoid()
    return (probabilities * 40).round() / 40, labels


def cut(probabilities, labels):
    """What each threshold gives: {number flagged: (threshold, precision, recall, accuracy)}."""
    points = {}
    for threshold in probabilities.unique().tolist():
        flags = probabilities >= threshold
        count, tp = int(flags.sum()), int(labels[flags].sum())
        points[count] = (
            threshold,
            tp / count,
            tp / int(labels.sum()),
            (flags == labels.bool()).double().mean().item(),
        )
    return points


# ---- a model whose guesses are planted in its input ------------------------------------------------------------------------


def planted_model(width, classes, pixel=False):
    """BatchNorm, Dropout and a Linear, in train mode. In eval mode it guesses what stands in the first columns of its input.

    pixel: two classes, and the sign of the first pixel is the guess.
    """
    linear = nn.Linear(width, classes)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    with torch.no_grad():
        if pixel:
            linear.weight[:, 0] = torch.tensor([-1.0, 1.0])
        else:
            linear.weight[:, :classes] = torch.eye(classes)
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(width), nn.Dropout(0.5), linear).train()


def watched(model):
    """A dict that fills as the model runs: "train", the mode of each forward, and "rows", how many pictures it saw."""
    seen = {"train": [], "rows": 0}

    def note(layer, inputs):
        seen["train"].append(any(part.training for part in layer))
        seen["rows"] += len(inputs[0])

    model.register_forward_pre_hook(note)
    return seen


def batch_planted(seed, sizes, last_alone=False):
    """Batches (images (B, 3, 4, 4), labels) for `planted_model(48, 2, pixel=True)`, and what it guesses for each.

    last_alone: all right but the single picture of the last batch.
    """
    batches, guesses = [], []
    for number, size in enumerate(sizes):
        labels = labelled(seed + number, size, 2)
        if number == 1:
            labels[: size // 2] = 1  # positives come in bunches, so that batches differ
        wrong = torch.rand(
            size, generator=torch.Generator().manual_seed(seed + 7 * number)
        ) < 0.1 + 0.3 * (number == len(sizes) - 1)
        if last_alone:
            wrong = torch.full((size,), size == 1)
        guess = torch.where(wrong, 1 - labels, labels)
        images = 0.1 * noise(seed + number, size, 3, 4, 4)
        images[:, 0, 0, 0] = 2.0 * guess - 1
        batches.append((images, labels))
        guesses.append(guess)
    return batches, guesses


def reads(seed, count, classes, right):
    """Inputs (count, classes + 4) and labels such that `planted_model` is right on about the share `right`."""
    labels = labelled(seed, count, classes)
    guess = torch.where(
        torch.rand(count, generator=torch.Generator().manual_seed(seed)) < right,
        labels,
        (labels + 1) % classes,
    )
    return torch.cat([2.0 * F.one_hot(guess, classes) - 1, noise(seed, count, 4)], 1), labels


class Photos(torch.utils.data.Dataset):
    """A training set as Exercise 8 describes it. `augmented` counts the pictures that were altered."""

    def __init__(self, images, labels):
        self.images, self.labels, self.augmented = images, labels, 0

        def augment(image):
            self.augmented += 1
            return -image if self.augmented % 2 else image

        self.augment = augment

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index]
        return (self.augment(image) if self.augment else image), self.labels[index]


# ---- procedures that do and do not look at the test set --------------------------------------------------------------------


class Standardised(nn.Module):
    def __init__(self, mean, std, head):
        super().__init__()
        self.mean, self.std, self.head = mean, std, head

    def forward(self, features):
        return self.head((features - self.mean) / self.std)


def ridge(features, labels, classes, strength=1.0):
    """A Linear in closed form: the same for the same inputs."""
    x = torch.cat([features, torch.ones(len(features), 1)], 1).double()
    gram = x.T @ x + strength * torch.eye(x.shape[1]).double()
    solution = torch.linalg.solve(gram, x.T @ F.one_hot(labels % classes, classes).double()).float()
    head = nn.Linear(features.shape[1], classes)
    head.weight.data, head.bias.data = solution[:-1].T.contiguous(), solution[-1].clone()
    return head


def procedures(classes):
    """{what it does: (fit, what of the test set its head depends on)}."""

    def honest(train, test):
        return standardised(train, train[0])

    def statistics_of_all(train, test):
        return standardised(train, torch.cat([train[0], test[0]]))

    def standardised(train, features):
        features = features.sort(0).values  # the same sum in any order
        mean, std = features.mean(0), features.std(0) + 1e-3
        return Standardised(mean, std, ridge((train[0] - mean) / std, train[1], classes))

    def frequencies_of_all(train, test):
        head = ridge(*train, classes)
        labels = torch.cat([train[1], test[1]])
        head.bias.data += (
            (labels[:, None] == torch.arange(classes)).double().mean(0).add(0.01).log().float()
        )
        return head

    def scaled_on_test(train, test):
        head, (features, labels) = ridge(*train, classes), test
        with torch.no_grad():
            logits, wanted = head(features), F.one_hot(labels % classes, classes) - 1 / classes
            head.weight.data *= (
                1 + (logits * wanted).sum() / logits.square().sum()
            )  # the scale that fits the test set best
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
