"""Cache keys and dependency fingerprints: what makes which step run again."""

import pytest

from nbjudge.coursedir import modules
from nbjudge.job import Step
from nbjudge.planning.keys import Surroundings, keys_of, steps_to_run

NOWHERE = Surroundings({}, 0, (), True, {})

MODULES = {
    "__init__": "",
    "checks": """import json
from . import helper
from .helper import deep as deeper

LIMIT = 3

def one(answer):
    assert answer(LIMIT)

def two(answer):
    deeper(answer)

def three(answer):
    assert vars(helper)
""",
    "helper": """UNUSED = 1

def deep(x):
    return shallow(x)

def shallow(x):
    return x
""",
}
ALL = {"given", "answer", "one", "two", "three"}


@pytest.mark.parametrize(
    ("module", "old", "new", "answer", "changed"),
    [
        ("checks", "LIMIT = 3", "LIMIT = 4", "", {"one"}),
        ("checks", "assert answer(LIMIT)", "assert answer(1)", "", {"one"}),
        # two reaches it by way of `deep`
        ("helper", "return x", "return 2 * x", "", {"two", "three"}),
        ("helper", "UNUSED = 1", "UNUSED = 2", "", {"three"}),  # which looks at the whole module
        ("helper", "UNUSED = 1", "UNUSED = 1  # not used", "", set()),
        ("helper", "UNUSED = 1", "UNUSED = 1\nprint()", "", ALL),  # runs when it is imported
        ("checks", "LIMIT = 3", "LIMIT = 4", "check.LIMIT", ALL),
        ("checks", "LIMIT = 3", "LIMIT = 4", "eval('check')", ALL),
        ("checks", "LIMIT = 3", "LIMIT = 4", "import ours", {"one"}),
        ("checks", "LIMIT = 3", "LIMIT = 4", "import ours\nprint(ours)", ALL),
    ],
)
def test_a_result_is_kept_as_long_as_all_that_its_cell_reaches_is_the_same(
    tmp_path, monkeypatch, module, old, new, answer, changed
):
    (tmp_path / "ours").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    modules.location.cache_clear()
    steps = [
        Step("given", "from ours import checks as check", "given"),
        Step("answer", f"def f(x):\n    return x\n{answer}", "answer"),
    ]
    for name in ("one", "two", "three"):
        steps.append(Step(name, f"check.{name}(f)", "check", alone=True))

    def keys():
        code = modules.read_code(["ours.checks"])
        return dict(zip((step.name for step in steps), keys_of(steps, code, NOWHERE), strict=True))

    for name, text in MODULES.items():
        (tmp_path / "ours" / f"{name}.py").write_text(text)
    before = keys()
    assert MODULES[module].count(old) == 1
    (tmp_path / "ours" / f"{module}.py").write_text(MODULES[module].replace(old, new))
    after = keys()
    assert {name for name, key in after.items() if key != before[name]} == changed


def test_no_result_is_shared_between_what_a_submission_runs_in():
    """A sandbox, another seed, an ordinary kernel and another one may each give another result."""
    code = modules.read_code([])
    places = [
        NOWHERE,
        NOWHERE._replace(seed=1),
        NOWHERE._replace(confined=False),
        NOWHERE._replace(confined=False, kernel="python3"),
        NOWHERE._replace(confined=False, kernel="other"),
        NOWHERE._replace(files={"data.csv": "digest"}),
    ]
    keys = [keys_of([Step("answer", "x = 1", "answer")], code, place)[0] for place in places]
    assert len(set(keys)) == len(places)


def test_before_a_missing_step_runs_all_that_it_may_need():
    steps = [
        Step("given", "", "given"),
        Step("first", "", "check", alone=True),
        Step("answer", "", "answer"),
        Step("second", "", "check", alone=True),
        Step("after", "", "added"),
    ]
    keys = [step.name for step in steps]
    ran = steps_to_run(steps, keys, {"given", "first", "answer", "after"})
    assert [step.name for step in ran] == ["given", "answer", "second"]
    assert steps_to_run(steps, keys, set(keys)) == []
