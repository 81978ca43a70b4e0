"""The page's figures as inline SVG, each with a text that says the same.

They are 360 units wide, so that their letters keep their size on a phone. Colours are variables of
the page's stylesheet, and none is the only sign: every figure has its numbers beside it.
"""

import html
from collections.abc import Sequence

from nbjudge.reporting.summary import Exercise, Lesson
from nbjudge.untrusted import one_line

WIDTH = 360
EDGE = 20  # free on both sides of an axis, for half of its last number
KINDS = ("solved", "partly", "failed", "blank", "to-mark")
WORDS = {
    "solved": "all points",
    "partly": "some points",
    "failed": "no points",
    "blank": "not attempted",
    "to-mark": "to mark",
}


def figure(height: float, alternative: str, shapes: Sequence[str], caption: str) -> str:
    """Return a figure of this height; `alternative` says in words what it shows."""
    words = html.escape(one_line(alternative))
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{words}">'
        f"<title>{words}</title>{''.join(shapes)}</svg>"
        f"<figcaption>{html.escape(one_line(caption))}</figcaption></figure>"
    )


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Return a text of an SVG; `kind` is a class of the stylesheet."""
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named}>{html.escape(one_line(words))}</text>'


def bar(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Return a rectangle of an SVG."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" '
        f'class="{kind}"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a line of an SVG."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def distribution(lesson: Lesson) -> str:
    """Return the histogram of a lesson's sums."""
    most = max([*lesson.bins, 1])
    step = (WIDTH - 2 * EDGE) / len(lesson.bins)
    shapes = []
    told = []
    for place, count in enumerate(lesson.bins):
        x, height = EDGE + place * step, 90 * count / most
        shapes.append(bar(x + 2, 108 - height, step - 4, height, "solved"))
        if count:
            shapes.append(text(x + step / 2, 103 - height, str(count), "middle"))
            told.append(f"{count} from {10 * place} to {10 * place + 10} %")
    shapes.append(line(EDGE, 108, WIDTH - EDGE, 108, "axis"))
    for percent in range(0, 101, 20):
        x = EDGE + percent / 100 * (WIDTH - 2 * EDGE)
        shapes.append(text(x, 123, f"{percent} %", "middle small"))
    alternative = f"Learners by share of the points of {lesson.name}: {', '.join(told) or 'none'}"
    return figure(128, alternative, shapes, "Number of learners by share of the points")


def all_lessons(lessons: Sequence[Lesson]) -> str:
    """Return the middle half of the class and its median, a row for each lesson."""
    left, right, row = 96, WIDTH - EDGE, 26
    height = row * len(lessons) + 22

    def place(share: float) -> float:
        return left + min(1.0, share) * (right - left)

    shapes = []
    for percent in range(0, 101, 25):
        x = place(percent / 100)
        shapes.append(line(x, 0, x, height - 18, "grid"))
        shapes.append(text(x, height - 5, f"{percent} %", "middle small"))
    told = []
    for number, lesson in enumerate(lessons):
        y = number * row
        shapes.append(text(0, y + 17, shortened(lesson.name, 14)))
        if lesson.median is None or lesson.lower is None or lesson.upper is None:
            told.append(f"{lesson.name}: nobody is graded")
            continue
        start, end = place(lesson.lower), place(lesson.upper)
        shapes.append(bar(start, y + 5, max(end - start, 2), row - 10, "box"))
        middle = place(lesson.median)
        shapes.append(line(middle, y + 2, middle, y + row - 2, "median"))
        told.append(
            f"{lesson.name}: median {lesson.median:.0%}, middle half from {lesson.lower:.0%} to "
            f"{lesson.upper:.0%}"
        )
    caption = "Share of the points: the box is the middle half of the class, the line its median"
    return figure(height, ". ".join(told), shapes, caption)


def exercises(found: Sequence[Exercise]) -> str:
    """Return a bar for each exercise, which says how many learners got what."""
    left, row = 28, 22
    shapes = []
    told = []
    for place, exercise in enumerate(found):
        y = place * row
        shapes.append(text(left - 8, y + 15, str(exercise.number), "end"))
        x = float(left)
        counts = counts_of(exercise)
        for kind, count in counts.items():
            width = count / max(exercise.graded, 1) * (WIDTH - left - 2)
            if not count:
                continue
            shapes.append(bar(x, y + 2, width, row - 4, kind))
            if width > 9 * len(str(count)):
                shapes.append(text(x + width / 2, y + 15, str(count), f"middle on-{kind}"))
            x += width
        words = [f"{count} {WORDS[kind]}" for kind, count in counts.items() if count]
        told.append(f"exercise {exercise.number}, {exercise.name}: {', '.join(words)}")
    caption = "Learners by exercise; the numbers are those of the table"
    return figure(row * len(found) + 2, ". ".join(told), shapes, caption)


def counts_of(exercise: Exercise) -> dict[str, int]:
    """Return {one of KINDS: number of learners}."""
    counts = (
        exercise.solved,
        exercise.partly,
        exercise.failed,
        exercise.not_attempted,
        exercise.to_mark,
    )
    return dict(zip(KINDS, counts, strict=True))


def legend() -> str:
    """Return the words for the colours of `exercises`."""
    entries = [f'<span><i class="{kind}"></i>{words}</span>' for kind, words in WORDS.items()]
    return f'<p class="legend">{"".join(entries)}</p>'


def shortened(words: str, most: int) -> str:
    """Return a text cut to so many letters."""
    return words if len(words) <= most else words[: most - 1] + "…"
