"""The report as a page and as tables: one, twelve and a thousand learners."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest

from made_up_class import EXERCISES, made_up_class
from nbjudge.coursedir.failures import CHECKED, Failure
from nbjudge.coursedir.report import Class, Mark
from nbjudge.reporting.export import files_of
from nbjudge.reporting.page import Paragraph, page_of
from nbjudge.reporting.summary import summary_of, topics_of
from nbjudge.reporting.write import without_names

PARAGRAPHS = {"test-set-seen": Paragraph("03: Split", "Split the rows first.\n\nThen compute.")}
VOID = {"meta", "rect", "line", "br"}


class Balance(HTMLParser):
    """Reads a page; raises AssertionError where an element is not closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def tables(summary):
    """{name: rows as dictionaries} of the CSV files."""
    texts = files_of(summary)
    return {
        name: list(csv.DictReader(io.StringIO(text)))
        for name, text in texts.items()
        if name.endswith(".csv")
    }


@pytest.mark.parametrize(("learners", "lessons"), [(1, 1), (12, 3), (1000, 9)])
def test_the_page_needs_nothing_else_and_its_figures_have_words(learners, lessons):
    summary = summary_of("course", made_up_class(learners, lessons))
    page = page_of(summary, PARAGRAPHS)
    tags = Balance(page).tags
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags}
    assert not re.search(r"https?:|url\(|@import", page)
    figures = [attributes for tag, attributes in tags if tag == "svg"]
    assert len(figures) == 2 * lessons + (lessons > 1)
    assert all(len(figure["aria-label"]) > 20 and figure["role"] == "img" for figure in figures)
    ids = {attributes.get("id") for _, attributes in tags}
    links = {attributes["href"][1:] for tag, attributes in tags if tag == "a"}
    assert links <= ids
    assert len(page) < 300_000  # 1,000 learners stay readable


@pytest.mark.parametrize("learners", [1, 12, 1000])
def test_csv_json_and_page_say_the_same(learners):
    classes = made_up_class(learners, 2)
    summary = summary_of("course", classes)
    data = json.loads(files_of(summary)["report.json"])
    found = tables(summary)
    assert data["learners"] == sorted({who for each in classes.values() for who in each.table})
    assert len(found["exercises.csv"]) == 2 * len(EXERCISES)
    for row, fields in zip(
        found["exercises.csv"],
        [each for lesson in data["lessons"] for each in lesson["exercises"]],
        strict=True,
    ):
        states = [int(row[name]) for name in ("solved", "partly", "failed", "not_attempted")]
        assert sum(states) + int(row["to_mark"]) == int(row["graded"]) == fields["graded"]
        assert int(row["solved"]) == fields["solved"]
        assert f"({fields['solved']:,})" in page_of(summary)
    marks = [row for row in found["marks.csv"] if row["state"] == "solved"]
    assert len(marks) == sum(int(row["solved"]) for row in found["exercises.csv"])
    lost = sum(float(row["points"]) for row in found["marks.csv"] if row["state"] == "late penalty")
    assert lost == -sum(sum(each.penalties.values()) for each in classes.values())


def mark(points, possible=2, failure=None, **more):
    return Mark(points, possible, False, failure, **more)


def test_what_costs_most_points_comes_first_and_who_showed_it_is_told():
    dear = Failure("dear", "It costs five")
    cheap = Failure("cheap", "It costs one")
    table = {
        "one": {"a": mark(0, 5, dear, answer="def f(): return 1", said="Observed: 1")},
        "two": {"a": mark(4, 5, cheap, answer="x")},
        "three": {"a": mark(4, 5, cheap, answer="long answer")},
        "four": {"a": mark(0, 5, Failure("AssertionError", "assert f() == 2", CHECKED))},
    }
    summary = summary_of("course", {"ps": Class(table, {})})
    assert [
        (wrong.code, wrong.learners, wrong.points_lost) for wrong in summary.lessons[0].wrong
    ] == [
        ("AssertionError", ["four"], 5),
        ("dear", ["one"], 5),
        ("cheap", ["two", "three"], 2),
    ]
    assert [topic.code for topic in topics_of(summary)] == ["dear", "cheap"]
    page = page_of(summary, {"cheap": Paragraph("ps: Costs", "Read <this>.")})
    assert "the check failed: assert f() == 2" in page and "AssertionError -" not in page
    discussed = page[page.index("What to discuss on Monday") :]
    assert "It costs one" in discussed and "Read &lt;this&gt;." in discussed
    assert "It costs five" not in discussed  # the course has no paragraph on it
    assert "What to discuss" not in page_of(summary)  # nor has any other course


def test_odd_lessons_have_a_page_too():
    """All to mark by hand, without points, nobody graded, more exercises than fit side by side."""
    failed = Failure("KeyError", "x", CHECKED)
    classes = {
        "essay": Class({"one": {"text": Mark(0, 5, True, None)}, "two": {}}, {}),
        "no-points": Class({"one": {"a": mark(0, 0), "b": mark(0, 0, failed)}}, {}),
        "broken": Class({"one": {}}, {}),
        "long": Class({"one": {f"nb/check-{number}": mark(1) for number in range(30)}}, {}),
        "not handed in": Class({}, {}),
    }
    summary = summary_of("", classes)
    assert [lesson.name for lesson in summary.lessons] == ["broken", "essay", "long", "no-points"]
    page = page_of(summary)
    Balance(page)
    essay, unpaid = (summary.lessons[place] for place in (1, 3))
    assert essay.median is None and essay.exercises[0].to_mark == 1
    assert [each.solved for each in unpaid.exercises] == [1, 0]
    assert page.count("Points by exercise") == 2 * 5  # three tables for 30 exercises
    assert {row["state"] for row in tables(summary)["marks.csv"]} == {
        "failed",
        "not graded",
        "partly",
        "solved",
        "to mark",
    }


def test_who_is_stuck_and_why():
    met = Failure("rows-lost", "Keep the rows")
    first = {
        "low": {"a": mark(2), "b": mark(2)},
        "gone": {"a": mark(2), "b": mark(2)},
        "again": {"a": mark(2), "b": mark(0, failure=met)},
        "fine": {"a": mark(2), "b": mark(2)},
        "broken": {"a": mark(2), "b": mark(2)},
    }
    second = {
        "low": {"a": mark(0, failure=met), "b": mark(0, failure=met)},
        "again": {"a": mark(2), "b": mark(0, failure=met)},
        "fine": {"a": mark(2), "b": mark(2)},
        "broken": {},
    }
    summary = summary_of("course", {"ps1": Class(first, {}), "ps2": Class(second, {})})
    assert dict(summary.stuck) == {
        "low": ["0% of the points of ps2: Keep the rows"],
        "again": ["in 2 lessons: Keep the rows"],
        "broken": ["what was handed in for ps2 cannot be graded"],
        "gone": ["has not handed in ps2"],
    }


def test_sums_near_the_pass_mark_count_after_the_late_penalty():
    table = {who: {"a": mark(points, 20)} for who, points in (("on", 10), ("low", 9), ("far", 8))}
    table["late"] = {"a": mark(12, 20)}
    table["waits"] = {"a": mark(10, 20), "b": Mark(0, 20, True, None)}
    (lesson,) = summary_of("course", {"ps": Class(table, {"late": 2.0})}).lessons
    assert [(near.learner, near.passed) for near in lesson.near] == [
        ("on", True),
        ("late", True),
        ("waits", True),
        ("low", False),
    ]
    (lesson,) = summary_of("course", {"ps": Class(table, {})}, pass_mark=40).lessons
    assert [near.learner for near in lesson.near] == ["far", "low"]


HOSTILE = "=cmd()</pre><script>alert(1)</script>\x1b[2J\u202e&"


def test_no_text_of_a_learner_is_obeyed():
    failure = Failure(HOSTILE, HOSTILE)
    table = {HOSTILE: {HOSTILE: mark(0, 2, failure, answer=HOSTILE, said=HOSTILE)}}
    summary = summary_of(HOSTILE, {"ps": Class(table, {})})
    page = page_of(summary, {HOSTILE: Paragraph(HOSTILE, HOSTILE)}, [HOSTILE])
    Balance(page)
    assert "<script" not in page and "\x1b" not in page and "\u202e" not in page
    for name, text in files_of(summary).items():
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not any(cell.startswith("=") for cell in cells)
            assert "\x1b" not in text and "\u202e" not in text


def test_without_names_no_file_tells_who_anybody_is():
    classes = made_up_class(40, 2)
    table = classes["01-lesson"].table
    row = table["learner-007"]
    failure = Failure("BondError", "James B. is not learner-008", CHECKED)
    row["check-clean"] = mark(0, 2, failure, answer="# James Bond, LEARNER-007", said="by Bond")
    hidden = without_names(classes, [("learner-007", "James"), ("learner-007", "Bond")])
    summary = summary_of("course", hidden)
    everything = page_of(summary) + "".join(files_of(summary).values())
    assert not re.search(r"learner-\d|bond\b|james", everything, re.IGNORECASE)
    named = summary_of("course", classes)
    assert [each.bins for each in summary.lessons] == [each.bins for each in named.lessons]
    orders = {tuple(without_names(classes)["01-lesson"].table) for _ in range(3)}
    assert orders == {tuple(hidden["01-lesson"].table)}  # rows come by number, not by name
    firsts = {str(without_names(classes)["01-lesson"].table["L01"]) for _ in range(8)}
    assert len(firsts) > 1  # the numbers are drawn anew
