"""Everything that is derived from the lessons' text: source notebooks, the release and the executed solutions.

source/NN-name/NN-name.md  ->  source/NN-name/NN-name.ipynb (for nbgrader, not committed)
                           ->  release/NN-name/NN-name.ipynb (what learners get)
                           ->  solutions/NN-name.ipynb (executed, with pictures)
"""

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE, RELEASE, SOLUTIONS = ROOT / "source", ROOT / "release", ROOT / "solutions"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def lessons():
    """Names of all lessons, in order."""
    return sorted(path.stem for path in SOURCE.glob("*/*.md") if path.stem == path.parent.name)


def digest(lesson):
    """What the derived files of a lesson are stamped with: the hash of its text and its hints."""
    return hashlib.sha256(
        b"".join(path.read_bytes() for path in sorted((SOURCE / lesson).glob("*.md")))
    ).hexdigest()[:16]


def write(path, text):
    """Write beside, then rename: nobody ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def stamp_of(path):
    """The stamp of a derived notebook, None if there is no notebook."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"].get("made_from")
    except (FileNotFoundError, ValueError, KeyError):
        return None


def stale(lesson, path):
    return stamp_of(path) != digest(lesson)


def source_notebook(lesson):
    """The lesson as a notebook with nbgrader's metadata, solutions and hidden tests included."""
    import jupytext

    notebook = jupytext.read(SOURCE / lesson / f"{lesson}.md")
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "made_from": digest(lesson),
    }
    for number, cell in enumerate(
        notebook.cells
    ):  # jupytext draws new ids each time; ours must not change from build to build
        cell["id"] = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell-{number:02d}"
    help_with = hints(lesson)
    for statement, answer in itertools.pairwise(notebook.cells):
        if answer["id"] in help_with:
            statement.source += f"\n\n{folded(help_with[answer['id']])}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def hints(lesson):
    """{exercise: its hints} from the lesson's hints.md: under a heading each, numbered, the vaguest first."""
    path = SOURCE / lesson / "hints.md"
    parts = re.split(
        r"^# (.+)\n", path.read_text(encoding="utf-8") if path.exists() else "", flags=re.M
    )[1:]
    return {
        name: [" ".join(hint.split()) for hint in re.split(r"^\d\. ", text, flags=re.M)[1:]]
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


def folded(texts):
    """Hints as Markdown, each folded into the one before it, so that they are opened one by one."""
    inner = ""
    for number in range(len(texts), 0, -1):
        inner = f"<details><summary>Hint {number} of {len(texts)}</summary>\n\n{texts[number - 1]}\n\n{inner}</details>\n"
    return inner.rstrip()


def write_sources():
    """Write the source notebooks that are missing or older than their text."""
    for lesson in lessons():
        path = SOURCE / lesson / f"{lesson}.ipynb"
        if stale(lesson, path):
            save(source_notebook(lesson), path)


def save(notebook, path):
    import nbformat

    nbformat.validate(notebook)
    write(path, nbformat.writes(notebook) + "\n")


def build_release(lesson):
    """The learner's version, made by nbgrader's own generate_assignment in a scratch course."""
    import nbformat

    with tempfile.TemporaryDirectory() as scratch:
        save(source_notebook(lesson), Path(scratch) / "source" / lesson / f"{lesson}.ipynb")
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "nbgrader",
                "generate_assignment",
                lesson,
                f"--CourseDirectory.root={scratch}",
                f"--CourseDirectory.db_url=sqlite:///{scratch}/gradebook.db",
            ],
            cwd=scratch,
            capture_output=True,
            text=True,
            env=os.environ
            | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
        )  # it calls `alembic` by name
        made = Path(scratch) / "release" / lesson / f"{lesson}.ipynb"
        if done.returncode or not made.exists():
            raise RuntimeError(f"nbgrader could not generate {lesson}:\n{done.stderr}")
        save(nbformat.read(made, 4), RELEASE / lesson / f"{lesson}.ipynb")


def solution_notebook(lesson):
    """The lesson as a reader wants it: answers in place, hidden tests and their markers gone."""
    notebook = source_notebook(lesson)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = strip_markers(cell.source)
    return notebook


def strip_markers(source):
    """Answer cells lose the markers only, checks lose the hidden tests with them."""
    lines, hidden = [], False
    for line in source.split("\n"):
        if "### BEGIN HIDDEN TESTS" in line:
            hidden = True
        elif "### END HIDDEN TESTS" in line:
            hidden = False
        elif not hidden and "### BEGIN SOLUTION" not in line and "### END SOLUTION" not in line:
            lines.append(line)
    return "\n".join(lines)


def build_solution(lesson, force=False):
    """Run the whole lesson, experiments too, and keep what it printed and drew; where prose alone has changed, keep what it did last time."""
    from nbclient import NotebookClient

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `course lab` sets it
    notebook, path = solution_notebook(lesson), SOLUTIONS / f"{lesson}.ipynb"
    if force or not keep_outputs(notebook, path):
        with (
            tempfile.TemporaryDirectory() as folder
        ):  # what a lesson writes must not lie in source/: nbgrader puts that over learners' files
            NotebookClient(
                notebook,
                timeout=600,
                kernel_name="python3",
                extra_arguments=["--log-level=ERROR"],
                store_widget_state=False,
                resources={"metadata": {"path": folder}},
            ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    save(notebook, path)


def keep_outputs(notebook, path):
    """Take the outputs over from the notebook at `path` if it ran the same code; return whether it did."""
    import nbformat

    if not path.exists():
        return False
    new, old = (
        [cell for cell in n.cells if cell.cell_type == "code"]
        for n in (notebook, nbformat.read(path, 4))
    )
    if [cell.source for cell in new] != [cell.source for cell in old]:
        return False
    for cell, run in zip(new, old, strict=True):
        cell.outputs, cell.execution_count = run.outputs, run.execution_count
    return True


def build_all(force=False):
    """Derive what is stale, or everything, and say what was made."""
    write_sources()
    for lesson in lessons():
        for path, make in (
            (RELEASE / lesson / f"{lesson}.ipynb", build_release),
            (SOLUTIONS / f"{lesson}.ipynb", partial(build_solution, force=force)),
        ):
            if force or stale(lesson, path):
                start = time.perf_counter()
                print(f"{path.relative_to(ROOT)} ...", end=" ", flush=True)
                make(lesson)
                print(f"{time.perf_counter() - start:.0f} s")
