"""Writing files and folders in one step, so that no reader finds half of one."""

import filecmp
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

Content = TypeVar("Content", bound=bytes | Path)


def write_files(folder: Path | str, files: Mapping[str, bytes | Path]) -> None:
    """Write files into a folder: {relative name: bytes, or a path to copy from}."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)


def overlaid(
    files: Mapping[str, Content],
    newer: Mapping[str, Content],
    protected: Collection[str] = (),
) -> dict[str, Content]:
    """Return the files of a folder, {relative name: content}, after `newer` ones were written.

    No newer file comes in place of a `protected` one, whatever the case of its letters. Where one
    has made a folder of a file, or a file of a folder, what was there before is gone.
    """
    kept = {name.casefold() for name in protected}
    kept_folders = folders_of(kept)
    new = {}
    for name, content in newer.items():
        places = {name.casefold(), *map(str.casefold, folders_of([name]))}
        if kept.isdisjoint(places) and name.casefold() not in kept_folders:
            new[name] = content
    folders = folders_of(new)
    old = {}
    for name, content in files.items():
        if name not in folders and new.keys().isdisjoint(folders_of([name])):
            old[name] = content
    return old | new


def folders_of(names: Iterable[str]) -> set[str]:
    """Return the folders that files with these relative names lie in: "a" and "a/b" of "a/b/c"."""
    found = set()
    for name in names:
        parts = name.split("/")
        for count in range(1, len(parts)):
            found.add("/".join(parts[:count]))
    return found


def replace_text(path: Path, text: str, private: bool = False) -> None:
    """Write a text file in one step: a reader finds the old text or the new one.

    A private one only its owner can read.

    The text goes into a second file, which is then renamed: rename(2) is one step on POSIX.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text("", encoding="utf-8")
    if private:
        part.chmod(0o600)
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def replace_folder(part: Path, target: Path) -> None:
    """Put the folder `part`, which is complete, in the place of `target`.

    Both must be on one file system. For a moment there is no folder, but there is never half of
    one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    part.replace(target)


def same_files(one: Path, other: Path) -> bool:
    """Return whether two folders hold the same files with the same content, and no links."""
    names = [sorted(path.relative_to(top) for path in top.rglob("*")) for top in (one, other)]
    if names[0] != names[1]:
        return False
    for name in names[0]:
        paths = one / name, other / name
        if any(path.is_symlink() for path in paths) or paths[0].is_dir() != paths[1].is_dir():
            return False
        if paths[0].is_file() and not filecmp.cmp(*paths, shallow=False):
            return False
    return True
