"""The installer: which PyTorch it takes, from a small local index; it says what it needs."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

import bootstrap

ROOT = Path(__file__).parents[1]
NOBODY = "http://127.0.0.1:9/cpu"  # the port of "discard", which nobody serves
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "{name}"
version = "1"
dependencies = [
{requires}]
"""
BACKEND = """
import zipfile
def build_editable(folder, settings=None, metadata=None):
    name = "{name}-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{{folder}}/{{name}}", "w") as wheel:
        for path, text in {files!r}.items():
            wheel.writestr(path, text)
    return name
"""


class Indexes(str):
    """The address of the server, with the folder that it serves."""

    def __new__(cls, address, folder):
        made = super().__new__(cls, address)
        made.folder = folder
        return made


ASKED: list[str] = []  # the paths that the server was asked for


class Server(SimpleHTTPRequestHandler):
    """Serves a folder, and notes in ASKED what was asked for; slow/ waits, forbidden/ is a 403."""

    def do_GET(self):
        ASKED.append(self.path)
        if self.path.startswith("/slow"):
            time.sleep(3)
        if self.path.startswith("/forbidden"):
            self.send_error(403)
        else:
            super().do_GET()

    def log_message(self, *arguments):
        pass


def in_wheel(name, version, requires=(), code=""):
    """{path: text} of a wheel that holds a module."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    info = f"{name}-{version}.dist-info"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{info}/{file},,\n" for file in ("METADATA", "WHEEL", "RECORD"))
    texts = {"METADATA": "\n".join(lines) + "\n", "WHEEL": kind, "RECORD": record}
    return {f"{name}.py": code, **{f"{info}/{file}": text for file, text in texts.items()}}


def add_wheel(index, name, version, requires=(), tag="py3-none-any", code=""):
    """Put a wheel into a folder that pip can use as an index."""
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as wheel:
        for path, text in in_wheel(name, version, requires, code).items():
            wheel.writestr(path, text)


@pytest.fixture(scope="module")
def indexes(tmp_path_factory):
    """The address of a server of three indexes: cpu/, default/, and old/ for another Python.

    Of cpu/ the newest torch fits no torchvision there, and default/ has newer pairs than cpu/.
    """
    folder = tmp_path_factory.mktemp("indexes")
    for torch in ("2.0.0+cpu", "2.1.0+cpu"):
        add_wheel(folder / "cpu", "torch", torch)
    add_wheel(folder / "cpu", "torchvision", "0.15.0+cpu", ["torch==2.0.0"])
    add_wheel(folder / "default", "torch", "3.0.0")
    add_wheel(folder / "default", "torchvision", "0.25.0", ["torch==3.0.0"])
    add_wheel(folder / "default", "torch", "2.9.0")
    add_wheel(folder / "default", "torchvision", "0.24.0", ["torch==2.9.0"])
    add_wheel(folder / "old", "torch", "1.0.0+cpu", tag="cp27-none-any")
    add_wheel(folder / "half", "torch", "2.0.0+cpu")
    add_wheel(folder / "default", "triton", "1")
    add_wheel(folder / "broken", "torch", "4.0.0")
    add_wheel(folder / "broken", "torchvision", "0.30.0", ["torch"], code="raise ValueError('old')")
    for name in ("torch", "torchvision"):  # the lock's versions
        version = {"torch": "2.0.0", "torchvision": "0.15.0"}[name]
        add_wheel(folder / "default", name, version)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Indexes(f"http://127.0.0.1:{server.server_port}", folder)
    server.shutdown()


@pytest.fixture(scope="module")
def empty_venv(tmp_path_factory):
    """An environment with pip alone, to be copied: making one takes seconds."""
    folder = tmp_path_factory.mktemp("venv") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def course(tmp_path, empty_venv):
    """A folder with the installer and two small projects, and an environment with pip alone."""
    shutil.copy(ROOT / "bootstrap.py", tmp_path)
    shutil.copytree(empty_venv, tmp_path / ".venv", symlinks=True)
    for folder, name, requires in ((".", "course", ("torch", "torchvision")), ("nbjudge", "e", ())):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        lines = "".join(f'  "{requirement}",\n' for requirement in requires)
        (place / "pyproject.toml").write_text(PROJECT.format(name=name, requires=lines))
        files = in_wheel(name, "1", requires)
        (place / "backend.py").write_text(BACKEND.format(name=name, files=files))
    return tmp_path


PIP_ALONE = "bootstrap.uv = lambda: []"


def install(course, default, cpu, gpu=False, change=PIP_ALONE, how=(), python=None, **environment):
    """Run the installer: `default` and `cpu` are the addresses of the two indexes."""
    lines = [
        "import bootstrap, sys",
        "sys.platform = 'linux'",
        f"bootstrap.CPU_INDEX = {cpu!r}",
        f"bootstrap.has_nvidia_gpu = lambda: {gpu}",
        change,
        f"bootstrap.main({list(how)})",
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    ours = {
        "PIP_INDEX_URL": default,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return subprocess.run(
        [python or sys.executable, "-c", "\n".join(lines)],
        cwd=course,
        capture_output=True,
        text=True,
        env={**kept, **ours, **environment},
    )


def packages(course):
    """{name: version} of what the installer has put into .venv."""
    found = {}
    for path in course.glob(".venv/*/**/*.dist-info"):
        name, _, version = path.stem.partition("-")
        found[name] = version
    return {name: version for name, version in found.items() if "torch" in name}


CPU = {"torch": "2.0.0+cpu", "torchvision": "0.15.0+cpu"}
CUDA = {"torch": "3.0.0", "torchvision": "0.25.0"}
LOCKED = {"torch": "2.9.0", "torchvision": "0.24.0"}


def test_without_a_gpu_both_come_from_the_cpu_index_and_the_choice_holds(course, indexes):
    default = f"{indexes}/default"
    done = install(course, default, f"{indexes}/cpu")
    assert done.returncode == 0, done.stderr
    assert packages(course) == CPU
    assert "about 1.5 GB" in done.stdout
    assert "Installed: torch 2.0.0+cpu, torchvision 0.15.0+cpu" in done.stdout
    assert install(course, default, f"{indexes}/cpu").stdout == ""  # nothing to do

    with (course / "pyproject.toml").open("a") as file:  # a later install, without that index
        file.write("# changed\n")
    done = install(course, default, NOBODY)
    assert (done.returncode, packages(course)) == (0, CPU), done.stderr

    done = install(course, default, NOBODY, TORCH="cuda")
    assert (done.returncode, packages(course)) == (0, CUDA), done.stderr

    done = install(course, default, NOBODY, TORCH="cpu")
    assert (done.returncode, packages(course)) == (1, CUDA)
    assert f"{NOBODY} cannot be reached.\nRun the command again later, or with" in done.stderr
    done = install(course, default, NOBODY)  # what is there has stayed, and is complete
    assert (done.returncode, packages(course)) == (0, CUDA), done.stderr

    done = install(course, default, f"{indexes}/cpu", TORCH="cpu")
    assert (done.returncode, packages(course)) == (0, CPU), done.stderr


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("/forbidden", "cannot be reached, so PyTorch comes from pip's own index"),
        ("/half", "did not deliver torch and torchvision (pip says why, above), so PyTorch"),
    ],
)
def test_the_default_index_takes_the_place_of_one_that_fails(course, indexes, place, says):
    done = install(course, f"{indexes}/default", indexes + place)
    assert (done.returncode, packages(course)) == (0, CUDA), done.stderr
    assert says in done.stdout


def test_with_a_gpu_or_by_hand_the_cpu_index_is_not_asked(course, indexes):
    before = len(ASKED)
    done = install(course, f"{indexes}/default", f"{indexes}/cpu", gpu=True)
    assert (done.returncode, packages(course)) == (0, CUDA), done.stderr
    assert "with its CUDA libraries" in done.stdout
    assert {path.split("/")[1] for path in ASKED[before:]} == {"default"}
    again = install(course, f"{indexes}/default", f"{indexes}/cpu", TORCH="default")
    assert (again.returncode, again.stdout) == (0, "")


def test_an_environment_of_before_is_left_alone(course, indexes):
    assert install(course, f"{indexes}/default", f"{indexes}/cpu", gpu=True).returncode == 0
    (course / ".venv" / "torch-from").unlink()
    (course / ".venv" / "installed-for").write_text("other dependencies")
    done = install(course, f"{indexes}/default", f"{indexes}/cpu")
    assert (done.returncode, packages(course)) == (0, CUDA), done.stderr


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("{}/cpu", ""),
        ("{}/slow", "did not answer in 2 seconds"),
        ("{}/forbidden", "cannot be reached"),
        ("{}/nothing", "cannot be reached"),
        (NOBODY, "cannot be reached"),
        ("https://no-such-host.invalid/cpu", "cannot be reached"),
        ("{}/old", "has no torch for Python 3."),
    ],
)
def test_an_index_that_cannot_be_used_costs_seconds(indexes, monkeypatch, address, says):
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(bootstrap, "CPU_INDEX", address.format(indexes))
    monkeypatch.setattr(bootstrap, "PATIENCE", 2 if "slow" in address else 30)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    problem = bootstrap.problem_of_index()
    assert (problem == "") if says == "" else (says in problem)


@pytest.mark.parametrize(
    ("script", "there"),
    [
        ("echo 'GPU 0: a card (UUID: GPU-1)'", True),
        ("echo 'No devices were found'", False),
        ("echo 'GPU lost'; exit 9", False),
    ],
)
def test_a_gpu_is_one_that_the_driver_lists(tmp_path, monkeypatch, script, there):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(bootstrap, "DRIVER", tmp_path / "none")
    assert bootstrap.has_nvidia_gpu() == there
    (tmp_path / "none" / "0000:01:00.0").mkdir(parents=True)
    assert bootstrap.has_nvidia_gpu()


@pytest.fixture
def clean_settings(monkeypatch):
    """A pip without settings: ({"list": what `pip config list` says}, the other commands run)."""
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    config = {"list": ""}

    def run(command, **others):
        if "config" in command:
            return subprocess.CompletedProcess(command, 0, config["list"], "")
        calls.append(command)
        return subprocess.CompletedProcess(command, "uv-that-fails" in command[0])

    calls = []
    monkeypatch.setattr(bootstrap, "subprocess", SimpleNamespace(run=run, PIPE=subprocess.PIPE))
    return config, calls


def test_uv_gets_pips_settings_where_it_has_them(clean_settings, monkeypatch, tmp_path):
    config, calls = clean_settings
    tool = tmp_path / "uv"
    tool.write_text("")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    start = [str(tool), "pip", "install", "--compile-bytecode", "--python", sys.executable]
    assert bootstrap.uv() == start
    config["list"] = (
        ":env:.index-url='https://mirror.example/simple'\n"
        ":env:.timeout='60'\n"
        "global.extra-index-url='https://one.example https://two.example'\n"
        "global.index-url='https://other.example/simple'\n"
    )
    options = ["--index-url", "https://mirror.example/simple"]
    for address in ("https://one.example", "https://two.example"):
        options += ["--extra-index-url", address]
    assert bootstrap.uv() == [*start, *options, "--index-strategy", "unsafe-best-match"]
    for line in ("global.proxy='http://proxy.example'", "install.constraint='pins.txt'"):
        config["list"] = line + "\n"
        assert bootstrap.uv() == []
    assert calls == []


@pytest.mark.parametrize(
    ("tool", "ran"), [("uv", ["uv"]), ("uv-that-fails", ["uv-that-fails", "pip"])]
)
def test_pip_installs_what_uv_could_not(clean_settings, monkeypatch, capsys, tool, ran):
    _, calls = clean_settings
    monkeypatch.setattr(bootstrap, "uv", lambda: [tool])
    monkeypatch.setattr(bootstrap, "PYTHON", bootstrap.VENV / "bin" / "python")
    bootstrap.install_the_rest("cpu")
    assert [call[0] if call[0] == tool else call[2] for call in calls] == ran
    assert all(call[-3:] == calls[0][-3:] for call in calls)
    assert calls[0][-1].endswith("[test]")


def test_the_requirements_are_those_of_the_project():
    assert [re.match("[a-z]+", line)[0] for line in bootstrap.requirements()] == [
        "torch",
        "torchvision",
    ]


def with_locked(course, indexes, torch="2.9.0", torchvision="0.24.0", wrong=False):
    """Write the lock files of a course, for wheels of the default index."""
    lines = []
    for name, version in (("torch", torch), ("torchvision", torchvision), ("triton", "1")):
        wheel = indexes.folder / "default" / name / f"{name}-{version}-py3-none-any.whl"
        known = hashlib.sha256(wheel.read_bytes() + b"!" * wrong).hexdigest()
        lines.append(f"{name}=={version} \\\n    --hash=sha256:{known}\n")
    (course / "locked").mkdir(exist_ok=True)
    (course / "locked" / "course.txt").write_text("".join(lines))


def test_locked_versions_are_installed_and_their_hashes_checked(course, indexes):
    default = f"{indexes}/default"
    done = install(course, default, NOBODY, LOCKED="1")
    assert done.returncode == 1 and "LOCKED=1 needs" in done.stderr
    with_locked(course, indexes, wrong=True)
    done = install(course, default, NOBODY, gpu=True, LOCKED="1")
    assert (done.returncode, packages(course)) == (1, {})
    assert "DO NOT MATCH THE HASHES" in done.stderr
    with_locked(course, indexes)
    done = install(course, default, NOBODY, gpu=True, LOCKED="1")
    assert (done.returncode, packages(course)) == (0, LOCKED), done.stderr
    for environment in ({"LOCKED": "1"}, {}):
        assert install(course, default, NOBODY, **environment).stdout == ""  # nothing to do
    with_locked(course, indexes, "3.0.0", "0.25.0")
    done = install(course, default, NOBODY, LOCKED="1")
    assert (done.returncode, packages(course)) == (0, CUDA), done.stderr


@pytest.mark.parametrize("lock", ["0", "1"])
def test_uv_installs_from_pips_index_under_pips_constraints(course, indexes, lock):
    with_locked(course, indexes)
    (course / "constraints.txt").write_text("torch<=2.9.0\n")
    environment = {
        "PIP_CONSTRAINT": str(course / "constraints.txt"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "UV_CACHE_DIR": str(course / "cache"),
    }
    done = install(
        course, f"{indexes}/default", NOBODY, gpu=True, change="", LOCKED=lock, **environment
    )
    assert (done.returncode, packages(course)) == (0, LOCKED), done.stderr
    assert "pip tries" not in done.stdout and (course / "cache").exists(), done.stderr


def test_locked_versions_without_cuda_come_from_the_cpu_index(course, indexes):
    with_locked(course, indexes, "2.0.0", "0.15.0")
    done = install(course, f"{indexes}/default", f"{indexes}/cpu", LOCKED="1")
    assert (done.returncode, packages(course)) == (0, CPU), done.stderr
    assert not list(course.glob(".venv/**/triton*"))


def test_a_pair_that_does_not_work_together_is_installed_again(course, indexes):
    default = f"{indexes}/default"
    assert install(course, default, NOBODY, gpu=True).returncode == 0
    (module,) = course.glob(".venv/lib/*/site-packages/torchvision.py")
    module.write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    (course / ".venv" / "installed-for").unlink()
    done = install(course, default, NOBODY)
    assert done.returncode == 0, done.stderr
    assert "(RuntimeError: operator torchvision::nms does not exist)" in done.stdout
    assert module.read_text() == ""
    module.write_text("raise ValueError('old')")
    (course / ".venv" / "installed-for").unlink()
    done = install(course, f"{indexes}/broken", NOBODY)
    assert done.returncode == 1
    assert "do not work together: ValueError: old\nRun the command again with TORCH" in done.stderr


def test_a_hosted_notebook_keeps_its_pytorch_and_gets_what_lessons_import(course, indexes):
    (course / ".venv").rename(course / "hosted")
    python = course / "hosted" / "bin" / "python"
    project = course / "pyproject.toml"
    project.write_text(project.read_text().replace('"torch"', '"torch",\n  "triton"'))
    default = f"{indexes}/default"
    for how, cpu in ((["lessons"], f"{indexes}/cpu"), (["lessons"], NOBODY), (["here"], NOBODY)):
        done = install(course, default, cpu, how=how, python=python)
        assert done.returncode == 0, done.stderr
        assert "The course is installed into" in done.stdout
        shown = [str(python), "-c", "import torch, torchvision, course, e, triton"]
        assert subprocess.run(shown, cwd="/").returncode == 0
        assert list((course / "hosted").glob("**/torch-2.0.0+cpu.dist-info"))
    assert not (course / ".venv").exists()
    done = install(course, default, NOBODY, how=["there"], python=python)
    assert "expected no argument, here or lessons; got there" in done.stderr


def test_the_lessons_import_nothing_that_a_hosted_notebook_does_not_get():
    """Import all that the released lessons import, with everything else hidden."""
    names = [re.match(r"[\w-]+", line)[0] for line in bootstrap.requirements('[^"]*')]
    hidden = [*bootstrap.NOT_FOR_LESSONS, "nbgrader", "distributed", "cryptography", "rapidfuzz"]
    hidden.remove("nbjudge")  # it is there, without what it needs
    assert {"torch", "scikit-learn", "mistune", *bootstrap.NOT_FOR_LESSONS} <= set(names)
    lines = {"import sys", f"sys.modules.update(dict.fromkeys({hidden}))"}
    for path in sorted(ROOT.glob("release/*/*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                for node in ast.walk(ast.parse("".join(cell["source"]))):
                    if isinstance(node, (ast.Import, ast.ImportFrom)):
                        lines.add(ast.unparse(node))
    first = ["import sys", *sorted(lines - {"import sys"}, key=lambda line: "sys.m" not in line)]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(first)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("change", "choice", "says"),
    [
        ("sys.version_info = (3, 9)", "", "needs Python 3.10"),
        ("bootstrap.NEEDED_GB['cpu'] = 10**9", "", "Make room, then run the command again"),
        ("", "gpu", "TORCH is 'gpu', and must be cpu, cuda or default"),
        ("sys.platform = 'darwin'", "cuda", "TORCH=cuda works on Linux only"),
    ],
)
def test_the_installer_says_what_it_needs(tmp_path, change, choice, says):
    for name in ("bootstrap.py", "pyproject.toml", "nbjudge/pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    done = install(tmp_path, NOBODY, NOBODY, change=change, TORCH=choice)
    assert done.returncode == 1
    assert says in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_large_install_needs_more_room(course, indexes):
    change = "bootstrap.NEEDED_GB['cuda'] = 10**9"
    done = install(course, f"{indexes}/default", NOBODY, change=change)
    assert done.returncode == 1
    assert "Make room, then run the command again" in done.stderr
    assert packages(course) == {}
