"""An answer reduced to what its learner has decided: no release, names, comments or white space.

Pygments reads the language that the notebook's kernel has.
"""

import ast
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers import PythonLexer, get_lexer_by_name
from pygments.token import Comment, Name, String
from pygments.util import ClassNotFound

from nbjudge.planning.syntax import as_python, tree_of

LONGEST = 50_000  # characters of an answer that are compared
NAME = "a name"  # in the place of each name that a learner could have chosen otherwise
WORD = re.compile(r"\w+")

Tokens = tuple[str, ...]


class Line(NamedTuple):
    """A line of an answer: its text, and its tokens with and without the learner's names."""

    text: str
    tokens: Tokens  # names replaced
    plain: Tokens  # as they stand there
    given: bool = False  # whether the release holds the same line


def lexer_for(language: str) -> Lexer | None:
    """Return Pygments' lexer for a kernel's language, None where Pygments does not know it."""
    if language in ("", "python"):
        return PythonLexer(ensurenl=False)
    try:
        return get_lexer_by_name(language, ensurenl=False)
    except ClassNotFound:
        return None


def lines_of(text: str, kind: str, lexer: Lexer | None) -> list[Line]:
    """Return the lines of a cell. `kind`: "code", or "markdown" for a written answer."""
    text = text[:LONGEST]
    if kind != "code" or lexer is None:
        lines = []
        for line in text.split("\n"):
            words = tuple(WORD.findall(line.lower()))
            lines.append(Line(line, words, words))
        return lines
    return lines_of_code(text, lexer)


def lines_of_code(text: str, lexer: Lexer) -> list[Line]:
    """Return the lines of a code cell, without comments, docstrings and white space."""
    bound = bound_names(text) if isinstance(lexer, PythonLexer) else None
    texts = text.split("\n")
    tokens: list[list[str]] = [[] for _ in texts]
    plain: list[list[str]] = [[] for _ in texts]
    place = 0
    before = ""
    for kind, value in lexer.get_tokens(text):
        if value.strip() and kind not in Comment and kind not in String.Doc:
            here = min(place, len(texts) - 1)
            chosen = kind in Name and kind not in Name.Builtin and before not in (".", "->", "::")
            renamed = chosen and (bound is None or value in bound)
            tokens[here].append(NAME if renamed else value)
            plain[here].append(value)
            before = value
        place += value.count("\n")
    zipped = zip(texts, tokens, plain, strict=True)
    return [Line(line, tuple(some), tuple(others)) for line, some, others in zipped]


def bound_names(code: str) -> set[str] | None:
    """Return the names that a piece of Python binds, None where it is not Python."""
    tree = tree_of(as_python(code))
    if not tree.body:
        return None
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias) and node.asname:
            found.add(node.asname)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def given_lines(lines: Iterable[Line]) -> set[Tokens]:
    """Return the lines of a release in both forms, for `without_given`."""
    found: set[Tokens] = set()
    for line in lines:
        found |= {line.tokens, line.plain}
    return found


def without_given(lines: Sequence[Line], given: set[Tokens]) -> list[Line]:
    """Return the lines of an answer; those that the release holds, too, are marked as given."""
    return [
        line._replace(given=line.tokens in given or line.plain in given or not line.tokens)
        for line in lines
    ]


def tokens_of(lines: Iterable[Line]) -> Tokens:
    """Return the tokens of all lines that the learner wrote."""
    return tuple(token for line in lines if not line.given for token in line.tokens)
