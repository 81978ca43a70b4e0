"""How much margin each threshold has: reference answers over seeds and threads, and wrong ones.

python -m course.authoring.thresholds            # 10 seeds x {1, 2} threads, about four minutes
python -m course.authoring.thresholds --short    # 3 seeds, as the tests run it
"""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

from course.authoring.build import source_notebook
from course.lessons.lesson01 import checks as lesson01
from course.lessons.lesson05 import training as lesson05
from course.lessons.lesson08 import checks as lesson08
from course.paths import ANSWERS
from nbjudge.answer_bank import read_bank

BY_SCORE = ("head-not-trained", "head-undertrained")  # the misconceptions that a threshold finds


class Threshold(NamedTuple):
    """A score that a check asks of an answer."""

    lesson: str
    exercise: str
    score: Callable[[Callable, str], float]  # of an answer, for a target
    target: str
    required: float


class Margin(NamedTuple):
    """What answers reach, beside what is required of them."""

    threshold: Threshold
    lowest: float  # of the reference solution
    highest: float
    wrong_answer: str  # the best of those wrong answers that only a threshold can find
    wrong: float  # its score


def thresholds() -> list[Threshold]:
    """All thresholds of the course."""
    of_exercises = [
        ("01-replace-the-head", "train-head", lesson01.score_head, lesson01.THRESHOLDS),
        ("05-two-heads-one-loss", "train-both", lesson05.score_both, lesson05.THRESHOLDS),
        ("08-capstone", "train-heads", lesson08.score_heads, lesson08.THRESHOLDS),
    ]
    found = []
    for lesson, exercise, score, required in of_exercises:
        for target, value in required.items():
            found.append(Threshold(lesson, exercise, score, target, value))
    return found


def answer(lesson: str, exercise: str, text: str | None = None) -> Callable:
    """The function of an exercise, in the namespace that the lesson's first code cell makes.

    It is made from `text`, or from the reference solution.
    """
    notebook = source_notebook(lesson)
    cells = {cell.id: cell.source for cell in notebook.cells}
    imports = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    namespace: dict = {}
    exec(imports, namespace)
    exec(cells[exercise] if text is None else text, namespace)
    return namespace[exercise.replace("-", "_")]


def reference_scores(threshold: Threshold, seeds: int) -> list[float]:
    """Scores of the reference solution, over `seeds` seeds with one thread and with two."""
    reference = answer(threshold.lesson, threshold.exercise)
    scores = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for seed in range(seeds):
            torch.manual_seed(seed)
            scores.append(threshold.score(reference, threshold.target))
    return scores


def wrong_scores(threshold: Threshold) -> dict[str, float]:
    """{name: score} of the wrong answers that only a threshold can find."""
    bank = read_bank(ANSWERS, threshold.lesson, source_notebook(threshold.lesson))
    scores = {}
    for entry in bank["wrong"][threshold.exercise]:
        if entry.expected in BY_SCORE:
            torch.manual_seed(0)
            function = answer(threshold.lesson, threshold.exercise, entry.text)
            scores[entry.name] = threshold.score(function, threshold.target)
    return scores


def margins(seeds: int) -> Iterator[Margin]:
    """The margin of each threshold, measured over `seeds` seeds."""
    for threshold in thresholds():
        scores = reference_scores(threshold, seeds)
        wrong = wrong_scores(threshold)
        best = max(wrong, key=lambda name: wrong[name])
        yield Margin(threshold, min(scores), max(scores), best, wrong[best])


def main(short: bool) -> None:
    """Print the margins as a Markdown table, row by row."""
    print("| exercise | target | required | reference | best wrong answer |")
    print("|---|---|---|---|---|")
    for margin in margins(3 if short else 10):
        threshold = margin.threshold
        row = [
            f"{threshold.lesson} {threshold.exercise}",
            threshold.target,
            f"{threshold.required:.2f}",
            f"{margin.lowest:.3f} to {margin.highest:.3f}",
            f"{margin.wrong_answer} {margin.wrong:.3f}",
        ]
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main(short="--short" in sys.argv)
