"""What a transform does with a photo: its pipelines, its output, whether it is random, its key."""

import contextlib
import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

Transform = Callable[[Image.Image], torch.Tensor]
TRIES = 4  # runs on the same photo: a random transform gives different outputs
SIZES = ((97, 131), (300, 200), (640, 480))  # of photos made of noise, to see what it does


class Recipe(NamedTuple):
    """What a network was trained on, as its weights or its evaluation transform say."""

    size: int | Sequence[int]  # pixels
    mean: Sequence[float]
    std: Sequence[float]
    interpolation: InterpolationMode


def recipe_of(transform: Transform) -> Recipe:
    """Read the recipe from an evaluation transform: torchvision's preset, or a Compose."""
    if hasattr(transform, "crop_size"):  # what weights.transforms() returns
        return Recipe(transform.crop_size, transform.mean, transform.std, transform.interpolation)
    steps = list(_steps(transform))
    (crop,) = [step for step in steps if type(step).__name__ == "CenterCrop"]
    (resize,) = [step for step in steps if type(step).__name__ == "Resize"]
    (normalize,) = [step for step in steps if type(step).__name__ == "Normalize"]
    return Recipe(
        crop.size,
        torch.as_tensor(normalize.mean).flatten().tolist(),
        torch.as_tensor(normalize.std).flatten().tolist(),
        resize.interpolation,
    )


def _steps(transform: object) -> Iterator[object]:
    """Yield the steps of a Compose, those of inner ones included."""
    for step in getattr(transform, "transforms", [transform]):
        if hasattr(step, "transforms"):
            yield from _steps(step)
        else:
            yield step


def augmenting(recipe: Recipe) -> v2.Compose:
    """Return a pipeline for training: each time another crop, perhaps mirrored, other colours."""
    return v2.Compose(
        [
            v2.ToImage(),
            v2.RandomResizedCrop(
                recipe.size, scale=(0.5, 1.0), interpolation=recipe.interpolation, antialias=True
            ),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(recipe.mean, recipe.std),
        ]
    )


def apply(transform: Transform, photo: Image.Image) -> torch.Tensor:
    """Return what a transform makes of a photo: float (3, H, W). Raise TypeError otherwise."""
    if not callable(transform):
        raise TypeError(
            f"expected a transform, such as backbone.transform, got {type(transform).__name__}."
        )
    try:
        image = transform(photo)
    except TypeError as problem:
        raise TypeError(
            f"the transform cannot work on a PIL image ({problem}). If it expects a tensor, put "
            "v2.ToImage() before it: v2.Compose([v2.ToImage(), transform])."
        ) from problem
    if not isinstance(image, torch.Tensor) or not image.is_floating_point() or image.ndim != 3:
        got = type(image).__name__
        if isinstance(image, torch.Tensor):
            got = f"{image.dtype} {tuple(image.shape)}"
        raise TypeError(
            f"expected a transform that returns a float tensor (3, H, W), got {got}. "
            "Begin it with v2.ToImage() and add v2.ToDtype(torch.float32, scale=True)."
        )
    return image


def output_side(transform: Transform) -> int:
    """Return how many pixels the longer side has of what a transform makes of a photo."""
    with same_random_state():
        return max(apply(transform, _noise(*SIZES[-1])).shape[1:])


def is_random(transform: Transform) -> bool:
    """Whether a transform augments: it draws random numbers, or gives different outputs."""
    photo = _noise(*SIZES[-1])
    with same_random_state():
        before = _random_state()
        outputs = [apply(transform, photo) for _ in range(TRIES)]
        drawn = _random_state() != before
    return drawn or any(not torch.equal(outputs[0], other) for other in outputs[1:])


def key_of(transform: Transform) -> str:
    """Return what a transform is known by: what it makes of three images of noise.

    Its text would not do: that of a v2.Lambda does not say what the function does.
    """
    digest = hashlib.blake2b(digest_size=16)
    for size in SIZES:
        image = apply(transform, _noise(*size)).float().contiguous()
        digest.update(str(tuple(image.shape)).encode())
        digest.update(image.numpy().tobytes())
    return digest.hexdigest()


def _noise(width: int, height: int) -> Image.Image:
    """Return a photo of noise, always the same."""
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def _random_state() -> tuple[bytes, object, bytes]:
    """Return the state of the generators that transforms draw from."""
    numpy_state = np.random.get_state()
    return (
        torch.get_rng_state().numpy().tobytes(),
        random.getstate(),
        numpy_state[1].tobytes() + str(numpy_state[2]).encode(),
    )


@contextlib.contextmanager
def same_random_state() -> Iterator[None]:
    """Leave the generators of torch, random and numpy as they were."""
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        torch.set_rng_state(before[0])
        random.setstate(before[1])
        np.random.set_state(before[2])
