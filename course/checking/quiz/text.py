"""Questions as text, in Markdown and HTML: all of them where no widget runs, parts for the widget.

The text serves GitHub, exported pages and notebooks whose kernel is gone.
"""

import re
from collections.abc import Iterable
from string import ascii_uppercase

import mistune

from course.checking.quiz.questions import Option, Question

# The text stands right below the widget. It is hidden where the widget is alive on the same page,
# by a class that only this quiz has: each front end has other names for a cell's outputs.
# Where the widget's kernel is gone, JupyterLab's words about that are hidden.
STEP_ASIDE = (
    "<style>body:has(.NAME .widget-radio-box) .NAME-text { display: none; } "
    ".jp-OutputArea:has(.NAME .widget-radio-box) .jp-OutputArea-child:has(.NAME-text) "
    "{ display: none; } "
    ".jp-OutputArea:has(.NAME-text) .jp-OutputArea-child:has("
    "> .jupyter-widgets:not(:has(*))) { display: none; }</style>"
)
NOTE = "*This is the quiz as text. To answer it with buttons, run its cell in JupyterLab.*"


def as_text(questions: Iterable[Question], name: str) -> dict[str, str]:
    """The questions without a widget, as a MIME bundle of HTML (answers folded) and plain text.

    name: a class that the widget has, too.
    """
    pages = []
    plain = []
    for question in questions:
        shown = with_options(question)
        pages.append(html(shown) + folded(question))
        plain.append(f"{shown}\n\nAnswers:\n\n{explained(question)}")
    page = "<hr>".join(pages)
    aside = STEP_ASIDE.replace("NAME", name)
    return {
        "text/html": f'<div class="quiz-text {name}-text">{aside}{html(NOTE)}{page}</div>',
        "text/plain": "\n\n".join(plain),
    }


def with_options(question: Question) -> str:
    """The prompt and its options, as Markdown."""
    gap = "\n\n" if any(is_block(option) for option in question.options) else " "
    parts = [question.prompt]
    for letter, option in lettered(question):
        parts.append(f"**{letter}.**{gap}{option.text}")
    return "\n\n".join(parts)


def explained(question: Question, named: bool = False) -> str:
    """What to think of each option, as Markdown.

    An option is called by its letter; `named` by its text, where no letters have been shown.
    """
    parts = []
    for letter, option in lettered(question):
        name = option.text if named else letter
        parts.append(f"**{name}. {mark_of(option)}** {option.why}")
    return "\n\n".join(parts)


def folded(question: Question, named: bool = False) -> str:
    """The explanations of all options, as HTML that is folded away."""
    answers = html(explained(question, named))
    return f"<details><summary>All answers, explained</summary>{answers}</details>"


def html(markdown: str) -> str:
    """Markdown as HTML that looks like the page around it."""
    return f'<div class="jp-RenderedHTMLCommon">{mistune.html(markdown)}</div>'


def mark_of(option: Option) -> str:
    """The first words of the feedback on an option."""
    return "Right." if option.right else "Not this one."


def lettered(question: Question) -> list[tuple[str, Option]]:
    """The options with their letters, A, B and so on."""
    return list(zip(ascii_uppercase, question.options, strict=False))


def is_block(option: Option) -> bool:
    """Whether an option is a code block, which does not fit on a radio button."""
    return "\n" in option.text


def is_code(option: Option) -> bool:
    """Whether an option is nothing but code, or pieces of code with commas between them."""
    return not re.sub(r"`[^`]+`", "", option.text).strip(" ,")


def is_number(question: Question) -> bool:
    """Whether all options are numbers of at most four digits: then the answer is typed."""
    return all(re.fullmatch(r"\d{1,4}", option.text) for option in question.options)
