"""Ordinary Jupyter kernels, one for each notebook, without a sandbox around them.

They are used where processes cannot fork (Windows) and where the kernel is not Python's.
"""

import math
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from nbjudge.coursedir.preprocessors import FairExecute
from nbjudge.errors import KernelUnavailable
from nbjudge.files import write_files
from nbjudge.job import Job, Result, Step
from nbjudge.sandbox.host.results import clean_outputs
from nbjudge.temporary import temporary_folder


def run_in_kernel(job: Job) -> list[Result]:
    """Run the job's steps in a kernel named `job.kernel` and return a Result for each.

    A kernel that dies takes all later cells with it. Raises KernelUnavailable where the kernel does
    not start at all: that is no fault of the submission.
    """
    kernel = {"name": job.kernel, "display_name": job.kernel}
    cells = [new_code_cell(step.source, metadata=metadata_of(step)) for step in job.steps]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    with temporary_folder("kernel") as folder:
        write_files(folder, job.files)
        died = ""
        started: list[bool] = []
        execute = executor(job.timeout)
        execute.on_notebook_start = lambda **_: started.append(True)
        try:
            execute.preprocess(notebook, {"metadata": {"path": folder}})
        except Exception as problem:  # nbclient's own, and those of the kernel's process
            if not started:
                raise KernelUnavailable(
                    f"the kernel `{job.kernel}` does not start ({type(problem).__name__}: "
                    f"{problem}): see that `jupyter console --kernel {job.kernel}` works on the "
                    "machine that grades"
                ) from problem
            died = (
                f"{type(problem).__name__}: the kernel ended, or could not be interrupted, "
                "in this cell or before it"
            )
    return [as_result(cell, died) for cell in notebook.cells]


def executor(timeout: float) -> FairExecute:
    """Return nbgrader's executor with `timeout` seconds for a cell, which goes on after errors."""
    stopped = f"the cell was stopped after {timeout:g} s"
    return FairExecute(
        timeout=math.ceil(timeout),  # 0 would be no limit
        iopub_timeout=30,
        allow_errors=True,
        error_on_timeout={
            "ename": "CellTimeoutError",
            "evalue": stopped,
            "traceback": [f"CellTimeoutError: {stopped}"],
        },
        extra_arguments=["--log-level=ERROR"],
    )


def metadata_of(step: Step) -> dict[str, Any]:
    """Return nbgrader's metadata for a step, which FairExecute reads to know the checks."""
    fields = {
        "grade_id": step.name,
        "grade": step.kind == "check",
        "solution": False,
        "locked": True,
        "points": 0,
        "schema_version": 3,
    }
    return {"nbgrader": fields}


def as_result(cell: NotebookNode, died: str) -> Result:
    """Return how an executed cell ended; `died` says that the kernel did, "" where it lives."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if died and "shell.execute_reply" not in cell.metadata.get("execution", {}):
        name = died.partition(":")[0]
        error = {"output_type": "error", "ename": name, "evalue": died, "traceback": [died]}
        return Result(False, None, [error], 0, [], "died")
    timed_out = any(error.ename == "CellTimeoutError" for error in errors)
    return Result(not errors, None, clean_outputs(cell.outputs), 0, [], "time" if timed_out else "")


def language_of(metadata: NotebookNode) -> str:
    """Return the language of a notebook, in small letters, from its metadata.

    Not every front end writes the language beside the kernel's name; then the installed kernel of
    that name knows it. A notebook that says nothing is Python.
    """
    spec = metadata.get("kernelspec", {})
    said = spec.get("language") or metadata.get("language_info", {}).get("name")
    if not said and spec.get("name"):
        try:
            said = KernelSpecManager().get_kernel_spec(spec["name"]).language
        except NoSuchKernel:
            said = ""
    return str(said or "python").lower()


def foreign_kernel(metadata: NotebookNode) -> str:
    """Return the name of a notebook's kernel where that is not Python's, "" where it is."""
    language = language_of(metadata)
    if language in ("python", "ipython"):
        return ""
    return str(metadata.get("kernelspec", {}).get("name") or language)


def installed() -> list[str]:
    """Return the names of the kernels that this machine has."""
    return sorted(KernelSpecManager().find_kernel_specs())
