"""Notebooks whose JSON was changed at random: what comes of them is a plan or one sentence."""

import copy
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom import LESSON, answered, doubled, make_source, old_format, split
from fuzz import places
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.submissions import Submission
from nbjudge.job import Result
from nbjudge.planning.fingerprints import Code
from nbjudge.sandbox.host.results import OutputRation
from nbjudge.sandbox.wire import Limits
from nbjudge.worker import preparing
from nbjudge.worker import submission as worker

SOURCE = make_source()
OPTIONS = preparing.RunOptions(0, 30, 300, (), Limits(), True)
ASSIGNMENT = preparing.Assignment(
    name=LESSON,
    sources={LESSON: SOURCE},
    given={LESSON: released(SOURCE)},
    checksums={LESSON: {}},
    files={},
    file_digests={},
    imports=(),
    packages=(),
    own=(),
    code=Code("", "", {}, {}),
    kernels={LESSON: ""},
    skip=["experiment"],
    options=OPTIONS,
    trim={},
)
WITH_PICTURE = answered()
WITH_PICTURE.cells[1]["attachments"] = {"a.png": {"image/png": "AAAA"}}
WITH_PICTURE.cells[1]["metadata"]["tags"] = ["experiment"]
STARTS = [
    json.loads(json.dumps(notebook))
    for notebook in (answered(), split(answered()), doubled(answered()), WITH_PICTURE)
]
STARTS.append(json.loads(old_format(answered())))

TEXTS = st.sampled_from(
    ["", "\ud800", "code", "markdown", "x = '\udfff'", "def add(:", "%%bash", "\x00", "add", "\n"]
) | st.text(st.characters(), max_size=5)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw):
    """A notebook with one to four changes, as bytes."""
    notebook = [copy.deepcopy(draw(st.sampled_from(STARTS)))]
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(places(notebook))[1:]))
        *way, last = path
        parent = notebook
        for key in way:
            parent = parent[key]
        change = draw(st.sampled_from(["replace", "remove", "repeat", "wrap", "rename"]))
        if change == "remove" and len(path) > 1:
            del parent[last]
        elif change == "repeat" and isinstance(parent, list) and len(path) > 1:
            parent.insert(last, copy.deepcopy(parent[last]))
        elif change == "wrap":
            for _ in range(draw(st.sampled_from([1, 60, 300]))):
                parent[last] = [parent[last]]
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(TEXTS)] = parent.pop(last)
        else:
            parent[last] = draw(JUNK)
    data = json.dumps(notebook[0]).encode()
    if draw(st.integers(0, 9)) == 0:
        data = data[: draw(st.integers(1, len(data)))] + draw(st.binary(max_size=3))
    return data


def protected(notebook):
    """All cells that are not the student's, without what a run puts in."""
    found = []
    for cell in notebook.cells:
        kind = cell.metadata.get("nbgrader", {})
        if not kind.get("solution") and not cell.id.startswith("added-"):
            found.append((cell.id, cell.source, cell.metadata))
    return found


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,  # the suite gives the same outcome each time
    suppress_health_check=[HealthCheck.too_slow],
)
@given(mutated())
def test_a_changed_notebook_is_planned_and_filled_in_or_refused_in_one_sentence(data):
    notebooks = {LESSON: ("place", data)}
    prepared = preparing.prepare(ASSIGNMENT, Submission("one", notebooks, {}, []))
    for sentence in prepared.says:
        assert sentence.encode() and len(sentence) < 500
    if prepared.problem:
        assert not prepared.notebooks and "so nothing was graded: " in prepared.problem
        assert prepared.problem.encode() and len(prepared.problem) < 500
        assert "cannot be read or prepared" not in prepared.problem  # what nobody foresaw
        return
    part = prepared.notebooks[LESSON]
    assert protected(part.notebook) == protected(SOURCE)
    results = [Result(True, None, [], 0, []) for _ in part.to_run]
    _, verdicts, _ = worker.fill_in(part, results, OutputRation())
    assert set(verdicts) == {"check-add", "check-mean"}
    worker.nbformat.v4.writes(part.notebook).encode()
