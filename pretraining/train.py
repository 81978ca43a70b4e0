"""Train the course's backbone: torchvision's ResNet-18 on drawn pictures of a thousand species.

    python -m pretraining.train draw     # draw 205,000 pictures: 2.5 GB in pretraining/cache
    python -m pretraining.train fit      # train, or go on where training was stopped
    python -m pretraining.train export   # write weights and record into course/vision/weights

Training counts steps and not time, so the speed of the machine does not change the result.
Recipe: AdamW with cosine decay, label smoothing, flips, shifts, light and colour jitter, bfloat16
autocast. The weights are exported in half precision.
"""

import json
import math
import os
import sys
import time
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from course.vision.backbones import BUNDLED, IMAGENET_MEAN, IMAGENET_STD
from course.vision.drawing import develop
from course.vision.species import COUNT, picture

CACHE = Path(__file__).parent / "cache"
CHECKPOINT = CACHE / "checkpoint.pt"
WEIGHTS = BUNDLED.parent
SEEDS = {"train": (1, 200_000), "held-out": (2, 5_000)}  # seed, pictures
STEPS = 7_800
BATCH = 128
LR = 2e-3
WARM_UP = 0.04 * STEPS  # steps
DECAY = 0.05
SMOOTHING = 0.1
REPORT_EVERY = 300  # steps
MEAN = torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
STD = torch.tensor(IMAGENET_STD).view(3, 1, 1)


# --- draw


def draw() -> None:
    """Draw all pictures into CACHE, uint8 (N, 64, 64, 3) for each split."""
    CACHE.mkdir(exist_ok=True)
    for split, (seed, count) in SEEDS.items():
        part = CACHE / f"{split}.part.npy"
        pictures = np.lib.format.open_memmap(part, "w+", np.uint8, (count, 64, 64, 3))
        start = time.time()
        keys = ((seed, index) for index in range(count))
        with Pool() as pool:
            for index, pixels in enumerate(pool.imap(_pixels, keys, chunksize=64)):
                pictures[index] = pixels
                if (index + 1) % 10_000 == 0:
                    seconds = time.time() - start
                    print(f"{split}: {index + 1:,} of {count:,} in {seconds:.0f} s", flush=True)
        pictures.flush()
        os.replace(part, CACHE / f"{split}.npy")


def _pixels(key):
    images = develop([picture(*key)])  # (1, 3, 64, 64)
    return images[0].permute(1, 2, 0).numpy()


# --- fit


@dataclass
class Progress:
    """How far the training is; what a checkpoint holds beside model and optimizer."""

    step: int = 0
    seconds: float = 0.0
    curve: list[dict] = field(default_factory=list)


def fit() -> None:
    """Train for STEPS steps, from the checkpoint if there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    images = torch.from_numpy(np.load(CACHE / "train.npy", mmap_mode="r+"))  # (N, 64, 64, 3)
    torch.manual_seed(0)
    model = torchvision.models.resnet18(num_classes=COUNT)
    model = model.to(device, memory_format=torch.channels_last)
    optimizer = _optimizer_of(model)
    progress = _resume(model, optimizer, device)
    loss_mean, accuracy_mean = 0.0, 0.0  # moving averages
    start = time.time()
    while progress.step < STEPS:
        rows = _rows(len(images), progress.step)
        generator = torch.Generator().manual_seed(progress.step)
        x = augment(images[rows], generator)  # (B, 3, 64, 64)
        x = x.to(device, memory_format=torch.channels_last)
        y = (rows % COUNT).to(device)  # (B,)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(progress.step)
        loss, accuracy = _train_step(model, optimizer, x, y)
        loss_mean = 0.98 * loss_mean + 0.02 * loss
        accuracy_mean = 0.98 * accuracy_mean + 0.02 * accuracy
        progress.step += 1
        if progress.step % REPORT_EVERY == 0 or progress.step == STEPS:
            progress.seconds += time.time() - start
            row = {
                "step": progress.step,
                "pictures": progress.step * BATCH,
                "seconds": round(progress.seconds),
                "loss": round(loss_mean, 3),
                "training_accuracy": round(accuracy_mean, 3),
                "held_out_accuracy": round(held_out_accuracy(model, device), 4),
            }
            progress.curve.append(row)
            print(row, flush=True)
            _save(model, optimizer, progress)
            start = time.time()  # evaluation and saving are not training time


def learning_rate(step: int) -> float:
    """The rate at a step: linear warm-up times cosine decay to 0."""
    warm_up = min(1, (step + 1) / WARM_UP)
    cosine = 0.5 + 0.5 * math.cos(math.pi * step / STEPS)
    return LR * warm_up * cosine


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """uint8 (B, 64, 64, 3) to normalised float (B, 3, 64, 64), varied."""

    def uniform(low, high, *shape):
        return torch.empty(*shape).uniform_(low, high, generator=generator)

    count = len(images)
    x = images.permute(0, 3, 1, 2).float() / 255  # (B, 3, 64, 64)
    flip = torch.rand(count, generator=generator) < 0.5
    x[flip] = x[flip].flip(3)
    shift = torch.randint(-6, 7, (2,), generator=generator).tolist()  # the same for all
    x = torch.roll(x, shift, (2, 3))
    contrast = uniform(0.8, 1.2, count, 1, 1, 1)
    colour = uniform(0.88, 1.12, count, 3, 1, 1)
    x = ((x - 0.5) * contrast + 0.5) * colour
    return (x - MEAN) / STD


def held_out_accuracy(model: nn.Module, device: str) -> float:
    """The share of the held-out pictures whose species the model names."""
    images = torch.from_numpy(np.load(CACHE / "held-out.npy"))  # (N, 64, 64, 3)
    labels = torch.arange(len(images)) % COUNT
    named = []
    model.eval()
    with torch.no_grad():
        for part in images.split(250):
            x = (part.permute(0, 3, 1, 2) / 255 - MEAN) / STD  # (250, 3, 64, 64)
            named.append(model(x.to(device)).argmax(1).cpu())
    model.train()
    return (torch.cat(named) == labels).float().mean().item()


def _optimizer_of(model):
    """AdamW with weight decay on matrices only: not on biases and BatchNorm's parameters."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups = [
        {"params": matrices, "weight_decay": DECAY},
        {"params": vectors, "weight_decay": 0},
    ]
    return torch.optim.AdamW(groups, lr=LR)


def _rows(count, step):
    """The pictures of one batch, in ascending order: a row of a random order of the epoch."""
    epoch, batch = divmod(step, count // BATCH)
    order = _random_order(count, epoch)
    return order[batch * BATCH :][:BATCH].sort().values


@lru_cache(maxsize=1)
def _random_order(count, epoch):
    return torch.randperm(count, generator=torch.Generator().manual_seed(epoch))


def _train_step(model, optimizer, x, y):
    """One step on images x (B, 3, 64, 64) and labels y (B,); loss and accuracy on them."""
    with torch.autocast(x.device.type, torch.bfloat16):
        logits = model(x)  # (B, 1000)
    loss = F.cross_entropy(logits.float(), y, label_smoothing=SMOOTHING)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    accuracy = (logits.argmax(1) == y).float().mean()
    return loss.item(), accuracy.item()


def _resume(model, optimizer, device):
    if not CHECKPOINT.exists():
        return Progress()
    state = torch.load(CHECKPOINT, map_location=device)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    print(f"resumed at step {state['step']}")
    return Progress(state["step"], state["seconds"], state["curve"])


def _save(model, optimizer, progress):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": progress.step,
        "seconds": progress.seconds,
        "curve": progress.curve,
    }
    part = CHECKPOINT.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, CHECKPOINT)


# --- export


def export() -> None:
    """Write the weights, in half precision, and the record of the training."""
    state = torch.load(CHECKPOINT, map_location="cpu")
    if state["step"] != STEPS:
        sys.exit(
            f"training stands at step {state['step']} of {STEPS}: "
            "run `python -m pretraining.train fit` to the end first"
        )
    WEIGHTS.mkdir(exist_ok=True)
    tensors = {}
    for name, tensor in state["model"].items():
        tensors[name] = tensor.contiguous().half() if tensor.is_floating_point() else tensor
    save_file(tensors, BUNDLED)
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
