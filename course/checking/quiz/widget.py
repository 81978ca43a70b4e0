"""The widget that asks, and the same questions as text for where no widget runs: GitHub, exported pages, a kernel that is gone.

Colours come from JupyterLab's own variables, so both themes fit; every mark is also a word.
"""

import itertools
import re
from string import ascii_uppercase

import mistune
from IPython.display import display
from ipywidgets import HTML, Button, HBox, RadioButtons, Text, VBox

from course.checking.quiz.kinds import draw
from course.checking.quiz.questions import Option, Question

LOOK = """<style>
.quiz { border: 1px solid var(--jp-border-color1, #888); border-radius: 4px; padding: 8px 16px; max-width: 52em; }
.quiz .jp-RenderedHTMLCommon, .quiz .widget-radio-box label { font-size: var(--jp-content-font-size1, 14px); line-height: 1.5; }
.quiz .jp-RenderedHTMLCommon { padding: 0; }
.quiz .widget-html-content, .quiz .widget-radio-box label { height: auto; white-space: normal; }
.quiz .widget-radio, .quiz .widget-radio-box { width: 100%; max-width: none; }
.quiz .widget-radio-box label { display: flex; flex-direction: row-reverse; justify-content: flex-end; align-items: flex-start; }
.quiz .widget-radio-box input { flex: none; width: 13px; height: 13px; margin: 4px 8px 4px 0; }
.quiz .jp-RenderedHTMLCommon p { margin-bottom: 0.5em; }
.quiz .jp-RenderedHTMLCommon pre { margin: 4px 0 12px; padding: 8px 12px; background: var(--jp-layout-color2, transparent); }
.quiz .jp-RenderedHTMLCommon pre code { background: none; }
.quiz-verdict { border-left: 4px solid var(--jp-warn-color1, #b85c00); padding-left: 12px; margin: 8px 0; }
.quiz-verdict.right { border-color: var(--jp-success-color1, #2e7d32); }
</style>"""
# The text stands right below the widget, and steps aside where the widget is alive in the same output area.
STEP_ASIDE = "<style>.jp-OutputArea:has(.quiz .widget-radio-box) .jp-OutputArea-child:has(.quiz-text) { display: none; }</style>"
OTHER = Option("", False, "That is another number. Think again, or unfold the answers.")
NOTE = "*This is the quiz as text. To answer it with buttons, run its cell in JupyterLab.*"


def lettered(question):
    return list(zip(ascii_uppercase, question.options, strict=False))


def is_block(option):
    """Whether an option is a code block, which does not fit on a radio button."""
    return "\n" in option.text


def is_number(question):
    """Whether all options are numbers short enough to know: then it is better to type one than to pick it."""
    return all(re.fullmatch(r"\d{1,4}", option.text) for option in question.options)


def verdict(option):
    return "Right." if option.right else "Not this one."


def with_options(question):
    """The prompt and its options, as Markdown."""
    gap = "\n\n" if any(map(is_block, question.options)) else " "
    return "\n\n".join(
        [
            question.prompt,
            *(f"**{letter}.**{gap}{option.text}" for letter, option in lettered(question)),
        ]
    )


def explained(question, named=False):
    """What to think of each option, as Markdown; `named` by itself where the options have not been shown."""
    return "\n\n".join(
        f"**{option.text if named else letter}. {verdict(option)}** {option.why}"
        for letter, option in lettered(question)
    )


def html(markdown):
    """Markdown as HTML that looks like the page around it."""
    return f'<div class="jp-RenderedHTMLCommon">{mistune.html(markdown)}</div>'


def folded(question, named=False):
    return f"<details><summary>All answers, explained</summary>{html(explained(question, named))}</details>"


def as_text(questions):
    """The questions without a widget: a MIME bundle of HTML, answers folded away, and of plain text."""
    page = "<hr>".join(html(with_options(question)) + folded(question) for question in questions)
    plain = "\n\n".join(
        f"{with_options(question)}\n\nAnswers:\n\n{explained(question)}" for question in questions
    )
    return {
        "text/html": f'<div class="quiz-text">{STEP_ASIDE}{html(NOTE)}{page}</div>',
        "text/plain": plain,
    }


def box_of(questions, total=None):
    """The quiz as an ipywidgets VBox of five rows: where we are, prompt, options, buttons, feedback.

    `questions` is an endless iterator. With `total` it goes round every `total` questions and counts them; without, it counts
    how many in a row were right at the first try, and asks for a number to be typed where the answer is one.
    """
    place, prompt, feedback = HTML(), HTML(), HTML()
    options = RadioButtons(options=[], value=None)
    field = Text(
        description="Your number", style={"description_width": "initial"}, continuous_update=False
    )  # Enter answers
    check = Button(
        description="Check",
        button_style="primary",
        tooltip="See whether the chosen answer is right, and why",
    )
    onward = Button(description="Next", tooltip="Go to the next question")
    question, number, streak, tried, typed = None, 0, 0, False, False

    def say_place():
        where = (
            f"Question {number}, {streak} right in a row"
            if total is None
            else f"Question {(number - 1) % total + 1} of {total}"
        )
        place.value = html(
            f"**{where}** <small>(with the keyboard: Tab and Space)</small>"
        )  # JupyterLab takes the arrow keys

    def ask_next(_=None):
        nonlocal question, number, tried, typed
        question, number, tried = next(questions), number + 1, False
        typed = total is None and is_number(question)
        options.layout.display, field.layout.display = ("none", None) if typed else (None, "none")
        field.value = ""
        blocks = any(map(is_block, question.options))
        prompt.value = LOOK + html(with_options(question) if blocks else question.prompt)
        options.index = None  # first, or the new options would come with the first one chosen
        options.options = [
            f"Snippet {letter}" if blocks else f"{letter}. {option.text.replace('`', '')}"
            for letter, option in lettered(question)
        ]
        feedback.value = ""
        onward.description = "Start again" if total and number % total == 0 else "Next"
        say_place()

    def answered():
        if not typed:
            return None if options.index is None else question.options[options.index]
        said = field.value.strip()
        return (
            next((option for option in question.options if option.text == said), OTHER)
            if said
            else None
        )

    def check_answer(_):
        nonlocal streak, tried
        option = answered()
        if option is None:
            feedback.value = html("Type a number first." if typed else "Choose an answer first.")
            return
        if not option.right:
            streak = 0
        elif not tried:
            streak += 1
        tried = True
        feedback.value = (
            f'<div role="alert" class="quiz-verdict {"right" if option.right else "wrong"}">'
            f"{html(f'**{verdict(option)}** {option.why}')}</div>{folded(question, typed)}"
        )
        say_place()

    check.on_click(check_answer)
    field.observe(lambda change: change.new and check_answer(change), "value")
    onward.on_click(ask_next)
    ask_next()
    box = VBox(
        [
            place,
            prompt,
            options,
            HBox([field, check] if total == 1 else [field, check, onward]),
            feedback,
        ]
    )
    box.add_class("quiz")
    return box


def ask(questions_or_kinds, seed=0):
    """Show a quiz below the cell. Nothing is graded, nothing is stored.

    `questions_or_kinds`: a Question or several, asked one after another; or names in ENDLESS, one or several, in turn, each question
    drawn afresh from `seed` on without an end. KeyError for an unknown kind, ValueError where there is nothing to ask.
    """
    asked = (
        [questions_or_kinds]
        if isinstance(questions_or_kinds, (Question, str))
        else list(questions_or_kinds)
    )
    if not asked:
        raise ValueError(
            "nothing to ask: give ask() a question or the name of a kind, such as ask('in_features')"
        )
    total = len(asked) if isinstance(asked[0], Question) else None

    def stream():
        turns = zip(itertools.count(seed), itertools.cycle(asked), strict=False)
        return (item if total else draw(item, number) for number, item in turns)

    text = as_text(list(itertools.islice(stream(), len(asked))))
    view = {"version_major": 2, "version_minor": 0, "model_id": box_of(stream(), total).model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}, raw=True)
    display(text, raw=True)
