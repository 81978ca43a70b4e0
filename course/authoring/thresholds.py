"""How much room each threshold has: reference answers over seeds and threads, beside the best wrong answer.

python -m course.authoring.thresholds            # 10 seeds x {1, 2} threads, about a minute
python -m course.authoring.thresholds --short    # 3 seeds, as the tests run it
"""

import sys

import torch

from course.authoring.build import ROOT, source_notebook
from course.lessons.lesson01 import checks as lesson01
from course.lessons.lesson05 import checks as lesson05
from course.lessons.lesson07 import checks as lesson07
from nbjudge.answers import read_bank

THRESHOLDS = [
    ("01-replace-the-head", "train-head", lesson01.score_head, target, asked)
    for target, asked in lesson01.THRESHOLDS.items()
]
THRESHOLDS += [
    ("05-two-heads-one-loss", "train-both", lesson05.score_both, target, asked)
    for target, asked in lesson05.THRESHOLDS.items()
]
THRESHOLDS += [
    ("07-capstone", "train-heads", lesson07.score_heads, target, asked)
    for target, asked in lesson07.FLOORS.items()
]


BY_SCORE = ("head-not-trained", "head-undertrained")  # the misconceptions that a threshold finds


def answer(lesson, exercise, text=None):
    """The function of an exercise, made from `text` or from the reference solution, in the lesson's own namespace."""
    notebook = source_notebook(lesson)
    cells = {cell.id: cell.source for cell in notebook.cells}
    space = {}
    exec(next(cell.source for cell in notebook.cells if cell.cell_type == "code"), space)
    exec(cells[exercise] if text is None else text, space)
    return space[exercise.replace("-", "_")]


def spread(lesson, exercise, score, target, seeds):
    """Scores of the reference over seeds and threads, and {wrong answer: score} of those that only a threshold can find."""
    reference, runs = answer(lesson, exercise), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for seed in range(seeds):
            torch.manual_seed(seed)
            runs.append(score(reference, target))
    wrong = {}
    for entry in read_bank(ROOT / "tests" / "answers", lesson, source_notebook(lesson))["wrong"][
        exercise
    ]:
        if entry.expected in BY_SCORE:
            torch.manual_seed(0)
            wrong[entry.name] = score(answer(lesson, exercise, entry.text), target)
    return runs, wrong


def certificate(seeds):
    """Rows (exercise, target, asked, lowest and highest reference score, best wrong answer by score, its score)."""
    for lesson, exercise, score, target, asked in THRESHOLDS:
        runs, wrong = spread(lesson, exercise, score, target, seeds)
        name = max(wrong, key=wrong.get)
        yield f"{lesson} {exercise}", target, asked, min(runs), max(runs), name, wrong[name]


if __name__ == "__main__":
    print("| exercise | target | asked | reference | best wrong answer |\n|---|---|---|---|---|")
    for exercise, target, asked, low, high, name, wrong in certificate(
        3 if "--short" in sys.argv else 10
    ):
        print(
            f"| {exercise} | {target} | {asked:.2f} | {low:.3f} to {high:.3f} | {name} {wrong:.3f} |",
            flush=True,
        )
