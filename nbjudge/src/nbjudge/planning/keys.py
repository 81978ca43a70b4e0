"""Cache keys: under which key the result of a step is kept, and which steps have to run.

A key is a digest of all that can change a cell's result: the cells before it, the files beside the
notebook, what these cells and the cell itself reach of the instructor's modules, the installed
packages, the seed. A check that runs alone changes nothing for other cells, so it is part of its
own key only: after one check has changed, the results of the others are still valid.
"""

from collections.abc import Container, Mapping
from typing import Any, NamedTuple

from nbjudge.job import Step
from nbjudge.planning.fingerprints import Code, digest, reached_by
from nbjudge.planning.syntax import as_python

FORMAT = 5  # of the kept results; a new number makes all cells run again


class Surroundings(NamedTuple):
    """What every cell of a submission depends on, beside the notebook and the instructor's code."""

    environment: Any  # Python and the installed packages
    seed: int
    limits: Any  # what a submission may use
    confined: bool  # whether it must run in a sandbox
    files: Mapping[str, str]  # {name of a file beside the notebook: digest of its content}
    kernel: str = ""  # the name of an ordinary kernel, "" for a sandbox
    earlier: tuple[str, ...] = ()  # chain_of each notebook that runs before, in the same folder


def keys_of(
    steps: list[Step],
    code: Code,
    surroundings: Surroundings,
) -> list[str]:
    """Return a key for each step. `code` are the instructor's modules that the notebook imports."""
    cells = [as_python(step.source) for step in steps]
    # a module beside the notebook can import anything, so then every cell depends on all the code
    has_modules = any(name.endswith(".py") for name in surroundings.files)

    def fingerprint(some: list[str]) -> str:
        return code.whole if has_modules else reached_by(code, some, cells)

    not_checks = [cell for cell, step in zip(cells, steps, strict=True) if step.kind != "check"]
    chain = digest(
        FORMAT,
        surroundings.environment,
        code.always,
        fingerprint(not_checks),
        surroundings.seed,
        surroundings.limits,
        surroundings.confined,
        surroundings.kernel,
        surroundings.earlier,
        sorted(surroundings.files.items()),
    )
    keys = []
    for cell, step in zip(cells, steps, strict=True):
        key = digest(chain, step, fingerprint([cell]) if step.kind == "check" else "")
        keys.append(key)
        if not step.alone:
            chain = key
    # A check that is judged outside sees the files as the last cell has left them.
    whole = chain_of(steps, keys)
    return [
        digest(key, whole) if step.asks is not None else key
        for step, key in zip(steps, keys, strict=True)
    ]


def key_of_values(steps: list[Step], keys: list[str], place: int) -> str:
    """Return the key of the values that the check with this index, judged outside, gets.

    They depend on the cells that have run before, and not on the check itself. It is "" where no
    cell has.
    """
    before = [key for step, key in zip(steps[:place], keys, strict=False) if not step.alone]
    return digest(before[-1], steps[place].asks) if before else ""


def chain_of(steps: list[Step], keys: list[str]) -> str:
    """Return a digest of all that can change what a notebook's cells write into their folder."""
    return digest([key for step, key in zip(steps, keys, strict=True) if not step.alone])


def steps_to_run(
    steps: list[Step],
    keys: list[str],
    kept: Container[str],
) -> list[Step]:
    """Return the steps that have to run; for the keys in `kept` there are results.

    These are the steps without a result, and before the last of them all steps that do not run
    alone, because later cells need the names that those set. For a check that is judged outside it
    is all of them, because it sees the files that they leave.
    """
    missing = [place for place, key in enumerate(keys) if key not in kept]
    if not missing:
        return []
    last = missing[-1]
    if any(steps[place].asks is not None for place in missing):
        last = len(steps) - 1
    found = []
    for place, step in enumerate(steps[: last + 1]):
        if place in missing or not step.alone:
            found.append(step)
    return found
