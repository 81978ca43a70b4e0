"""Numbers in the documents: each has a record, and the record belongs to the code that is here."""

import json

import pytest

from tests.support import claims


@pytest.fixture
def timed(tmp_path, monkeypatch):
    """A small repository with a module, and the record of one measurement of it."""
    monkeypatch.setattr(claims, "ROOT", tmp_path)
    (tmp_path / "timed.py").write_text("# a comment\nwork = 1\n")
    (tmp_path / "test_rate.py").write_text("assert rate == 0.98\n")
    code = {"timed.py": claims.digest(tmp_path / "timed.py")}
    record = {"command": "make timed", "date": "2026-01-02", "tolerance": 0.02, "code": code}
    return {"timed": {**record, "values": {"one worker": 47.6, "two": 1437}}}


STATED = "It takes 48 seconds, or 1,437 ms.\n"
MARKED = f"<!-- measured: timed -->\n{STATED}"


def told(text, records):
    return claims.problems({"README.md": text}, records)


def test_every_number_in_the_documents_has_a_record_of_this_code_or_a_date():
    documents = claims.read_documents()
    assert {"README.md", "SECURITY.md", "nbjudge/README.md", "docs/trust.md"} <= set(documents)
    assert claims.problems(documents, claims.read_records()) == []


@pytest.mark.parametrize("name", claims.MEASURES)
def test_what_is_measured_in_no_time_is_measured_again(name):
    entry = claims.read_records()[name]
    assert entry["values"] == pytest.approx(claims.MEASURES[name](), rel=entry["tolerance"])


@pytest.mark.parametrize(
    "text",
    [
        MARKED,
        "Text\n\n" + STATED.replace("\n", " <!-- measured: timed -->\n"),
        "<!-- measured: timed -->\n| | s |\n|---|---|\n| one | 48 |\n| two | 1437 |\n",
        MARKED + "\n```\nwaits 5 seconds\n```\n\nLesson 05, `--timeout 60 seconds`, Python 3.11.",
    ],
)
def test_numbers_are_found_in_paragraphs_lines_and_tables(timed, text):
    assert told(text, timed) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MARKED.replace("48", "50"), "README.md:1: 50 is in no record that the text names"),
        (MARKED + "\nIt needs 3 GB.", "README.md:4: 3 is in no record"),
        (MARKED + "\nLasts 17, 58 and 60 seconds", "README.md:4: 17 is in no record"),
        (MARKED.replace("timed", "other"), "has no record 'other'"),
        (MARKED + "\n5 s <!-- setting: bootstrap:NONE -->", "there is no setting 'bootstrap:NONE'"),
        ("<!-- measured: timed -->\nIt takes 48 seconds.", "no document says timed's two, 1437"),
        (MARKED.replace("48", "0.97 and 48"), "README.md:1: 0.97 is in no record"),
        (MARKED + "\n| a | 98 % |", "README.md:4: 98 is in no record"),
    ],
)
def test_a_number_without_a_record_is_told(timed, text, says):
    assert any(says in problem for problem in told(text, timed)), told(text, timed)


def test_a_number_that_is_set_or_tested_names_where(timed, monkeypatch):
    monkeypatch.setattr(claims, "PATIENCE", {"slow": 8, "fast": 2.5}, raising=False)
    monkeypatch.setattr(claims, "MOST_BYTES", 32 << 20, raising=False)
    mark = "<!-- setting: tests.support.claims:PATIENCE -->"
    assert told(f"{MARKED}\n{mark}\nIt waits 8 seconds or 2.5 s.", timed) == []
    assert len(told(f"{MARKED}\n{mark}\nIt waits 9 seconds.", timed)) == 1
    assert told(f"{MARKED}\n32 MB <!-- setting: tests.support.claims:MOST_BYTES -->", timed) == []
    assert told(f'{MARKED}\nWrite "it waits 7 seconds", not "for 7 seconds".', timed) == []
    assert told(f"{MARKED}\nRight: 98 % <!-- tested: test_rate.py -->", timed) == []
    assert len(told(f"{MARKED}\nRight: 97 % <!-- tested: test_rate.py -->", timed)) == 1


def test_a_record_older_than_its_code_needs_its_date_in_the_text(timed):
    module = claims.ROOT / "timed.py"
    module.write_text("\n# another comment\nwork = 1\n")
    assert told(MARKED, timed) == []
    module.write_text("work = 2\n")
    (problem,) = told(MARKED, timed)
    assert problem.startswith("README.md:1: timed was measured on 2026-01-02, and timed.py has")
    assert "Run 'make timed' again" in problem
    dated = MARKED.replace(" ms.", " ms (the code of 2026-01-02).")
    assert told(dated, timed) == []
    module.unlink()
    assert len(told(MARKED, timed)) == 1


def test_a_new_measurement_is_recorded_with_its_date_and_code(timed, monkeypatch):
    monkeypatch.setattr(claims, "RECORDS", claims.ROOT / "measured.json")
    claims.RECORDS.write_text(json.dumps(timed))
    (claims.ROOT / "timed.py").write_text("work = 2\n")
    assert claims.main(["record", "timed", "one worker=12.5"]) == 0
    after = claims.read_records()["timed"]
    assert after["values"] == {"one worker": 12.5, "two": 1437}
    assert after["date"] > "2026-01-02" and claims.changed(after) == []
    assert {"Python", "torch"} <= set(after["versions"])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["timed", "three=1"], "timed has no value 'three': one worker, two"),
        (["timed", "two=fast"], "expected a number after =, got 'fast'"),
        (["timer"], "There is no record 'timer'"),
    ],
)
def test_what_cannot_be_recorded_is_told(timed, monkeypatch, wrong, says):
    monkeypatch.setattr(claims, "read_records", lambda: timed)
    with pytest.raises(SystemExit, match=says):
        claims.main(["record", *wrong])
