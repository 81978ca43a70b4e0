"""Features of photos, computed once: kept on disk by photo, weights and transform."""

import copy
import hashlib
import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import DataLoader

from course.vision.backbones import accelerator
from course.vision.photos.album import Album, expect_album
from course.vision.photos.backbones import Backbone, expect_backbone
from course.vision.photos.loading import autocast, loader, uses_bfloat16
from course.vision.photos.opening import read_bytes
from course.vision.photos.scanning import digest_of, stamp_of
from course.vision.photos.transforms import Transform, is_random, key_of

RANDOM = (
    "The features were not kept on disk, because the transform is random. Kept features would be "
    "the same in each epoch, and augmentation would change nothing."
)


def features(
    backbone: Backbone,
    album: Album,
    transform: Transform | None = None,
    batch_size: int = 32,
    workers: int = 0,
    cache: Path | str | None = None,
) -> torch.Tensor:
    """Return the features of all photos, float32 (N, width), on the CPU.

    The backbone runs in eval mode and without gradients, on the accelerator if there is one. Each
    photo's features are kept on disk, and known again by the bytes of the photo, the weights of the
    backbone and what the transform does; so a second call reads them, also for another split.

    transform: by default the backbone's own for evaluation. The features of a random one are not
    kept, and a sentence says why.
    cache: a folder; by default one beside torch's downloaded weights.
    """
    expect_backbone(backbone)
    expect_album(album)
    transform = transform or backbone.transform
    if not len(album):
        return torch.empty(0, backbone.width)
    if is_random(transform):
        print(RANDOM)
        return _computed(backbone.model, album, transform, batch_size, workers)
    store = cache_folder() if cache is None else Path(cache)
    file = store / f"{_key(backbone, transform)}.safetensors"
    kept = _read(file)
    digests = current_digests(album)
    new = {digest: index for index, digest in enumerate(digests) if digest not in kept}
    if new:
        rows = _computed(
            backbone.model, album.subset(list(new.values())), transform, batch_size, workers
        )
        kept |= dict(zip(new, rows))
        _write(file, kept)
    return torch.stack([kept[digest] for digest in digests])


def cache_folder() -> Path:
    """Return the folder in which features are kept by default."""
    return Path(torch.hub.get_dir()) / "photo-features"


def current_digests(album: Album) -> list[str]:
    """Return the digest of each file as it is now: it may have changed since it was read."""
    return [
        scan.digest if stamp_of(file) == scan.stamp else digest_of(read_bytes(file))
        for file, scan in zip(album.files, album.scans)
    ]


def _key(backbone: Backbone, transform: Transform) -> str:
    """Return what features are known by, apart from the photo."""
    digest = hashlib.blake2b(digest_size=16)
    precision = "bfloat16" if uses_bfloat16(accelerator()) else "float32"
    digest.update(f"{precision} {key_of(transform)} {backbone.model}".encode())
    for name, tensor in backbone.model.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy() if flat.numel() else b"")
    return digest.hexdigest()


def _computed(
    model: nn.Module, album: Album, transform: Transform, batch_size: int, workers: int
) -> torch.Tensor:
    """Return the features (N, width). Where the accelerator fails, the CPU does the work."""
    batches = loader(album, transform, batch_size, workers)
    device = accelerator()
    if device.type != "cpu":
        try:
            return _run(model, batches, device)
        except RuntimeError:  # out of memory, or an operation is missing there
            pass
    return _run(model, batches, torch.device("cpu"))


def _run(model: nn.Module, batches: DataLoader, device: torch.device) -> torch.Tensor:
    """Return the outputs of a copy of the model, so that the caller's keeps its place and mode."""
    model = copy.deepcopy(model).to(device).eval()
    rows = []
    with torch.no_grad(), autocast(device):
        for images, _ in batches:
            rows.append(model(images.to(device, non_blocking=True)).float().cpu())
    return torch.cat(rows)


def _read(file: Path) -> dict[str, torch.Tensor]:
    """Return {digest: features} of a file; nothing where there is none, or it is damaged."""
    try:
        return load_file(file)
    except (OSError, SafetensorError):
        return {}


def _write(file: Path, kept: dict[str, torch.Tensor]) -> None:
    """Keep {digest: features}. The file is replaced in one step, so nobody reads half of it."""
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file({digest: row.contiguous().clone() for digest, row in kept.items()}, part)
        os.replace(part, file)
    except OSError as problem:
        print(f"The features were not kept on disk: {file.parent} {problem.strerror}.")
