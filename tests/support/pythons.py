"""The engine's short tests on each Python that is installed here: `make pythons` runs this.

The engine needs no PyTorch, so each environment is small; it is removed afterwards. Of pyenv's
versions those are installed that it is told to use: PYENV_VERSION=3.11.7:3.13.0 make pythons
The course's own tests on one more Python: make PYTHON=python3.13 short, in a fresh clone.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("python3.10", "python3.11", "python3.12", "python3.13", "python3.14")
TESTS = ("planning", "test_package.py", "test_quickstart.py", "sandbox/test_shell.py")
NEEDED = ("pytest", "hypothesis", "psutil", "matplotlib", "ipywidgets")


def installed(name: str) -> str | None:
    """Return where a Python is; None where it is not, or where pyenv's stand-in for it has none."""
    program = shutil.which(name)
    if program and subprocess.run([program, "-c", ""], capture_output=True).returncode == 0:
        return program
    return None


def result_on(program: str) -> str:
    """Return what pytest's last line says on a Python, or where it stopped before."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "venv", "bin", "python")
        uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
        made = subprocess.run([uv, "venv", "--quiet", "--python", program, str(python.parents[1])])
        # without compiled modules each process of a test would compile them again
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
        if made.returncode or subprocess.run([*install, ROOT / "nbjudge", *NEEDED]).returncode:
            return "failed: it could not be installed; the message stands above"
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += [str(ROOT / "nbjudge" / "tests" / name) for name in TESTS]
        environment = {**os.environ, "PYTHONPATH": ""}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout[-4000:], done.stderr[-2000:], file=sys.stderr)
            return "failed: " + (done.stdout.strip().splitlines() or ["no output"])[-1]
        return done.stdout.strip().splitlines()[-1]


def main() -> int:
    """Print a line for each Python; return 1 if one has failed."""
    failed = False
    for name in PYTHONS:
        program = installed(name)
        result = result_on(program) if program else "not installed here"
        print(f"{name}: {result}", flush=True)
        failed |= result.startswith("failed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
