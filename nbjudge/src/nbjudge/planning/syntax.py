"""Cells and modules as Python: whether a text parses, and its syntax tree.

Three readers ask whether a text is Python, and they differ on purpose:

- `tree_of` reads modules and cells for fingerprints. A text that is not Python has the tree of an
  empty file: it fails wherever it is run, so its result depends on nothing else.
- `as_python` replaces IPython's own syntax (`%time`, `!ls`, `name?`) in a cell, as IPython does
  before it compiles. It accepts a cell that is indented as a whole, as IPython does.
- `cell_tree` reads a cell for rebuilding and does not accept such a cell: the second half of a
  split answer is indented, and must not count as an answer of its own.
"""

import ast
import re
import sys
from functools import lru_cache
from threading import Lock

# What Python's parser raises: ValueError for a null byte, the last two for code nested too deeply.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)

LONGEST = 1_000_000  # characters of a cell that are parsed: a syntax tree takes 200 times as much

# Python 3.12.0 to 3.12.3 keeps a copy of the line for each token that `tokenize` finds in it
# (https://github.com/python/cpython/issues/119118), and IPython tokenizes every cell.
COPIES_LINES = (3, 12) <= sys.version_info < (3, 12, 4)
MOST_COPIED = 500_000_000  # characters of such copies, of one line
TOKEN = re.compile(r"\w+|[^\w\s]")

PARSER = Lock()


def is_too_large(cell: str) -> bool:
    """Return whether reading a cell would take too much memory: it is as if it were not Python."""
    return len(cell) > LONGEST or (COPIES_LINES and largest_copies(cell) > MOST_COPIED)


def largest_copies(cell: str) -> int:
    """Return how many characters a copy of the line for each of its tokens would have, at most."""
    return max((len(line) * len(TOKEN.findall(line)) for line in cell.splitlines()), default=0)


def parse(
    source: str,
    name: str = "<unknown>",
) -> ast.Module:
    """Return `ast.parse(source, name)`, called by one thread at a time; raises what it raises.

    Workers are threads, and before Python 3.11.8 and 3.12.2 two threads that parse at once may
    meet a SystemError, "AST constructor recursion depth mismatch"
    (https://github.com/python/cpython/issues/106905).
    """
    with PARSER:
        return ast.parse(source, name)


@lru_cache(256)  # a module is read for its imports, for its names and for its statements
def tree_of(source: str) -> ast.Module:
    """Return the syntax tree of a piece of Python, an empty one where it is not Python."""
    try:
        return parse(source)
    except NOT_PYTHON:
        return ast.Module([], [])


@lru_cache(4096)  # most cells are the same in every notebook of a class
def as_python(cell: str) -> str:
    """Return a cell's source with IPython's own syntax replaced, "" where it cannot be read."""
    from IPython.core.inputtransformer2 import TransformerManager  # it takes a third of a second

    if is_too_large(cell):
        return ""
    try:
        return TransformerManager().transform_cell(cell)
    except NOT_PYTHON:
        return ""


def cell_tree(cell: str) -> ast.Module | None:
    """Return the syntax tree of a cell, magics allowed; None where it is not Python."""
    from IPython.core.inputtransformer2 import TransformerManager, leading_indent

    if is_too_large(cell):
        return None
    manager = TransformerManager()
    manager.cleanup_transforms = [
        transform for transform in manager.cleanup_transforms if transform is not leading_indent
    ]
    try:
        return parse(manager.transform_cell(cell))
    except NOT_PYTHON:
        return None


def is_python(cell: str) -> bool:
    """Return whether a cell is Python by itself."""
    return cell_tree(cell) is not None


def functions_and_classes(tree: ast.Module | None) -> set[str]:
    """Return the names of the functions and classes that are defined at the top of a tree."""
    found = set()
    for node in tree.body if tree else []:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
    return found
