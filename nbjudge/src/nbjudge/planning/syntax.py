"""Python's parser, for workers that are threads: before 3.11.8 and 3.12.2 two that parse at once may meet a SystemError,
"AST constructor recursion depth mismatch" (https://github.com/python/cpython/issues/106905)."""

import ast
from threading import Lock

ALONE = Lock()


def parse(source, name="<unknown>"):
    """ast.parse, one thread at a time. Raises what it raises."""
    with ALONE:
        return ast.parse(source, name)
