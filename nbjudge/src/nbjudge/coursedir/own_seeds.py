"""Own numbers: `own_seed()` in a check becomes a seed that only this learner has.

The seed is derived from the course's secret, the assignment, the learner and the check, so a
regrade finds the same one. It is put into the text of the check before anything runs. A learner's
process cannot choose it, the kept results know of it, and the graded notebook shows it.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from nbjudge.coursedir.results import KEPT
from nbjudge.errors import CourseError
from nbjudge.files import replace_text

CALL = re.compile(r"(?<![\w.])(?<!def )(?:nbjudge\.)?own_seed\(\s*\)")
MENTION = re.compile(r"\bown_seed\b")
SECRET = "secret"  # the file's name in .grading/
LARGEST = 2**31 - 1  # every library takes such a seed


def ask_for_seeds(notebooks: Iterable[NotebookNode]) -> bool:
    """Return whether a check of these notebooks calls `own_seed()`."""
    cells = (cell for notebook in notebooks for cell in notebook.cells)
    return any(is_check(cell) and CALL.search(cell.source) for cell in cells)


def is_check(cell: NotebookNode) -> bool:
    """Return whether a cell is code that is graded and that the learner does not write."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def key_of(root: Path, assignment: str, student: str) -> str:
    """Return what a learner's seeds of an assignment are derived from, as hexadecimal digits.

    A worker gets this and never the course's secret. Raises CourseError where that is damaged.
    """
    return digest_of(secret_of(root), assignment, student).hex()


def secret_of(root: Path) -> bytes:
    """Return the secret of a course, drawn and kept at the first time.

    Raises CourseError where the file is damaged.
    """
    path = root / KEPT / SECRET
    if not path.exists():
        keep_secret(root, secrets.token_bytes(32))
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise CourseError(
            f"{path} is damaged, so the learners' own numbers are not known: bring it back from a "
            "copy; or remove it, then everybody gets other numbers in the next grading"
        )
    return bytes.fromhex(text)


def keep_secret(root: Path, secret: bytes) -> None:
    """Keep the 32 bytes that a course's seeds are derived from."""
    replace_text(root / KEPT / SECRET, f"{secret.hex()}\n", private=True)


def digest_of(key: bytes, *names: str) -> bytes:
    """Return the HMAC-SHA256 of some names."""
    text = "\0".join(names).encode("utf-8", "surrogatepass")
    return hmac.new(key, text, hashlib.sha256).digest()


def put_seeds(notebook: NotebookNode, name: str, key: str) -> dict[str, int]:
    """Write a learner's seeds into the checks of a rebuilt notebook, and return {check: seed}.

    `name` is the notebook's, `key` what `key_of` returns; without a key nothing is changed.
    """
    found: dict[str, int] = {}
    for cell in notebook.cells if key else ():
        if is_check(cell) and CALL.search(cell.source):
            check = cell.metadata.nbgrader.grade_id
            found[check] = seed_of(key, name, check)
            cell.source = CALL.sub(str(found[check]), cell.source)
    return found


def seed_of(key: str, notebook: str, check: str) -> int:
    """Return the seed of one check."""
    digest = digest_of(bytes.fromhex(key), notebook, check)
    return int.from_bytes(digest[:8], "big") % LARGEST + 1


def without_effect(notebooks: Mapping[str, NotebookNode]) -> list[str]:
    """Return a sentence for each cell of the instructor's that has `own_seed` to no effect."""
    found = []
    for name, notebook in notebooks.items():
        for cell in notebook.cells:
            if cell.cell_type != "code" or not MENTION.search(cell.source):
                continue
            where = f"{name}.ipynb, the cell `{cell.metadata.get('nbgrader', {}).get('grade_id')}`"
            if is_check(cell) and not CALL.search(cell.source):
                found.append(
                    f"{where} has `own_seed` but does not call `own_seed()` in these very "
                    "letters, so everybody gets the same numbers there: write it so"
                )
            elif not is_check(cell) and CALL.search(cell.source):
                where = where if is_grade(cell) or is_solution(cell) else f"{name}.ipynb"
                found.append(
                    f"{where} calls `own_seed()` in a cell that is no check; there it is 0 for "
                    "everybody: call it in the check"
                )
    return found
