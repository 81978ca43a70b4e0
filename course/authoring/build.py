"""Everything that is derived from the lessons' text: source notebooks, release, solutions, pages.

source/NN-name/NN-name.md  ->  source/NN-name/NN-name.ipynb (for nbgrader, not committed)
                           ->  release/NN-name/NN-name.ipynb (what learners get)
                           ->  solutions/NN-name.ipynb (executed, with plots)
                           ->  docs/instructor/NN-name.md (see instructor_pages.py)
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from course.authoring import UsageError
from course.authoring.minutes import MINUTES, count, too_long
from course.authoring.released import lessons as released
from course.authoring.released import release_path, stamp_of
from course.paths import ROOT, SOLUTIONS, SOURCE
from nbjudge.files import replace_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
POINTS = "{points}"  # in a lesson's Markdown: the points that its check cells hold
MAP = "#Your-progress"  # where the first lesson shows the map of lessons
SOLUTION_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")


def lessons() -> list[str]:
    """Names of all lessons, in order; of the released ones where there is no source."""
    written = [path.stem for path in SOURCE.glob("*/*.md") if path.stem == path.parent.name]
    return sorted(written) or released()


def text_path(lesson: str) -> Path:
    """Where the lesson's text is, as people write it."""
    return SOURCE / lesson / f"{lesson}.md"


def source_path(lesson: str) -> Path:
    """Where the lesson's source notebook is, which nbgrader reads."""
    return SOURCE / lesson / f"{lesson}.ipynb"


def solution_path(lesson: str) -> Path:
    """Where the executed notebook with answers is."""
    return SOLUTIONS / f"{lesson}.ipynb"


def digest(lesson: str) -> str:
    """What the derived files of a lesson are stamped with: the hash of its text and its hints."""
    texts = [path.read_bytes() for path in sorted(text_path(lesson).parent.glob("*.md"))]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16]


def stale(lesson: str, path: Path) -> bool:
    """Whether the derived notebook at `path` is missing or was made from another text."""
    return stamp_of(path) != digest(lesson)


def source_notebook(lesson: str) -> NotebookNode:
    """The lesson with nbgrader's metadata, solutions and hidden tests, points and hints put in."""
    import jupytext

    notebook = jupytext.read(text_path(lesson))
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "made_from": digest(lesson),
    }
    for number, cell in enumerate(notebook.cells):
        # jupytext draws random ids; these stay the same from build to build
        cell["id"] = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell-{number:02d}"
    state_points(notebook)
    header = notebook.cells[0]
    header.source = header.source.replace(MINUTES, str(count(notebook).rounded))
    add_hints(notebook, hints(lesson))
    add_links(notebook, lesson)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def state_points(notebook: NotebookNode) -> None:
    """Replace `{points}` in Markdown by the points in the metadata of the check cells.

    In the first cell, the lesson's header, it is the lesson's total; above an answer cell `name`
    it is the points of `check-name`. Raises UsageError where no answer cell with a check follows.
    """
    points = {
        cell.id: cell.metadata["nbgrader"]["points"]
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    header = notebook.cells[0]
    header.source = header.source.replace(POINTS, in_words(sum(points.values())))
    for statement, answer in itertools.pairwise(notebook.cells):
        if statement.cell_type == "markdown" and POINTS in statement.source:
            check = f"check-{answer.id}"
            if check not in points:
                raise UsageError(
                    f"{POINTS} stands above the cell {answer.id!r}, and there is no cell {check!r}"
                )
            statement.source = statement.source.replace(POINTS, in_words(points[check]))


def in_words(points: int) -> str:
    """A number of points with its noun."""
    return f"{points} point" if points == 1 else f"{points} points"


def hints(lesson: str) -> dict[str, list[str]]:
    """{exercise: its hints} from the lesson's hints.md.

    There each exercise is a heading, and the hints below it are numbered, the vaguest first.
    """
    path = text_path(lesson).with_name("hints.md")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = re.split(r"^# (.+)\n", text, flags=re.M)[1:]
    found = {}
    for name, numbered in zip(parts[::2], parts[1::2], strict=True):
        texts = re.split(r"^\d\. ", numbered, flags=re.M)[1:]
        found[name] = [" ".join(hint.split()) for hint in texts]
    return found


def add_hints(notebook: NotebookNode, of_exercises: dict[str, list[str]]) -> None:
    """Put the hints of each exercise at the end of its statement, the cell above the answer."""
    for statement, answer in itertools.pairwise(notebook.cells):
        if answer["id"] in of_exercises:
            statement.source += f"\n\n{folded(of_exercises[answer['id']])}"


def folded(texts: list[str]) -> str:
    """Hints as Markdown, each folded into the one before it, so that they open one by one."""
    inner = ""
    for number in range(len(texts), 0, -1):
        summary = f"<summary>Hint {number} of {len(texts)}</summary>"
        inner = f"<details>{summary}\n\n{texts[number - 1]}\n\n{inner}</details>\n"
    return inner.rstrip()


def add_links(notebook: NotebookNode, lesson: str) -> None:
    """End a lesson with links to the next one, the one before, and the map of lessons."""
    order = lessons()
    place = order.index(lesson)
    links = []
    if place + 1 < len(order):
        links.append(f"Next: {link_to(order[place + 1])}")
    if place > 0:
        links.append(f"Before: {link_to(order[place - 1])}")
        links.append(f"[Map of the lessons](../{order[0]}/{order[0]}.ipynb{MAP})")
    if links:
        notebook.cells[-1].source += f"\n\n{' · '.join(links)}"


def link_to(lesson: str) -> str:
    """A link to a lesson from the folder of another, as Markdown."""
    title = re.search(r"^# (.+)$", text_path(lesson).read_text(encoding="utf-8"), re.M)[1]
    return f"[{title}](../{lesson}/{lesson}.ipynb)"


def write_sources() -> None:
    """Write the source notebooks that are missing or older than their text."""
    for lesson in lessons():
        path = source_path(lesson)
        if stale(lesson, path):
            save(source_notebook(lesson), path)


def save(notebook: NotebookNode, path: Path) -> None:
    """Validate a notebook and write it. Raises nbformat's ValidationError."""
    import nbformat

    nbformat.validate(notebook)
    replace_text(path, nbformat.writes(notebook) + "\n")


def build_release(lesson: str) -> None:
    """The learner's version, made by nbgrader's own generate_assignment in a scratch course.

    Raises RuntimeError with nbgrader's log if that fails.
    """
    import nbformat

    with tempfile.TemporaryDirectory() as scratch:
        save(source_notebook(lesson), Path(scratch) / "source" / lesson / f"{lesson}.ipynb")
        command = [sys.executable, "-m", "nbgrader", "generate_assignment", lesson]
        command.append(f"--CourseDirectory.root={scratch}")
        command.append("--no-db")  # making a database would take longer than all the rest
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True)
        made = Path(scratch) / "release" / lesson / f"{lesson}.ipynb"
        if done.returncode or not made.exists():
            raise RuntimeError(f"nbgrader could not generate {lesson}:\n{done.stderr}")
        notebook = nbformat.read(made, 4)
        let_run_all_go_on(notebook)
        save(notebook, release_path(lesson))


def let_run_all_go_on(notebook: NotebookNode) -> None:
    """Give all code cells but the first the tag `raises-exception`.

    JupyterLab's Run All then shows an error and goes on; else it would stop at the first exercise
    that is still open. Grading is not affected: it shows errors, and counts them, in any case.
    """
    _, *others = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in others:
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]


def solution_notebook(lesson: str) -> NotebookNode:
    """The lesson as a reader wants it: answers in place, hidden tests and all markers removed."""
    from nbgrader.preprocessors import ClearHiddenTests

    notebook, _ = ClearHiddenTests().preprocess(source_notebook(lesson), {})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = without_markers(cell.source)
    last = notebook.cells[-1]
    # solutions are in one folder
    last.source = re.sub(r"\(\.\./[^/)]+/([^/)]+\.ipynb(?:#[^)]*)?)\)", r"(\1)", last.source)
    return notebook


def without_markers(source: str) -> str:
    """An answer cell's code without the lines that say where its solution begins and ends."""
    lines = source.split("\n")
    return "\n".join(line for line in lines if line.strip() not in SOLUTION_MARKERS)


def build_solution(lesson: str, force: bool = False) -> None:
    """Run the whole lesson, experiments too, and keep what it printed and drew.

    Where the code is that of last time and only prose has changed, the outputs of last time are
    kept; `force` runs it anyway.
    """
    notebook, path = solution_notebook(lesson), solution_path(lesson)
    if force or not keep_outputs(notebook, path):
        execute(notebook)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    save(notebook, path)


def execute(notebook: NotebookNode) -> None:
    """Run all cells in a scratch folder, and record how long each shows nothing.

    It is not source/, because nbgrader copies what lies there over the learners' files.
    Raises nbclient's CellExecutionError.
    """
    from course.authoring.silence import ListeningClient

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `course lab` sets it
    with tempfile.TemporaryDirectory() as folder:
        client = ListeningClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            store_widget_state=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    client.record()


def keep_outputs(notebook: NotebookNode, path: Path) -> bool:
    """Take the outputs over from the notebook at `path`, and say whether that was possible.

    It must have run the same code, and hold a record of its silences.
    """
    import nbformat

    from course.authoring.silence import SILENCES

    if not path.exists():
        return False
    last = nbformat.read(path, 4)
    if SILENCES not in last.metadata:
        return False
    new = [cell for cell in notebook.cells if cell.cell_type == "code"]
    old = [cell for cell in last.cells if cell.cell_type == "code"]
    if [cell.source for cell in new] != [cell.source for cell in old]:
        return False
    for cell, earlier in zip(new, old, strict=True):
        cell.outputs = earlier.outputs
        cell.execution_count = earlier.execution_count
    for key in ("language_info", SILENCES):  # of the kernel that ran it
        notebook.metadata[key] = last.metadata[key]
    return True


def build_all(force: bool = False) -> None:
    """Derive what is stale, or with `force` everything, and print what was made."""
    write_sources()
    for lesson in lessons():
        if problem := too_long(count(source_notebook(lesson))):
            print(f"{lesson}: {problem}")
        derived = {
            release_path(lesson): build_release,
            solution_path(lesson): partial(build_solution, force=force),
        }
        for path, make in derived.items():
            if force or stale(lesson, path):
                start = time.perf_counter()
                print(f"{path.relative_to(ROOT)} ...", end=" ", flush=True)
                make(lesson)
                print(f"{time.perf_counter() - start:.0f} s")
    from course.authoring.instructor_pages import write_pages  # it imports this module

    write_pages()
