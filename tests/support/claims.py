"""The measured numbers in the documents: where each comes from, and whether its code has changed.

docs/measured.json has a record for each measurement: command, date, machine, versions, values, and
the files whose code was measured, with their digests. A block of a document (a paragraph, a table
or a single line) says which records its numbers come from, in a comment above it or at its end:

    <!-- measured: demo -->
    A class of twelve takes 48 seconds (`make demo`, the code of 2026-11-26).

    python -m tests.support.claims                      # all records, and what is wrong
    python -m tests.support.claims record demo total=48 # after a new measurement, made today
    python -m tests.support.claims record sizes         # some can be measured here

A number that is not measured but set names the module and the name that hold it, or the test that
measures it each time:

    <!-- setting: bootstrap:PATIENCE -->
    <!-- tested: tests/course/lessons/test_facts_lesson06.py -->
"""

import hashlib
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any, NamedTuple

from course.paths import ROOT

RECORDS = ROOT / "docs" / "measured.json"
# As git names files: all documents, but the changelog, which says what was, and the lessons and
# their instructors' pages, which tests of their own compare with what they are made from.
DOCUMENTS = ("*.md", ":!CHANGELOG.md", ":!source", ":!docs/instructor/[0-9]*")
CARD = "course/vision/weights/README.md"  # its numbers are those of the records that name it

MARK = re.compile(r"<!-- (measured|setting|tested): ([^>]*?) -->")
ONE = r"\d[\d,]*(?:\.\d+)?"
UNIT = r"(?:seconds?|s|ms|minutes?|kB|MB|GB|%|times as (?:fast|large))"
# a number with a unit, or several: "17, 58 and 60 seconds", "15 to 23 ms"
WITH_UNIT = re.compile(rf"(?<![\w.,:/-])({ONE}(?:(?:,| and| to| or)+ {ONE})*) {UNIT}(?!\w)")
SHARE = re.compile(r"(?<![\w.])0\.\d+")  # an accuracy, for example
CELL = re.compile(rf"(?:{ONE}(?: to |, | %)?)+")  # a cell of a table that holds numbers alone
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# code, links, and words in quotation marks claim nothing
CODE = re.compile(r"`[^`]*`|\]\([^)]*\)|<[^>]*>|\"[^\"\n]*\"")


class Block(NamedTuple):
    """A part of a document: a paragraph, a table, or a line that has a mark of its own."""

    document: str
    line: int  # the number of its first line
    text: str
    marks: dict[str, list[str]]  # {"measured": [names], "setting": [names], "tested": [paths]}

    @property
    def all_numbers(self) -> list[float]:
        """All numbers of the text, whatever they count."""
        return [as_number(number) for number in re.findall(ONE, CODE.sub("", self.text))]

    @property
    def numbers(self) -> list[float]:
        """The numbers with a unit; with a mark also shares, and those alone in a table's cell."""
        text = CODE.sub("", self.text)
        found = [number for group in WITH_UNIT.findall(text) for number in re.findall(ONE, group)]
        found += SHARE.findall(text) if self.marks else []
        for row in text.splitlines():
            cells = [cell.strip() for cell in row.split("|")] if row.startswith("|") else []
            for cell in cells:
                if self.marks.get("measured") and CELL.fullmatch(cell):
                    found += re.findall(ONE, cell)
        return [as_number(number) for number in found]


def as_number(text: str) -> float:
    """The value of a number as it is written, such as 1,437 or 0.5."""
    return float(text.replace(",", ""))


def blocks(document: str, text: str) -> Iterator[Block]:
    """Yield the blocks of a document. Code blocks have no claims."""
    text = FENCED.sub(lambda found: "\n" * found[0].count("\n"), text)
    line = 1
    for paragraph in re.split(r"(\n{2,})", text):
        if paragraph.strip():
            rest = []
            for number, row in enumerate(paragraph.split("\n"), line):
                if MARK.search(row) and not MARK.sub("", row).strip():
                    rest.append((number, row))  # a mark above the block
                elif MARK.search(row):
                    yield Block(document, number, row, marks_of(row))
                else:
                    rest.append((number, row))
            if rest:
                whole = "\n".join(row for _, row in rest)
                yield Block(document, rest[0][0], whole, marks_of(whole))
        line += paragraph.count("\n")


def marks_of(text: str) -> dict[str, list[str]]:
    """The marks in a text: {kind: names}."""
    found: dict[str, list[str]] = {}
    for kind, names in MARK.findall(text):
        found.setdefault(kind, []).extend(names.split())
    return found


def digest(path: Path) -> str:
    """Return a digest of a file, or of all modules in a folder; comments do not count."""
    paths = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    whole = hashlib.sha256()
    for file in paths:
        if file.suffix == ".py":
            lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
            code = [line for line in lines if line and not line.startswith("#")]
            whole.update("\n".join(code).encode())
        else:
            whole.update(file.read_bytes())
    return whole.hexdigest()[:12]


def changed(record: dict[str, Any]) -> list[str]:
    """The files of a record whose code is no longer the code that was measured."""
    return [
        name
        for name, kept in record["code"].items()
        if not (ROOT / name).exists() or digest(ROOT / name) != kept
    ]


def values_of(record: dict[str, Any]) -> list[float]:
    """All numbers of a record: its own, and those of the JSON file that it names."""
    found = list(record["values"].values())
    if "values_in" in record:
        found += json.loads((ROOT / record["values_in"]).read_text("utf-8")).values()
    return found


def agree(stated: float, value: float, tolerance: float) -> bool:
    """Whether a stated number is a value, within a share of it."""
    return abs(stated - value) <= tolerance * abs(value) + 1e-9


def setting(name: str) -> list[float]:
    """The numbers that `module:NAME` holds: one, or those of a list, a tuple or a dict.

    A number of bytes is also one of MB, of both kinds.
    """
    module, _, attribute = name.partition(":")
    value = getattr(importlib.import_module(module), attribute)
    values = value.values() if isinstance(value, dict) else value
    numbers = [float(number) for number in (values if hasattr(values, "__iter__") else [values])]
    return [number / unit for number in numbers for unit in (1, 1e6, 1 << 20)]


def problems(documents: dict[str, str], records: dict[str, dict[str, Any]]) -> list[str]:
    """Say in a sentence each what is wrong with the numbers of {name: text} of documents."""
    found = []
    stated: dict[str, list[float]] = {name: [] for name in records}
    for document, text in documents.items():
        for block in blocks(document, text):
            if document == CARD:
                names = [name for name, record in records.items() if record.get("on_the_card")]
                block = block._replace(marks={**block.marks, "measured": names})
            found += problems_of(block, records)
            for name in block.marks.get("measured", ()):
                stated.get(name, []).extend(block.all_numbers)
    for name, record in records.items():
        for key, value in record["values"].items():
            if not any(agree(number, value, record["tolerance"]) for number in stated[name]):
                found.append(f"{RECORDS.name}: no document says {name}'s {key}, {value}.")
    return found


def problems_of(block: Block, records: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the problems of one block."""
    where = f"{block.document}:{block.line}"
    allowed: list[tuple[float, float]] = []  # (value, tolerance)
    for name in block.marks.get("measured", ()):
        if name not in records:
            yield f"{where}: {RECORDS.name} has no record {name!r}."
            continue
        record = records[name]
        allowed += [(value, record["tolerance"]) for value in values_of(record)]
        files = changed(record)
        if files and block.numbers and f"the code of {record['date']}" not in block.text:
            yield (
                f"{where}: {name} was measured on {record['date']}, and {', '.join(files)} has "
                f"changed since. Run {record['command']!r} again, then `python -m "
                f"tests.support.claims record {name} ...`; or let the text say "
                f'"the code of {record["date"]}".'
            )
    for name in block.marks.get("setting", ()):
        try:
            allowed += [(value, 0) for value in setting(name)]
        except (ImportError, AttributeError) as problem:
            yield f"{where}: there is no setting {name!r}: {problem}."
    for path in block.marks.get("tested", ()):
        text = (ROOT / path).read_text("utf-8") if (ROOT / path).exists() else ""
        numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
        allowed += [(value * scale, 0) for value in numbers for scale in (1, 100)]
    for number in block.numbers:
        if not any(agree(number, *value) for value in allowed):
            yield (
                f"{where}: {number:g} is in no record that the text names. Name the record, the "
                "setting or the test in a comment: see tests/support/claims.py."
            )


def read_documents() -> dict[str, str]:
    """{name: text} of all documents that state measured numbers."""
    listed = subprocess.check_output(["git", "ls-files", *DOCUMENTS], cwd=ROOT, text=True)
    names = listed.splitlines()
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in names}


def read_records() -> dict[str, dict[str, Any]]:
    """{name: record} of docs/measured.json."""
    return json.loads(RECORDS.read_text(encoding="utf-8"))


def sizes() -> dict[str, float]:
    """The bundled files, in MB."""
    folder = ROOT / "course" / "vision"
    images = sum((folder / "data" / name).stat().st_size for name in ("fruit.zip", "evening.zip"))
    weights = (folder / "weights" / "resnet18_species1000.safetensors").stat().st_size
    return {"weights": round(weights / 1e6), "images": round(images / 1e6)}


MEASURES: dict[str, Callable[[], dict[str, float]]] = {"sizes": sizes}


def record(name: str, given: list[str]) -> None:
    """Write the values of a measurement that was made today, on the code that is here."""
    records = read_records()
    if name not in records:
        sys.exit(f"There is no record {name!r}: add it to docs/measured.json first.")
    entry = records[name]
    if name in MEASURES and not given:
        entry["values"] = MEASURES[name]()
    for pair in given:
        key, _, value = pair.rpartition("=")
        if key not in entry["values"]:
            sys.exit(f"{name} has no value {key!r}: {', '.join(entry.get('values', {}))}.")
        try:
            entry["values"][key] = json.loads(value)
        except ValueError:
            sys.exit(f"{pair}: expected a number after =, got {value!r}.")
    entry["date"] = date.today().isoformat()
    entry["versions"] = {"Python": python_version()} | {
        package: version(package) for package in ("torch", "torchvision")
    }
    entry["code"] = {path: digest(ROOT / path) for path in entry["code"]}
    RECORDS.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """List the records, or renew one; return 1 if something is wrong."""
    if arguments[:1] == ["record"] and len(arguments) > 1:
        record(arguments[1], arguments[2:])
        return 0
    if arguments:
        sys.exit(__doc__)
    records = read_records()
    for name, entry in records.items():
        files = changed(entry)
        state = f"changed since: {', '.join(files)}" if files else "the code of today"
        print(f"{name:12} {entry['date']}  {entry['command']}  ({state})")
    found = problems(read_documents(), records)
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
