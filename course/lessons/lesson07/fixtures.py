"""What the checks of lesson 07 try answers on: a model whose guesses are planned, procedures that
use the test set or do not, and a training whose accuracies are planned.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.checking import comparisons
from course.checking.draws import generator, noise
from course.checking.misconception import wrong_result

Pair = tuple[Tensor, Tensor]  # inputs and labels
Procedure = Callable[[Pair, Pair], nn.Module]  # (training set, test set) to a head

# ---- numbers and labels --------------------------------------------------------------------------


def uneven_labels(seed: int, count: int, classes: int) -> Tensor:
    """Return labels (count,) in which no two classes are equally frequent.

    Exchanging two classes therefore changes the frequencies.
    """
    sizes = []
    for k in range(classes - 1):
        sizes.append(round(count * 2 * (k + 1) / (classes * (classes + 1))))
    sizes.append(count - sum(sizes))
    labels = torch.arange(classes).repeat_interleave(torch.tensor(sizes))
    return labels[torch.randperm(count, generator=generator(seed))]


def mixed_groups(sizes: Mapping[int, int], seed: int) -> Tensor:
    """Return the group (N,) of each photo, in random order; sizes: {group: number of photos}."""
    groups = torch.tensor([group for group, size in sizes.items() for _ in range(size)])
    return groups[torch.randperm(len(groups), generator=generator(seed))]


# ---- a model whose guesses are planned by its input ----------------------------------------------


def planned_model(width: int, classes: int) -> nn.Sequential:
    """Return a model (B, width) to (B, classes), in train mode, with BatchNorm and Dropout.

    In eval mode its guess is the largest of the first columns of the input.
    """
    linear = nn.Linear(width, classes)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    with torch.no_grad():
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


def planned_inputs(seed: int, count: int, classes: int, right: int) -> Pair:
    """Return inputs (count, classes + 4) and labels (count,), of which the guesses at `right`
    random places are right.

    The guesses are those of `planned_model(classes + 4, classes)`. All its logits are positive, so
    that the sign of one tells nothing.
    """
    r = generator(seed + 100)
    labels = torch.randint(classes, (count,), generator=r)
    is_right = torch.randperm(count, generator=r) < right
    guess = torch.where(is_right, labels, (labels + 1) % classes)
    columns = 2.0 * F.one_hot(guess, classes) + 1
    return torch.cat([columns, noise(seed, count, 4)], 1), labels


class Photos(torch.utils.data.Dataset):
    """A training set as in the exercise; `augmented` counts the images that were altered."""

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

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor, head: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        return self.head((features - self.mean) / self.std)


def ridge(features: Tensor, labels: Tensor, classes: int, strength: float = 1.0) -> nn.Linear:
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


def in_one_order(pair: Pair) -> Pair:
    """Return the rows of a set in an order that does not depend on the order they came in.

    Floating-point sums then do not depend on it either.
    """
    features, labels = pair
    order = torch.argsort(features[:, 0] + 1000 * labels)
    return features[order], labels[order]


def best_of(candidates: Sequence[nn.Module], features: Tensor, labels: Tensor) -> nn.Module:
    """Return the head that gets most of the labels right; of equal ones the first."""
    with torch.no_grad():
        right = [int((head(features).argmax(1) == labels).sum()) for head in candidates]
    return candidates[right.index(max(right))]


SCALED = "multiplies its logits by the spread of the test features"  # the argmax stays the same
SHIFTED = "adds a ten-thousandth of the mean of the test features to its bias"


def procedures(classes: int) -> dict[str, tuple[Procedure, set[str]]]:
    """Return {what the procedure does: (procedure, what its head takes from the test set)}.

    Some use the features alone or the labels alone. Three of them select: many a change of the test
    set leaves what they select as it is, and one change too few overlooks them.
    """

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

    def trained_on_both(train: Pair, test: Pair) -> nn.Module:
        pairs = zip(train, in_one_order(test), strict=True)
        features, labels = (torch.cat(pair) for pair in pairs)
        return ridge(features, labels, classes)

    def selected_on_test(train: Pair, test: Pair) -> nn.Module:
        head = ridge(*train, classes)
        candidates: list[nn.Module] = []
        for seed in range(3):
            candidate = copy.deepcopy(head)
            candidate.weight.data += 2 * noise(seed, *head.weight.shape)
            candidates.append(candidate)
        features, labels = test
        mean, std = features.mean(0), features.std(0) + 1e-3
        return best_of(candidates, (features - mean) / std, labels)

    def widest_column(train: Pair, test: Pair) -> nn.Module:
        kept = torch.cat([train[0], test[0]]).abs().amax(0).argmax()
        head = ridge(*train, classes)
        head.weight.data *= torch.ones(len(head.weight.T)).index_fill(0, kept, 2.0)
        return head

    def commonest_class(train: Pair, test: Pair) -> nn.Module:
        head = ridge(*train, classes)
        common = test[1].bincount(minlength=classes)[:classes].argmax()
        head.bias.data += F.one_hot(common, classes) * 0.1
        return head

    def scaled_by_spread(train: Pair, test: Pair) -> nn.Module:
        head = ridge(*train, classes)
        factor = 1 + test[0].sort(0).values.std()
        head.weight.data *= factor
        head.bias.data *= factor
        return head

    def shifted_by_mean(train: Pair, test: Pair) -> nn.Module:
        head = ridge(*train, classes)
        head.bias.data += 1e-4 * test[0].sort(0).values.mean()
        return head

    return {
        "standardises by the training features": (honest, set()),
        "standardises by the features of both sets": (statistics_of_all, {"features"}),
        "adds the class frequencies of both sets": (frequencies_of_all, {"labels"}),
        "trains on both sets": (trained_on_both, {"features", "labels"}),
        "selects one of three heads by the test accuracy": (
            selected_on_test,
            {"features", "labels"},
        ),
        "selects the column with the largest value in either set": (widest_column, {"features"}),
        "prefers the commonest class of the test set": (commonest_class, {"labels"}),
        SCALED: (scaled_by_spread, {"features"}),
        SHIFTED: (shifted_by_mean, {"features"}),
    }


# ---- a training for `fit` ------------------------------------------------------------------------


class DriftingModel(nn.Module):
    """A model with parameters and buffers, which notes what load_state_dict() is given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)
        self.loaded_own = False  # whether it was given its own tensors, which a clone is not

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Note whether the state holds the model's own tensors, and load it."""
        if isinstance(state_dict, Mapping):
            self.loaded_own |= self.holds_one_of(state_dict)
        return super().load_state_dict(state_dict, *args, **kwargs)

    def holds_one_of(self, state: Mapping[str, Any]) -> bool:
        """Return whether a tensor of the state shares its memory with one of the model."""
        own = {tensor.data_ptr() for tensor in comparisons.tensors(self).values()}
        given = {tensor.data_ptr() for tensor in state.values() if isinstance(tensor, Tensor)}
        return bool(own & given)

    def forward(self, features: Tensor) -> Tensor:
        return self.norm(self.layer(features))


class RecordedCosine(torch.optim.lr_scheduler.CosineAnnealingLR):
    """A CosineAnnealingLR (Loshchilov and Hutter, "SGDR", 2017) that records calls of step()."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.calls: list[tuple] = []  # the arguments of each call
        super().__init__(*args, **kwargs)
        self.calls.clear()  # the first call is torch's own

    def step(self, *args: Any, **kwargs: Any) -> None:
        """Record the arguments, and make the step that an epoch makes."""
        self.calls.append((*args, *kwargs.values()))
        super().step()


class TrainingRun:
    """A training whose validation accuracies are planned: the arguments of `fit`, and what it did.

    `plan` holds two sequences, the accuracies of fruit and of freshness epoch by epoch. Each step
    moves every parameter and the statistics of the BatchNorm.
    """

    def __init__(self, plan: tuple[Sequence[float], Sequence[float]]) -> None:
        self.plan = plan
        self.model = DriftingModel()
        self.state_before = comparisons.snapshot(comparisons.tensors(self.model).items())
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-4)
        self.scheduler = RecordedCosine(self.optimizer, T_max=len(plan[0]), eta_min=1e-6)
        self.first_rate = self.scheduler.get_last_lr()[0]
        self.batches: list[Any] = []  # the batch of each step
        self.rates: list[float] = []  # the learning rate at each step
        self.states: list[dict[str, Tensor]] = []  # a snapshot at each validation
        self.steps_before: list[int] = []  # the number of steps before each validation

    def step(self, batch: int) -> None:
        """Make one step, which moves every tensor of the model."""
        if not isinstance(batch, int):
            raise wrong_result(
                f"expected step(batch) for one of `batches`; got step({batch!r:.60})"
            )
        self.batches.append(batch)
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        self.model.train()(torch.randn(4, 2) + batch)  # moves the running statistics
        self.optimizer.step()
        with torch.no_grad():
            for p in self.model.parameters():
                p.add_(1)

    def validate(self) -> tuple[float, float]:
        """Return the planned accuracies of this epoch, and note the state of the model."""
        tensors = comparisons.tensors(self.model)
        self.states.append(comparisons.snapshot(tensors.items()))
        self.steps_before.append(len(self.rates))
        fruit, fresh = self.plan
        last = len(fruit) - 1  # a training that goes on too long gets the last accuracies again
        epoch = min(len(self.states) - 1, last)
        return fruit[epoch], fresh[epoch]


def early_stopping(accuracies: Sequence[float], patience: int) -> tuple[int, int]:
    """Return (best epoch, epochs run): stop after `patience` epochs in a row that are not better
    than the best so far.

    Of equal accuracies the earliest is the best; NaN is never better. Epochs count from 0.
    """
    best = 0
    for epoch, value in enumerate(accuracies):
        if value > accuracies[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best, epoch + 1
