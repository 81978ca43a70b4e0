"""A graded submission as it ran, for a person to look into."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat

from nbjudge import libraries
from nbjudge.coordinator import record_of
from nbjudge.coursedir.assignments import KEPT
from nbjudge.coursedir.report import name_of, read_autograded
from nbjudge.planning import plan

NOTE = """This is {learner}'s notebook as it was graded on {graded}, with the lesson's own tests. The first cell that failed is `{cell}`.
Run the cells above it, then look at it. What you change here changes no mark."""


def replay(root, learner, lesson):
    """Lay the graded notebook of a submission out in .grading/replay/ and open JupyterLab on the cell that failed; return its status.

    The record says with which packages, code and seed it ran; what is different now is printed. Raises ValueError where there is
    no record.
    """
    root = Path(root).resolve()
    place = record_of(root, lesson, learner)
    if not place.exists() or not (notebooks := read_autograded(root, lesson, learner)):
        raise ValueError(
            f"{learner} has no graded {lesson} here: run `course grade {lesson} --learner {learner}` first"
        )
    record = json.loads(place.read_text(encoding="utf-8"))
    for line in differences(record):
        print(line, file=sys.stderr)
    name, cell = next(
        (
            (name, cell["name"])
            for name, kept in record["notebooks"].items()
            for cell in kept["cells"]
            if not cell["well"]
        ),
        (next(iter(notebooks)), ""),
    )
    notebook = notebooks[name]
    notebook.cells = [
        nbformat.v4.new_markdown_cell(
            NOTE.format(learner=learner, graded=record["graded"], cell=cell or "none")
        ),
        nbformat.v4.new_code_cell(libraries.seed_source(record["seed"])),
        *notebook.cells,
    ]
    folder = root / KEPT / "replay" / learner / lesson
    folder.mkdir(parents=True, exist_ok=True)
    for path in (root / "autograded" / learner / lesson).rglob("*"):
        if path.is_file() and path.suffix != ".ipynb":
            (folder / path.name).write_bytes(path.read_bytes())
    nbformat.write(notebook, folder / f"{name}.ipynb")
    anchor = next((found["id"] for found in notebook.cells if name_of(found) == cell), "")
    print(f"{folder / f'{name}.ipynb'}: the first cell that failed is {cell or 'none'}")
    if not sys.stdout.isatty():
        return 0
    return subprocess.call(
        [
            sys.executable,
            "-m",
            "jupyterlab",
            "--notebook-dir",
            str(folder),
            f"--LabApp.default_url=/lab/tree/{name}.ipynb#cell-id={anchor}",
        ]
    )


def differences(record):
    """What is not as it was when the submission was graded, in sentences."""
    then, now = record["environment"], plan.environment()
    if then["python"] != now["python"]:
        yield f"It was graded with Python {then['python']}; this is {now['python']}."
    for name in sorted(set(then["packages"]) | set(now["packages"])):
        old, new = then["packages"].get(name, "none"), now["packages"].get(name, "none")
        if old != new:
            yield f"It was graded with {name} {old}; here is {new}."
