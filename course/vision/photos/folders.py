"""A folder per class becomes an album."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch

from course.vision.photos.album import Album
from course.vision.photos.scanning import Scan, scan_all, sentences

TASK = "class"  # the name of the only task
SYSTEM = {"thumbs.db", "desktop.ini", "__macosx"}  # files and folders that systems put there
SETS = {"train", "training", "val", "valid", "validation", "test", "testing"}


def read_folder(folder: Path | str) -> Album:
    """Read the photos of a folder in which each class has a folder of its own.

    What lies deeper belongs to the class as well. Links are followed. Hidden files and those of
    the system (.DS_Store, Thumbs.db) are passed over; a file that cannot be read is skipped, and
    album.problems says why. The album has one task, "class".

    Raises FileNotFoundError or NotADirectoryError for a wrong path, ValueError where the folder
    holds no folder with a photo.
    """
    folder = expect_folder(folder)
    problems: list[str] = []
    files, class_of = _by_class(folder, problems)
    _expect_classes(folder, files, class_of, problems)
    scanned = scan_all(files)
    names = list(scanned.scans)
    if not names:
        first = scanned.problems[0]
        raise ValueError(f"{folder}: none of {len(files)} files can be read as a photo. {first}")
    classes = sorted({class_of[name] for name in names})
    numbers = [classes.index(class_of[name]) for name in names]
    for name in sorted(_class_folders(folder) - set(classes)):
        problems.append(f"{name} holds no photo that can be read: it is no class of the album.")
    if len(classes) == 1:
        problems.append(f"{classes[0]} is the only class: a classifier needs two or more.")
    problems += in_two_classes(scanned.scans, class_of)
    return Album(
        names=tuple(names),
        files=tuple(files[name] for name in names),
        classes={TASK: classes},
        labels={TASK: torch.tensor(numbers, dtype=torch.int64)},
        values={},
        scans=tuple(scanned.scans.values()),
        problems=scanned.problems + problems,
    )


def expect_folder(folder: Path | str) -> Path:
    """Return the path of a folder that exists. Raise FileNotFoundError or NotADirectoryError."""
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(
            f"there is no folder {folder}. Paths begin at {Path.cwd()}; check the name."
        )
    if not folder.is_dir():
        raise NotADirectoryError(
            f"expected a folder, got the file {folder}. "
            "Unpack an archive first; for a table of labels use photos.read_csv."
        )
    return folder


def _by_class(folder: Path, problems: list[str]) -> tuple[dict[str, Path], dict[str, str]]:
    """Return {name: path} of all files, and {name: class}. Each real file is there once."""
    files: dict[str, Path] = {}
    class_of: dict[str, str] = {}
    first_names: dict[Path, str] = {}
    loose: list[str] = []
    for path in files_below(folder):
        relative = path.relative_to(folder)
        name = unicodedata.normalize("NFC", relative.as_posix())
        real = path.resolve()
        if not real.exists():
            problems.append(f"{name} was skipped: the link leads to {real}, which does not exist.")
        elif real in first_names:
            problems.append(f"{name} was skipped: it is a link to {first_names[real]}.")
        elif len(relative.parts) == 1:
            loose.append(name)
        else:
            first_names[real] = name
            files[name] = path
            class_of[name] = name.split("/")[0]
    problems += sentences("skipped", {"it lies in no class folder": loose})
    return files, class_of


def _class_folders(folder: Path) -> set[str]:
    """Return the names of the folders directly below a folder."""
    below = [path.name for path in folder.iterdir() if path.is_dir() and not _hidden(path.name)]
    return {unicodedata.normalize("NFC", name) for name in below}


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in the order of their names, hidden ones left out."""
    inside: set[Path] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        here = Path(place).resolve()
        if here in inside:  # a link that leads back, or a second one
            folders.clear()
            continue
        inside.add(here)
        folders[:] = sorted(name for name in folders if not _hidden(name))
        for name in sorted(names):
            if not _hidden(name):
                yield Path(place) / name


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in SYSTEM


def _expect_classes(
    folder: Path, files: dict[str, Path], class_of: dict[str, str], problems: list[str]
) -> None:
    """Raise ValueError where there are no class folders, or sets in their place."""
    if not files:
        found = f" {problems[0]}" if problems else ""
        raise ValueError(
            f"{folder}: expected a folder for each class, got no photo in such a folder.{found} "
            "Make a folder for each class and move its photos there."
        )
    names = set(class_of.values())
    if names and {name.lower() for name in names} <= SETS:
        which = sorted(names)[0]
        raise ValueError(
            f"{folder}: expected a folder for each class, got sets ({', '.join(sorted(names))}). "
            f'Read one set at a time: photos.read_folder("{folder / which}").'
        )


def in_two_classes(scans: dict[str, Scan], class_of: dict[str, str]) -> list[str]:
    """Return a sentence for each two files with the same bytes and different classes."""
    same = defaultdict(list)
    for name, found in scans.items():
        same[found.digest].append(name)
    sentences = []
    for names in same.values():
        other = [name for name in names if class_of[name] != class_of[names[0]]]
        sentences += [
            f"{name} is the same file as {names[0]} in another class: "
            "one of the two labels is wrong; remove that file."
            for name in other
        ]
    return sentences
