"""Hidden tests: which lines of a check they are, and what of an output would show one.

Whoever calls a function from a hidden test runs it in the same process, so a student's code can
read the test and write it in a cipher. No search for text finds that. What is found here is a
hidden line in any plain form: quoted in a traceback, coloured, escaped, as HTML, indented or folded
differently.
"""

import ast
import html
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config

from nbjudge.planning.syntax import as_python, tree_of

NOT_SHOWN = "(this quotes a hidden test and is not shown)"
PRINTS_NOT_SHOWN = "(what was printed here is not shown, because hidden tests ran, too)\n"

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
TAG = re.compile(r"</?[A-Za-z][^<>]*>")
CODE_POINT = re.compile(r"(?<!\\)\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
NO_CONTENT = re.compile(r"\\+[nrt]?|[\s'\"\u200b\ufeff]+")
GUTTER = re.compile(r"^\s*(?:-+>)?\s*\d*\s*")  # before the lines of IPython's tracebacks
VERDICT = re.compile(r"True|False|[-+]?[\d.]*\d(?:e[-+]?\d+)?")  # the value at the end of a check
LONGEST_PRINT = 500  # characters of a printed line that is compared with what the check prints
SHORT = 5  # characters below which a line is looked for as a whole line only


class Regions(NamedTuple):
    """A cell's source, its hidden regions told apart."""

    visible: str
    hidden: str | None  # None: there is no region

    def hides(self, line: str) -> bool:
        """Return whether a line stands in a hidden region and nowhere else."""
        return self.hidden is not None and bool(lines_of(line) & hidden_lines(self))


def split_hidden_tests(source: str, config: Config | None = None) -> Regions:
    """Return the visible part of a cell and its hidden tests.

    The delimiters are those that the course has set for nbgrader's ClearHiddenTests in `config`.
    The lines that hold one are in neither part. A region without an end goes on to the cell's end.
    """
    clear = ClearHiddenTests(config=config)
    visible: list[str] = []
    hidden: list[str] = []
    inside = found = False
    for line in source.split("\n"):
        if clear.begin_test_delimeter in line:
            inside = found = True
        elif clear.end_test_delimeter in line:
            inside = False
        elif inside:
            hidden.append(line)
        else:
            visible.append(line)
    return Regions("\n".join(visible), "\n".join(hidden) if found else None)


def lines_of(source: str) -> set[str]:
    """Return the lines of a cell without their indentation, empty ones left out."""
    return {line.strip() for line in source.split("\n") if line.strip()}


def hidden_lines(regions: Regions) -> set[str]:
    """Return the lines of a cell that stand in a hidden region and nowhere else in the cell."""
    return lines_of(regions.hidden or "") - lines_of(regions.visible)


# ---- feedback --------------------------------------------------------------------------------


def without_hidden_tests(notebook: NotebookNode, config: Config | None = None) -> NotebookNode:
    """Take the hidden tests out of an executed notebook: out of its cells and out of all outputs.

    A student's answer may hold the delimiters; it stays as it is. A line that is also visible
    somewhere in the notebook is not hidden. The notebook is changed, and returned.
    """
    parts = {}
    for place, cell in enumerate(notebook.cells):
        if not is_solution(cell):
            parts[place] = split_hidden_tests(cell.source, config)
            if parts[place].hidden is not None:
                cell.source = parts[place].visible
    shown = set()
    for cell in notebook.cells:
        shown |= lines_of(cell.source)
    lines: set[str] = set()
    for part in parts.values():
        lines |= hidden_lines(part) - shown
    search = Search(lines)
    for place, cell in enumerate(notebook.cells):
        mixed = place in parts and parts[place].hidden is not None and is_grade(cell)
        known = printed_by(parts[place]) if mixed else None
        for output in cell.get("outputs", []):
            clean_output(output, search, known)
    if search.finds_in(notebook.metadata.get("widgets", {})):
        del notebook.metadata["widgets"]
    return notebook


def clean_output(output: NotebookNode, search: "Search", known: list[re.Pattern] | None) -> None:
    """Take out of an output what quotes a hidden test.

    `known` is for a check with hidden tests: the lines that the instructor's own code prints. The
    others may be a student's function that prints what hidden tests call it with.
    """
    if output.output_type == "error":
        clean_error(output, search)
    elif output.output_type == "stream":
        if search.finds_in(output.text) and known is None:
            output.text = NOT_SHOWN + "\n"
        elif known is not None:
            output.text = only_known(output.text, known)
    elif "data" in output:
        is_known = known is None or is_instructors(output, known)
        if not is_known or search.finds_in(output.data) or search.finds_in(output.metadata):
            output.data = NotebookNode({"text/plain": NOT_SHOWN})
            output.metadata = NotebookNode()


def clean_error(output: NotebookNode, search: "Search") -> None:
    """Take out of an error what quotes a hidden test; the frames of other code stay.

    The message of an assert is what the instructor wants to say with it, so it stays although it
    stands in a hidden line.
    """
    message = f"{output.ename}: {output.evalue}"
    if search.finds_in_message(message):
        output.ename = "Error" if search.finds_in_message(output.ename) else output.ename
        output.evalue = NOT_SHOWN
        message = f"{output.ename}: {NOT_SHOWN}"
    kept = []
    for number, item in enumerate(output.traceback, 1):
        last = number == len(output.traceback)
        found = search.finds_in_message(item) if last else search.finds_in(item)
        kept.append(NOT_SHOWN if found else item)
    if kept and kept[-1] == NOT_SHOWN:
        kept[-1] = message
    frames = "\n".join(kept[:-1])
    output.traceback = [message] if search.finds_in(frames) else kept


# ---- searching -------------------------------------------------------------------------------


class Search:
    """Looks for hidden lines in what a cell has put out."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.long: set[str] = set()
        self.short: set[str] = set()
        self.code: set[str] = set()  # those of `long` that are more than words of a message
        for line in lines:
            packed = compact(line)
            if not re.search(r"\w", packed):
                continue
            if len(packed) < SHORT:
                self.short.add(packed)
                continue
            self.long.add(packed)
            if not is_words(line):
                self.code.add(packed)

    def finds_in(self, value: Any) -> bool:
        """Return whether a text, or any text in a dictionary or a list, shows a hidden line."""
        if not self.long and not self.short:
            return False
        return any(self._finds_in_text(text) for text in texts_in(value))

    def finds_in_message(self, text: str) -> bool:
        """Return whether an error's message shows a hidden line that is more than words."""
        for variant in readings_of(text):
            packed = compact(variant)
            if any(line in packed for line in self.code):
                return True
        return False

    def _finds_in_text(self, text: str) -> bool:
        for variant in readings_of(text):
            packed = compact(variant)
            if any(line in packed for line in self.long):
                return True
            if self.short:
                plain = ANSI.sub("", variant)
                for line in plain.split("\n"):
                    if compact(GUTTER.sub("", line)) in self.short:
                        return True
        return False


def texts_in(value: Any) -> Iterator[str]:
    """Yield all texts in a value of JSON; lists of texts joined too, as nbformat splits lines."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from texts_in(each)
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield "".join(value)
        for each in value:
            yield from texts_in(each)


def readings_of(text: str) -> Iterator[str]:
    """Yield a text as it is and, where it may be HTML, as a browser would show it."""
    yield text
    if "&" in text:
        yield html.unescape(text)
    if "<" in text:
        yield html.unescape(TAG.sub("", text))


def compact(text: str) -> str:
    """Return a text without colours, white space, quotes and escapes, for comparing."""
    plain = CODE_POINT.sub(letter_of, ANSI.sub("", text))
    return NO_CONTENT.sub("", plain)


def letter_of(escape: re.Match) -> str:
    r"""Return the letter that an escape such as \u00e9 stands for."""
    return chr(int(escape[1] or escape[2], 16))


def is_words(line: str) -> bool:
    """Return whether a line of code holds string literals and nothing else that has a name."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line).readline))
    except (tokenize.TokenError, SyntaxError):
        tokens = []
        without = re.sub(r"[rbfuRBFU]*(\"[^\"]*\"|'[^']*')", "", line)
        return without != line and not re.search(r"\w", without)
    kinds = {token.type for token in tokens}
    return tokenize.STRING in kinds and not kinds & {tokenize.NAME, tokenize.NUMBER}


# ---- what the instructor prints --------------------------------------------------------------


@lru_cache(1024)  # the checks are the same for a whole class
def printed_by(part: Regions) -> list[re.Pattern]:
    """Return patterns of the lines that a check itself prints or shows: its texts in print(...)."""
    tree = tree_of(as_python(f"{part.visible}\n{part.hidden or ''}"))
    if not tree.body:
        tree = tree_of(as_python(part.visible))
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id in ("print", "display") and len(node.args) == 1:
            found += patterns_of(node.args[0])
    return found


def patterns_of(node: ast.expr) -> list[re.Pattern]:
    """Return a pattern for each line of a string literal; in an f-string any text fits a value."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    pattern = ""
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            pattern += re.escape(part.value)
        elif isinstance(part, ast.FormattedValue):
            pattern += ".*"
        else:
            return []
    return [re.compile(line) for line in pattern.split("\\\n") if re.search(r"\w", line)]


def matches(line: str, known: list[re.Pattern]) -> bool:
    """Return whether a printed line is one that the instructor's code prints."""
    return len(line) <= LONGEST_PRINT and any(pattern.fullmatch(line) for pattern in known)


def is_instructors(output: NotebookNode, known: list[re.Pattern]) -> bool:
    """Return whether a display is a check's own: points, a panel, or a text that it displays."""
    if set(output.data) != {"text/plain"}:
        return True
    text = "".join(output.data["text/plain"])
    if output.output_type == "execute_result" and VERDICT.fullmatch(text):
        return True
    return matches(text.strip("'\""), known)


def only_known(text: str, known: list[re.Pattern]) -> str:
    """Return the lines that the instructor's code prints, and a sentence for the others."""
    kept = []
    left_out = False
    for line in text.splitlines(keepends=True):
        if not line.strip() or matches(line.rstrip("\n"), known):
            kept.append(line)
        else:
            left_out = True
    return "".join(kept) + (PRINTS_NOT_SHOWN if left_out else "")
