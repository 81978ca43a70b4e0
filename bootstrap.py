"""Make .venv and install the course into it; does nothing when that is done already.

Needs Python alone. Run by every `make` target. Can be interrupted and run again: pip keeps what it
has downloaded.

On Linux pip's own index brings PyTorch with 4 GB of CUDA libraries, which only an NVIDIA GPU can
use. So a Linux machine without one gets PyTorch from PyTorch's own index of CPU builds, if that
answers in time. The environment variable TORCH decides by hand:

    TORCH=cpu      from PyTorch's index of CPU builds, or not at all
    TORCH=cuda     with the CUDA libraries, on Linux
    TORCH=default  from pip's own index, whatever that has

What was chosen holds for later installs into the same .venv.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NoReturn  # noqa: UP035 - read by whatever Python is there

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed-for"
CHOICE = VENV / "torch-from"  # "cpu" or "default": where PyTorch has come from

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 8  # seconds for that index to say which versions it has; half of them start pip
# What .venv takes when it is done, and the room that pip needs while it downloads and unpacks.
INSTALLED_GB = {"cpu": 1.5, "cuda": 6.5}
NEEDED_GB = {"cpu": 4, "cuda": 10}
DRIVER = Path("/proc/driver/nvidia/gpus")  # a folder for each GPU that NVIDIA's driver sees
# Where pip looks for packages, as far as it is not said on its command line.
OTHER_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX")


def stop(message: str) -> NoReturn:
    """End with exit status 1 and say what to do."""
    sys.exit(f"\nThe course cannot be installed yet: {message}\n")


def say(message: str) -> None:
    """Print a line at once, before pip prints its own."""
    print(message, flush=True)


def main() -> None:
    """Install unless .venv was made for these very dependencies, and with the PyTorch chosen."""
    if sys.version_info < (3, 10):  # noqa: UP036 - this file is run by whatever Python is there
        stop(
            f"it needs Python 3.10 or newer and this is {sys.version.split()[0]}.\n"
            "Install a newer one, then run: make PYTHON=python3.12 ..."
        )
    by_hand = chosen_by_hand()
    kept = kept_choice()
    wanted = hash_of_projects()
    done = STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists()
    if done and by_hand in ("", kept):
        return
    make_venv()
    STAMP.unlink(missing_ok=True)  # if this is interrupted, the next run goes on
    source = by_hand or kept or suitable_source()
    replaced = bool(kept) and source != kept
    if not kept:
        need_room(size_of(source))
        CHOICE.write_text(source)  # before: an interrupted install goes on from the same index
        say(
            f"Installing into {VENV}: PyTorch, JupyterLab and nbgrader, "
            f"about {INSTALLED_GB[size_of(source)]} GB; one to ten minutes, once."
        )
    problem = install_cpu_builds(by_hand, replaced) if source == "cpu" else ""
    if problem and by_hand:
        if not kept:
            CHOICE.unlink()
        stop(f"{problem}.\nRun the command again later, or with TORCH=default.")
    if problem:
        say(f"{problem}, so PyTorch comes from pip's own index.")
        source = "default"
        if not installed():
            need_room(size_of(source))
        replaced = len(installed()) == 1  # half of a pair from the other index
    install_the_rest(replaced and source == "default")
    CHOICE.write_text(source)
    if (ROOT / "source").exists():
        # nbgrader's own commands read notebooks, which are made from the lessons' text
        write_sources = "from course.authoring.build import write_sources; write_sources()"
        subprocess.run([PYTHON, "-c", write_sources], cwd=ROOT, check=True)
    STAMP.write_text(wanted)
    say(what_is_there())


def hash_of_projects() -> str:
    """What is installed depends on these files alone."""
    projects = ROOT / "pyproject.toml", ROOT / "nbjudge" / "pyproject.toml"
    return hashlib.sha256(b"".join(path.read_bytes() for path in projects)).hexdigest()


def chosen_by_hand() -> str:
    """Return what TORCH says: "cpu" or "default", the index that it means; "" where it is not set.

    On Linux the builds with CUDA are those of pip's own index, so there "cuda" is "default".
    """
    given = os.environ.get("TORCH", "").strip().lower()
    if given not in ("", "cpu", "cuda", "default"):
        stop(f"TORCH is {given!r}, and must be cpu, cuda or default; or leave it out.")
    if given == "cuda" and sys.platform != "linux":
        stop(
            "TORCH=cuda works on Linux only. Leave TORCH out: the course needs no GPU, "
            "and on a Mac it finds Apple's own."
        )
    return "default" if given == "cuda" else given


def kept_choice() -> str:
    """Return where the PyTorch of .venv has come from, "" where there is none yet."""
    if CHOICE.exists():
        return CHOICE.read_text()
    return "default" if installed() else ""


def suitable_source() -> str:
    """Return "cpu" if PyTorch's CPU index can be used and helps here, else "default"; say why."""
    if sys.platform != "linux":
        return "default"  # there pip's own index has the small builds
    if has_nvidia_gpu():
        say("An NVIDIA GPU is here, so PyTorch comes with its CUDA libraries.")
        return "default"
    say("No NVIDIA GPU is here: asking PyTorch's index for the build without CUDA ...")
    problem = problem_of_index()
    if problem:
        say(f"{problem}, so PyTorch comes from pip's own index.")
    return "default" if problem else "cpu"


def has_nvidia_gpu() -> bool:
    """Whether NVIDIA's driver sees a GPU; without the driver PyTorch could not use one."""
    if any(DRIVER.glob("*")):
        return True
    # Windows' Linux (WSL) has no such folder; its nvidia-smi is not always on the search path
    tool = shutil.which("nvidia-smi") or shutil.which("/usr/lib/wsl/lib/nvidia-smi")
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, timeout=10) if tool else None
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed is not None and listed.returncode == 0 and b"GPU" in listed.stdout


def problem_of_index() -> str:
    """Return "" if the CPU index has torch for this Python, else the first half of a sentence.

    pip asks, because it knows the proxies and certificates of this machine. It is ended after
    PATIENCE seconds, whatever it waits for.
    """
    ask = [*pip("index"), "versions", "torch", "-vv", "--timeout", "5", "--retries", "0"]
    try:
        asked = subprocess.run(
            [*ask, "--index-url", CPU_INDEX],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            env=without_other_indexes(),
        )
    except subprocess.TimeoutExpired:
        return f"{CPU_INDEX} did not answer in {PATIENCE} seconds"
    if asked.returncode == 0:
        return ""
    if "Could not fetch URL" in asked.stdout:  # then pip goes on as if the page were empty
        return f"{CPU_INDEX} cannot be reached"
    return f"{CPU_INDEX} has no torch for Python {version()} on this machine"


def install_cpu_builds(by_hand: str, replace: bool) -> str:
    """Install torch and torchvision from the CPU index; return "" or what went wrong, as above.

    Only that index is looked at, in a step of its own. If pip saw two, it could take the newest
    torch of one and a torchvision of the other, and these do not fit together even where their
    version numbers do. It has all that the two depend on. Where both are there already, pip does
    nothing and needs no network, unless it is to replace them.
    """
    problem = problem_of_index() if by_hand else ""
    if problem:
        return problem
    command = [*pip("install"), "--timeout", "15", "--retries", "1"]
    command += ["--index-url", CPU_INDEX, *["--force-reinstall"] * replace, *requirements()]
    if subprocess.run(command, env=without_other_indexes()).returncode:
        return f"{CPU_INDEX} did not deliver torch and torchvision (pip says why, above)"
    return ""


def install_the_rest(replace: bool) -> None:
    """Install the course and all that it needs from pip's own index.

    replace: torch or torchvision are there already, from the CPU index, and are not wanted.
    """
    if replace:
        if subprocess.run([*pip("install"), "--force-reinstall", *requirements()]).returncode:
            stop_after_pip()
    extra = "[test]" if (ROOT / "tests").exists() else ""  # learners without git have no tests
    packages = ["-e", str(ROOT / "nbjudge"), "-e", f"{ROOT}{extra}"]
    tool = uv()
    if tool:
        command = [tool, "pip", "install", "--python", str(PYTHON), *packages]
        if subprocess.run(command).returncode == 0:
            return
        say("uv did not finish; pip tries.")
    if subprocess.run([*pip("install"), *packages]).returncode:
        stop_after_pip()


def uv() -> str:
    """Return the program uv, which installs several times as fast as pip; "" if pip must do it.

    uv does not read pip's settings. Where these name an index or a proxy, only pip knows the way.
    """
    settings = subprocess.run([*pip("config"), "list"], stdout=subprocess.PIPE).stdout
    if settings:  # of files and of environment variables
        return ""
    beside = str(PYTHON.parent)
    if not (shutil.which("uv") or shutil.which("uv", path=beside)):
        subprocess.run([*pip("install"), "--quiet", "--timeout", "15", "--retries", "1", "uv"])
    return shutil.which("uv") or shutil.which("uv", path=beside) or ""


def stop_after_pip() -> NoReturn:
    """End after pip has said what its trouble is."""
    stop(
        "pip did not finish; its message stands above. If the network broke off, "
        "run the command again: it goes on where it was."
    )


def make_venv() -> None:
    """Make .venv if it is not there."""
    if PYTHON.exists():
        return
    need_room("cpu")
    if subprocess.run([sys.executable, "-m", "venv", VENV]).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(
            "Python's venv module does not work here. "
            "On Debian or Ubuntu run: sudo apt-get install python3-venv"
        )


def need_room(size: str) -> None:
    """Stop if the disk has no room for an install of this size, "cpu" or "cuda"."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < NEEDED_GB[size]:
        stop(
            f"PyTorch and JupyterLab need about {NEEDED_GB[size]} GB of disk and {ROOT} has "
            f"{free:.1f} GB free.\nMake room, then run the command again."
        )


def size_of(source: str) -> str:
    """Whether what comes from an index is as large as without CUDA, "cpu", or as with it."""
    return "cuda" if source == "default" and sys.platform == "linux" else "cpu"


def pip(command: str) -> List[str]:  # noqa: UP006
    """The beginning of a command line of the pip in .venv."""
    return [str(PYTHON), "-m", "pip", command, "--disable-pip-version-check"]


def without_other_indexes() -> Dict[str, str]:  # noqa: UP006
    """The environment for a pip that looks into no index but the one that it is told.

    Its configuration files could add others, such as a mirror that has a newer torch with CUDA.
    """
    kept = {name: value for name, value in os.environ.items() if name not in OTHER_INDEXES}
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def requirements() -> List[str]:  # noqa: UP006
    """torch and torchvision as pyproject.toml requires them, with their versions if it has any."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'^ *"(torch(?:vision)?\b[^"]*)"', text, re.MULTILINE)


def installed() -> List[str]:  # noqa: UP006
    """Name and version of torch and torchvision, as far as they are in .venv."""
    found = []
    for name in ("torch", "torchvision"):
        for place in ("lib/python*/site-packages", "Lib/site-packages"):
            paths = sorted(VENV.glob(f"{place}/{name}-*.dist-info"))
            found += [path.stem.replace("-", " ") for path in paths[:1]]
    return found


def what_is_there() -> str:
    """Say what was installed and how large it is."""
    size = 0
    for folder, _, names in os.walk(VENV):
        size += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
    return f"Installed: {', '.join(installed())} and the rest, {size / 1e9:.1f} GB in {VENV}."


def version() -> str:
    """The first two parts of this Python's version."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("interrupted. Run the command again: it goes on where it was.")
