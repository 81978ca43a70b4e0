"""The assignments of a grading: what all submissions to one have in common, as workers get it."""

import os
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.preprocessors import Execute, LimitOutput
from nbgrader.utils import find_all_files

from nbjudge.coursedir import own_seeds
from nbjudge.coursedir.assignments import imports_of, register
from nbjudge.coursedir.gradebook import GradebookWriter
from nbjudge.coursedir.modules import common_packages, own_modules, read_code, top_level
from nbjudge.coursedir.pipeline import Made
from nbjudge.coursedir.results import PRIVATE
from nbjudge.coursedir.settings import Settings, timeouts_of
from nbjudge.grading.options import Options
from nbjudge.planning.steps import of_lesson, with_solutions
from nbjudge.worker import preparing
from nbjudge.worker.kernels import foreign_kernel, installed, is_missing, other_python

Sources = Mapping[str, Mapping[str, NotebookNode]]  # {assignment: {notebook: the instructor's}}


def no_sandbox_for(notebook: str, kernel: str) -> str:
    """Return why a notebook with this kernel is not graded unless --unconfined was said."""
    trusting = "if you trust all the code that was handed in, say --unconfined"
    if python := other_python(kernel):
        return (
            f"{notebook}.ipynb needs the kernel `{kernel}`, which is another Python ({python}) "
            f"than nbjudge's own ({sys.executable}), and only this one can be run in a sandbox, so "
            f"nothing was graded: install nbjudge beside that Python and grade with it; or, "
            f"{trusting}"
        )
    return (
        f"{notebook}.ipynb needs the kernel `{kernel}`, and only Python can be run in a "
        f"sandbox, so nothing was graded: {trusting}"
    )


def kernel_wherever(options: Options) -> str:
    """Return the ordinary kernel that all notebooks use, "" if they run in a sandbox."""
    can_fork = hasattr(os, "fork") and sys.platform == "linux"
    return options.kernel or ("" if can_fork else "python3")


class Assignments:
    """The assignments of a grading, each registered and read when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        sources: Sources,
        options: Options,
        gradebook: GradebookWriter,
    ) -> None:
        self.settings = settings
        self.sources = sources
        self.options = options
        self.gradebook = gradebook
        self.kernel = kernel_wherever(options)
        self.packages = common_packages(map(imports_of, sources.values()))
        self.refusals: dict[str, str] = {}
        self.changes: dict[str, list[str]] = {}  # what was said of cells that have changed
        self.made: dict[str, Made] = {}
        self.seeded: dict[str, bool] = {}  # whether checks call own_seed()
        self.read: dict[str, tuple[preparing.Assignment, bytes]] = {}

    @property
    def of_zygotes(self) -> tuple[str, ...] | None:
        """The packages that zygotes import; None where ordinary kernels run."""
        return None if self.kernel else self.packages

    def refusal(self, name: str) -> str:
        """Return why an assignment cannot be graded, "" where it can."""
        if name not in self.refusals:
            refusal = self._kernel_refusal(name)
            made = refusal or register(
                self.settings,
                name,
                self.sources[name],
                dict(self.options.moved),
                self.changes.setdefault(name, []),
            )
            if isinstance(made, Made):
                self.made[name] = made
            else:
                refusal = made
            self.refusals[name] = refusal
        return self.refusals[name]

    def _kernel_refusal(self, name: str) -> str:
        """Return why an assignment's kernels cannot be used, "" where they can."""
        for notebook, source in self.sources[name].items():
            kernel = self._kernel_of(source)
            if not kernel:
                continue
            here = installed()
            # a cluster's workers may be other machines, and say themselves what they lack
            if kernel not in here and not self.options.scheduler:
                return (
                    f"{notebook}.ipynb needs the kernel `{kernel}`, which is not installed, so "
                    f"nothing was graded (expected one of {', '.join(here) or 'none'}): install "
                    "it, or correct the notebook's kernel"
                )
            if self.options.confined and not self.kernel:
                return no_sandbox_for(notebook, kernel)
        return ""

    def notes(self, name: str) -> list[str]:
        """Return what there is to say about an assignment that can be graded."""
        found = [*self.changes.get(name, ()), *own_seeds.without_effect(self.sources[name])]
        for notebook, source in self.sources[name].items():
            kernel = "" if self._kernel_of(source) else is_missing(source.metadata)
            if kernel:
                found.append(
                    f"{notebook}.ipynb names the kernel `{kernel}`, which is not installed; it is "
                    f"graded with nbjudge's own Python, {sys.executable}: see that this one has "
                    "the course's packages"
                )
        return found

    def ask_for_seeds(self, name: str) -> bool:
        """Return whether checks of an assignment that can be graded call `own_seed()`."""
        if name not in self.seeded:
            self.seeded[name] = own_seeds.ask_for_seeds(self.made[name].graded.values())
        return self.seeded[name]

    def get(self, name: str) -> tuple[preparing.Assignment, bytes]:
        """Return the assignment, and the same as a pickle."""
        if name not in self.read:
            assignment = self._read(name)
            self.read[name] = assignment, pickle.dumps(assignment)
        return self.read[name]

    def _read(self, name: str) -> preparing.Assignment:
        sources, given = self.made[name]
        solved = {
            key: with_solutions(graded, self.sources[name][key]) for key, graded in sources.items()
        }
        files = self._files(name)
        imports = imports_of(sources)
        limit = LimitOutput(config=self.settings.config)
        timeouts = {} if self.options.timeout else timeouts_of(self.settings, sources)
        return preparing.Assignment(
            name=name,
            sources=sources,
            given=given,
            checksums={key: self.gradebook.checksums_of(name, key) for key in sources},
            files=files,
            file_digests=preparing.digests_of(files),
            imports=imports,
            packages=self.packages,
            own=tuple(sorted(top_level(own_modules(imports)))),
            lesson=of_lesson(solved.values()),
            solved=solved,
            code=read_code(imports),
            kernels={key: self._kernel_of(source) for key, source in sources.items()},
            skip=self.settings.skip,
            options=self._run_options(timeouts),
            timeouts=timeouts,
            execute=self.options.execute and Execute(config=self.settings.config).enabled,
            trim={"max_lines": limit.max_lines, "max_traceback": limit.max_traceback},
        )

    def _files(self, name: str) -> dict[str, bytes]:
        """Return {name: bytes} of what the instructor laid beside the source notebooks."""
        folder = self.settings.folders.source(name)
        students_own = self.settings.students_own.get(name, [])
        ignored = [*self.settings.directory.ignore, "*.ipynb"]
        files = {}
        for path in map(Path, find_all_files(str(folder), ignored)):
            inside = path.relative_to(folder).as_posix()
            if inside not in students_own:
                files[inside] = path.read_bytes()
        return files

    def _run_options(self, timeouts: Mapping[str, Mapping[str, float]]) -> preparing.RunOptions:
        timeout = self.options.timeout or self.settings.timeout
        longest = max([timeout, *(max(each.values(), default=0) for each in timeouts.values())])
        return preparing.RunOptions(
            seed=self.options.seed,
            timeout=timeout,
            total=10 * longest,
            hidden=self._hidden(),
            limits=self.options.limits,
            confined=self.options.confined,
            processes=self.options.processes,
        )

    def is_handed_in(self, name: str, module: str) -> bool:
        """Return whether a module may be one that students write: the source has it, or names it.

        A lesson that lets them write `tools.py` says so, or holds the instructor's own.
        """
        folder = self.settings.folders.source(name)
        if (folder / module).exists() or (folder / f"{module}.py").exists():
            return True
        texts = [cell.source for source in self.sources[name].values() for cell in source.cells]
        return any(f"{module}.py" in text for text in texts)

    def _hidden(self) -> tuple[str, ...]:
        """Return the folders that no submission may see."""
        root = self.settings.root
        folders = [*(root / folder for folder in PRIVATE), *self.settings.folders.private()]
        folders += map(Path, self.options.hide)
        return tuple(dict.fromkeys(map(str, folders)))

    def _kernel_of(self, source: NotebookNode) -> str:
        return self.kernel or foreign_kernel(source.metadata)
