"""A quiz that a page can ask by itself: each option opens its explanation."""

import ast
import re
from typing import Any

import mistune

from course.checking.quiz import Question, draw
from course.checking.quiz.text import is_block, lettered, mark_of

PYTHON = re.compile(r"```python\n.*?```", re.DOTALL)
ENDLESS = "In JupyterLab this quiz goes on with new questions for as long as you like."


class Quizzes:
    """The quizzes of one notebook, found in its cells."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}  # what the cells have imported

    def asked_by(self, source: str) -> list[str]:
        """Each quiz that a cell's code asks, as Markdown; none if it asks none."""
        if "ask(" not in source:
            return []
        tree = ast.parse(source)
        imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        calls = [call for node in tree.body if (call := _call_of_ask(node))]
        if calls:
            exec(compile(ast.Module(imports, []), "<quiz>", "exec"), self.names)
        return [_quiz(self._value(call.args[0])) for call in calls]

    def _value(self, node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), "<quiz>", "eval"), self.names)


def _call_of_ask(node: ast.stmt) -> ast.Call | None:
    """The call in a line `ask(...)`; None for any other line."""
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "ask":
        return call
    return None


def _quiz(asked: Any) -> str:
    """The Markdown of what `ask` was given: questions, or names of kinds of questions."""
    items = [asked] if isinstance(asked, (Question, str)) else list(asked)
    questions = [draw(item, 0) if isinstance(item, str) else item for item in items]
    parts = []
    for number, question in enumerate(questions, 1):
        parts.append(f"**Question {number} of {len(questions)}.** {_question(question)}")
    if isinstance(items[0], str):
        parts.append(ENDLESS)
    return "\n\n".join(parts)


def _question(question: Question) -> str:
    parts = [PYTHON.sub(_with_gaps_as_text, question.prompt)]
    for letter, option in lettered(question):
        shown = _code(option.text) if is_block(option) else _inline(option.text)
        kind = "right" if option.right else "wrong"
        parts.append(
            f'<details class="option {kind}"><summary><b>{letter}</b> <span>{shown}</span>'
            f"</summary>\n\n**{mark_of(option)}** {option.why}\n\n</details>"
        )
    return "\n\n".join(parts)


def _with_gaps_as_text(block: re.Match[str]) -> str:
    """A block of code in which a `?` stands for what is asked: as Python it has no colours."""
    return block[0].replace("```python", "```text", 1) if "?" in block[0] else block[0]


def _inline(text: str) -> str:
    """Markdown of one line as HTML, for a summary."""
    return mistune.html(text).strip().removeprefix("<p>").removesuffix("</p>")


def _code(text: str) -> str:
    """A block of code as HTML that may stand in a summary; it is one line of Markdown."""
    lines = text.strip().removeprefix("```python").removesuffix("```").strip("\n")
    return f"<code>{mistune.escape(lines).replace(chr(10), '<br>').replace('  ', '&nbsp; ')}</code>"
