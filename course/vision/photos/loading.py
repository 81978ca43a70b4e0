"""Photos in batches: a Dataset, a DataLoader with a line of progress, and where to compute."""

import contextlib
import multiprocessing
import pickle
from collections.abc import Iterator
from contextlib import AbstractContextManager

import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from course.notebook.waiting import followed
from course.vision.backbones import accelerator
from course.vision.photos.album import Album, expect_album
from course.vision.photos.opening import PhotoError, open_photo
from course.vision.photos.transforms import Transform, apply, output_side


class PhotoDataset(Dataset):
    """The photos of an album: (image, {task: label or value}), an image as the transform makes it.

    A JPEG is read at about twice the size that the transform returns, which saves most of the time.
    """

    def __init__(self, album: Album, transform: Transform) -> None:
        self.files = album.files
        self.targets = {**album.labels, **album.values}
        self.transform = transform
        self.at_least = 2 * output_side(transform)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        photo = open_photo(self.files[index], self.at_least)
        targets = {task: target[index] for task, target in self.targets.items()}
        return apply(self.transform, photo), targets

    def __getitems__(self, indices: list[int]) -> list | PhotoError:
        """Return the items of a batch, or the error of the first photo that cannot be read."""
        try:
            return [self[index] for index in indices]
        except PhotoError as problem:
            return problem


class PhotoLoader(DataLoader):
    """A DataLoader that shows how far it is, in one line below the cell, where it takes long.

    An error about a photo is raised here, because torch puts one that a worker raises below the
    lines of the worker's traceback.
    """

    def __iter__(self) -> Iterator:
        for batch in followed(_Batches(super().__iter__(), len(self)), "batches"):
            if isinstance(batch, Exception):
                raise batch
            yield batch


class _Batches:
    """An iterator that knows how many items it has."""

    def __init__(self, batches: Iterator, count: int) -> None:
        self.batches = batches
        self.count = count

    def __iter__(self) -> Iterator:
        return self.batches

    def __len__(self) -> int:
        return self.count


def loader(
    album: Album,
    transform: Transform,
    batch_size: int = 32,
    workers: int = 0,
    shuffle: bool = False,
) -> DataLoader:
    """Return a DataLoader of (images, targets) in batches.

    images: float (B, 3, H, W). targets: {task: int64 (B,) labels, -1 where missing; or float32 (B,)
    values, NaN where missing}.

    workers: processes that read photos while the model computes; 0 reads in this one.

    Raises ValueError for an album without photos, TypeError for a transform that does not return
    float tensors; PhotoError while it runs, if a file has gone since the album was read.
    """
    expect_album(album)
    if not len(album):
        raise ValueError("expected an album with photos, got one without any.")
    start_slowly = workers > 0 and multiprocessing.get_start_method() != "fork"
    if start_slowly:  # Windows, macOS: a worker is a new Python that imports torch
        _expect_picklable(transform)
    return PhotoLoader(
        PhotoDataset(album, transform),
        batch_size=batch_size,
        shuffle=shuffle,
        num_workers=workers,
        persistent_workers=start_slowly,
        pin_memory=accelerator().type == "cuda",
        collate_fn=_collate,
    )


def _expect_picklable(transform: Transform) -> None:
    """Raise TypeError where a transform cannot be sent to worker processes."""
    try:
        pickle.dumps(transform)
    except Exception as problem:
        raise TypeError(
            f"with workers the transform must be one that pickle can write ({problem}). Move "
            "functions of your own from the notebook into a module, or use workers=0."
        ) from problem


def _collate(
    items: list[tuple[torch.Tensor, dict[str, torch.Tensor]]] | PhotoError,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]] | ValueError:
    """Return a batch; or an error, if there is one or the images have different sizes."""
    if isinstance(items, PhotoError):
        return items
    sizes = sorted({tuple(image.shape) for image, _ in items})
    if len(sizes) > 1:
        return ValueError(
            f"expected a transform that makes all images the same size, got {sizes[0]} and "
            f"{sizes[-1]}. Add v2.CenterCrop after v2.Resize, or give v2.Resize both sides."
        )
    return default_collate(items)


def autocast(device: torch.device) -> AbstractContextManager:
    """Compute in bfloat16 where that is faster: on a CUDA GPU that has it. Elsewhere in float32."""
    if uses_bfloat16(device):
        return torch.autocast(device.type, torch.bfloat16)
    return contextlib.nullcontext()


def uses_bfloat16(device: torch.device) -> bool:
    """Whether `autocast` computes in bfloat16 on a device."""
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
