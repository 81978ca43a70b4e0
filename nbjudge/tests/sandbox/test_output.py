"""What is kept of a cell's output, in a sandbox and in an ordinary kernel."""

import pytest

from nbjudge.sandbox import output


def test_a_text_is_kept_to_the_last_character_and_then_cut_with_one_note(monkeypatch):
    monkeypatch.setattr(output, "KEPT_TEXT", 10)
    budget = output.OutputBudget()
    assert [budget.text(text) for text in ("12345", "67890", "")] == ["12345", "67890", ""]
    assert budget.text("x") == f"\n{output.CUT}the cell printed more than 10 characters.\n"
    assert budget.text("y") is None and budget.text("") is None


def test_what_is_displayed_beyond_the_budget_is_a_note_in_its_place(monkeypatch):
    monkeypatch.setattr(output, "KEPT_DISPLAYS", 10)
    budget = output.OutputBudget()
    small, large = {"text/plain": "12345"}, {"text/html": "123456"}
    assert budget.data(small) is small
    assert budget.data(large)["text/plain"].startswith(output.CUT)


@pytest.mark.parametrize("length", [0, 1, 20_000])
def test_a_message_that_is_not_too_long_is_kept_whole(length):
    assert output.shorten("x" * length) == "x" * length


def test_of_a_long_message_both_ends_are_kept():
    text = output.shorten("first" + "x" * 30_000 + "last")
    assert text.startswith("first") and text.endswith("last") and len(text) < 21_000
