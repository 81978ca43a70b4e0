"""The catalogue of misconceptions: every lesson is in it, and no code means two things."""

import importlib
import pkgutil
from collections import Counter

from course import lessons
from course.checking.entry import COMMON
from course.checking.misconception import CATALOGUE, first_and_more


def test_every_lesson_is_in_the_catalogue_and_each_code_belongs_to_one():
    sections = [COMMON]
    for lesson in pkgutil.iter_modules(lessons.__path__):
        module = importlib.import_module(f"course.lessons.{lesson.name}.misconceptions")
        sections.append(module.MISCONCEPTIONS)
    owners = Counter(code for section in sections for code in section)
    assert [code for code, count in owners.items() if count > 1] == []
    assert set(owners) == set(CATALOGUE)


def test_the_verb_fits_the_names_of_a_message():
    assert first_and_more(["conv1.weight"], "is", "are") == "conv1.weight is"
    assert (
        first_and_more(["conv1.weight", "bn1.bias"], "is", "are") == "conv1.weight and 1 more are"
    )
    assert first_and_more(["conv1.weight", "bn1.bias"]) == "conv1.weight and 1 more"


def test_sentences_of_a_message_are_not_joined_as_names():
    changes = ["p was 0.5 and is 0", "eps is gone", "momentum is new"]
    assert first_and_more(changes[:1]) == "p was 0.5 and is 0"
    assert first_and_more(changes[:2]) == "p was 0.5 and is 0, and 1 more change"
    assert first_and_more(changes) == "p was 0.5 and is 0, and 2 more changes"
