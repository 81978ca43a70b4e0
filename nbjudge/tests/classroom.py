"""What tests share: a tiny course without torch, and submissions to it.

Stock nbgrader takes about two seconds for such a submission.
"""

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from nbjudge.coursedir import report
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.settings import gradebook_url

LESSON = "01-tiny"
ANSWERS = {
    "add": "def add(x, y):\n    return x + y",
    "mean": "def mean(values):\n    return sum(values) / len(values)",
}
CHECKS = {
    "add": r"""if add(2, 3) != 5:
    raise AssertionError("Sums are sums\nObserved: something else\n[not-a-sum]")
### BEGIN HIDDEN TESTS
secret_check = add(20, 22)
assert secret_check == 42
### END HIDDEN TESTS""",
    "mean": r"""if mean([1, 2, 6]) != 3:
    raise AssertionError("A mean divides\n[no-division]")""",
}
CONFIG = """c = get_config()
c.Execute.skip_cells_with_tag = "experiment"
c.Execute.extra_arguments = ["--log-level=ERROR"]
"""


def meta(grade_id: str, **kind: object) -> dict:
    """nbgrader's metadata of a cell."""
    fixed = {
        "grade_id": grade_id,
        "schema_version": 3,
        "solution": False,
        "grade": False,
        "locked": False,
        "task": False,
    }
    return {"nbgrader": fixed | kind}


def make_source() -> NotebookNode:
    """The source notebook: an import, then an answer and its check, twice."""
    cells = [new_code_cell("import sys, os", id="cell-00")]
    for name, answer in ANSWERS.items():
        head, body = answer.split("\n")
        text = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells.append(new_code_cell(text, id=name, metadata=meta(name, solution=True)))
        metadata = meta(f"check-{name}", grade=True, locked=True, points=2)
        cells.append(new_code_cell(CHECKS[name], id=f"check-{name}", metadata=metadata))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(root: Path) -> None:
    """Lay out the course in a folder."""
    (root / "source" / LESSON).mkdir(parents=True)
    nbformat.write(make_source(), root / "source" / LESSON / f"{LESSON}.ipynb")
    (root / "nbgrader_config.py").write_text(CONFIG)


def course_of_one(root: Path) -> Path:
    """Lay out the course with one right submission, that of the student `one`."""
    make_course(root)
    hand_in(root, "one", answered())
    return root


def answered(**answers: str) -> NotebookNode:
    """The release with answers put in: the right ones where no other is given."""
    notebook = released(make_source())
    for cell in notebook.cells:
        cell.source = (ANSWERS | answers).get(cell.id, cell.source)
    return notebook


def hand_in(
    root: Path,
    student: str,
    content: NotebookNode | str | bytes | None,
    name: str = f"{LESSON}.ipynb",
) -> None:
    """Lay a notebook, or any other file, in a student's folder; with None only the folder."""
    folder = root / "submitted" / student / LESSON
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        (folder / name).write_bytes(content.encode())
    elif isinstance(content, bytes):
        (folder / name).write_bytes(content)
    elif content is not None:
        nbformat.write(content, folder / name)


def points(root: Path, student: str = "one") -> list[float]:
    """A student's points by exercise, as the gradebook has them."""
    table = report.marks(root, LESSON, gradebook_url(root))
    return [mark.points for mark in table[student].values()]


# ---- what happens to notebooks -----------------------------------------------------------------


def split(notebook: NotebookNode) -> NotebookNode:
    """The answer `mean` split in two cells; the second has kept the cell's id."""
    place = next(k for k, cell in enumerate(notebook.cells) if cell.id == "mean")
    halves = []
    for text, cell_id in zip(ANSWERS["mean"].split("\n"), ("half", "mean"), strict=True):
        half = nbformat.from_dict(notebook.cells[place])
        half.source = text
        half.id = cell_id
        halves.append(half)
    notebook.cells[place : place + 1] = halves
    return notebook


def doubled(notebook: NotebookNode) -> NotebookNode:
    """Another version of the answer `add` before the real one."""
    copy = nbformat.from_dict(next(cell for cell in notebook.cells if cell.id == "add"))
    copy.source = "def add(x, y):\n    return 0"
    copy.id = "copy"
    notebook.cells.insert(1, copy)
    return notebook


def old_format(notebook: NotebookNode) -> str:
    """The notebook as text, in the format of IPython 2."""
    return json.dumps(nbformat.convert(notebook, 3))


def with_kernel(notebook: NotebookNode, name: str) -> NotebookNode:
    notebook.metadata.kernelspec = {"name": name, "display_name": name}
    return notebook


def without(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    notebook.cells = [cell for cell in notebook.cells if cell.id != cell_id]
    return notebook


def swollen(notebook: NotebookNode, size: int) -> NotebookNode:
    """The notebook with an output of `size` bytes."""
    line = "x" * 1000 + "\n"
    output = nbformat.v4.new_output("stream", text=line * (size // len(line)))
    notebook.cells[0].outputs = [output]
    return notebook


def bank_entry(bank: Path, kind: str, exercise: str, name: str, text: str) -> None:
    """Write one answer of a bank."""
    path = bank / LESSON / kind / exercise / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
