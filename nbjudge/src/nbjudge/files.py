"""Writing files and folders in one step, so that no reader finds half of one."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path


def write_files(folder: Path | str, files: Mapping[str, bytes | Path]) -> None:
    """Write files into a folder: {relative name: bytes, or a path to copy from}."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)


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
