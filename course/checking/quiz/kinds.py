"""Endless questions: each kind draws variants with a seed, and the real torchvision module answers (see models.py).

`draw(kind, seed)` makes the same question everywhere. To add a kind, add one function with @endless: it gets a
random.Random, asks a module, and ends in `pose`.
"""

import random

from course.checking.quiz.questions import Question, snippet

ENDLESS = {}  # name -> function(random.Random) -> Question


def endless(function):
    """Make a function a kind of question, under its own name."""
    ENDLESS[function.__name__] = function
    return function


def draw(kind, seed):
    """The question that this seed, an int, draws from this kind, a name in ENDLESS. KeyError for an unknown kind."""
    if kind not in ENDLESS:
        raise KeyError(f"no kind of question is called {kind!r}; there are {', '.join(ENDLESS)}")
    return ENDLESS[kind](random.Random(f"{kind}-{seed}"))


def pose(rng, prompt, code, answer, others):
    """A Question: the right option `answer` and three of the wrong ones in `others`, shuffled, under a prompt and lines of code.

    A wrong option that happens to read like the right one, or like one before it, is left out.
    """
    distinct = {option.text: option for option in reversed(others) if option.text != answer.text}
    options = [answer, *(distinct[text] for text in rng.sample(sorted(distinct), 3))]
    rng.shuffle(options)
    return Question(f"{prompt}\n\n{snippet(*code)}", tuple(options))
