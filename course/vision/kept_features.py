"""Features that checks use again and again, computed once: they travel with the package.

They are what flows into the head of the bundled ResNet-18. `python -m course.authoring.features`
computes them anew, after a change of its weights or of the images; a test compares. A seed that an
instructor has changed is not among them, so its images are drawn and computed when they are needed.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

FILE = Path(__file__).parent / "data" / "features.safetensors"
STALL = {"train": 400, "validation": 200, "test": 300}  # {split: how many of its first images}

Tensors = dict[str, Tensor]


def kept(name: str, compute: Callable[[], Tensors]) -> Tensors:
    """Return the tensors {part: tensor} that are kept under a name, or else those of `compute`."""
    with safe_open(FILE, "pt") as file:
        parts = [key for key in file.keys() if key.startswith(f"{name}/")]
        found = {key.removeprefix(f"{name}/"): file.get_tensor(key) for key in parts}
    return found or compute()


def stall_features(split: str, count: int) -> Tensor:
    """Return the features, float32 (count, 512), of the first images of a split of the stall.

    Raises ValueError for a split without kept features, or for more images than STALL says.
    """
    if count > STALL.get(split, 0):
        raise ValueError(f"expected a split and a count within {STALL}; got {split!r}, {count}")
    compute = functools.partial(_stall_features, split)
    return kept(f"stall {split}", compute)["features"][:count].clone()


def _stall_features(split: str) -> Tensors:
    from course.vision.backbones import load_backbone
    from course.vision.fruit import stall

    with torch.random.fork_rng(devices=[]):  # a new network draws its parameters before it loads
        model, preprocess = load_backbone()
    model.fc = torch.nn.Identity()
    features = []
    with torch.no_grad():
        for batch in stall(split, STALL[split]).images.split(50):  # few activations in memory
            features.append(model(preprocess(batch)))
    return {"features": torch.cat(features)}
