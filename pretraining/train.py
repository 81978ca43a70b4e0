"""Train the course's backbone: torchvision's ResNet-18 on drawn pictures of a thousand species.

    python -m pretraining.train draw     # 200,000 training and 5,000 held-out pictures: 2.5 GB in pretraining/cache
    python -m pretraining.train fit      # resumes where it was stopped; counts steps, so speed does not change the result
    python -m pretraining.train export   # half-precision weights and the training record into course/vision/weights

Recipe: AdamW with cosine decay, label smoothing, flips, shifts, light and colour jitter, bfloat16 autocast.
"""

import json
import math
import os
import sys
import time
from functools import lru_cache
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.torch import save_file
from torch.nn import functional as F

from course.vision.drawing import develop
from course.vision.species import COUNT, picture

CACHE = Path(__file__).parent / "cache"
WEIGHTS = Path(__file__).parent.parent / "course" / "vision" / "weights"
SEEDS = {"train": (1, 200_000), "held-out": (2, 5_000)}
STEPS, BATCH, LR, DECAY, SMOOTHING = 7_800, 128, 2e-3, 0.05, 0.1
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def _pixels(key):
    return develop([picture(*key)])[0].permute(1, 2, 0).numpy()


def draw():
    CACHE.mkdir(exist_ok=True)
    for split, (seed, count) in SEEDS.items():
        part = CACHE / f"{split}.part.npy"
        out = np.lib.format.open_memmap(part, "w+", np.uint8, (count, 64, 64, 3))
        start = time.time()
        with Pool() as pool:
            for i, pixels in enumerate(pool.imap(_pixels, ((seed, i) for i in range(count)), 64)):
                out[i] = pixels
                if i % 10_000 == 9_999:
                    print(
                        f"{split}: {i + 1:,} of {count:,} in {time.time() - start:.0f} s",
                        flush=True,
                    )
        out.flush()
        os.replace(part, CACHE / f"{split}.npy")


def augment(images, generator):
    """uint8 (B, 64, 64, 3) to normalised float (B, 3, 64, 64), varied."""

    def uniform(low, high, *shape):
        return torch.empty(*shape).uniform_(low, high, generator=generator)

    x = images.permute(0, 3, 1, 2).float() / 255
    flip = torch.rand(len(x), generator=generator) < 0.5
    x[flip] = x[flip].flip(3)
    x = torch.roll(x, torch.randint(-6, 7, (2,), generator=generator).tolist(), (2, 3))
    x = ((x - 0.5) * uniform(0.8, 1.2, len(x), 1, 1, 1) + 0.5) * uniform(
        0.88, 1.12, len(x), 3, 1, 1
    )
    return (x - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1)


@lru_cache(maxsize=1)
def shuffled(count, epoch):
    return torch.randperm(count, generator=torch.Generator().manual_seed(epoch))


def held_out_accuracy(model, device):
    images = torch.from_numpy(np.load(CACHE / "held-out.npy"))
    labels = torch.arange(len(images)) % COUNT
    model.eval()
    with torch.no_grad():
        right = [
            (
                model(
                    ((x.permute(0, 3, 1, 2) / 255 - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1)).to(
                        device
                    )
                )
                .argmax(1)
                .cpu()
                == y
            ).float()
            for x, y in zip(images.split(250), labels.split(250))
        ]
    model.train()
    return torch.cat(right).mean().item()


def fit():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    images = torch.from_numpy(np.load(CACHE / "train.npy", mmap_mode="r+"))
    torch.manual_seed(0)
    model = torchvision.models.resnet18(num_classes=COUNT).to(
        device, memory_format=torch.channels_last
    )
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0}], lr=LR
    )
    step, seconds, curve, saved = 0, 0.0, [], CACHE / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, seconds, curve = state["step"], state["seconds"], state["curve"]
        print(f"resumed at step {step}")
    per_epoch, start, running = len(images) // BATCH, time.time(), [0.0, 0.0]
    while step < STEPS:
        epoch, batch = divmod(step, per_epoch)
        rows = shuffled(len(images), epoch)[batch * BATCH :][:BATCH].sort().values
        x = augment(images[rows], torch.Generator().manual_seed(step)).to(
            device, memory_format=torch.channels_last
        )
        y = (rows % COUNT).to(device)
        for group in optimizer.param_groups:
            group["lr"] = (
                LR
                * min(1, (step + 1) / (0.04 * STEPS))
                * (0.5 + 0.5 * math.cos(math.pi * step / STEPS))
            )
        with torch.autocast(device, torch.bfloat16):
            logits = model(x)
        loss = F.cross_entropy(logits.float(), y, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        step += 1
        accuracy = (logits.argmax(1) == y).float().mean().item()
        running = [0.98 * a + 0.02 * b for a, b in zip(running, (loss.item(), accuracy))]
        if step % 300 == 0 or step == STEPS:
            seconds, start = seconds + time.time() - start, time.time()
            row = {
                "step": step,
                "pictures": step * BATCH,
                "seconds": round(seconds),
                "loss": round(running[0], 3),
                "training_accuracy": round(running[1], 3),
                "held_out_accuracy": round(held_out_accuracy(model, device), 4),
            }
            curve.append(row)
            print(row, flush=True)
            torch.save(
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                    "seconds": seconds,
                    "curve": curve,
                },
                saved.with_suffix(".part"),
            )
            os.replace(saved.with_suffix(".part"), saved)
            start = time.time()


def export():
    state = torch.load(CACHE / "checkpoint.pt", map_location="cpu")
    if state["step"] != STEPS:
        sys.exit(
            f"training stands at step {state['step']} of {STEPS}: run `python -m pretraining.train fit` to the end first"
        )
    WEIGHTS.mkdir(exist_ok=True)
    tensors = {
        name: t.contiguous().half() if t.is_floating_point() else t
        for name, t in state["model"].items()
    }
    save_file(tensors, WEIGHTS / "resnet18_species1000.safetensors")
    record = {
        "architecture": "torchvision.models.resnet18(num_classes=1000)",
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "pictures": SEEDS,
        "steps": STEPS,
        "batch": BATCH,
        "lr": LR,
        "weight_decay": DECAY,
        "label_smoothing": SMOOTHING,
        "curve": state["curve"],
    }
    (WEIGHTS / "training.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    tasks = {"draw": draw, "fit": fit, "export": export}
    if len(sys.argv) != 2 or sys.argv[1] not in tasks:
        sys.exit(__doc__)
    tasks[sys.argv[1]]()
