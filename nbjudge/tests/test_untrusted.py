"""Text and JSON that nobody has checked."""

import json

import pytest

from nbjudge import untrusted
from nbjudge.untrusted import clean_json, load_json, one_line, shown, values_in, writable


@pytest.mark.parametrize("text", ["", "plain", "Löwe 🦁", "a\x00b"])
def test_valid_text_stays_as_it_is(text):
    assert writable(text) == text


def test_half_a_character_becomes_a_question_mark():
    assert writable("a\ud800b\udfff") == "a?b?"
    assert clean_json({"\ud800": [1, None, {"x": "\udc00"}]}) == {"?": [1, None, {"x": "?"}]}


def test_numbers_that_json_does_not_know_are_left_out():
    assert clean_json([float("nan"), float("-inf"), 1.5, True]) == [None, None, 1.5, True]


def test_what_people_read_is_one_line_of_what_can_be_shown():
    assert one_line("a\nb\x1b[2J\ud800") == "a b [2J?"
    assert one_line("\u202eevil\u200b") == " evil "
    assert shown("caf\udce9 Löwe") == r"caf\xe9 Löwe"
    assert shown("a\x1b[2Jb\nc\u202ed") == r"a\x1b[2Jb\nc\u202ed"


def test_json_too_deep_for_python_is_a_value_error():
    deep = b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(ValueError, match="too deeply"):
        load_json(deep)
    with pytest.raises(ValueError, match="too deeply"):
        clean_json(json.loads(b"[" * 60 + b"]" * 60))


TRICKY = [r"a[{,\"[{,\\", "\\", '"', '\\"', "x" * 50, "[,{" * 20]


@pytest.mark.parametrize("part", [1, 2, 3, 7, 1 << 20])
def test_values_are_counted_outside_of_texts_only(monkeypatch, part):
    monkeypatch.setattr(untrusted, "PART", part)
    data = json.dumps([{"a": text, text: [1, 2.5]} for text in TRICKY]).encode()
    lists_and_dictionaries = 1 + 2 * len(TRICKY)
    commas = 5 + 2 * len(TRICKY)
    assert values_in(data) == untrusted.CONTAINER * lists_and_dictionaries + commas


def test_many_values_are_refused_and_a_long_text_is_not(monkeypatch):
    monkeypatch.setattr(untrusted, "LARGE", 100)
    monkeypatch.setattr(untrusted, "MOST_VALUES", 1000)
    text = "[1, 2]," * 1000
    assert load_json(json.dumps([text]).encode()) == [text]
    with pytest.raises(untrusted.TooManyValues, match="more than 1,000 values"):
        load_json(f"[{text}1]".encode())
