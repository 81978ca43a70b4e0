"""Reads, rebuilds and plans one submission; it runs nothing.

Each submission is prepared once: by the coordinator if an earlier run has left results, because
then there may be nothing to run, and by a worker if not. What comes of it depends only on the
assignment, the files and the kept results; nothing here reads the course's folders or its
gradebook.
"""

import contextlib
import hashlib
import json
import stat
import time
from binascii import a2b_base64
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import has_failed, is_grade

from nbjudge.coursedir.own_seeds import put_seeds
from nbjudge.coursedir.rebuild import rebuild
from nbjudge.coursedir.submissions import STAMP, Submission, listed, parse_notebook
from nbjudge.errors import SubmissionError
from nbjudge.files import overlaid
from nbjudge.job import Result, Step
from nbjudge.planning.beside import hidden_packages, in_place_of
from nbjudge.planning.fingerprints import Code
from nbjudge.planning.keys import (
    Surroundings,
    chain_of,
    key_of_values,
    keys_of,
    steps_to_run,
)
from nbjudge.planning.outside import with_asks
from nbjudge.planning.steps import steps_of, told
from nbjudge.sandbox.wire import Limits, OfLesson, is_fit
from nbjudge.worker.environment import environment


class RunOptions(NamedTuple):
    """How the cells of a submission run; fields of a Job."""

    seed: int
    timeout: float  # seconds a cell
    total: float  # seconds all cells of a notebook together
    hidden: tuple[str, ...]  # folders that no submission may see
    limits: Limits
    confined: bool  # whether they run only in a sandbox, not without one where none can be built
    processes: int = 1  # that share the checks of a notebook which run alone


class Assignment(NamedTuple):
    """What all submissions to an assignment have in common."""

    name: str
    sources: Mapping[str, NotebookNode]  # {notebook: the instructor's}
    given: Mapping[str, NotebookNode]  # {notebook: as it was given out}
    checksums: Mapping[str, Mapping[str, str]]  # {notebook: {grade_id: checksum as given out}}
    files: Mapping[str, bytes]  # what the instructor laid beside the notebooks
    file_digests: Mapping[str, str]  # {name of such a file: SHA-256 of its content}
    imports: tuple[str, ...]  # modules that its notebooks import
    packages: tuple[str, ...]  # that a worker imports once, for all assignments
    own: tuple[str, ...]  # top-level packages of the instructor's
    code: Code  # the instructor's modules
    kernels: Mapping[str, str]  # {notebook: name of an ordinary kernel, "" for a sandbox}
    skip: list[str]  # tags of cells that do not run
    options: RunOptions
    trim: Mapping[str, int]  # fields of nbgrader's LimitOutput
    lesson: OfLesson = OfLesson()  # what its notebooks do themselves
    solved: Mapping[str, NotebookNode] = {}  # as `sources`, with the instructor's solutions
    timeouts: Mapping[str, Mapping[str, float]] = {}  # {notebook: {name of a cell: seconds}}
    execute: bool = True  # False: take the outputs that were handed in for those of the cells


class PreparedNotebook(NamedTuple):
    """A notebook of a submission: what there is to run, and what an earlier run has left."""

    notebook: NotebookNode
    steps: list[tuple[int, Step]]  # each with the index of its cell
    keys: list[str]  # one for each step
    kept: dict[str, dict[str, Any]]  # {key: fields of the kept result}
    to_run: list[Step]
    chain: str  # digest of what its written files depend on
    written: Mapping[str, str]  # {name of a file that its last run left: digest}
    left_out: int  # how many files more it left that are not kept
    own_seeds: Mapping[str, int] = {}  # {check: the seed that it has for this learner alone}
    kept_files: Mapping[str, bytes | Path] = {}  # the written ones that can still be had
    handed: Mapping[str, bytes] = {}  # {check that is judged outside: what it got in the last run}

    @property
    def only_judges(self) -> bool:
        """Whether all there is to run is judged from what the last run has left."""
        return bool(self.to_run) and all(can_judge(step, self.handed) for step in self.to_run)

    @property
    def runs_whole(self) -> bool:
        """Whether every cell runs that can write a file."""
        names = {step.name for step in self.to_run}
        return all(step.alone or step.name in names for _, step in self.steps)


@dataclass(frozen=True)  # no tuple, because Dask would search a tuple for futures
class Prepared:
    """A submission that is read and planned."""

    student: str
    notebooks: dict[str, PreparedNotebook]
    files: Mapping[str, bytes | Path]  # the submission's; the assignment's are not repeated here
    digests: Mapping[str, str]  # {name of such a file: SHA-256 of its content}
    says: list[str]
    seconds: float  # that this took
    problem: str = ""  # why it cannot be graded
    file: str = ""  # the one that the problem is about

    @property
    def has_work(self) -> bool:
        """Whether any cell has to run."""
        return any(notebook.to_run for notebook in self.notebooks.values())


class EarlierFiles(NamedTuple):
    """Where the files are that the cells of a submission wrote when it was last graded."""

    folder: Path
    carry: bool  # whether their bytes are read, because workers cannot read the folder

    def find(self, name: str, digest: str) -> bytes | Path | None:
        """Return a file if it still has the content of this digest, else None."""
        path = self.folder / name
        try:
            if not is_fit(name) or not stat.S_ISREG(path.lstat().st_mode):
                return None
            if digest_of(path) != digest:
                return None
            return path.read_bytes() if self.carry else path
        except OSError:
            return None


def as_it_is(name: str, notebook: NotebookNode) -> NotebookNode:
    """Return the notebook: most courses have no preprocessors of their own."""
    return notebook


def prepare(
    assignment: Assignment,
    submission: Submission,
    record: str = "",
    earlier: EarlierFiles | None = None,
    own: Callable[[str, NotebookNode], NotebookNode] = as_it_is,
) -> Prepared:
    """Read, rebuild and plan a submission; `record` is what its last grading left, as text.

    `earlier` finds the files that its cells wrote then. `own(name, notebook)` returns a rebuilt
    notebook as the course's own preprocessors change it. Raises nothing: `problem` of the result
    says why a submission cannot be graded.
    """
    started = time.perf_counter()
    says = list(submission.says)
    file = ""
    notebooks = {}
    digests: dict[str, str] = {}
    problem = ""
    try:
        submission, said_of_files = without_modules_of_lesson(assignment, submission)
        says += said_of_files
        kept = kept_results(record)
        digests = digests_of(submission.files)
        beside = digests | dict(assignment.file_digests)
        chains: list[str] = []
        for name, (place, data) in sorted(submission.notebooks.items()):
            file = place
            submitted, said = parse_notebook(data, outputs=not assignment.execute)
            source, given = assignment.sources[name], assignment.given[name]
            notebook, odd = rebuild(source, submitted, given, outputs=not assignment.execute)
            if not assignment.execute:
                mark_what_is_missing(notebook, submitted)
            notebook = own(name, notebook)
            seeds = put_seeds(notebook, name, submission.key)
            says += said + odd
            solved = assignment.solved.get(name, source)
            says += told(notebook, solved, assignment.skip, assignment.own)
            before = kept.get(name, NOTHING_KEPT)
            if not earlier:  # then the files are not there that such a check may read
                before = before._replace(handed={})
            part = plan(assignment, name, notebook, beside, before, tuple(chains))
            part = part._replace(own_seeds=seeds)
            notebooks[name] = part
            chains.append(part.chain)
        if earlier:
            notebooks = with_files(notebooks, earlier, protected_names(assignment))
        for name in digests:
            if beside[name] != digests[name]:
                says.append(f"the lesson's own {name} is used and not the learner's, nothing to do")
    except SubmissionError as reason:
        problem = str(reason)
    except Exception as error:  # whatever one submission holds, the others are graded
        problem = (
            f"it cannot be read or prepared ({type(error).__name__}: {error}), "
            "so nothing was graded: look at the file by hand"
        )
    if problem:
        notebooks = {}
    seconds = time.perf_counter() - started
    return Prepared(
        submission.student, notebooks, submission.files, digests, says, seconds, problem, file
    )


def without_modules_of_lesson(
    assignment: Assignment,
    submission: Submission,
) -> tuple[Submission, list[str]]:
    """Return the submission without files that would take the place of the instructor's modules.

    Other modules are used, as in Jupyter. The findings returned name both kinds, the others where
    they hide an installed package.
    """
    own = {*assignment.own, "nbjudge"}
    replacing = set(in_place_of(submission.files, assignment.files, own))
    used = {name: file for name, file in submission.files.items() if name not in replacing}
    says = []
    if replacing:
        says.append(
            f"beside the notebook lies {listed(sorted(replacing))}: it has the name of a module "
            "of the lesson and is not used in grading, look at it if an answer needs it"
        )
    if hiding := hidden_packages(used.keys() - assignment.files.keys()):
        says.append(
            f"beside the notebook lies a module {listed(sorted(hiding))}: as in Jupyter, it is "
            "imported in place of the installed package, look at it"
        )
    return submission._replace(files=used), says


class Kept(NamedTuple):
    """What an earlier run has left of a notebook."""

    results: dict[str, dict[str, Any]]  # {key: fields of the result}
    written: Mapping[str, str]  # {name of a file that it left: digest}
    left_out: int  # how many files more it left
    chain: str  # what this depended on
    handed: Mapping[str, bytes]  # {key of the values for a check: these values}


NOTHING_KEPT = Kept({}, {}, 0, "", {})


def kept_results(record: str) -> dict[str, Kept]:
    """Return {notebook: what is kept of it} of a record, nothing where it is damaged."""
    try:
        notebooks = json.loads(record)["notebooks"] if record else {}
        found = {}
        for name, notebook in notebooks.items():
            written = notebook["written"]
            files, left_out, chain = written["files"], written["left_out"], written["chain"]
            values = notebook.get("handed", {})
            handed = {key: a2b_base64(value) for key, value in values.items()}
            found[name] = Kept(notebook["results"], dict(files), int(left_out), str(chain), handed)
        for kept in found.values():
            for fields in kept.results.values():
                Result(**fields)  # raises TypeError where one is missing
        return found
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def with_files(
    notebooks: Mapping[str, PreparedNotebook],
    earlier: EarlierFiles,
    protected: Collection[str],
) -> dict[str, PreparedNotebook]:
    """Return the notebooks with the files that their last run left.

    Where some are lost that are needed, for autograded/ or for a later notebook that has to run,
    all cells of the notebook that wrote them run once more. Checks that run alone write no files
    that count, so those with a kept result do not.
    """
    last: dict[str, bytes] = {}  # {name: the notebook whose file is in autograded/}
    for name, part in notebooks.items():
        last = overlaid(last, dict.fromkeys(part.written, name.encode()))
    last = overlaid({}, last, protected)
    found = {}
    later_runs = False
    for name, part in reversed(list(notebooks.items())):
        files = {}
        for file, digest in part.written.items():
            content = earlier.find(file, digest)
            if content is not None:
                files[file] = content
        lost = part.written.keys() - files.keys()
        used = later_runs or part.only_judges
        needed = [file for file in lost if used or last.get(file) == name.encode()]
        again = bool(needed) or runs_anew(part)
        steps = [step for _, step in part.steps]
        steps = writing_and_missing(steps, part.keys, part.kept) if again else part.to_run
        found[name] = part._replace(kept_files=files, to_run=steps)
        later_runs = later_runs or bool(steps)
    return {name: found[name] for name in notebooks}


def writing_and_missing(steps: list[Step], keys: list[str], kept: Container[str]) -> list[Step]:
    """Return the steps that can write a file, and those without a result; `kept`: keys of these."""
    pairs = zip(steps, keys, strict=True)
    return [step for step, key in pairs if not step.alone or key not in kept]


def runs_anew(part: PreparedNotebook) -> bool:
    """Return whether a cell has no kept result and may write other files than in the last run."""
    pairs = zip(part.steps, part.keys, strict=True)
    return any(not step.alone and key not in part.kept for (_, step), key in pairs)


def protected_names(assignment: Assignment) -> set[str]:
    """Return the names in autograded/ that no written file replaces."""
    notebooks = {f"{name}.ipynb" for name in assignment.sources}
    return {*notebooks, *assignment.files, STAMP.name}


def digests_of(files: Mapping[str, bytes | Path]) -> dict[str, str]:
    """Return {name: SHA-256 of the content}."""
    found = {}
    for name, content in files.items():
        found[name] = digest_of(content)
    return found


def digest_of(content: bytes | Path) -> str:
    """Return the SHA-256 of a content; a file is read in parts, because it may be large."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    found = hashlib.sha256()
    with open(content, "rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def bytes_of(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def plan(
    assignment: Assignment,
    name: str,
    notebook: NotebookNode,
    files: Mapping[str, str],
    kept: Kept,
    earlier: tuple[str, ...],
) -> PreparedNotebook:
    """Plan a rebuilt notebook.

    `files` are the digests of what lies beside it, `earlier` the chains of the notebooks before.
    """
    source = assignment.solved.get(name, assignment.sources[name])
    indexed = with_asks(steps_of(notebook, source, assignment.skip), notebook, source)
    steps = [step for _, step in indexed]
    options = assignment.options
    surroundings = Surroundings(
        environment(),
        options.seed,
        options.limits,
        options.confined,
        files,
        assignment.kernels[name],
        earlier,
    )
    keys = keys_of(steps, assignment.code, surroundings)
    chain = chain_of(steps, keys)
    needed = {key: kept.results[key] for key in keys if key in kept.results}
    if not assignment.execute:
        needed = {}
        for (index, step), key in zip(indexed, keys, strict=True):
            needed[key] = as_handed_in(notebook.cells[index], step)._asdict()
        return PreparedNotebook(notebook, indexed, keys, needed, [], chain, {}, 0)
    to_run = steps_to_run(steps, keys, needed)
    written, left_out = kept.written, kept.left_out
    if kept.chain != chain:
        # what it wrote then is not what it writes now, even where no cell has lost its result
        to_run = writing_and_missing(steps, keys, needed) if written else to_run
        written, left_out = {}, 0
    handed = handed_before(steps, keys, kept)
    missing = [step for step, key in zip(steps, keys, strict=True) if key not in needed]
    if kept.chain == chain and not left_out and all(can_judge(step, handed) for step in missing):
        to_run = missing
    return PreparedNotebook(
        notebook, indexed, keys, needed, to_run, chain, written, left_out, handed=handed
    )


def handed_before(steps: list[Step], keys: list[str], kept: Kept) -> dict[str, bytes]:
    """Return {check that is judged outside: the values} that an earlier run has handed out."""
    found = {}
    for place, step in enumerate(steps):
        values = step.asks is not None and kept.handed.get(key_of_values(steps, keys, place))
        if values:
            found[step.name] = values
    return found


def can_judge(step: Step, handed: Container[str]) -> bool:
    """Return whether a step needs no cell of the student's: it is judged from values that we have.

    `handed`: the checks that values are kept for.
    """
    return step.alone and step.name in handed


def mark_what_is_missing(notebook: NotebookNode, submitted: NotebookNode) -> None:
    """Let the tests fail that a submission lacks: no output would mean that they have passed."""
    there = {cell.metadata.nbgrader.grade_id for cell in submitted.cells}
    for cell in notebook.cells:
        if is_grade(cell) and cell.cell_type == "code":
            name = cell.metadata.nbgrader.grade_id
            if name not in there:
                why = f"the cell {name} was not handed in"
                error = nbformat.v4.new_output("error", ename="Missing", evalue=why)
                cell.outputs = [error]


def as_handed_in(cell: NotebookNode, step: Step) -> Result:
    """Return how a cell ended on the student's machine, as nbgrader reads it from its outputs.

    A test without any output has passed.
    """
    score = None
    for output in cell.outputs:
        if step.kind == "check" and output.output_type == "execute_result":
            text = str(output.data.get("text/plain", ""))
            with contextlib.suppress(ValueError):
                score = float(text) if float(text) >= 0 else None
    return Result(not has_failed(cell), score, cell.outputs, 0, [])
