"""What the bundled backbone is worth: test accuracy of linear heads on its frozen features.

The learning rate of each head is chosen on validation.

python -m pretraining.evaluate   # about five minutes on two cores; writes weights/evaluation.json
"""

import json
from collections.abc import Callable, Sequence

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from course.vision.backbones import load_backbone
from course.vision.drawing import develop
from course.vision.fruit import stall, turned
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


def species_accuracy(model: nn.Module, preprocess: Preprocess, per_species: int = 5) -> float:
    """The share of new pictures of the thousand species that the model names."""
    indices = torch.arange(COUNT * per_species)
    drawn = (
        develop([picture(3, index) for index in part.tolist()])  # uint8 (250, 3, 64, 64)
        for part in indices.split(250)
    )
    named = _forward(model, drawn, preprocess).argmax(1)  # (N,)
    return round((named == indices % COUNT).float().mean().item(), 3)


def main() -> None:
    splits = [stall(split) for split in ("train", "validation", "test")]
    model, preprocess = load_backbone()
    result = {}

    def report(what, value):
        result[what] = value
        print(f"| {what} | {value:.3f} |", flush=True)

    accuracy_on_species = species_accuracy(model, preprocess)
    report("species named right, of 5,000 new pictures", accuracy_on_species)

    trained = [features(model, p.images, preprocess) for p in splits]
    torch.manual_seed(0)
    untrained = [features(torchvision.models.resnet18(), p.images, preprocess) for p in splits]
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
        report(f"ten fruits from {count}", probe_from(count, trained, fruit))
    report("ten fruits from 200, random backbone", probe_from(200, untrained, fruit))
    report("fresh or rotten from 200", probe_from(200, trained, rotten))
    report("fresh or rotten from 1000", probe_from(1000, trained, rotten))
    report("quarter turns from 1000", probe_from(1000, rotated, quarters))
    (WEIGHTS / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
