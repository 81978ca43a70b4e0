"""What the trusted side makes of messages that untrusted code may have written."""

import json
import math

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbjudge.job import Result
from nbjudge.sandbox import output
from nbjudge.sandbox.host import results
from nbjudge.sandbox.host.results import OutputRation, parse_message, result_of

ANSWER = {"well": True, "score": None, "outputs": [], "seconds": 0.5, "notes": []}


def stream(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KINDS = st.sampled_from(["stream", "error", "display_data", "execute_result", "other"])
HALF = st.sampled_from(["", "half \ud800", "whole"])
OUTPUTS = st.fixed_dictionaries(
    {"output_type": KINDS | JUNK},
    optional={
        "name": HALF | JUNK,
        "text": HALF | JUNK,
        "ename": HALF | JUNK,
        "evalue": HALF | JUNK,
        "traceback": st.lists(HALF | JUNK, max_size=2) | JUNK,
        "data": st.dictionaries(HALF, HALF | JUNK, max_size=2) | JUNK,
        "metadata": st.dictionaries(HALF, HALF | JUNK, max_size=2) | JUNK,
    },
)
MESSAGES = st.fixed_dictionaries(
    {"outputs": st.lists(OUTPUTS | JUNK, max_size=4) | JUNK},
    optional={
        "seconds": st.floats() | JUNK,
        "score": st.floats() | JUNK,
        "well": JUNK,
        "notes": st.lists(HALF | JUNK, max_size=3) | JUNK,
    },
)


@settings(max_examples=200, deadline=None)
@given(MESSAGES)
def test_any_message_is_a_result_that_can_be_written_or_no_answer(message):
    parsed = parse_message(json.dumps(ANSWER | message).encode())
    try:
        result = result_of(parsed, "", 30)
    except (ValueError, TypeError, KeyError):
        return
    json.dumps(result.outputs, ensure_ascii=False, allow_nan=False).encode()
    assert isinstance(result.well, bool) and math.isfinite(result.seconds)
    assert result.score is None or math.isfinite(result.score)
    assert all(isinstance(note, str) and note.encode() is not None for note in result.notes)


@pytest.mark.parametrize("data", [b"[1]", b"\xff", b"[" * 100_000, b'{"a": "\xed\xa0\x80"}'])
def test_what_is_no_message_is_a_value_error(data):
    with pytest.raises(ValueError):
        parse_message(data)


def test_a_display_nested_too_deeply_is_a_note():
    deep = "x"
    for _ in range(400):
        deep = [deep]
    raw = {"output_type": "display_data", "data": {"application/json": deep}}
    (kept,) = result_of(ANSWER | {"outputs": [raw]}, "", 30).outputs
    assert kept["data"]["text/plain"].startswith(output.CUT) and len(kept["data"]) == 1


def test_a_display_that_nbformat_does_not_allow_becomes_text():
    data = {"text/plain": [1], "text/html": ["a", "b"], "application/json": [1], "a/b+json": 3}
    raw = {"output_type": "display_data", "data": data}
    (kept,) = result_of(ANSWER | {"outputs": [raw]}, "", 30).outputs
    assert kept["data"] == data | {"text/plain": "[1]", "a/b+json": "3"}
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.from_dict(kept)])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_beyond_the_ration_a_note_and_the_last_error_are_kept(monkeypatch):
    monkeypatch.setattr(results, "KEPT_OUTPUT", 1000)
    ration = OutputRation()
    small = Result(True, None, [stream("x" * 600)], 0, [])
    assert ration.keep(small) is small
    message = "Sums are sums" + "." * 100_000 + "\n[not-a-sum]"
    errors = [results.error("ValueError", "first"), results.error("AssertionError", message)]
    large = Result(False, None, [stream("y" * 600), *errors], 0, ["a note"])
    kept = ration.keep(large)
    note, error = kept.outputs
    assert note["text"].startswith(output.CUT) and "1,000" in note["text"]
    assert error["evalue"].startswith("Sums are sums") and error["evalue"].endswith("[not-a-sum]")
    assert len(error["evalue"]) < 21_000
    assert kept._replace(outputs=large.outputs) == large
    tiny = Result(True, None, [stream("z")], 0, [])
    assert ration.keep(tiny) is tiny  # what still fits is kept
