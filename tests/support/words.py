"""One term for one thing: the words that this project does not use, and what it says instead.

python -m tests.support.words prints each place in prose and in the strings of the course's code.
`make check` runs it. Code between backticks does not count.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from course.paths import ROOT

INSTEAD = {  # a pattern, and what to write
    r"pictures?": "image (what a network gets), plot (a chart), photo (a real photograph)",
    r"(?:is|are) asked|asked (?:is|are)": "expected X, got Y",
    r"bills?": "report",
    r"necks?": "the head's inputs, in_features",
    r"floors?": "minimum, required value",
    r"dice|coin|coins": "random, guess",
    r"(?:the|our) patient": "model",
    r"verdicts?": "logit, prediction, result",
    r"shall": "must, will",
    r"per cent": "%",
    r"way up|quarter turns?": "rotation",
    r"makes? way": "is replaced",
    r"two speeds": "two learning rates",
    r"(?<!learning[ -])(?<!positive )(?<!\")rates?": "learning rate",
    r"(?<!\")cosine(?! similarit| annealing| wave| curve)": "cosine similarity, cosine annealing",
    r"nought": "zero",
    r"by heart": "memorised",
    r"frozen until": "frozen up to",
}
FORBIDDEN = re.compile(r"\b(?:" + "|".join(INSTEAD) + r")\b", re.IGNORECASE)
CODE = re.compile(r"```.*?```|`[^`]*`|<[^>]+>|\]\([^)]*\)", re.DOTALL)
PROSE = ("source/**/*.md", "*.md", "docs/*.md", "nbjudge/README.md", "course/**/*.md")
STRINGS = ("course/*.py", "course/[abcln]*/**/*.py")  # course/vision draws, and says so


class Place(NamedTuple):
    """A word that has another name here."""

    path: Path
    line: int
    word: str
    instead: str


def places() -> Iterator[Place]:
    """Yield each place in the tracked files."""
    for path in tracked(*PROSE):
        yield from in_text(path, without_code(path.read_text(encoding="utf-8")), 1)
    for path in tracked(*STRINGS):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if " " in node.value and id(node) not in docstrings:  # a name is no text
                    yield from in_text(path, without_code(node.value), node.lineno)


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository that match, in order."""
    command = ["git", "ls-files", "--", *(f":(glob){pattern}" for pattern in patterns)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


def without_code(text: str) -> str:
    """Return text with code, HTML tags and link targets blanked, line by line as long as before."""
    return CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def in_text(path: Path, text: str, first_line: int) -> Iterator[Place]:
    """Yield the places in a text that begins at a line of its file."""
    for number, line in enumerate(text.splitlines(), first_line):
        for found in FORBIDDEN.finditer(line):
            word = found[0]
            instead = next(
                better
                for pattern, better in INSTEAD.items()
                if re.fullmatch(pattern, word, re.IGNORECASE)
            )
            yield Place(path, number, word, instead)


def main() -> int:
    """Print the places; return 1 if there is one, for the shell."""
    found = list(places())
    for place in found:
        where = place.path.relative_to(ROOT)
        print(f"{where}:{place.line}: '{place.word}': say {place.instead}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
