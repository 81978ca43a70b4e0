"""Lessons keep their shape, derived files follow their text, and nothing that is hidden leaks."""

import ast
import itertools
import json
import re
import shutil

import pytest
from traitlets.config import PyFileConfigLoader

from course.authoring import UsageError, build, released
from course.authoring.discuss import NAMES_NOTHING
from course.authoring.minutes import FENCED, count, too_long
from course.checking.misconception import CATALOGUE
from course.paths import ANSWERS, ROOT
from nbjudge.planning.steps import names_of

LESSONS = build.lessons()
STATED = re.compile(r"\*\d+ minutes · (?:easy|medium|hard) · (\d+) points?\.\*")
EFFORT = re.compile(r"\*(\d+) minutes · \w+ · (\d+) points?\.\*")
TOTAL = re.compile(r"\*About (\d+) minutes · (\d+) points?\*")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| (\d\d [^|]+) \| [^|]+ \| (\d+) \| (\d+) \|$", re.MULTILINE)
EXPLAINED = {  # terms, and what their explanation says
    "buffers?": "tensors that belong to the model, but are not parameters",
    "schedulers?": "sets new learning rates in an optimizer",
    "deepcopy": "makes an independent copy",
    "cosine similarity": "1 for the same direction",
    "AUC": "share of all pairs",
    "odds": "a probability $p$ has the odds",
    "parameter groups?": "a list of dicts",
    "logits?": "one per class",
    "frozen": "`requires_grad=False`",
}
CODE = re.compile(r"# misconception: (\S+)")


def graded(notebook):
    """{name: cell} of all cells that nbgrader knows."""
    return {cell.id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def answer_cells(notebook):
    """Names of all answer cells, in order."""
    names = []
    for name, cell in graded(notebook).items():
        if cell.metadata["nbgrader"]["solution"]:
            names.append(name)
    return names


def points_by_cell(notebook):
    """{name: points} of all cells that give points."""
    points = {}
    for name, cell in graded(notebook).items():
        if cell.metadata["nbgrader"]["grade"]:
            points[name] = cell.metadata["nbgrader"]["points"]
    return points


def markdown(notebook):
    """The texts of all Markdown cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def between(source, name):
    """Lines inside ### BEGIN name ... ### END name."""
    lines = []
    for part in re.findall(f"### BEGIN {name}\n(.*?)### END {name}", source, re.DOTALL):
        lines += [line.strip() for line in part.splitlines() if line.strip()]
    return lines


def cells_of(path):
    """The cells of a notebook on disk, as JSON has them."""
    return json.loads(path.read_text())["cells"]


def everything_in(cell):
    """All text of a cell of a notebook's JSON, whether a reader sees it or not."""
    unseen = [
        cell["metadata"],
        cell.get("attachments", {}),
        cell.get("outputs", []),
    ]
    return "".join(cell["source"]) + json.dumps(unseen)


@pytest.mark.parametrize("lesson", LESSONS)
def test_release_is_made_from_source(lesson, tmp_path, monkeypatch):
    kept = build.release_path(lesson)
    assert list(kept.parent.iterdir()) == [kept]
    monkeypatch.setattr(released, "RELEASE", tmp_path)
    build.build_release(lesson)
    made = build.release_path(lesson)
    stale = "the release is stale or was edited: run `make build`"
    assert made.read_text() == kept.read_text(), stale


@pytest.mark.parametrize("lesson", LESSONS)
def test_release_shows_nothing_that_is_hidden(lesson):
    source = build.source_notebook(lesson)
    released = cells_of(build.release_path(lesson))
    text = "\n".join(everything_in(cell) for cell in released)
    taught = "\n".join(cell.source for cell in source.cells if "nbgrader" not in cell.metadata)
    hidden = []
    for cell in graded(source).values():
        hidden += between(cell.source, "SOLUTION")
        hidden += between(cell.source, "HIDDEN TESTS")
    for line in hidden:
        # a short line, and one that the lesson itself teaches, gives nothing away
        if len(line) > 25 and line not in taught:
            assert line not in text, f"the release shows: {line}"
    assert "BEGIN" not in text
    assert text.count("raise NotImplementedError()") == len(answer_cells(source))


@pytest.mark.parametrize("lesson", LESSONS)
def test_run_all_goes_on_after_an_open_exercise(lesson):
    first, *others = [
        cell for cell in cells_of(build.release_path(lesson)) if cell["cell_type"] == "code"
    ]
    assert "import" in "".join(first["source"])
    assert "raises-exception" not in first["metadata"].get("tags", [])
    for cell in others:
        assert "raises-exception" in cell["metadata"]["tags"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_solution_is_executed_and_fresh(lesson):
    path = build.solution_path(lesson)
    stale = f"{path.name} was made from another text: run `make build`"
    assert not build.stale(lesson, path), stale
    expected = [cell.source for cell in build.solution_notebook(lesson).cells]
    assert ["".join(cell["source"]) for cell in cells_of(path)] == expected
    assert "HIDDEN" not in path.read_text()
    for cell in cells_of(path):
        if cell["cell_type"] == "code":
            assert cell["execution_count"], "a cell was not run"
            kinds = {output["output_type"] for output in cell["outputs"]}
            assert "error" not in kinds


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson_shape(lesson):
    notebook = build.source_notebook(lesson)
    assert not too_long(count(notebook))
    assert "In this lesson we" in notebook.cells[-1].source


@pytest.mark.parametrize("lesson", LESSONS)
def test_points_are_stated_as_the_check_cells_hold_them(lesson):
    notebook = build.source_notebook(lesson)
    points = points_by_cell(notebook)
    total = TOTAL.search(notebook.cells[0].source)[2]
    assert int(total) == sum(points.values())
    stated = STATED.findall("\n".join(markdown(notebook)))
    expected = [points[f"check-{name}"] for name in answer_cells(notebook)]
    assert [int(number) for number in stated] == expected


@pytest.mark.parametrize("term, explained", EXPLAINED.items())
def test_a_term_is_explained_where_it_is_first_used(term, explained):
    prose = "\n".join(FENCED.sub("", build.text_path(lesson).read_text()) for lesson in LESSONS)
    first = re.search(rf"\b{term}\b", prose, re.IGNORECASE).start()
    beginning = prose.rindex("\n\n", 0, first)
    paragraph = prose[beginning : prose.index("\n\n", first)]
    assert explained in paragraph


@pytest.mark.parametrize("lesson", LESSONS)
def test_points_follow_the_minutes(lesson):
    """An exercise that takes longer than another never gives fewer points."""
    efforts = []
    for text in markdown(build.source_notebook(lesson)):
        efforts += [(int(m), int(p)) for m, p in EFFORT.findall(text)]
    for (less, few), (more, many) in itertools.permutations(efforts, 2):
        assert more <= less or many >= few, f"{more} minutes give {many}, {less} give {few} points"


@pytest.mark.parametrize("lesson", LESSONS)
def test_points_are_written_once(lesson):
    text = build.text_path(lesson).read_text()
    assert not STATED.search(text), "say {points}: the check cell's metadata holds them"
    assert not TOTAL.search(text), "say {points}: the check cells' metadata hold them"


def test_the_table_in_the_readme_says_what_the_lessons_say():
    expected = []
    for lesson in LESSONS:
        header = build.source_notebook(lesson).cells[0].source
        title = TITLE.search(header)[1]
        expected.append((title, *TOTAL.search(header).groups()))
    readme = (ROOT / "README.md").read_text()
    assert ROW.findall(readme) == expected, "change the table in README.md"
    hours = round(sum(int(minutes) for _, minutes, _ in expected) / 60)
    assert f"That is about {hours} hours" in readme


@pytest.mark.parametrize("lesson", LESSONS)
def test_three_to_six_sources_are_named_where_they_are_used(lesson):
    text = build.text_path(lesson).read_text()
    prose, _, rest = text.partition("\n## Sources\n")
    sources = re.findall(r"^- (.+)$", rest.partition("\n## ")[0], re.MULTILINE)
    assert 3 <= len(sources) <= 6
    prose = FENCED.sub("", prose)
    for source in sources:
        author = re.match(r"(?:[A-Z]\. )*([\w-]+)", source)[1]
        named = re.search(rf"\b{author}\b", prose, re.IGNORECASE)
        linked = any(link in prose for link in re.findall(r"\]\((\S+)\)", source))
        assert named or linked, f"the text does not name {source}"
        assert re.search(r": [^:]+\.$", source), f"say what it adds: {source}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_three_hints(lesson):
    hints = build.hints(lesson)
    exercises = answer_cells(build.source_notebook(lesson))
    assert list(hints) == exercises, "hints.md has a heading for each answer cell, in their order"
    for texts in hints.values():
        assert len(texts) == 3
        for text in texts:
            assert text.endswith((".", "?"))


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_graded_cell_depends_on_an_experiment(lesson):
    of_experiments = set()
    needed = set()
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


@pytest.mark.parametrize("lesson", LESSONS)
def test_given_cells_import_no_name_that_answers_use_for_their_own_variables(lesson):
    """A learner who tries such lines in a cell would replace what later given cells call."""
    imported = set()
    for cell in build.source_notebook(lesson).cells:
        if cell.cell_type == "code":
            imported |= names_after_imports(cell.source)
    for path in ANSWERS.glob("*/*/*/*.py"):
        stored = {
            node.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert not stored & imported, f"{path.relative_to(ANSWERS)} uses the name otherwise"


def names_after_imports(source):
    """The names that the imports of a cell define."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(each.asname or each.name).partition(".")[0] for each in node.names}
    return names


@pytest.mark.parametrize("lesson", LESSONS)
def test_grading_runs_no_quiz(lesson):
    for cell in build.source_notebook(lesson).cells:
        if "\nask(" in f"\n{cell.source}":
            assert "experiment" in cell.metadata["tags"]


def test_every_misconception_has_a_wrong_answer():
    met = set()
    for path in ANSWERS.glob("*/wrong/*/*.py"):
        first_line = CODE.match(path.read_text())
        met.add(first_line[1])
    assert met == set(CATALOGUE)


def test_every_misconception_can_be_read_about():
    headings = set()
    for lesson in LESSONS:
        text = build.text_path(lesson).read_text()
        for title in HEADING.findall(text.replace("`", "")):
            headings.add(f"{lesson}: {title}")
    for code, entry in CATALOGUE.items():
        known = entry.read in headings or code in NAMES_NOTHING
        assert known, f"{code} links to a heading, in its very words"


def test_environment_and_pyproject_say_the_same():
    project = (ROOT / "pyproject.toml").read_text()
    environment = (ROOT / "environment.yml").read_text()
    python = re.search(r'requires-python = "(.*)"', project)[1]
    name = re.search(r'name = "(.*)"', project)[1]
    assert f"python{python}\n" in environment
    assert f"name: {name}\n" in environment
    assert "-e .[test]\n" in environment
    listed = re.findall(r"^  - ([a-z]+)", environment, re.MULTILINE)
    assert set(listed) == {"conda", "pip", "python"}, "all others stand in pyproject.toml"


@pytest.fixture
def copied_lesson(tmp_path, monkeypatch):
    """The name of a lesson whose text, with the next one's, is copied to a folder of its own."""
    lesson, following, *_ = LESSONS
    only_text = shutil.ignore_patterns("*.ipynb")
    for name in (lesson, following):
        shutil.copytree(build.SOURCE / name, tmp_path / name, ignore=only_text)
    monkeypatch.setattr(build, "SOURCE", tmp_path)
    return lesson


def change(lesson, old, new):
    """Replace words in a lesson's text."""
    path = build.text_path(lesson)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_each_lesson_links_to_its_neighbours():
    for before, after in itertools.pairwise(LESSONS):
        assert f"](../{after}/{after}.ipynb)" in build.source_notebook(before).cells[-1].source
        assert f"](../{before}/{before}.ipynb)" in build.source_notebook(after).cells[-1].source
        assert f"]({after}.ipynb)" in build.solution_notebook(before).cells[-1].source
        the_map = "00-start-here.ipynb#Your-progress)"
        assert f"](../00-start-here/{the_map}" in build.source_notebook(after).cells[-1].source
        assert f"]({the_map}" in build.solution_notebook(after).cells[-1].source


def test_points_without_a_check_are_an_error(copied_lesson):
    change(copied_lesson, "## The fruit stall", "## The fruit stall\n\n*{points}*")
    with pytest.raises(UsageError, match=r"\{points\} stands above the cell"):
        build.source_notebook(copied_lesson)


def test_sources_are_written_anew_when_their_text_changes(copied_lesson):
    build.write_sources()
    notebook = build.source_path(copied_lesson)
    first = notebook.read_text()
    build.write_sources()
    assert notebook.read_text() == first
    change(copied_lesson, "## The network", "## Our network")
    build.write_sources()
    assert "## Our network" in notebook.read_text()


def test_reading_the_settings_writes_nothing(copied_lesson, monkeypatch):
    """The source notebook is missing, and still is when nbgrader_config.py has been read."""
    monkeypatch.setenv("PATH", "/bin")  # put back afterwards: the settings change it
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT))
    assert loader.load_config().CourseDirectory.course_id == "new-heads"
    assert not build.source_path(copied_lesson).exists()


def test_outputs_of_the_same_code_are_kept(copied_lesson, tmp_path, monkeypatch):
    before = build.solution_path(copied_lesson).read_text()
    monkeypatch.setattr(build, "SOLUTIONS", tmp_path)
    monkeypatch.setattr(build, "execute", lambda notebook: pytest.fail("it was run again"))
    solution = build.solution_path(copied_lesson)
    solution.write_text(before)
    change(copied_lesson, "## The network", "## Our network")
    build.build_solution(copied_lesson)
    expected = before.replace("## The network", "## Our network")
    expected = expected.replace(json.loads(before)["metadata"]["made_from"], "")
    stamp = build.digest(copied_lesson)
    assert solution.read_text().replace(stamp, "") == expected


@pytest.mark.parametrize("lesson", LESSONS)
def test_code_fits_into_the_page(lesson):
    """At 1280 pixels JupyterLab shows 88 characters beside the list of files."""
    for path in (build.release_path(lesson), build.solution_path(lesson)):
        for cell in cells_of(path):
            if cell["cell_type"] == "code":
                lines = "".join(cell["source"]).splitlines()
                assert [line for line in lines if len(line) > 88] == []
