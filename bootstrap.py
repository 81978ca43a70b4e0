"""Make .venv and install the course into it; does nothing when that is done already.

Needs Python alone. Run by every `make` target. Can be interrupted and run again: pip keeps what it
has downloaded.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed-for"
NEEDED_GB = 10  # torch with its CUDA libraries unpacks to about 5.5 GB; pip needs room beside it


def stop(message: str) -> NoReturn:
    """End with exit status 1 and say what to do."""
    sys.exit(f"\nThe course cannot be installed yet: {message}\n")


def main() -> None:
    """Install unless .venv was made for these very dependencies."""
    if sys.version_info < (3, 10):  # noqa: UP036 - this file is run by whatever Python is there
        stop(
            f"it needs Python 3.10 or newer and this is {sys.version.split()[0]}.\n"
            "Install a newer one, then run: make PYTHON=python3.12 ..."
        )
    projects = ROOT / "pyproject.toml", ROOT / "nbjudge" / "pyproject.toml"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in projects)).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    free = shutil.disk_usage(ROOT).free / 1e9
    if not VENV.exists() and free < NEEDED_GB:
        stop(
            f"PyTorch and JupyterLab need about {NEEDED_GB} GB of disk and {ROOT} has "
            f"{free:.1f} GB free.\nMake room, then run the command again."
        )
    print(
        f"Installing into {VENV} (PyTorch and JupyterLab, about 5.5 GB; one to ten minutes, once).",
        flush=True,
    )
    if not PYTHON.exists():
        made = subprocess.run([sys.executable, "-m", "venv", VENV])
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            stop(
                "Python's venv module does not work here. "
                "On Debian or Ubuntu run: sudo apt-get install python3-venv"
            )
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    if subprocess.run([*pip, "-e", ROOT / "nbjudge", "-e", f"{ROOT}[test]"]).returncode:
        stop(
            "pip did not finish; its message stands above. If the network broke off, "
            "run the command again: it goes on where it was."
        )
    # nbgrader's own commands read notebooks, which are made from the lessons' text
    write_sources = "from course.authoring.build import write_sources; write_sources()"
    subprocess.run([PYTHON, "-c", write_sources], cwd=ROOT, check=True)
    STAMP.write_text(wanted)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("interrupted. Run the command again: it goes on where it was.")
