"""Ordinary Jupyter kernels, one for each notebook, without a sandbox around them.

They are used where processes cannot fork (Windows) and where the kernel is not this Python's.
"""

import contextlib
import contextvars
import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager, NoSuchKernel
from jupyter_core.utils import ensure_event_loop
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import parse_utc

from nbjudge.coursedir.preprocessors import FairExecute
from nbjudge.errors import KernelUnavailable
from nbjudge.files import overlaid, write_files
from nbjudge.job import Job, Result, Results, Step
from nbjudge.sandbox.folder import changed_files
from nbjudge.sandbox.host.cell_clock import PATIENCE, CellClock
from nbjudge.sandbox.host.process_table import family
from nbjudge.sandbox.host.results import DEADLY, clean_outputs, stopped
from nbjudge.sandbox.wire import Output
from nbjudge.temporary import temporary_folder

LONGEST = 1e6  # seconds; a longer limit is none, because ZeroMQ counts milliseconds in 32 bits
IOPUB_SECONDS = 30  # for outputs to arrive, and for an interrupt to be heeded
KERNELS = 5  # of one job: after so many that have ended, its other cells do not run


def run_in_kernel(job: Job) -> Results:
    """Run the job's steps in a kernel named `job.kernel` and return a Result for each.

    The files that they have left come with the results. When a cell ends the kernel, the other
    cells run in a new one, without it. Raises KernelUnavailable where the kernel does not start at
    all: that is no fault of the submission.
    """
    results: dict[int, Result] = {}
    written: dict[str, bytes] = {}
    left_out = 0
    ends = time.monotonic() + job.total
    for _ in range(KERNELS):
        places = places_to_run(job.steps, results)
        with temporary_folder("kernel") as folder:
            write_files(folder, job.files)
            left = ends - time.monotonic()
            steps = [job.steps[place] for place in places]
            found = contextvars.Context().run(run_once, job, steps, folder, left)
            changed = dict(changed_files(folder, job.files))
        kept = {name: content for name, content in changed.items() if content is not None}
        written = overlaid(written, kept)
        left_out = max(left_out, len(changed) - len(kept))
        results |= dict(zip(places, found, strict=False))
        if len(found) == len(places) or time.monotonic() > ends:
            break
    given_up = stopped("given up", job.timeout, 0)
    all_results = [results.get(place, given_up) for place in range(len(job.steps))]
    return Results(all_results, written, left_out)


def places_to_run(steps: Sequence[Step], results: Mapping[int, Result]) -> list[int]:
    """Return the places of the steps that run in a new kernel, after one has ended.

    A cell that has ended a kernel does not run again, nor does a check that has a result and that
    no other cell depends on.
    """
    found = []
    for place, step in enumerate(steps):
        earlier = results.get(place)
        if not earlier or not (step.alone or earlier.end in DEADLY):
            found.append(place)
    return found


def run_once(job: Job, steps: list[Step], folder: str, left: float) -> list[Result]:
    """Run steps in one kernel, in which they have `left` seconds together.

    Return the results up to that of a cell that ends the kernel. Jupyter keeps its event loop in
    a context variable, and a thread of Dask's inherits that: call this in an empty context.
    """
    kernel = {"name": job.kernel, "display_name": job.kernel}
    cells = [new_code_cell(step.source, metadata=metadata_of(step)) for step in steps]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    started: list[bool] = []
    execute = executor(job.timeout, left)
    execute.answered = set()
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
    finally:
        with contextlib.suppress(RuntimeError):  # where the caller's own loop runs, it is that one
            ensure_event_loop().close()
    results: list[Result] = []
    for place, (cell, step) in enumerate(zip(notebook.cells, steps, strict=True)):
        if place not in execute.answered:
            return [*results, lost_in(cell, job.timeout)]
        results.append(as_result(cell, step))
    return results


class Executor(FairExecute):
    """nbgrader's executor, in which time that the kernel waits for a core does not count.

    `answered`: the indices of the cells whose end the kernel has told.
    """

    answered: set[int]
    clock: CellClock

    def on_cell_execute(self, **_: Any) -> None:
        """Start a cell's clock, when nbclient says that it begins."""
        self.clock = CellClock()
        self.clock.start(self._processes())

    def on_cell_executed(self, **told: Any) -> None:
        """Take note that a cell has ended, when nbclient says so."""
        super().on_cell_executed(**told)
        self.answered.add(told["cell_index"])

    async def _async_handle_timeout(
        self, timeout: int, cell: NotebookNode | None = None
    ) -> dict[str, Any] | None:
        """Interrupt the cell that runs; None: nbclient waits for it once more as long."""
        counted = self.clock.measure(self._processes())
        if counted < 0.9 * timeout and self.clock.passed() < PATIENCE * timeout:
            return None
        reply: dict[str, Any] | None = await super()._async_handle_timeout(timeout, cell)
        return reply

    def _processes(self) -> list[int]:
        pid = getattr(self.km.provisioner, "pid", None)
        return [pid, *family(pid)] if pid else []


def executor(timeout: float, total: float) -> Executor:
    """Return an executor that goes on after errors.

    A cell has `timeout` seconds, and all together have `total`.
    """
    said = f"the cell was stopped after {timeout:g} s"
    ends = time.monotonic() + total

    def seconds_for(_: Any) -> int | None:
        left = min(timeout, ends - time.monotonic())
        return max(1, math.ceil(left)) if left < LONGEST else None  # 0 would be no limit

    return Executor(
        timeout_func=seconds_for,
        iopub_timeout=IOPUB_SECONDS,
        allow_errors=True,
        error_on_timeout={
            "ename": "CellTimeoutError",
            "evalue": said,
            "traceback": [f"CellTimeoutError: {said}"],
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


def lost_in(cell: NotebookNode, timeout: float) -> Result:
    """Return the result of a cell in which the kernel ended, or did not heed an interrupt."""
    timed_out = "shell.execute_reply" in cell.metadata.get("execution", {})  # nbclient wrote it
    lost = stopped("time, not heeded" if timed_out else "died", timeout, 0)
    return lost._replace(outputs=clean_outputs(cell.outputs) + lost.outputs)


def as_result(cell: NotebookNode, step: Step) -> Result:
    """Return how an executed cell ended."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    outputs = clean_outputs(cell.outputs)
    if any(error.ename == "CellTimeoutError" for error in errors):
        return Result(False, None, outputs, seconds_of(cell), [], "time")
    score = score_in(outputs) if step.kind == "check" and not errors else None
    return Result(not errors, score, outputs, seconds_of(cell), [])


def seconds_of(cell: NotebookNode) -> float:
    """Return how long a cell has run, as the times of the kernel's messages say."""
    times = cell.metadata.get("execution", {})
    if not {"iopub.execute_input", "shell.execute_reply"} <= set(times):
        return 0.0
    passed = parse_utc(times["shell.execute_reply"]) - parse_utc(times["iopub.execute_input"])
    return max(0.0, passed.total_seconds())


def score_in(outputs: list[Output]) -> float | None:
    """Return the partial credit in a check's outputs, as nbgrader reads it: a result's text."""
    for output in outputs:
        if output["output_type"] == "execute_result":
            with contextlib.suppress(ValueError, TypeError):
                score = float(output["data"].get("text/plain"))
                return score if math.isfinite(score) and score >= 0 else None
    return None


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
    """Return the name of the kernel that a notebook needs, "" where that is this Python.

    A Python of another environment is foreign, too: it has other packages.
    """
    name = str(metadata.get("kernelspec", {}).get("name") or "")
    language = language_of(metadata)
    if language in ("python", "ipython"):
        return name if other_python(name) else ""
    return name or language


def other_python(name: str) -> str:
    """Return the program of an installed kernel that is not this Python, "" where it is."""
    try:
        program = KernelSpecManager().get_kernel_spec(name).argv[0]
    except (NoSuchKernel, IndexError):
        return ""
    return "" if is_this_python(program) else str(program)


def is_this_python(program: str) -> bool:
    """Return whether a kernel's program is a Python of the environment that this one runs in.

    Names without a folder mean this Python, as jupyter_client has it. Links are followed for
    folders only: the Python of a virtual environment is a link to the one it was made with.
    """
    path = Path(program)
    if not path.name.startswith("python"):
        return False
    if path == Path(path.name):
        return True
    folders = {Path(sys.executable).parent.resolve(), Path(sys.prefix).resolve()}
    return path.parent.resolve() in folders


def is_missing(metadata: NotebookNode) -> str:
    """Return the name of a notebook's Python kernel where this machine has none of that name."""
    name = str(metadata.get("kernelspec", {}).get("name") or NATIVE_KERNEL_NAME)
    return "" if name == NATIVE_KERNEL_NAME or name in installed() else name


def installed() -> list[str]:
    """Return the names of the kernels that this machine has."""
    return sorted(KernelSpecManager().find_kernel_specs())
