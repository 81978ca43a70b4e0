"""A class of any size as the report reads it, without grading a notebook."""

import random
from datetime import datetime, timedelta

from nbjudge.coursedir.failures import CHECKED, UNANSWERED, Failure
from nbjudge.coursedir.report import Class, Mark

EXERCISES = {"read-data": 1, "clean": 2, "split": 2, "fit-model": 5, "choose": 3, "explain": 2}
WRONG = {
    "clean": Failure("rows-lost", "Keep the rows: fill the gaps, do not drop them"),
    "split": Failure("test-set-seen", "Split first: what is computed from all rows has seen them"),
    "fit-model": Failure("AssertionError", "assert accuracy(model) > 0.7", CHECKED),
    "choose": Failure("test-set-seen", "Split first: what is computed from all rows has seen them"),
}
OTHER = Failure("TypeError", "unsupported operand type(s) for +: 'int' and 'str'", CHECKED)
BLANK = Failure(UNANSWERED, "")
ANSWER = "def {name}(rows):\n    # by {who}\n    return [row for row in rows if row < limit]\n"
FIRST_MONDAY = datetime(2026, 9, 7)


def made_up_class(learners: int, lessons: int = 3) -> dict[str, Class]:
    """{lesson: Class}, the same each time; learners are strong or weak, exercises easy or hard."""
    draw = random.Random(learners)
    names = [f"learner-{number:03d}" for number in range(1, learners + 1)]
    strengths = {name: draw.gauss(0.7, 0.25) for name in names}
    found = {}
    for week in range(1, lessons + 1):
        table = {}
        for name in names:
            if week > 1 and draw.random() < 0.03 * week:
                continue  # has not handed in
            broken = learners > 5 and draw.random() < 0.01
            table[name] = {} if broken else row_of(draw, name, strengths[name])
        late = {name: 1.0 for name in names if table.get(name) and draw.random() < 0.05}
        due = FIRST_MONDAY + timedelta(weeks=week)
        found[f"{week:02d}-lesson"] = Class(table, late, due)
    return found


def row_of(draw: random.Random, who: str, strength: float) -> dict[str, Mark]:
    """The marks of one learner."""
    row = {}
    for place, (name, points) in enumerate(EXERCISES.items()):
        seconds = draw.lognormvariate(-3, 1)
        luck = draw.random()
        if luck < strength - 0.08 * place:
            row[f"check-{name}"] = Mark(points, points, False, None, "", "", seconds)
        elif luck > 0.93:
            row[f"check-{name}"] = Mark(0, points, False, BLANK)
        elif name == "explain":
            row[f"check-{name}"] = Mark(1, points, False, None)
        else:
            failure = WRONG.get(name, OTHER)
            said = f"Observed: {draw.randint(55, 69)} of 100 are right; expected at least 70 %"
            answer = ANSWER.format(name=name.replace("-", "_"), who=who)
            row[f"check-{name}"] = Mark(0, points, False, failure, answer, said, seconds)
    return row
