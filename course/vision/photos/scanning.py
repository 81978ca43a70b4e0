"""All files are opened once: which can be read, what was changed, and what they look like."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from course.notebook.waiting import followed
from course.vision.photos.opening import PhotoError, opened_from, read_bytes

SKETCH = 16  # pixels on a side
READERS = 4  # threads: more read faster and need more memory
LISTED = 5  # files with the same reason that get a sentence each; more share one


class Scan(NamedTuple):
    """What reading found out about a file."""

    digest: str  # of the file's bytes
    stamp: tuple[int, int]  # its size and time of change, which say whether the digest still holds
    sketch: np.ndarray  # float32 (16, 16), grey
    colour: tuple[int, int, int]  # the mean over the photo


class Scanned(NamedTuple):
    """The files that can be read, by their names, and sentences about the others."""

    scans: dict[str, Scan]
    problems: list[str]


def scan_all(files: Mapping[str, Path]) -> Scanned:
    """Open each file of {name: path}. One that cannot be read never stops the rest."""
    scans, skipped, changed = {}, defaultdict(list), defaultdict(list)
    with ThreadPoolExecutor(min(READERS, os.cpu_count() or 1)) as pool:
        waiting = [(name, pool.submit(scan, path)) for name, path in files.items()]
        for name, result in followed(waiting, "photos"):
            try:
                scans[name], changes = result.result()
            except PhotoError as problem:
                skipped[problem.why].append(name)
                continue
            for change in changes:
                changed[change].append(name)
    return Scanned(scans, sentences("skipped", skipped) + sentences("converted", changed))


def scan(path: Path) -> tuple[Scan, list[str]]:
    """Return what is found out about a file, and what was changed to read it."""
    data = read_bytes(path)
    image, changes = opened_from(data, path, at_least=256)
    return Scan(digest_of(data), stamp_of(path), sketch_of(image), _mean_colour(image)), changes


def digest_of(data: bytes) -> str:
    """Return what the bytes of a file are known by."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def stamp_of(path: Path) -> tuple[int, int]:
    """Return the size and the time of change of a file."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def sketch_of(image: Image.Image) -> np.ndarray:
    """Return a photo in grey and in 16 x 16 pixels, whatever its shape: float32."""
    small = image.convert("L").resize((SKETCH, SKETCH), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32)


def _mean_colour(image: Image.Image) -> tuple[int, int, int]:
    return image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))


def sentences(done: str, names_by_reason: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence for each file, or one for many files with the same reason."""
    said = []
    for reason, names in names_by_reason.items():
        why = reason.rstrip(".") + "."
        if len(names) <= LISTED:
            said += [f"{name} was {done}: {why}" for name in names]
        else:
            some = ", ".join(names[:3])
            said.append(f"{some} and {len(names) - 3} others were {done}: {why}")
    return said
