"""Make .venv and install the course into it; does nothing when that is done already.

Needs Python alone. It is one file that any Python can read: it runs before anything is installed,
by its path or with IPython's %run, and an old Python gets a sentence. Each `make` target runs it.
Can be interrupted and run again: pip keeps what it has downloaded. Two other ways need no .venv:

    python bootstrap.py here      into the Python that runs this: a container, Binder, conda
    python bootstrap.py lessons   there too, only what lessons import: Colab, Kaggle

On Linux pip's own index brings PyTorch with 4 GB of CUDA libraries, which only an NVIDIA GPU can
use. So a Linux machine without one gets PyTorch from PyTorch's own index of CPU builds, if that
answers in time. The environment variable TORCH decides by hand:

    TORCH=cpu      from PyTorch's index of CPU builds, or not at all
    TORCH=cuda     with the CUDA libraries, on Linux
    TORCH=default  from pip's own index, whatever that has

What was chosen holds for later installs into the same .venv. LOCKED=1 installs the exact versions
of locked/course.txt and locked/tests.txt, each file checked by its hash.
"""

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NoReturn, Optional  # noqa: UP035 - read by whatever Python is there

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed-for"
CHOICE = VENV / "torch-from"  # "cpu" or "default": where PyTorch has come from

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 8  # seconds for that index to say which versions it has; half of them start pip
# What .venv takes when it is done, and the room that pip needs while it downloads and unpacks.
INSTALLED_GB = {"cpu": 1.5, "cuda": 6.8}
NEEDED_GB = {"cpu": 4, "cuda": 10}
DRIVER = Path("/proc/driver/nvidia/gpus")  # a folder for each GPU that NVIDIA's driver sees
LOCKED = ROOT / "locked"
# Packages beside the lessons: the grading engine's, JupyterLab, the commands.
NOT_FOR_LESSONS = ("nbjudge", "jupyterlab", "jupytext", "nbclient", "typer")
# What only the builds with CUDA need, by the beginnings of their names.
OF_CUDA = ("nvidia-", "cuda-", "triton")
# pip's settings that uv has as well, and those that change nothing in what is installed.
FOR_UV = {
    "index-url": "--index-url",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "constraint": "--constraint",
}
WITHOUT_EFFECT = ("cert", "timeout", "default-timeout", "retries", "no-cache-dir", "progress-bar")
WITHOUT_EFFECT += ("config-file", "disable-pip-version-check", "no-input", "root-user-action")
# Where pip looks for packages, as far as it is not said on its command line.
OTHER_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX")


def stop(message: str) -> NoReturn:
    """End with exit status 1 and say what to do."""
    sys.exit(f"\nThe course cannot be installed yet: {message}\n")


def say(message: str) -> None:
    """Print a line at once, before pip prints its own."""
    print(message, flush=True)


def main(arguments: List[str]) -> None:  # noqa: UP006
    """Install into .venv, or as the arguments say."""
    if sys.version_info < (3, 10):  # noqa: UP036 - this file is run by whatever Python is there
        stop(
            f"it needs Python 3.10 or newer and this is {sys.version.split()[0]}.\n"
            "Install a newer one, then run: make PYTHON=python3.12 ..."
        )
    if locked() and not (LOCKED / "course.txt").exists():
        stop(f"LOCKED=1 needs {LOCKED / 'course.txt'}, which is not there; leave LOCKED out.")
    if not arguments:
        install_into_venv()
    elif arguments in (["here"], ["lessons"]):
        if locked() and arguments == ["lessons"]:
            stop("`lessons` keeps the packages that are here; leave LOCKED out, or use `here`.")
        install_here(lessons_only=arguments == ["lessons"])
    else:
        stop(f"expected no argument, here or lessons; got {' '.join(arguments)}.")


def install_into_venv() -> None:
    """Install unless .venv was made for these very dependencies, and with the PyTorch chosen."""
    by_hand = chosen_by_hand()
    kept = kept_choice()
    stamp = STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""
    # without LOCKED an environment of locked versions is as good
    done = stamp == wanted() if locked() else stamp.split()[:1] == [wanted()]
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
    if replaced and source == "default":
        reinstall_pair(source)
    install_the_rest(source)
    check_pair(source)
    CHOICE.write_text(source)
    write_sources()
    STAMP.write_text(wanted())
    say(what_is_there())


def install_here(lessons_only: bool) -> None:
    """Install into the Python that runs this. A PyTorch that is there is left as it is.

    lessons_only: nothing but what lessons import, so that a hosted notebook keeps its own Jupyter.
    In IPython, `%run bootstrap.py lessons` needs no restart of the kernel.
    """
    global PYTHON
    PYTHON = Path(sys.executable)
    source = ""
    if not (importlib.util.find_spec("torch") and importlib.util.find_spec("torchvision")):
        by_hand = chosen_by_hand()
        source = by_hand or suitable_source()
        problem = install_cpu_builds(by_hand, replace=False) if source == "cpu" else ""
        if problem and by_hand:
            stop(f"{problem}.\nRun the command again later, or with TORCH=default.")
        source = "default" if problem else source
        if problem:
            say(f"{problem}, so PyTorch comes from pip's own index.")
    install_the_rest(source, lessons_only)
    if source:
        check_pair(source)
    if not lessons_only:
        write_sources()
    sys.path[:0] = [str(ROOT), str(ROOT / "nbjudge" / "src")]
    say(f"The course is installed into {sys.prefix}. Its lessons are in {ROOT / 'release'}.")


def write_sources() -> None:
    """Make the notebooks in source/: nbgrader's own commands read them."""
    if (ROOT / "source").exists():
        code = "from course.authoring.build import write_sources; write_sources()"
        subprocess.run([PYTHON, "-c", code], cwd=ROOT, check=True)


def locked() -> bool:
    """Whether LOCKED asks for the exact versions of the lock files."""
    given = os.environ.get("LOCKED", "").strip()
    if given not in ("", "0", "1"):
        stop(f"LOCKED is {given!r}, and must be 1; or leave it out.")
    return given == "1"


def wanted() -> str:
    """What is installed depends on these files alone: a hash, and one of the lock if it is used."""
    projects = ROOT / "pyproject.toml", ROOT / "nbjudge" / "pyproject.toml"
    groups = [projects, sorted(LOCKED.glob("*.txt"))] if locked() else [projects]
    contents = [b"".join(path.read_bytes() for path in group) for group in groups]
    return " ".join(hashlib.sha256(content).hexdigest() for content in contents)


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


def install_the_rest(source: str, lessons_only: bool = False) -> None:
    """Install the course and what it needs besides PyTorch from pip's own index.

    source: where PyTorch comes from, "" if it was there before.
    """
    projects = ["-e", str(ROOT / "nbjudge"), "-e", str(ROOT)]
    if locked():
        with tempfile.TemporaryDirectory() as folder:
            lock = Path(folder, "lock.txt")
            lock.write_text(lock_without_pytorch() if source in ("", "cpu") else lock_text())
            install(["--require-hashes", "--no-deps", "-r", str(lock)])
        install(["--no-deps", "--no-build-isolation", *projects])
    elif lessons_only:
        wanted = [name for name in requirements(".*") if not name.startswith(NOT_FOR_LESSONS)]
        install(wanted)
        install(["--no-deps", *projects])
    elif (ROOT / "tests").exists() and PYTHON.parent.parent == VENV:
        install([*projects[:-1], f"{ROOT}[test]"])
    else:  # learners without git have no tests
        install(projects)


def install(arguments: List[str]) -> None:  # noqa: UP006
    """Run uv's installer, or pip's where uv cannot be used or does not finish."""
    tool = uv()
    if tool:
        if subprocess.run([*tool, *arguments]).returncode == 0:
            return
        say("uv did not finish; pip tries.")
    if subprocess.run([*pip("install"), *arguments]).returncode:
        stop(
            "pip did not finish; its message stands above. If the network broke off, "
            "run the command again: it goes on where it was."
        )


def lock_text() -> str:
    """The lock files, those of the tests only where the tests are."""
    names = ["course.txt", *["tests.txt"] * (ROOT / "tests").exists()]
    return "".join((LOCKED / name).read_text(encoding="utf-8") for name in names)


def lock_without_pytorch() -> str:
    """The lock files without torch, torchvision and what only their builds with CUDA need."""
    kept = [entry for entry in entries(lock_text()) if not entry.startswith(("torch", *OF_CUDA))]
    return "".join(kept)


def entries(lock: str) -> List[str]:  # noqa: UP006
    """The entries of a lock: a name, a version and their hashes, some lines each."""
    return re.findall(r"^[\w.-]+==.*?(?:\n(?! )|\Z)", lock, re.MULTILINE | re.DOTALL)


def reinstall_pair(source: str) -> None:
    """Install torch and torchvision again from "cpu" or "default", in place of what is there."""
    if source == "cpu":
        problem = install_cpu_builds("", replace=True)
        if problem:
            stop(f"{problem}.")
    elif subprocess.run([*pip("install"), "--force-reinstall", *requirements()]).returncode:
        stop("pip did not finish; its message stands above. Run the command again.")


def check_pair(source: str) -> None:
    """Import torch and torchvision: builds of two indexes fit by their names, and do not work."""
    for first in (True, False):
        command = [str(PYTHON), "-c", "import torch, torchvision"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            return
        trouble = (done.stdout.strip().splitlines() or ["no message"])[-1]
        if first:
            say(f"torch and torchvision do not work together ({trouble}); they are installed again")
            reinstall_pair(source)
    stop(
        f"torch and torchvision do not work together: {trouble}\n"
        "Run the command again with TORCH=cpu or TORCH=default."
    )


def uv() -> List[str]:  # noqa: UP006
    """Return the beginning of a command line of uv, which installs several times as fast as pip.

    [] if pip must do it: if uv cannot be had, or pip has settings that uv does not know.
    """
    options = settings_for_uv()
    if options is None:
        return []
    beside = str(PYTHON.parent)
    if not (shutil.which("uv") or shutil.which("uv", path=beside)):
        subprocess.run([*pip("install"), "--quiet", "--timeout", "15", "--retries", "1", "uv"])
    tool = shutil.which("uv") or shutil.which("uv", path=beside)
    start = [tool, "pip", "install", "--compile-bytecode", "--python", str(PYTHON)]  # as pip does
    return [*start, *options] if tool else []


def settings_for_uv() -> Optional[List[str]]:  # noqa: UP006, UP045
    """Return uv's options for pip's settings, which uv does not read; None if it has not all."""
    listed = subprocess.run([*pip("config"), "list"], stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for line in reversed(listed.splitlines()):  # those of the environment come first, and win
        name, _, value = line.partition("=")
        section, _, name = name.rpartition(".")
        if section not in ("global", ":env:") or name not in (*FOR_UV, *WITHOUT_EFFECT):
            return None
        found[name] = ast.literal_eval(value)
    if locked():
        found.pop("constraint", None)  # the lock is narrower, and uv takes no range beside hashes
    os.environ.update({"SSL_CERT_FILE": found["cert"]} if "cert" in found else {})
    options = [
        part
        for name in FOR_UV
        for item in found.get(name, "").split()
        for part in (FOR_UV[name], item)
    ]
    # pip takes the best of all indexes, and uv the first that has a package
    return [*options, *["--index-strategy", "unsafe-best-match"] * ("extra-index-url" in found)]


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


def requirements(name: str = "torch(?:vision)?") -> List[str]:  # noqa: UP006
    """torch and torchvision, or others of the project's dependencies, as they are required.

    With LOCKED the pair has the versions of the lock.
    """
    if locked() and name.startswith("torch"):
        text = (LOCKED / "course.txt").read_text(encoding="utf-8")
        return re.findall(rf"^({name}==[\w.]+)", text, re.MULTILINE)
    return [text for text in listed(ROOT / "pyproject.toml") if re.match(rf"{name}\b", text)]


def listed(project: Path, name: str = "dependencies") -> List[str]:  # noqa: UP006
    """The requirements in a list of a pyproject.toml: its dependencies, or an extra by its name.

    Python before 3.11 has no tomllib.
    """
    text = project.read_text(encoding="utf-8")
    block = re.search(rf"^{name} = \[(.*?)\] *(?:#[^\n]*)?$", text, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r'"([^"]+)"', block)


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
        main(sys.argv[1:])
    except KeyboardInterrupt:
        stop("interrupted. Run the command again: it goes on where it was.")
