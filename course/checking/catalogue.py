"""The catalogue of misconceptions as Markdown: beside a learner's lessons, and on the site."""

from collections.abc import Callable, Iterable, Mapping

from course.checking.entry import COMMON, Entry
from course.checking.misconception import CATALOGUE

INTRODUCTION = """# Misconceptions

A check that fails names what it found: a code and one sentence, which is true and which the answer
goes against. Here are all of them, under the lesson that explains them."""


def as_markdown(
    titles: Mapping[str, str],
    address_of: Callable[[str], str],
    more: Callable[[str], str] = lambda code: "",
) -> str:
    """Return the catalogue, lesson by lesson; entries of no single lesson come last.

    titles: {lesson: its title}, in order. address_of: gives the address of a heading from what the
    catalogue says in `read`. more: gives what else is said of a code, "" for nothing.
    """
    parts = [INTRODUCTION]
    left = {code: entry for code, entry in CATALOGUE.items() if code not in COMMON}
    for lesson, title in titles.items():
        own = {code: entry for code, entry in left.items() if entry.read.startswith(lesson)}
        if own:
            parts += [f"## {title}", *_entries(own, address_of, more)]
        left = {code: entry for code, entry in left.items() if code not in own}
    parts += ["## In every lesson", *_entries({**left, **COMMON}, address_of, more)]
    return "\n\n".join(parts) + "\n"


def _entries(
    entries: Mapping[str, Entry], address_of: Callable[[str], str], more: Callable[[str], str]
) -> Iterable[str]:
    for code, entry in entries.items():
        yield f"### {code}\n\n{entry.title}."
        if entry.read:
            heading = entry.read.partition(": ")[2]
            yield f"Read: [{heading}]({address_of(entry.read)})"
        if said := more(code):
            yield said
