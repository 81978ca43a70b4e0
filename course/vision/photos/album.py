"""An album: photos on disk, their labels, and what was wrong with the files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torchvision.transforms.v2.functional import pil_to_tensor

from course.vision.photos.opening import open_photo
from course.vision.photos.scanning import Scan

MISSING = -1  # the label of a photo that has none; a missing value is NaN


@dataclass(frozen=True, repr=False)
class Album:
    """N photos that can be read, in a fixed order, with a label for each task.

    names: N file names, relative to the folder, as messages show them.
    files: N paths.
    classes: {task: [class names]}.
    labels: {task: int64 (N,)}, an index into the classes, -1 where the label is missing.
    values: {task: float32 (N,)}, numbers to predict (regression), NaN where one is missing.
    problems: sentences, each with the name of a file: what was wrong, and what was done.
    scans: what reading found out about each file.
    """

    names: tuple[str, ...]
    files: tuple[Path, ...]
    classes: dict[str, list[str]]
    labels: dict[str, torch.Tensor]
    values: dict[str, torch.Tensor]
    scans: tuple[Scan, ...]
    problems: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def tasks(self) -> list[str]:
        """The names of all tasks: those with classes, then those with values."""
        return [*self.classes, *self.values]

    def subset(self, indices: Sequence[int] | torch.Tensor) -> "Album":
        """Return the album of some photos, in the order of `indices`. It has no problems.

        indices: whole numbers, or a mask, bool (N,). Raises IndexError for numbers beyond N.
        """
        chosen = torch.as_tensor(indices).flatten()
        if chosen.dtype == torch.bool:
            chosen = chosen.nonzero().flatten()
        listed = [int(index) for index in chosen]
        for index in listed:
            if not -len(self) <= index < len(self):
                raise IndexError(f"expected indices below {len(self)}, got {index}.")
        return Album(
            names=tuple(self.names[index] for index in listed),
            files=tuple(self.files[index] for index in listed),
            classes=self.classes,
            labels={task: labels[listed] for task, labels in self.labels.items()},
            values={task: values[listed] for task, values in self.values.items()},
            scans=tuple(self.scans[index] for index in listed),
        )

    def photo(self, index: int) -> Image.Image:
        """Return one photo as an upright RGB image. Raise PhotoError if its file has gone."""
        return open_photo(self.files[index])

    def images(self, size: int = 96) -> torch.Tensor:
        """Return all photos, cropped to a square, to look at: uint8 (N, 3, size, size)."""
        squares = torch.empty(len(self), 3, size, size, dtype=torch.uint8)
        for index, file in enumerate(self.files):
            square = ImageOps.fit(open_photo(file, at_least=size), (size, size))
            squares[index] = pil_to_tensor(square)
        return squares

    def counts(self, task: str) -> dict[str, int]:
        """Return how many photos each class of a task has."""
        found = torch.bincount(self.labels[task][self.labels[task] != MISSING])
        listed = found.tolist() + [0] * (len(self.classes[task]) - len(found))
        return dict(zip(self.classes[task], listed, strict=True))

    def __repr__(self) -> str:
        lines = [f"{len(self)} photos"]
        for task in self.classes:
            counts = ", ".join(f"{name} {count}" for name, count in self.counts(task).items())
            missing = int((self.labels[task] == MISSING).sum())
            lines.append(f"{task}: {counts}" + (f"; {missing} without a label" if missing else ""))
        for task, values in self.values.items():
            known = values[~values.isnan()]
            span = f", from {known.min():g} to {known.max():g}" if len(known) else ""
            lines.append(f"{task}: {len(known)} values{span}")
        if self.problems:
            lines.append(f"problems: {len(self.problems)}; print(*album.problems, sep='\\n')")
        return "\n".join(lines)


def expect_album(album: object) -> None:
    """Raise TypeError for anything but an album."""
    if not isinstance(album, Album):
        raise TypeError(
            "expected an album, as photos.read_folder or photos.read_csv returns it, "
            f"got {type(album).__name__}."
        )
