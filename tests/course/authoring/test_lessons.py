"""Lessons keep their shape, derived files are what their text says, and nothing that is hidden leaks."""

import json
import re
import shutil

import pytest

from course.authoring import build
from course.checking.misconception import CATALOGUE
from nbjudge.planning.steps import names_of

LESSONS = build.lessons()
ANSWERS = build.ROOT / "tests" / "answers"


def graded(notebook):
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }


def between(source, name):
    """Lines inside ### BEGIN name ... ### END name."""
    return [
        line.strip()
        for part in re.findall(f"### BEGIN {name}\n(.*?)### END {name}", source, re.S)
        for line in part.splitlines()
        if line.strip()
    ]


@pytest.mark.parametrize("lesson", LESSONS)
def test_release_is_made_from_source_and_hides_what_it_must(lesson, tmp_path, monkeypatch):
    kept = (build.RELEASE / lesson / f"{lesson}.ipynb").read_text()
    monkeypatch.setattr(build, "RELEASE", tmp_path)
    build.build_release(lesson)
    assert (tmp_path / lesson / f"{lesson}.ipynb").read_text() == kept, (
        "the release is stale or was edited: run `make build`"
    )
    assert [path.name for path in (build.ROOT / "release" / lesson).iterdir()] == [
        f"{lesson}.ipynb"
    ]
    text = "\n".join(
        "".join(cell["source"])
        + json.dumps(cell["metadata"])
        + json.dumps(cell.get("attachments", {}))
        + json.dumps(cell.get("outputs", []))
        for cell in json.loads(kept)["cells"]
    )
    given = "\n".join(
        cell.source
        for cell in build.source_notebook(lesson).cells
        if "nbgrader" not in cell.metadata
    )
    for cell in graded(build.source_notebook(lesson)).values():
        for line in between(cell.source, "SOLUTION") + between(cell.source, "HIDDEN TESTS"):
            if (
                len(line) > 25 and line not in given
            ):  # a short line, or one that the lesson itself teaches, gives nothing away
                assert line not in text, f"the release shows: {line}"
    assert "BEGIN" not in text and text.count("raise NotImplementedError()") == sum(
        cell.metadata["nbgrader"]["solution"]
        for cell in graded(build.source_notebook(lesson)).values()
    )


@pytest.mark.parametrize("lesson", LESSONS)
def test_solution_is_executed_and_fresh(lesson):
    path = build.SOLUTIONS / f"{lesson}.ipynb"
    assert not build.stale(lesson, path), (
        f"{path.name} was made from another text: run `make build`"
    )
    notebook = json.loads(path.read_text())
    assert ["".join(cell["source"]) for cell in notebook["cells"]] == [
        cell.source for cell in build.solution_notebook(lesson).cells
    ]
    assert "HIDDEN" not in path.read_text()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["execution_count"], "a cell was not run"
            assert not any(output["output_type"] == "error" for output in cell["outputs"])


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson_shape(lesson):
    notebook = build.source_notebook(lesson)
    prose = " ".join(
        cell.source.split("<details>")[0] for cell in notebook.cells if cell.cell_type == "markdown"
    )  # without hints
    assert len(notebook.cells) <= 60 and len(prose.split()) <= 2500
    points = sum(cell.metadata["nbgrader"].get("points", 0) for cell in graded(notebook).values())
    assert re.search(
        rf"\*About \d+ minutes · {points} points?\*",
        notebook.cells[0].source + notebook.cells[1].source,
    )
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            stated = re.search(
                r"\*(\d+) minutes · (easy|medium|hard) · (\d+) points?\.\*", before.source
            )
            assert stated, (
                f"the exercise before {cell.id} must state minutes, difficulty and points"
            )
            assert (
                int(stated[3])
                == graded(notebook)[f"check-{cell.id}"].metadata["nbgrader"]["points"]
            )
    assert "In this lesson we" in notebook.cells[-1].source


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_three_hints(lesson):
    exercises = [
        name
        for name, cell in graded(build.source_notebook(lesson)).items()
        if cell.metadata["nbgrader"]["solution"]
    ]
    helped = build.hints(lesson)
    assert list(helped) == exercises, (
        "hints.md has a heading for each answer cell, in the lesson's order"
    )
    assert {name: len(hints) for name, hints in helped.items() if len(hints) != 3} == {}
    assert all(hint.endswith((".", "?")) for hints in helped.values() for hint in hints)


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_graded_cell_depends_on_an_experiment(lesson):
    of_experiments, needed = set(), set()
    for cell in build.source_notebook(lesson).cells:
        if cell.cell_type != "code":
            continue
        assigned, read = names_of(cell.source)
        if "experiment" in cell.metadata.get("tags", []):
            of_experiments |= assigned
        else:
            needed |= read & of_experiments - assigned
            of_experiments -= assigned
    assert not needed, f"{needed} come from experiments, which are not run for marks"


def test_every_misconception_is_met_and_can_be_read_about():
    met = {
        re.match(r"# misconception: (\S+)", path.read_text())[1]
        for path in ANSWERS.glob("*/wrong/*/*.py")
    }
    assert met == set(CATALOGUE), (
        "each code of the catalogue needs a wrong answer, and each wrong answer a code of the catalogue"
    )
    headings = {
        f"{lesson}: {heading.replace('`', '')}"
        for lesson in LESSONS
        for heading in re.findall(
            r"^#+ (.*)$", (build.SOURCE / lesson / f"{lesson}.md").read_text(), re.M
        )
    }
    assert {entry.read for entry in CATALOGUE.values()} <= headings, (
        "a check's link leads to a heading in its very words"
    )


def test_environment_and_pyproject_say_the_same():
    project = (build.ROOT / "pyproject.toml").read_text()
    environment = (build.ROOT / "environment.yml").read_text()
    assert (
        "-e .[test]" in environment
    )  # pip takes the dependencies from pyproject.toml, the one list
    assert (
        re.search(r'requires-python = "(.*)"', project)[1]
        == re.search(r"python(>=[\d.]+)", environment)[1]
    )
    assert re.search(r'name = "(.*)"', project)[1] == re.search(r"name: (.*)", environment)[1]
    others = set(re.findall(r"^  - ([a-z]+)", environment, re.M)) - {"conda", "python", "pip"}
    assert not others, f"{others} stand in environment.yml alone"


def test_sources_are_written_anew_when_their_text_changes(tmp_path, monkeypatch):
    lesson = LESSONS[0]
    (tmp_path / lesson).mkdir()
    text = shutil.copy(build.SOURCE / lesson / f"{lesson}.md", tmp_path / lesson)
    monkeypatch.setattr(build, "SOURCE", tmp_path)
    build.write_sources()
    notebook = tmp_path / lesson / f"{lesson}.ipynb"
    first = notebook.read_text()
    build.write_sources()
    assert notebook.read_text() == first
    with open(text, "a") as file:
        file.write("\nOne more line.\n")
    assert build.stale(lesson, notebook)
    build.write_sources()
    assert "One more line." in notebook.read_text() and not build.stale(lesson, notebook)
