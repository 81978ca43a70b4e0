"""Whether two cells say the same, whatever an editor, a formatter or Windows has done to one.

Whoever saves a notebook with another program changes line ends, tabs and quotes without knowing it.
A student must not be told for that.
"""

import ast
import unicodedata

from nbjudge.planning.syntax import as_python, tree_of


def with_unix_lines(text: str) -> str:
    r"""Return a text with \n at the end of every line, as JupyterLab shows it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_same_text(kind: str, one: str, other: str) -> bool:
    """Return whether two cells of the kind `kind` ("code", "markdown", "raw") say the same.

    Code says the same where it is the same Python; then comments, tabs, quotes and semicolons do
    not count. In other text white space does not count.
    """
    one, other = plain(one), plain(other)
    if one == other:  # most cells of a class, so no syntax tree is made of them
        return True
    if one.split() == other.split():
        return kind != "code" or tree(one) == tree(other)
    return kind == "code" and bool(tree(one)) and tree(one) == tree(other)


def plain(text: str) -> str:
    """Return a text without a byte order mark, with letters composed in one way."""
    return unicodedata.normalize("NFC", with_unix_lines(text).lstrip("\ufeff").strip())


def tree(code: str) -> str:
    """Return what a cell does as text, "" where it is not Python or does nothing."""
    body = tree_of(as_python(code)).body
    return "\n".join(map(ast.dump, body))
