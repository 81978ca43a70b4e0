"""What a class made of a course's lessons, as data: the page, the tables and the JSON show this."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nbjudge.coursedir.failures import UNANSWERED, words_of
from nbjudge.coursedir.report import NUMBER, Class, Mark, exercises_of, short_name
from nbjudge.reporting.near import is_near_threshold
from nbjudge.reporting.numbers import histogram, item_rest_correlation, quartiles

NEAR_PASS = 0.05  # of a lesson's points: the distance from the pass mark that counts as near
STUCK = 0.5  # of the points of the latest lesson, below which a learner is stuck
REPEATED = 2  # lessons with the same misconception, from which a learner is stuck with it
TO_DISCUSS = 3  # misconceptions in the last part


class Exercise(NamedTuple):
    """How a class did in one exercise. All counts are of graded learners."""

    number: int  # in the lesson, from 1
    name: str
    possible: float
    graded: int
    solved: int  # have all points
    partly: int
    failed: int  # have an answer, and no points
    not_attempted: int
    to_mark: int  # wait for a person
    discrimination: float | None  # item-rest correlation
    seconds: float | None  # that the answer cell and the check took together, the median
    longest: float | None  # the same of the slowest learner


class Example(NamedTuple):
    """One answer that shows a misconception."""

    learner: str
    exercise: str
    answer: str  # text of the cell
    observed: str  # what the check said of it


class Wrong(NamedTuple):
    """A misconception, or another failure that several answers share."""

    code: str  # of a misconception, or an exception's name
    is_misconception: bool
    title: str
    exercises: list[str]
    learners: list[str]
    points_lost: float  # by all learners together
    example: Example


class Near(NamedTuple):
    """A mark near a threshold."""

    learner: str
    exercise: str  # "" for the sum of a lesson
    passed: bool
    says: str


class Lesson(NamedTuple):
    """How a class did in one lesson."""

    name: str
    due: str  # the deadline, YYYY-MM-DD, "" where none is set
    possible: float
    learners: list[str]  # who have handed in
    graded: int
    late: int  # lost points for being late
    mean: float | None  # of the shares of the points, from 0 to 1
    median: float | None
    lower: float | None  # quartile
    upper: float | None
    bins: list[int]  # learners in each tenth of the points
    shares: dict[str, float]  # {learner: share of the points}
    not_graded: list[str]  # who has handed in something that cannot be graded
    exercises: list[Exercise]
    wrong: list[Wrong]  # what costs the class most points first
    near: list[Near]


class Stuck(NamedTuple):
    """A learner who needs a conversation."""

    learner: str
    reasons: list[str]


class Summary(NamedTuple):
    """How a class does in a course."""

    course: str
    pass_mark: float  # in percent
    learners: list[str]  # all who have handed in something
    lessons: list[Lesson]
    stuck: list[Stuck]
    marks: dict[str, dict[str, dict[str, Mark]]]  # {lesson: {learner: {exercise: Mark}}}
    penalties: dict[str, dict[str, float]]  # {lesson: {learner: points lost for being late}}


def summary_of(course: str, classes: Mapping[str, Class], pass_mark: float = 50) -> Summary:
    """Return the Summary of lessons, {lesson: Class}.

    `pass_mark`: the percentage of a lesson's points near which a sum is told. Lessons come by
    deadline where all have one, and else in the order of their names.
    """
    present = {name: about for name, about in classes.items() if about.table}
    names = sorted(present)
    if all(present[name].due for name in names):
        names.sort(key=lambda name: str(present[name].due))
    lessons = [lesson_of(name, present[name], pass_mark) for name in names]
    learners = sorted({learner for about in present.values() for learner in about.table})
    marks = {name: present[name].table for name in names}
    penalties = {name: present[name].penalties for name in names}
    return Summary(course, pass_mark, learners, lessons, stuck_in(lessons), marks, penalties)


# ---- a lesson ------------------------------------------------------------------------------------


def lesson_of(name: str, about: Class, pass_mark: float) -> Lesson:
    """Return the numbers of one lesson."""
    graded = {learner: row for learner, row in about.table.items() if row}
    shares = {}
    for learner, row in graded.items():
        share = share_of(row, about.penalties.get(learner, 0))
        if share is not None:
            shares[learner] = share
    values = list(shares.values())
    lower, median, upper = quartiles(values) if values else (None, None, None)
    first: Mapping[str, Mark] = max(graded.values(), key=len, default={})
    return Lesson(
        name=name,
        due=about.due.strftime("%Y-%m-%d") if about.due else "",
        possible=sum(mark.possible for mark in first.values()),
        learners=list(about.table),
        graded=len(graded),
        late=len(about.penalties),
        mean=statistics.fmean(values) if values else None,
        median=median,
        lower=lower,
        upper=upper,
        bins=histogram(values),
        shares=shares,
        not_graded=[learner for learner, row in about.table.items() if not row],
        exercises=exercises_in(graded),
        wrong=wrong_in(graded),
        near=near_sums(graded, about.penalties, pass_mark) + near_checks(graded),
    )


def share_of(row: Mapping[str, Mark], penalty: float = 0) -> float | None:
    """Return a learner's share of the points that are marked, None where there are none yet."""
    marked = [mark for mark in row.values() if not mark.to_do]
    possible = sum(mark.possible for mark in marked)
    if not possible:
        return None
    return max(0.0, sum(mark.points for mark in marked) - penalty) / possible


def is_unanswered(mark: Mark) -> bool:
    """Return whether a learner has not attempted an exercise."""
    return mark.failure is not None and mark.failure.reason == UNANSWERED and not mark.points


def is_solved(mark: Mark) -> bool:
    """Return whether a learner has all points; where there are none, whether the check passed."""
    return mark.points >= mark.possible if mark.possible else mark.failure is None


def exercises_in(graded: Mapping[str, Mapping[str, Mark]]) -> list[Exercise]:
    """Return the numbers of each exercise."""
    sums = {who: sum(mark.points for mark in row.values()) for who, row in graded.items()}
    found = []
    for number, name in enumerate(exercises_of({who: dict(row) for who, row in graded.items()}), 1):
        rows = {who: row[name] for who, row in graded.items() if name in row}
        marked = {who: mark for who, mark in rows.items() if not mark.to_do}
        blank = [mark for mark in marked.values() if is_unanswered(mark)]
        solved = [mark for mark in marked.values() if is_solved(mark)]
        partly = [mark for mark in marked.values() if 0 < mark.points < mark.possible]
        seconds = [mark.seconds for mark in rows.values() if mark.seconds is not None]
        points = [mark.points for mark in marked.values()]
        found.append(
            Exercise(
                number=number,
                name=short_name(name),
                possible=max(mark.possible for mark in rows.values()),
                graded=len(rows),
                solved=len(solved),
                partly=len(partly),
                failed=len(marked) - len(solved) - len(partly) - len(blank),
                not_attempted=len(blank),
                to_mark=len(rows) - len(marked),
                discrimination=item_rest_correlation(points, [sums[who] for who in marked]),
                seconds=statistics.median(seconds) if seconds else None,
                longest=max(seconds, default=None),
            )
        )
    return found


class Met(NamedTuple):
    """One learner's failed exercise."""

    learner: str
    exercise: str
    mark: Mark


def wrong_in(graded: Mapping[str, Mapping[str, Mark]]) -> list[Wrong]:
    """Return what was wrong with the answers; what costs the class most points comes first.

    A misconception counts by its code. Other failures count by exercise and message, in which
    numbers do not tell two apart: they are what this learner's answer returned.
    """
    met: dict[tuple[str, str, str], list[Met]] = defaultdict(list)
    for learner, row in graded.items():
        for exercise, mark in row.items():
            failure = mark.failure
            if failure is None or failure.reason == UNANSWERED:
                continue
            key = (failure.reason, "", "")
            if failure.source:
                key = (failure.reason, exercise, NUMBER.sub("#", words_of(failure)))
            met[key].append(Met(learner, exercise, mark))
    found = [wrong_of(code, not exercise, each) for (code, exercise, _), each in met.items()]
    return sorted(found, key=lambda wrong: (-wrong.points_lost, -len(wrong.learners), wrong.code))


def wrong_of(code: str, is_misconception: bool, met: list[Met]) -> Wrong:
    """Return what several failed exercises have in common.

    The example is the shortest answer that is no empty one, because it is read fastest.
    """
    shortest = min(met, key=lambda each: (not each.mark.answer, len(each.mark.answer)))
    learner, exercise, mark = shortest
    failure = mark.failure
    return Wrong(
        code=code,
        is_misconception=is_misconception,
        title=words_of(failure) if failure else "",
        exercises=list(dict.fromkeys(short_name(each.exercise) for each in met)),
        learners=list(dict.fromkeys(each.learner for each in met)),
        points_lost=sum(each.mark.possible - each.mark.points for each in met),
        example=Example(learner, short_name(exercise), mark.answer, mark.said),
    )


# ---- near a threshold ----------------------------------------------------------------------------


def near_sums(
    graded: Mapping[str, Mapping[str, Mark]], penalties: Mapping[str, float], pass_mark: float
) -> list[Near]:
    """Return the sums near the pass mark, the nearest first."""
    found = []
    for learner, row in graded.items():
        share = share_of(row, penalties.get(learner, 0))
        distance = 1.0 if share is None else share - pass_mark / 100
        if share is not None and abs(distance) <= NEAR_PASS + 1e-9:
            says = f"{share:.1%} of the points; the pass mark is {pass_mark:g} %"
            found.append((abs(distance), Near(learner, "", distance >= -1e-9, says)))
    return [near for _, near in sorted(found, key=lambda each: each[:1])]


def near_checks(graded: Mapping[str, Mapping[str, Mark]]) -> list[Near]:
    """Return the marks of checks that tell of a number near the required one."""
    found = []
    for learner, row in graded.items():
        for exercise, mark in row.items():
            title = mark.failure.title if mark.failure else ""
            for sentence in (mark.said, title):
                if sentence and is_near_threshold(sentence):
                    found.append(Near(learner, short_name(exercise), is_solved(mark), sentence))
                    break
    return found


# ---- who is stuck --------------------------------------------------------------------------------


def stuck_in(lessons: list[Lesson]) -> list[Stuck]:
    """Return who needs a conversation, and why: those with the most reasons first.

    A reason is less than half of the latest lesson's points, the latest lesson not handed in after
    earlier ones were, or a misconception of the latest lesson that an earlier one showed already.
    """
    if not lessons:
        return []
    *earlier, latest = lessons
    reasons: dict[str, list[str]] = defaultdict(list)
    for learner, share in latest.shares.items():
        if share < STUCK:
            first = next((each for each in latest.wrong if learner in each.learners), None)
            why = f": {first.title}" if first else ", no answer failed: not attempted"
            reasons[learner].append(f"{share:.0%} of the points of {latest.name}{why}")
    for learner in latest.not_graded:
        reasons[learner].append(f"what was handed in for {latest.name} cannot be graded")
    before = {learner for lesson in earlier for learner in lesson.learners}
    for learner in sorted(before - set(latest.learners)):
        reasons[learner].append(f"has not handed in {latest.name}")
    for learner, wrong, count in repeated(lessons):
        reasons[learner].append(f"in {count} lessons: {wrong.title}")
    found = [Stuck(learner, why) for learner, why in reasons.items()]
    return sorted(
        found,
        key=lambda each: (-len(each.reasons), latest.shares.get(each.learner, 1.0), each.learner),
    )


def repeated(lessons: Sequence[Lesson]) -> list[tuple[str, Wrong, int]]:
    """Return (learner, misconception, number of lessons), of those met again in the latest one."""
    found = []
    for wrong in lessons[-1].wrong:
        for learner in wrong.learners if wrong.is_misconception else ():
            count = 0
            for lesson in lessons:
                met = [each for each in lesson.wrong if each.code == wrong.code]
                count += any(learner in each.learners for each in met)
            if count >= REPEATED:
                found.append((learner, wrong, count))
    return found


# ---- what to discuss -----------------------------------------------------------------------------


class Topic(NamedTuple):
    """A misconception over all lessons."""

    code: str
    title: str
    learners: int
    points_lost: float
    example: Example


def topics_of(summary: Summary) -> list[Topic]:
    """Return the misconceptions of all lessons; what has cost the class most comes first."""
    found: dict[str, list[Wrong]] = defaultdict(list)
    for lesson in summary.lessons:
        for wrong in lesson.wrong:
            if wrong.is_misconception:
                found[wrong.code].append(wrong)
    topics = []
    for code, each in found.items():
        learners = {learner for wrong in each for learner in wrong.learners}
        lost = sum(wrong.points_lost for wrong in each)
        topics.append(Topic(code, each[0].title, len(learners), lost, each[0].example))
    return sorted(topics, key=lambda topic: (-topic.points_lost, -topic.learners, topic.code))
