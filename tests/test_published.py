"""What others read by machine: lock files, workflows, forms, CITATION.cff, packages, containers."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.version import Version

import bootstrap
from bootstrap import entries
from locked.renew import requirements

ROOT = Path(__file__).parents[1]
ENTRY = re.compile(
    r"^([\w.-]+)==(\S+)(?: ; ([^\\\n]+?))? \\\n((?:    --hash=sha256:\w{64}(?: \\)?\n)+)$"
)


@pytest.fixture(scope="module")
def locked():
    """{name: version} of the lock files on this Python and system."""
    found = {}
    for name in ("course.txt", "tests.txt"):
        for entry in entries((ROOT / "locked" / name).read_text(encoding="utf-8")):
            package, version, marker, _ = ENTRY.match(entry).groups()
            if not marker or Requirement(f"{package} ; {marker}").marker.evaluate():
                assert package not in found
                found[package] = Version(version)
    return found


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_has_all_that_the_projects_require(locked):
    waiting = [requirements(ROOT / "nbjudge" / "pyproject.toml")]
    waiting += [requirements(ROOT / "pyproject.toml", extra) for extra in ("", "hub", "test")]
    texts = [text for group in waiting for text in group]
    assert len(texts) > 30
    seen = set()
    while texts:
        wanted = Requirement(texts.pop())
        name = normal(wanted.name)
        extras = [{"extra": extra} for extra in ("", *wanted.extras)]
        if wanted.marker and not any(wanted.marker.evaluate(extra) for extra in extras):
            continue
        assert name in locked, f"{wanted} is not locked: make lock"
        assert wanted.specifier.contains(locked[name], prereleases=True), f"{wanted}: make lock"
        if (name, tuple(wanted.extras)) in seen:
            continue
        seen.add((name, tuple(wanted.extras)))
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another system, or the hub
        for need in map(Requirement, needs):
            if not need.marker or any(need.marker.evaluate(extra) for extra in extras):
                texts.append(str(need).partition(";")[0])


def test_the_lock_names_no_place(locked):
    for path in (ROOT / "locked").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"://|--index|--find|file:", text)
        body = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
        assert "".join(entries(text)) == body
    assert {"torch", "torchvision", "nbgrader", "setuptools", "pytest"} <= set(locked)


def test_without_cuda_the_lock_leaves_out_what_pytorch_brings(monkeypatch):
    whole, rest = bootstrap.lock_text(), bootstrap.lock_without_pytorch()
    gone = {entry.split("==")[0] for entry in entries(whole)} - {
        entry.split("==")[0] for entry in entries(rest)
    }
    assert {"torch", "torchvision", "triton"} <= gone
    assert all(re.match("torch|triton|nvidia-|cuda-", name) for name in gone)
    monkeypatch.setenv("LOCKED", "1")
    pair = [requirement.split("==")[0] for requirement in bootstrap.requirements()]
    assert pair == ["torch", "torchvision"]


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("github-workflows", ".github/workflows/*.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("github-discussion", ".github/DISCUSSION_TEMPLATE/*.yml"),
        ("citation-file-format", "CITATION.cff"),
    ],
)
def test_what_others_read_has_their_format(schema, paths):
    files = sorted(map(str, ROOT.glob(paths)))
    assert files
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", f"vendor.{schema}", *files])
    assert done.exit_code == 0, done.output


def test_workflows_call_what_is_here():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"run: .*make (\w+)", text)) <= targets
        assert "permissions:\n  contents: read" in text
        assert re.findall(r"uses: .+@(?!v\d)", text) == []


def test_one_version_everywhere():
    texts = [(ROOT / name).read_text() for name in ("pyproject.toml", "nbjudge/pyproject.toml")]
    versions = {re.search(r'^version = "(.+)"', text, re.M)[1] for text in texts}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert versions == {citation["version"]}
    assert citation["license"] == "MIT"


def test_conda_containers_and_binder_install_what_make_does():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, _, by_pip = environment["dependencies"]
    assert python == "python>=3.10"
    assert by_pip == {"pip": ["-e ./nbjudge", "-e .[test]"]}
    container = (ROOT / ".devcontainer" / "devcontainer.json").read_text()
    container = json.loads(re.sub(r"^//.*\n", "", container, flags=re.M))
    assert container["postCreateCommand"] == "python bootstrap.py"
    binder = ROOT / ".binder" / "postBuild"
    assert "python bootstrap.py here" in binder.read_text() and binder.stat().st_mode & 0o100
    assert "python bootstrap.py here" in (ROOT / "deploy" / "Dockerfile").read_text()
    assert "%run new-heads/bootstrap.py lessons" in (ROOT / "docs" / "install.md").read_text()


def test_the_engine_can_be_published(tmp_path):
    folder = tmp_path / "nbjudge"
    shutil.copytree(ROOT / "nbjudge", folder, ignore=shutil.ignore_patterns("build", "*.egg*"))
    build = [sys.executable, "-m", "build", "--no-isolation", "--quiet", "--outdir", str(tmp_path)]
    subprocess.run([*build, str(folder)], check=True)
    files = sorted(str(path) for path in tmp_path.glob("nbjudge-*"))
    assert [Path(name).name.split("-", 2)[1] for name in files] == ["0.1.0", "0.1.0.tar.gz"]
    check = [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *files]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2
    names = zipfile.ZipFile(files[0]).namelist()
    assert "nbjudge/sandbox/guest/zygote.py" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "tests/" in name]
