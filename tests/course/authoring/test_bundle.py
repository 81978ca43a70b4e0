"""The learners' zip: it holds all that lessons need, and none of what learners must not see."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest

from course.authoring import UsageError, bundle
from course.authoring.build import lessons
from course.paths import ROOT, SOURCE

LESSON = "00-start-here"


@pytest.fixture(scope="module")
def files():
    return bundle.bundled()


@pytest.fixture(scope="module")
def secrets():
    return list(bundle.secrets())


@pytest.fixture(scope="module")
def unzipped(tmp_path_factory):
    """The folder that a learner has after unzipping."""
    folder = tmp_path_factory.mktemp("bundle")
    said = bundle.write_bundle(folder)
    (path,) = folder.iterdir()
    assert said.startswith(f"{path}: ")
    assert path.name == f"new-heads-{bundle.version()}.zip"
    first = path.read_bytes()
    bundle.write_bundle(folder)
    assert path.read_bytes() == first
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder / path.stem


def answer_from_bank(name):
    """The lesson's exercise, answered."""
    notebook = json.loads((ROOT / "release" / name / f"{name}.ipynb").read_text("utf-8"))
    (right, *_) = sorted((bundle.ANSWERS / name / "right").glob("*/*.py"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == right.parent.name:
            cell["source"] = right.read_text("utf-8")
    return json.dumps(notebook)


def test_check_all_works_without_the_repository(unzipped):
    own_copy = unzipped / "work" / LESSON / f"{LESSON}.ipynb"
    own_copy.parent.mkdir(parents=True)
    own_copy.write_text(answer_from_bank(LESSON), encoding="utf-8")
    places = os.pathsep.join([str(unzipped), str(unzipped / "nbjudge" / "src")])

    def course(*arguments):
        command = [sys.executable, "-m", "course.learner", *arguments]
        environment = {**os.environ, "PYTHONPATH": places, "PYTHONSAFEPATH": "1"}
        return subprocess.run(
            command, cwd=unzipped, capture_output=True, text=True, env=environment
        )

    done = course("check")
    assert done.returncode == 0, done.stderr
    assert "1 of 1 points" in done.stdout
    done = course("progress")
    others = len(list((ROOT / "release").glob("*/*.ipynb"))) - 1  # with 20 points each
    assert f"In all 1 of {20 * others + 1} points" in done.stdout, done.stderr
    done = course("check", "--hidden")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("This copy of the course has no hidden tests")
    assert len(done.stderr.splitlines()) == 1
    done = course("check", "99")
    assert "there is no lesson '99': choose one of 00-start-here" in done.stderr


def test_every_module_finds_what_it_imports(files):
    missing = []
    for name in files:
        tree = ast.parse(files[name]) if name.endswith(".py") else ast.Module([], [])
        for node in ast.walk(tree):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module] if isinstance(node, ast.ImportFrom) else []
            for module in imported:
                path = module.replace(".", "/")
                path = f"nbjudge/src/{path}" if path.startswith("nbjudge") else path
                if module.split(".")[0] in ("course", "nbjudge"):
                    if f"{path}.py" not in files and f"{path}/__init__.py" not in files:
                        missing.append((name, module))
    assert missing == []
    assert "nbjudge/src/nbjudge/sandbox/guest/zygote.py" in files  # started by its name


def test_authors_and_instructors_parts_stay_behind(files):
    tops = {name.split("/")[0] for name in files}
    assert tops == {
        *("LICENSE", "Makefile", "README.md", "bootstrap.py", "nbgrader_config.py"),
        *("course", "nbjudge", "pyproject.toml", "release"),
    }
    authoring = {name for name in files if re.match(r"course/authoring/[^/]+$", name)}
    names = ("__init__", "edition", "lab", "released")
    assert authoring == {f"course/authoring/{name}.py" for name in names}
    for name in ("answers", "bench", "replay", "cli"):
        assert f"nbjudge/src/nbjudge/{name}.py" not in files
    assert not [name for name in files if "tests/" in name or "__pycache__" in name]


def test_no_long_line_of_a_solution_or_hidden_test_is_in_a_lesson(files):
    """Written without the module's own search: lines, not cells."""
    for lesson in lessons():
        text = (SOURCE / lesson / f"{lesson}.md").read_text("utf-8")
        blocks = re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", text, re.DOTALL)
        lines = {line.strip() for block in blocks for line in block.splitlines()}
        given = re.sub(
            r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n.*?### END", "", text, flags=re.DOTALL
        )
        released = json.loads(files[f"release/{lesson}/{lesson}.ipynb"])
        learners = {
            line.strip()
            for cell in released["cells"]
            for line in "".join(cell["source"]).split("\n")
        }
        assert blocks
        shown = {line for line in lines & learners if line and f"{line}\n" not in given}
        assert shown == set()


def seed_of(judge):
    """The value that a text of the judge's module gives its seed."""
    (value,) = [
        node.value
        for node in ast.parse(judge).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HIDDEN_SEED"
    ]
    return ast.literal_eval(value)


def test_the_seed_of_the_hidden_images_is_another_one(files):
    real, given = seed_of((ROOT / bundle.JUDGE).read_text("utf-8")), seed_of(files[bundle.JUDGE])
    assert isinstance(real, int) and isinstance(given, int) and given != real
    assert seed_of(bundle.with_another_seed("HIDDEN_SEED = 0")) == 1


@pytest.mark.parametrize(
    ("judge", "says"),
    [
        ("SEED = 3\n", "must have one line `HIDDEN_SEED = NUMBER`"),
        ("HIDDEN_SEED = draw()\n", "must be a plain number; got draw()"),
    ],
)
def test_a_seed_that_cannot_be_replaced_is_told(judge, says):
    with pytest.raises(UsageError, match=re.escape(says)):
        bundle.with_another_seed(judge)


def planted(files, place):
    """{name: content} of a bundle in which a secret stands, and what the message must say."""
    name = "release/00-start-here/00-start-here.ipynb"
    notebook = json.loads(files[name])
    answer = next(cell for cell in notebook["cells"] if cell["id"] == "count-parameters")
    check = next(cell for cell in notebook["cells"] if cell["id"] == "check-count-parameters")
    if place == "solution":
        whole = bundle.source_notebook(LESSON)
        (answer["source"],) = [cell.source for cell in whole.cells if cell.id == answer["id"]]
        answer["source"] = re.sub(r"\s*### (BEGIN|END) SOLUTION", "", answer["source"])
    elif place == "hidden":
        whole = bundle.source_notebook(LESSON)
        (check["source"],) = [cell.source for cell in whole.cells if cell.id == check["id"]]
        check["source"] = re.sub(r"### (BEGIN|END) HIDDEN TESTS\n?", "", check["source"])
    elif place == "marks":
        answer["source"] = "### BEGIN SOLUTION\n# none\n### END SOLUTION"
    changed = {**files, name: json.dumps(notebook).encode()}
    if place == "bank":
        path = next((bundle.ANSWERS / LESSON / "right").glob("*/*.py"))
        changed["course/notebook/waiting.py"] += b"\n" + path.read_bytes()
    elif place == "folder":
        changed["solutions/00-start-here.ipynb"] = files[name]
    elif place == "seed":
        changed[bundle.JUDGE] = (ROOT / bundle.JUDGE).read_bytes()
    return changed


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("solution", "00-start-here.ipynb holds the solution of 00-start-here"),
        ("hidden", "00-start-here.ipynb holds the hidden tests of 00-start-here"),
        ("marks", "00-start-here.ipynb has marks of a solution"),
        ("bank", "waiting.py holds the bank's answer tests/answers/00-start-here/right/"),
        ("folder", "solutions/00-start-here.ipynb is not for learners"),
        ("seed", "weights_judge.py holds the seed of the hidden images"),
    ],
)
def test_nothing_is_written_if_a_secret_is_found(
    files, secrets, tmp_path, monkeypatch, place, says
):
    changed = planted(files, place)
    monkeypatch.setattr(bundle, "bundled", lambda: changed)
    monkeypatch.setattr(bundle, "secrets", lambda: secrets)  # read once for all
    with pytest.raises(UsageError, match=says):
        bundle.write_bundle(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_bundle_installs_the_same_packages(files):
    for name in ("pyproject.toml", "nbjudge/pyproject.toml"):
        whole = (ROOT / name).read_text("utf-8")
        needed = re.compile(r"^dependencies = \[.*?^\]", re.MULTILINE | re.DOTALL)
        assert needed.findall(files[name].decode()) == needed.findall(whole) != []
    assert 'course = "course.learner:main"' in files["pyproject.toml"].decode()
