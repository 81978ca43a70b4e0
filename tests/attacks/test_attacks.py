"""The attack corpus, graded for real: what each attack gets and leaves behind.

Points are for `add` and `mean` of a tiny course, whose checks compare as careful teachers do.
docs/attacks.md is the table of this.
"""

import pytest

from tests.attacks import GROUPS, corpus
from tests.attacks.grading import After, grade_corpus
from tests.attacks.table import rows

CORPUS = corpus()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return grade_corpus(tmp_path_factory.mktemp("attacks"))


@pytest.fixture(scope="module")
def measured(graded):
    return graded[0]


@pytest.mark.parametrize("attack", CORPUS, ids=[attack.name for attack in CORPUS])
def test_attack(measured, attack):
    found = measured[attack.name]
    assert found.points == attack.points, found.findings
    # What stays in its own process is no way out of the sandbox, but the instructor must know.
    assert not found.loot or (attack.group == "cheat" and attack.finding)
    if attack.finding == "none":
        assert found.findings == []
    else:
        assert attack.finding in " / ".join(found.findings)
    undisturbed = measured["honest/everyday"].after.outputs
    assert found.after == After(points=(2, 2), outputs=undisturbed, findings=[])


def test_nothing_outside_was_changed_and_nothing_is_left(graded):
    outside = graded[1]
    assert not any(outside), outside


def test_every_group_is_there():
    assert {attack.group for attack in CORPUS} == set(GROUPS)
    assert len(CORPUS) >= 36


def test_the_table_is_what_was_measured(measured):
    table = rows()
    assert list(table) == [attack.name for attack in CORPUS]
    for attack in CORPUS:
        row = table[attack.name]
        assert row["tries"] == attack.tries
        assert row["ours"] == measured[attack.name].says
        assert row["stock"] not in ("", "?")
