"""What the bundled backbone is worth: test accuracy of linear heads on its frozen features.

The learning rate of each head is chosen on validation. For comparison, a whole network is trained
from scratch.

    python -m pretraining.evaluate           # about five minutes on two cores
    python -m pretraining.evaluate scratch   # a minute and a half on a GPU, an hour without

Both write their rows into weights/evaluation.json.
"""

import json
import sys
from collections.abc import Callable, Sequence

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from course.vision.backbones import load_backbone
from course.vision.drawing import develop
from course.vision.fruit import FRUITS, Pictures, stall, turned
from course.vision.species import COUNT, picture
from pretraining.train import WEIGHTS

RATES = (3e-4, 1e-3, 3e-3)
SEEDS = range(3)
EPOCHS = 40
BATCH = 50
TRAINING_SIZES = (200, 400, 1000, 2000)

Preprocess = Callable[[Tensor], Tensor]
Examples = tuple[Tensor, Tensor]  # features (N, 512), labels (N,)


def features(model: nn.Module, images: Tensor, preprocess: Preprocess) -> Tensor:
    """The features (N, 512) of images, uint8 (N, 3, H, W); the model's head is removed."""
    model.fc = nn.Identity()
    return _forward(model.eval(), images.split(100), preprocess)


def features_of_splits(
    model: nn.Module, splits: Sequence[Pictures], preprocess: Preprocess
) -> list[Tensor]:
    """The features of each split under one model: a head fits no other model's features."""
    return [features(model, pictures.images, preprocess) for pictures in splits]


def _forward(model, batches, preprocess):
    """The outputs (N, ...) of the model for batches of images."""
    outputs = []
    with torch.no_grad():
        for images in batches:
            outputs.append(model(preprocess(images)))
    return torch.cat(outputs)


def fit(x: Tensor, y: Tensor, rate: float, seed: int) -> nn.Linear:
    """A linear head trained on features x (N, D) and labels y (N,).

    AdamW with cosine decay from `rate` to 0 over 40 epochs; `seed` fixes the first weights and the
    order of the examples.
    """
    torch.manual_seed(seed)
    head = nn.Linear(x.shape[1], int(y.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = F.cross_entropy(head(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return head


def accuracy(head: nn.Linear, x: Tensor, y: Tensor) -> float:
    """The share of the features x (N, D) whose label in y (N,) the head predicts."""
    return (head(x).argmax(1) == y).float().mean().item()


def probe(train: Examples, validation: Examples, test: Examples) -> float:
    """Test accuracy, mean over three seeds, of the rate that does best on validation."""
    heads_of = {rate: [fit(*train, rate, seed) for seed in SEEDS] for rate in RATES}

    def validated(rate):
        return sum(accuracy(head, *validation) for head in heads_of[rate])

    best = max(RATES, key=validated)
    return round(sum(accuracy(head, *test) for head in heads_of[best]) / len(SEEDS), 3)


def probe_from(count: int, features: Sequence[Tensor], labels: Sequence[Tensor]) -> float:
    """probe() with the first `count` training examples.

    features and labels: a tensor each for train, validation and test.
    """
    train, validation, test = zip(features, labels, strict=True)
    x, y = train
    return probe((x[:count], y[:count]), validation, test)


def from_scratch(
    count: int, train: Pictures, test: Pictures, preprocess: Preprocess, seed: int
) -> float:
    """Test accuracy of a ResNet-18 trained from random weights on the first `count` images.

    AdamW with cosine decay from 1e-3 to 0 over 40 epochs; half of the batches are mirrored.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(seed)
    model = torchvision.models.resnet18(num_classes=len(FRUITS)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    x, y = preprocess(train.images[:count]).to(device), train.fruit[:count].to(device)
    for _ in range(EPOCHS):
        model.train()
        for rows in torch.randperm(count).split(BATCH):
            batch = x[rows.to(device)]
            if torch.rand(()) < 0.5:
                batch = batch.flip(3)
            loss = F.cross_entropy(model(batch), y[rows.to(device)])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    logits = _forward(model.eval().cpu(), test.images.split(100), preprocess)
    return (logits.argmax(1) == test.fruit).float().mean().item()


def species_accuracy(model: nn.Module, preprocess: Preprocess, per_species: int = 5) -> float:
    """The share of new pictures of the thousand species that the model names."""
    indices = torch.arange(COUNT * per_species)
    drawn = (
        develop([picture(3, index) for index in part.tolist()])  # uint8 (250, 3, 64, 64)
        for part in indices.split(250)
    )
    named = _forward(model, drawn, preprocess).argmax(1)  # (N,)
    return round((named == indices % COUNT).float().mean().item(), 3)


class Report:
    """The rows of weights/evaluation.json; a new one replaces the old one of its name."""

    path = WEIGHTS / "evaluation.json"

    def __init__(self) -> None:
        self.rows = json.loads(self.path.read_text()) if self.path.exists() else {}

    def add(self, what: str, value: float) -> None:
        """Write a row, and print it."""
        self.rows[what] = value
        print(f"| {what} | {value:.3f} |", flush=True)
        self.path.write_text(json.dumps(self.rows, indent=1) + "\n")


def evaluate_heads() -> None:
    """Measure the heads on frozen features."""
    report = Report()
    splits = [stall(split) for split in ("train", "validation", "test")]
    model, preprocess = load_backbone()
    accuracy_on_species = species_accuracy(model, preprocess)
    report.add("species named right, of 5,000 new images", accuracy_on_species)

    trained = features_of_splits(model, splits, preprocess)
    torch.manual_seed(0)
    untrained = features_of_splits(torchvision.models.resnet18(), splits, preprocess)
    quarters = []
    rotated = []
    for seed, pictures in enumerate(splits):
        generator = torch.Generator().manual_seed(seed)
        turns = torch.randint(0, 4, (len(pictures.images),), generator=generator)
        quarters.append(turns)
        rotated.append(features(model, turned(pictures.images, turns), preprocess))

    fruit = [p.fruit for p in splits]
    rotten = [p.rotten for p in splits]
    for count in TRAINING_SIZES:
        report.add(f"ten fruits from {count}", probe_from(count, trained, fruit))
    report.add("ten fruits from 200, random backbone", probe_from(200, untrained, fruit))
    report.add("fresh or rotten from 200", probe_from(200, trained, rotten))
    report.add("fresh or rotten from 1000", probe_from(1000, trained, rotten))
    report.add("rotation from 1000", probe_from(1000, rotated, quarters))


def evaluate_scratch() -> None:
    """Measure whole networks that are trained from random weights."""
    report = Report()
    train, test = stall("train"), stall("test")
    preprocess = load_backbone()[1]
    for count in TRAINING_SIZES:
        scores = [from_scratch(count, train, test, preprocess, seed) for seed in SEEDS]
        mean = round(sum(scores) / len(scores), 3)
        report.add(f"ten fruits from {count}, all layers from scratch", mean)


if __name__ == "__main__":
    tasks = {(): evaluate_heads, ("scratch",): evaluate_scratch}
    if tuple(sys.argv[1:]) not in tasks:
        sys.exit(__doc__)
    tasks[tuple(sys.argv[1:])]()
