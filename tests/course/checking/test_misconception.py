"""The catalogue of misconceptions: every lesson is in it, and no code means two things."""

import importlib
import pkgutil
from collections import Counter

from course import lessons
from course.checking.entry import COMMON
from course.checking.misconception import CATALOGUE


def test_every_lesson_is_in_the_catalogue_and_each_code_belongs_to_one():
    sections = [COMMON]
    for lesson in pkgutil.iter_modules(lessons.__path__):
        module = importlib.import_module(f"course.lessons.{lesson.name}.misconceptions")
        sections.append(module.MISCONCEPTIONS)
    owners = Counter(code for section in sections for code in section)
    assert [code for code, count in owners.items() if count > 1] == []
    assert set(owners) == set(CATALOGUE)
