"""Where the parts of this repository lie: every other module takes these names from here."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source"  # the lessons as people write them
RELEASE = ROOT / "release"  # what learners get, made from SOURCE
SOLUTIONS = ROOT / "solutions"  # the lessons with answers, executed, made from SOURCE
WORK = ROOT / "work"  # the learner's own copies
ANSWERS = ROOT / "tests" / "answers"  # the answer bank
PHOTOGRAPHS = ROOT / "course" / "vision" / "data" / "photographs"  # a folder for each class
# where you have published the site, such as "https://example.org/new-heads"; "" for nowhere
SITE = ""
