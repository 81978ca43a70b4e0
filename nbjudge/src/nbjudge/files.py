"""Writing files so that nobody ever sees half of one."""

import os
import shutil
from pathlib import Path


def write_files(folder, files):
    """Write {relative name: bytes, or a path to copy from} into a folder."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content) if isinstance(content, bytes) else shutil.copyfile(content, path)


def replace_text(path, text):
    """Write a file beside its place and rename it: whoever reads sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
