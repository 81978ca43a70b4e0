"""Write locked/course.txt and locked/tests.txt: exact versions with hashes. `make lock` runs it.

The versions are those that are installed here, in the environment in which `make test` has passed.
uv adds what other systems and other Pythons need. Only names, versions and hashes are written, so
the files serve whichever index pip is set to.
"""

import datetime
import platform
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from bootstrap import entries, listed

ROOT = Path(__file__).resolve().parents[1]
OWN = {"new-heads", "nbjudge"}
OLDEST = "3.10"  # Python; as in pyproject.toml's requires-python
HEADER = """\
# {what}: exact versions with hashes.
# Made by `make lock`, used by `make ... LOCKED=1`.
# Tested on {date} with Python {python} on {system}. For other systems, and for Python {oldest} and
# newer, the versions fit by what the packages say, and were not tested together.
# torch and torchvision are PyPI's: on Linux these have CUDA. PyTorch's own index has the same
# versions without CUDA, which have other hashes: TORCH=cpu takes them by version alone.
"""


def requirements(project: Path, extra: str = "") -> list[str]:
    """The dependencies in a pyproject.toml, or those of one of its extras and of extras in it."""
    found = []
    for text in listed(project, extra or "dependencies"):
        own, _, more = text.rstrip("]").partition("[")
        if own not in OWN:
            found.append(text)
        elif more:
            found += requirements(project, more)
    return found


def installed() -> str:
    """What is installed here, as constraints for this Python and newer ones."""
    marker = f"python_full_version >= '{platform.python_version()}'"
    found = {item.name.lower(): item.version for item in distributions()}
    others = OWN | {"pip", "uv", "wheel"}
    return "".join(
        f"{name}=={version} ; {marker}\n"
        for name, version in sorted(found.items())
        if name not in others and "+" not in version
    )


def compile_lock(wanted: list[str]) -> str:
    """Return the lines that uv writes for these requirements and all that they need."""
    tool = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if not tool:
        sys.exit("uv was not found: pip install uv")
    constraints = ROOT / "locked" / "constraints.part"
    constraints.write_text(installed(), encoding="utf-8")
    command = [tool, "pip", "compile", "-", "--quiet", "--universal", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--python-version", OLDEST, "-c", str(constraints)]
    try:
        done = subprocess.run(
            command, input="\n".join(wanted), stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
    finally:
        constraints.unlink()
    if done.returncode:
        sys.exit("The lock files are as they were: uv says above what does not fit.")
    return done.stdout


def version_of(entry: str) -> str:
    """The `name==version` of an entry."""
    return entry.partition(" ")[0]


def write(name: str, what: str, lines: list[str]) -> None:
    """Write a lock file with its header."""
    header = HEADER.format(
        what=what,
        date=datetime.date.today().isoformat(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        oldest=OLDEST,
    )
    (ROOT / "locked" / name).write_text(header + "".join(lines), encoding="utf-8")


def main() -> None:
    """Write both files."""
    project, engine = ROOT / "pyproject.toml", ROOT / "nbjudge" / "pyproject.toml"
    course = requirements(engine) + requirements(project) + requirements(project, "hub")
    course.append("setuptools>=77")  # builds the two packages
    versions = {version_of(entry) for entry in entries(compile_lock(course))}
    whole = entries(compile_lock(course + requirements(project, "test")))
    # The tests may need a package on more Pythons than the course: one entry serves both.
    of_course = [entry for entry in whole if version_of(entry) in versions]
    write("course.txt", "What the course and its hub need", of_course)
    more = [entry for entry in whole if entry not in of_course]
    write("tests.txt", "What the tests need besides", more)
    print(f"locked/course.txt: {len(of_course)} entries; locked/tests.txt: {len(more)} more.")


if __name__ == "__main__":
    main()
