"""What the bundled backbone buys: linear heads on frozen features, learning rate chosen on validation, reported on test.

python -m pretraining.evaluate      # about five minutes on two cores; writes course/vision/weights/evaluation.json
"""

import json

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course.vision.backbones import load_backbone
from course.vision.drawing import develop
from course.vision.fruit import stall, turned
from course.vision.species import COUNT, picture
from pretraining.train import WEIGHTS

RATES = (3e-4, 1e-3, 3e-3)


def features(model, images, preprocess):
    model.fc = nn.Identity()
    model.eval()
    with torch.no_grad():
        return torch.cat([model(preprocess(batch)) for batch in images.split(100)])


def fit(x, y, rate, seed):
    torch.manual_seed(seed)
    head = nn.Linear(x.shape[1], int(y.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(50):
            loss = F.cross_entropy(head(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return head


def accuracy(head, x, y):
    return (head(x).argmax(1) == y).float().mean().item()


def probe(train, validation, test):
    """Test accuracy, mean over three seeds, of the rate that does best on validation."""
    heads = {rate: [fit(*train, rate, seed) for seed in range(3)] for rate in RATES}
    best = max(RATES, key=lambda rate: sum(accuracy(head, *validation) for head in heads[rate]))
    return round(sum(accuracy(head, *test) for head in heads[best]) / 3, 3)


def main():
    splits = [stall(split) for split in ("train", "validation", "test")]
    model, preprocess = load_backbone()
    species = range(COUNT * 5)
    with torch.no_grad():
        named = torch.cat(
            [
                model(preprocess(develop([picture(3, i) for i in rows.tolist()]))).argmax(1)
                for rows in torch.tensor(species).split(250)
            ]
        )
    result = {
        "species named right, of 5,000 new pictures": round(
            (named == torch.tensor(species) % COUNT).float().mean().item(), 3
        )
    }
    print(result, flush=True)

    trained = [features(model, p.images, preprocess) for p in splits]
    torch.manual_seed(0)
    untrained = [features(torchvision.models.resnet18(), p.images, preprocess) for p in splits]
    quarters = [
        torch.randint(0, 4, (len(p.images),), generator=torch.Generator().manual_seed(i))
        for i, p in enumerate(splits)
    ]
    rotated = [
        features(model, turned(p.images, q), preprocess)
        for p, q in zip(splits, quarters, strict=True)
    ]

    def of(sets, labels, count=None):
        return probe(
            *[
                (x[:count], y[:count]) if i == 0 else (x, y)
                for i, (x, y) in enumerate(zip(sets, labels, strict=True))
            ]
        )

    fruit, rotten = [p.fruit for p in splits], [p.rotten for p in splits]
    for count in (200, 400, 1000, 2000):
        result[f"ten fruits from {count}"] = of(trained, fruit, count)
        print(result, flush=True)
    result["ten fruits from 200, random backbone"] = of(untrained, fruit, 200)
    result["fresh or rotten from 200"] = of(trained, rotten, 200)
    result["fresh or rotten from 1000"] = of(trained, rotten, 1000)
    result["quarter turns from 1000"] = of(rotated, quarters, 1000)
    (WEIGHTS / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n")
    print("\n".join(f"| {what} | {value:.3f} |" for what, value in result.items()))


if __name__ == "__main__":
    main()
