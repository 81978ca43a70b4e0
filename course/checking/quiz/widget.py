"""The widget that asks questions. text.py beside it writes what stands there without a widget.

Colours come from JupyterLab's own variables, so both themes fit; every mark is also a word.
"""

import hashlib
import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from IPython.display import display
from ipywidgets import HTML, Button, HBox, RadioButtons, Text, VBox

from course.checking.quiz.kinds import draw
from course.checking.quiz.questions import Option, Question
from course.checking.quiz.text import (
    as_text,
    folded,
    html,
    is_block,
    is_code,
    is_number,
    lettered,
    mark_of,
    with_options,
)
from course.notebook.kept import folder
from nbjudge.files import replace_text

LOOK = """<style>
.quiz { border: 1px solid var(--jp-border-color1, #888); border-radius: 4px; padding: 8px 16px; \
margin: 16px 0 24px; max-width: 52em; }
.quiz .quiz-title { font-size: var(--jp-content-font-size2, 17px); font-weight: bold; }
.quiz .jp-RenderedHTMLCommon, .quiz .widget-radio-box label { \
font-size: var(--jp-content-font-size1, 14px); line-height: 1.5; }
.quiz .jp-RenderedHTMLCommon { padding: 0; }
.quiz .widget-html-content, .quiz .widget-radio-box label { height: auto; white-space: normal; }
.quiz .widget-radio, .quiz .widget-radio-box { width: 100%; max-width: none; }
.quiz .widget-radio-box label { display: flex; flex-direction: row-reverse; \
justify-content: flex-end; align-items: flex-start; }
.quiz .widget-radio-box input { flex: none; width: 13px; height: 13px; margin: 4px 8px 4px 0; }
.quiz code, .quiz .widget-radio-box label { overflow-wrap: normal; word-break: normal; }
CODE { font-family: var(--jp-code-font-family, monospace); white-space: pre-wrap; }
.quiz .jp-RenderedHTMLCommon p { margin-bottom: 0.5em; }
.quiz .jp-RenderedHTMLCommon pre { margin: 4px 0 12px; padding: 8px 12px; \
background: var(--jp-layout-color2, transparent); }
.quiz .jp-RenderedHTMLCommon pre code { background: none; }
.quiz-feedback { border-left: 4px solid var(--jp-warn-color1, #b85c00); padding-left: 12px; \
margin: 8px 0; }
.quiz-feedback.right { border-color: var(--jp-success-color1, #2e7d32); }
</style>""".replace(
    "CODE",
    ", ".join(f".quiz .code-{n} label:nth-child({n})" for n in range(1, 7)),
)
OTHER = Option("", False, "That is another number. Think again, or unfold the answers.")


class Standing(NamedTuple):
    """Where a learner is in a quiz. It is kept in work/, so that a restart goes on there."""

    seed: int  # of the first question
    number: int = 1  # of the question, counted from 1
    streak: int = 0  # questions in a row that were right at the first try
    tried: bool = False  # whether an answer to this question has been checked
    first_tries: tuple[tuple[int, bool], ...] = ()  # (place in the quiz, right at the first try)


def ask(
    questions_or_kinds: Question | str | Iterable[Question] | Iterable[str],
    seed: int | None = None,
) -> None:
    """Show a quiz below the cell. Nothing is graded.

    In the learner's own folder it goes on at the question where it was left.

    questions_or_kinds: a Question or several, which follow one another; or a name in
    ENDLESS or several, which take turns, each question drawn from the next seed from `seed` on.
    Without a seed each learner gets one, so that two do not get the same questions in the same
    order. The seed also decides the order of a question's options, which then stays.
    Raises KeyError for an unknown kind, ValueError where there is nothing to ask.
    """
    if isinstance(questions_or_kinds, (Question, str)):
        asked = [questions_or_kinds]
    else:
        asked = list(questions_or_kinds)
    if not asked:
        raise ValueError(
            "nothing to ask: give ask() a question or the name of a kind, "
            "such as ask('in_features')"
        )
    name = name_of(asked)
    standing = standing_of(name)
    if standing is None or (seed is not None and seed != standing.seed):
        first = random.SystemRandom().randrange(1 << 20) if seed is None else seed
        standing = Standing(first)
    are_questions = isinstance(asked[0], Question)
    if are_questions:
        asked = [shuffled(question, standing.seed) for question in asked]
    total = len(asked) if are_questions else None

    def stream(number):
        while True:
            item = asked[(number - 1) % len(asked)]
            yield item if are_questions else draw(item, standing.seed + number - 1)
            number += 1

    text = as_text(itertools.islice(stream(1), len(asked)), name)
    box = box_of(stream(standing.number), total, standing, lambda now: keep(name, now))
    box.add_class(name)
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}, raw=True)
    display(text, raw=True)


def name_of(asked: list[Question] | list[str]) -> str:
    """What a quiz is known by: another one if a question has changed."""
    return f"quiz-{hashlib.sha256(repr(asked).encode()).hexdigest()[:12]}"


def standings_path() -> Path | None:
    """Where this lesson's standings are kept; None where nothing is kept."""
    here = folder()
    return here / "quiz.json" if here else None


def standings() -> dict[str, list]:
    """{name of a quiz: its Standing} as JSON has them; nothing if the file is damaged."""
    path = standings_path()
    try:
        kept = json.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def standing_of(name: str) -> Standing | None:
    """Where the learner is in this quiz; None at the first time, or if that cannot be read."""
    try:
        seed, number, streak, tried, first_tries = standings()[name]
        numbers = int(seed), max(int(number), 1), int(streak)
        return Standing(*numbers, bool(tried), tuple((int(n), bool(r)) for n, r in first_tries))
    except (KeyError, TypeError, ValueError):
        return None


def keep(name: str, standing: Standing) -> None:
    """Keep where the learner is, if this is the learner's own folder."""
    path = standings_path()
    if path:
        replace_text(path, json.dumps(standings() | {name: standing}, indent=1))


def shuffled(question: Question, seed: int) -> Question:
    """The question with its options in an order that `seed` and the prompt decide."""
    options = list(question.options)
    random.Random(f"{seed}-{question.prompt}").shuffle(options)
    return question._replace(options=tuple(options))


def box_of(
    questions: Iterator[Question],
    total: int | None = None,
    standing: Standing | None = None,
    keep: Callable[[Standing], None] = lambda now: None,
) -> VBox:
    """The quiz as a widget of five rows: the place in the quiz, prompt, options, buttons, feedback.

    `questions` has no end. With `total`, the quiz starts again after that many questions and counts
    them. Without, it counts how many in a row were right at the first try, and asks for a number to
    be typed where the answer is one. `standing`: where it goes on; the first of `questions` is the
    one that it names. `keep` is called with the Standing whenever that changes.
    """
    return _Quiz(questions, total, standing or Standing(0), keep).box


class _Quiz:
    """The state of one quiz, and the widgets that show it."""

    def __init__(
        self,
        questions: Iterator[Question],
        total: int | None,
        standing: Standing,
        keep: Callable[[Standing], None],
    ) -> None:
        self.questions = questions
        self.total = total
        self.question: Question | None = None
        self.seed = standing.seed
        self.number = standing.number  # of the question, counted from 1
        self.streak = standing.streak  # questions in a row that were right at the first try
        self.tried = standing.tried  # whether an answer to this question has been checked
        self.first_tries = dict(standing.first_tries)  # {place: right at the first try}
        self.typed = False  # whether this question's answer is typed and not picked
        self.keep = keep

        self.place, self.prompt, self.feedback = HTML(), HTML(), HTML()
        self.options = RadioButtons(options=[], value=None)
        self.field = Text(
            description="Your number",
            style={"description_width": "initial"},
            continuous_update=False,  # Enter answers
        )
        check = Button(
            description="Check",
            button_style="primary",
            tooltip="See whether the chosen answer is right, and why",
        )
        self.onward = Button(description="Next", tooltip="Go to the next question")
        check.on_click(self._check_answer)
        self.field.observe(self._check_typed, "value")
        self.options.observe(self._forget_feedback, "index")
        self.onward.on_click(self._ask_next)
        self._ask()

        buttons = [self.field, check]
        if total != 1:
            buttons.append(self.onward)
        self.box = VBox([self.place, self.prompt, self.options, HBox(buttons), self.feedback])
        self.box.add_class("quiz")

    def _ask_next(self, _button=None):
        self.number += 1
        self.tried = False
        if self._place() == 1:
            self.first_tries = {}
        self._ask()
        self._keep()

    def _keep(self):
        tries = tuple(self.first_tries.items())
        self.keep(Standing(self.seed, self.number, self.streak, self.tried, tries))

    def _ask(self):
        self.question = next(self.questions)
        self.typed = self.total is None and is_number(self.question)
        self.options.layout.display = "none" if self.typed else None
        self.field.layout.display = None if self.typed else "none"
        self.field.value = ""
        self._show_question()
        self.feedback.value = ""
        is_last = self.total and self.number % self.total == 0
        self.onward.description = "Start again" if is_last else "Next"
        self._show_place()

    def _show_question(self):
        has_blocks = any(is_block(option) for option in self.question.options)
        shown = with_options(self.question) if has_blocks else self.question.prompt
        self.prompt.value = LOOK + html(shown)
        labels, classes = [], []
        for number, (letter, option) in enumerate(lettered(self.question), 1):
            plain = option.text.replace("`", "")
            labels.append(f"Snippet {letter}" if has_blocks else f"{letter}. {plain}")
            if is_code(option) and not has_blocks:
                classes.append(f"code-{number}")
        self.options._dom_classes = classes
        self.options.index = None  # first, or the new options would come with the first one chosen
        self.options.options = labels

    def _show_place(self):
        if self.total is None:
            title = "Practice: new questions without end"
            where = f"Practice question {self.number}, {self.streak} right in a row"
        else:
            title = "Quiz"
            where = f"Practice question {self._place()} of {self.total}"
        # Tab and Space: JupyterLab takes the arrow keys
        self.place.value = (
            f'<div class="quiz-title" role="heading" aria-level="3">{title}</div>'
            f"{html(f'{where} <small>(with the keyboard: Tab and Space)</small>')}"
        )

    def _answer(self) -> Option | None:
        """The option that was chosen or typed; None if there is none yet."""
        if not self.typed:
            index = self.options.index
            return None if index is None else self.question.options[index]
        text = self.field.value.strip()
        if not text:
            return None
        for option in self.question.options:
            if option.text == text:
                return option
        return OTHER

    def _forget_feedback(self, _change):
        """Clear the feedback, which is about another option than the one now chosen."""
        self.feedback.value = ""

    def _check_typed(self, change):
        if change.new:  # the field is emptied for the next question
            self._check_answer()

    def _check_answer(self, _button=None):
        option = self._answer()
        if option is None:
            missing = "Type a number first." if self.typed else "Choose an answer first."
            self.feedback.value = html(missing)
            return
        if not self.tried and self.total:
            self.first_tries[self._place()] = option.right
        if not option.right:
            self.streak = 0
        elif not self.tried:
            self.streak += 1
        self.tried = True
        self._keep()
        mark = "right" if option.right else "wrong"
        said = html(f"**{mark_of(option)}** {option.why}")
        self.feedback.value = (
            f'<div role="alert" class="quiz-feedback {mark}">{said}</div>'
            f"{folded(self.question, self.typed)}{self._summary()}"
        )
        self._show_place()

    def _place(self) -> int:
        """The place of the question in the quiz, counted from 1."""
        return (self.number - 1) % self.total + 1 if self.total else self.number

    def _summary(self) -> str:
        """After the last question: how many were right at the first try, and which were not."""
        if not self.total or self.total == 1 or self._place() != self.total:
            return ""
        right = sum(self.first_tries.values())
        missed = [str(place) for place, was_right in self.first_tries.items() if not was_right]
        again = f" Look at {these('question', missed)} again." if missed else ""
        return html(f"**{right} of {self.total} right at the first try.**{again}")


def these(what: str, names: list[str]) -> str:
    """Return such as "question 1", or "questions 1, 2 and 5"."""
    if len(names) == 1:
        return f"{what} {names[0]}"
    return f"{what}s {', '.join(names[:-1])} and {names[-1]}"
