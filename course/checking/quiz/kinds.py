"""Endless questions: each kind draws its questions from a seed; real modules give the answers.

`draw(kind, seed)` makes the same question on every machine. To add a kind, write one function with
@endless: it takes a random.Random, computes the answer (see architectures.py) and ends in `pose`.
"""

import random
from collections.abc import Callable, Iterable, Sequence

from course.checking.quiz.questions import Option, Question, snippet

Kind = Callable[[random.Random], Question]

ENDLESS: dict[str, Kind] = {}  # by name


def endless(function: Kind) -> Kind:
    """Register a function as a kind of question, under its own name."""
    ENDLESS[function.__name__] = function
    return function


def draw(kind: str, seed: int) -> Question:
    """The question that this seed draws from this kind, a name in ENDLESS.

    Raises KeyError for an unknown kind.
    """
    if kind not in ENDLESS:
        raise KeyError(f"no kind of question is called {kind!r}; there are {', '.join(ENDLESS)}")
    rng = random.Random(f"{kind}-{seed}")
    return ENDLESS[kind](rng)


def pose(
    rng: random.Random,
    prompt: str,
    code: Iterable[str],
    answer: Option,
    others: Sequence[Option],
) -> Question:
    """A question with four options in random order, under a prompt and lines of code.

    `answer` is the right option; three wrong ones are drawn from `others`. A wrong option whose
    text is that of the right one, or of one before it, is left out.
    """
    distinct = {}
    for option in others:
        if option.text != answer.text:
            distinct.setdefault(option.text, option)
    drawn = rng.sample(sorted(distinct), 3)
    options = [answer, *(distinct[text] for text in drawn)]
    rng.shuffle(options)
    return Question(f"{prompt}\n\n{snippet(*code)}", tuple(options))
