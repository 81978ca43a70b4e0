"""Where processes cannot fork, or the kernel is not Python's: an ordinary Jupyter kernel for each submission, without a room around it."""

import tempfile

from nbformat.v4 import new_code_cell, new_notebook

from nbjudge.coursedir.preprocessors import FairExecute
from nbjudge.files import write_files
from nbjudge.job import Result


def run_in_kernel(job):
    """The job's steps in a kernel of the name `job.kernel`; return a list of Result. A kernel that dies takes the rest with it."""
    cells = [new_code_cell(step.source, metadata=graded(step)) for step in job.steps]
    notebook = new_notebook(
        cells=cells, metadata={"kernelspec": {"name": job.kernel, "display_name": job.kernel}}
    )
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, job.files)
        execute = FairExecute(
            timeout=int(job.timeout),
            iopub_timeout=30,
            allow_errors=True,
            error_on_timeout={
                "ename": "CellTimeoutError",
                "evalue": f"the cell was stopped after {job.timeout:g} s",
                "traceback": [f"CellTimeoutError: the cell was stopped after {job.timeout:g} s"],
            },
            extra_arguments=["--log-level=ERROR"],
        )
        died = ""
        try:
            execute.preprocess(notebook, {"metadata": {"path": folder}})
        except Exception as problem:
            died = f"{type(problem).__name__}: the kernel ended, or could not be interrupted, in this cell or before it"
    return [as_done(cell, died) for cell in notebook.cells]


def graded(step):
    return {
        "nbgrader": {
            "grade_id": step.name,
            "grade": step.kind == "check",
            "solution": False,
            "locked": True,
            "points": 0,
            "schema_version": 3,
        }
    }


def as_done(cell, died):
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if died and "shell.execute_reply" not in cell.metadata.get("execution", {}):
        name = died.partition(":")[0]
        error = {"output_type": "error", "ename": name, "evalue": died, "traceback": [died]}
        return Result(False, None, [error], 0, [], "died")
    timed_out = any(error.ename == "CellTimeoutError" for error in errors)
    return Result(
        not errors,
        None,
        [dict(output) for output in cell.outputs],
        0,
        [],
        "time" if timed_out else "",
    )
