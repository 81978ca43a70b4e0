"""A tiny course without torch, and submissions to it, for the tests: a submission takes about two seconds with stock nbgrader."""

import json

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from nbjudge.coursedir.rebuild import released

LESSON = "01-tiny"
ANSWERS = {
    "add": "def add(x, y):\n    return x + y",
    "mean": "def mean(values):\n    return sum(values) / len(values)",
}
CHECKS = {
    "add": 'if add(2, 3) != 5:\n    raise AssertionError("Sums are sums\\nObserved: something else\\n[not-a-sum]")\n'
    "### BEGIN HIDDEN TESTS\nsecret_check = add(20, 22)\nassert secret_check == 42\n### END HIDDEN TESTS",
    "mean": 'if mean([1, 2, 6]) != 3:\n    raise AssertionError("A mean divides\\n[no-division]")',
}
CONFIG = 'c = get_config()\nc.Execute.skip_cells_with_tag = "experiment"\nc.Execute.extra_arguments = ["--log-level=ERROR"]\n'


def meta(grade_id, **kind):
    fixed = {
        "grade_id": grade_id,
        "schema_version": 3,
        "solution": False,
        "grade": False,
        "locked": False,
        "task": False,
    }
    return {"nbgrader": fixed | kind}


def make_source():
    cells = [new_code_cell("import sys, os", id="cell-00")]
    for name, answer in ANSWERS.items():
        head, body = answer.split("\n")
        cells += [
            new_code_cell(
                f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION",
                id=name,
                metadata=meta(name, solution=True),
            ),
            new_code_cell(
                CHECKS[name],
                id=f"check-{name}",
                metadata=meta(f"check-{name}", grade=True, locked=True, points=2),
            ),
        ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(root):
    (root / "source" / LESSON).mkdir(parents=True)
    nbformat.write(make_source(), root / "source" / LESSON / f"{LESSON}.ipynb")
    (root / "nbgrader_config.py").write_text(CONFIG)


def answered(**answers):
    notebook = released(make_source())
    for cell in notebook.cells:
        cell.source = (ANSWERS | answers).get(cell.id, cell.source)
    return notebook


def hand_in(root, learner, content, name=f"{LESSON}.ipynb"):
    folder = root / "submitted" / learner / LESSON
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(content, (str, bytes)):
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    elif content is not None:
        nbformat.write(content, folder / name)


def split(notebook):
    k = next(k for k, cell in enumerate(notebook.cells) if cell.id == "mean")
    halves = [nbformat.from_dict(notebook.cells[k]) for _ in range(2)]
    for half, text, new_id in zip(
        halves, ANSWERS["mean"].split("\n"), ("half", "mean"), strict=True
    ):
        half.source, half.id = text, new_id
    notebook.cells[k : k + 1] = halves
    return notebook


def doubled(notebook):
    copy = nbformat.from_dict(next(cell for cell in notebook.cells if cell.id == "add"))
    copy.source, copy.id = "def add(x, y):\n    return 0", "copy"
    notebook.cells.insert(1, copy)
    return notebook


def old_format(notebook):
    return json.dumps(nbformat.convert(notebook, 3))


def with_kernel(notebook, name):
    notebook.metadata.kernelspec = {"name": name, "display_name": name}
    return notebook


def without(notebook, grade_id):
    notebook.cells = [cell for cell in notebook.cells if cell.id != grade_id]
    return notebook


def swollen(notebook, size):
    text = "x" * 1000 + "\n"
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text=text * (size // len(text)))]
    return notebook


def bank_entry(bank, kind, exercise, name, text):
    path = bank / LESSON / kind / exercise / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
