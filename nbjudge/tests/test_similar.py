"""Similar answers: who copied is asked, and nobody else, whatever the release gave out."""

import errno

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from classroom import meta
from nbjudge.cli import app
from nbjudge.coursedir.rebuild import released
from nbjudge.similar import page
from nbjudge.similar.course import Compared
from nbjudge.similar.pairs import Evidence, Pair, close_pairs
from nbjudge.similar.tokens import given_lines, lexer_for, lines_of, tokens_of, without_given

LESSON = "ps1"
# Nine ways to count the words of a text that are longer than n letters.
WAYS = [
    """def longer(text, n):
    counts = {}
    for word in text.split():
        if len(word) > n:
            counts[word] = counts.get(word, 0) + 1
    return counts""",
    """def longer(text, n):
    from collections import Counter
    return dict(Counter(w for w in text.split() if len(w) > n))""",
    """def longer(text, n):
    words = [w for w in text.split() if n < len(w)]
    return {w: words.count(w) for w in set(words)}""",
    """def longer(text, n):
    result = {}
    for part in text.split():
        if len(part) <= n:
            continue
        if part not in result:
            result[part] = 0
        result[part] += 1
    return result""",
    """def longer(text, n):
    import re
    found = re.findall(r"\\S{%d,}" % (n + 1), text)
    out = dict.fromkeys(found, 0)
    for each in found:
        out[each] += 1
    return out""",
    """def longer(text, n):
    import itertools
    chosen = sorted(filter(lambda w: len(w) > n, text.split()))
    return {key: len(list(group)) for key, group in itertools.groupby(chosen)}""",
    """def longer(text, n):
    from collections import defaultdict
    d = defaultdict(int)
    i = 0
    parts = text.split()
    while i < len(parts):
        if len(parts[i]) > n:
            d[parts[i]] += 1
        i += 1
    return dict(d)""",
    """def longer(text, n):
    total = {}
    try:
        for w in text.split(" "):
            if w and len(w) > n:
                total.setdefault(w, []).append(w)
    except AttributeError:
        return {}
    return {w: len(many) for w, many in total.items()}""",
]
# The seventh way with other names, other white space and a comment.
COPY = """def longer(text, n):
    from collections import defaultdict
    my_counts = defaultdict( int )
    position = 0
    # all words
    all_words = text.split()

    while position<len(all_words):
        if len(all_words[position])>n:
            my_counts[all_words[position]]+=1
        position+=1
    return dict(my_counts)"""
STARTER = "def area(w, h):\n    # multiply\n" + "\n".join(
    f"    step_{k} = prepare(w, h, {k}, mode='given')" for k in range(12)
)


def make_source():
    cells = [
        new_markdown_cell(
            "Use this if you like:\n\n```python\nhelper = [k * k for k in data]\n```"
        ),
        new_code_cell("table = [row.strip() for row in open_lines()]\nprint(len(table))"),
    ]
    for name, starter, end in (
        ("longer", "def longer(text, n):", "return collections.Counter(text.split())"),
        ("area", STARTER, "return w * h"),
    ):
        text = f"{starter}\n    ### BEGIN SOLUTION\n    {end}\n    ### END SOLUTION"
        checks = meta(f"check-{name}", grade=True, locked=True, points=1)
        cells.append(new_code_cell(text, id=name, metadata=meta(name, solution=True)))
        cells.append(new_code_cell(f"assert {name}", id=f"check-{name}", metadata=checks))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def hand_in(root, student, **answers):
    notebook = released(make_source())
    for cell in notebook.cells:
        if cell.id in answers:
            cell.source = answers[cell.id]
    folder = root / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LESSON}.ipynb")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "source" / LESSON).mkdir(parents=True)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    nbformat.write(make_source(), tmp_path / "source" / LESSON / f"{LESSON}.ipynb")
    return tmp_path


def similar(root):
    done = CliRunner().invoke(app, ["similar", LESSON, "--root", str(root)])
    return done.exit_code, done.output


AREA = f"{STARTER}\n    return w * h"


def test_a_copy_is_asked_about_and_shown_on_both_sides(root):
    for number, way in enumerate(WAYS):
        hand_in(root, f"learner-{number:02d}", longer=way, area=AREA)
    hand_in(root, "learner-99", longer=COPY, area=AREA)
    code, output = similar(root)
    assert code == 0, output
    assert "9 submissions were compared, and one pair is closer" in output
    assert "learner-06 and learner-99" in output
    assert "longer: 100% alike" in output and "area" not in output
    assert "question to ask and not a verdict" in output
    sides = [line for line in output.splitlines() if "d = defaultdict(int)" in line]
    assert sides and "my_counts = defaultdict( int )" in sides[0]
    html = (root / "autograded" / f"similar-{LESSON}.html").read_text()
    assert html.count("<section>") == 1
    assert "my_counts[all_words[position]]+=1" in html and "d[parts[i]] += 1" in html
    assert "learner-00" not in html
    assert "http" not in html.replace('http-equiv="Content', "")  # needs no other file


def test_own_answers_accuse_nobody(root):
    for number, way in enumerate(WAYS):
        hand_in(root, f"learner-{number:02d}", longer=way, area=AREA)
    code, output = similar(root)
    assert code == 0 and "no two are closer" in output


def test_an_answer_that_everybody_gives_accuses_nobody(root):
    for number in range(12):
        hand_in(root, f"learner-{number:02d}", longer=WAYS[6], area=AREA)
    assert "no two are closer" in similar(root)[1]


def test_the_release_is_nobodys_answer(root):
    given = (
        "    table = [row.strip() for row in open_lines()]\n    helper = [k * k for k in data]\n"
    )
    for number, way in enumerate(WAYS):
        head, rest = way.split("\n", 1)
        with_given = f"{head}\n{given * 4}{rest}" if number < 2 else way
        area = AREA if number < 2 else f"def area(w, h):\n    return {number} * w * h"
        hand_in(root, f"learner-{number:02d}", longer=with_given, area=area)
    assert "no two are closer" in similar(root)[1]


def test_damaged_submissions_are_told_and_the_others_compared(root):
    for number, way in enumerate(WAYS):
        hand_in(root, f"learner-{number:02d}", longer=way)
    hand_in(root, "learner-99", longer=COPY)
    broken = root / "submitted" / "learner-00" / LESSON / f"{LESSON}.ipynb"
    broken.write_text("<html>")
    code, output = similar(root)
    assert code == 1
    assert "learner-00" in output and "it was not compared" in output
    assert "learner-06 and learner-99" in output


def test_texts_of_learners_are_no_markup(root):
    odd = WAYS[6].replace("text.split()", 'text.split("<script>[bold]\x1b[2J</b>")')
    for number, way in enumerate(WAYS):
        hand_in(root, f"learner-{number:02d}", longer=way)
    for name in ("learner-98", "learner-99"):
        hand_in(root, name, longer=odd.replace("d[parts[i]] += 1", "d[parts[i]] = 1 + d[parts[i]]"))
    _, output = similar(root)
    html = (root / "autograded" / f"similar-{LESSON}.html").read_text()
    assert "<script>[bold]" in output and "\x1b[2J" not in output
    assert "<script>" not in html and "&lt;script&gt;[bold]" in html


def test_a_group_is_counted_and_its_closest_pairs_shown(root):
    line = lines_of("same = 1", "code", lexer_for("python"))
    names = [f"learner-{number:02d}" for number in range(22)]
    evidence = [Evidence("longer", 1, 0.5, 30)]
    pairs = [Pair((name, "learner-99"), 30, evidence) for name in names]
    answers = {"longer": dict.fromkeys([*names, "learner-99"], line)}
    path = root / "page.html"
    page.write_page(Compared(LESSON, 40, answers, pairs, []), path)
    assert "2 more pairs are less close" in path.read_text()
    assert path.read_text().count("<section>") == 20


def test_a_page_that_cannot_be_written_is_told(root, monkeypatch):
    def refuse(path, text):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    for number, way in enumerate(WAYS):
        hand_in(root, f"learner-{number:02d}", longer=way)
    monkeypatch.setattr(page, "replace_text", refuse)
    code, output = similar(root)
    assert code == 1
    assert f"similar-{LESSON}.html cannot be written (Permission denied)" in output


def test_too_few_submissions_or_no_such_assignment_are_told(root):
    for number in range(4):
        hand_in(root, f"learner-{number:02d}", longer=WAYS[number])
    code, output = similar(root)
    assert code == 1 and "4 submissions can be compared, and at least 5 are needed" in output
    done = CliRunner().invoke(app, ["similar", "ps9", "--root", str(root)])
    assert done.exit_code == 1 and "there is no such lesson: choose one of ps1" in done.output


def test_three_who_share_an_answer_are_all_named():
    answers = {f"learner-{k:02d}": tokens(way) for k, way in enumerate(WAYS)}
    answers |= {"copy-1": tokens(COPY), "copy-2": tokens(COPY)}
    named = {pair.learners for pair in close_pairs({"longer": answers}, {})}
    assert named == {("copy-1", "copy-2"), ("copy-1", "learner-06"), ("copy-2", "learner-06")}


def test_an_answer_like_the_instructors_own_is_no_question():
    answers = {f"learner-{k:02d}": tokens(way) for k, way in enumerate(WAYS)}
    answers["copy"] = tokens(COPY)
    assert close_pairs({"longer": answers}, {})
    assert not close_pairs({"longer": answers}, {"longer": tokens(WAYS[6])})


def test_a_short_answer_is_no_question():
    answers = {f"learner-{k:02d}": tokens(way) for k, way in enumerate(WAYS)}
    answers |= dict.fromkeys(("same-1", "same-2"), tokens("def longer(text, n):\n    return 42"))
    assert not close_pairs({"longer": answers}, {})


def test_other_languages_and_written_answers_are_read():
    code = "count <- function(values) {\n  sum(values > 3) # many\n}"
    tokens_in_r = tokens_of(lines_of(code, "code", lexer_for("R")))
    assert "function" in tokens_in_r and "# many" not in " ".join(tokens_in_r)
    words = tokens_of(lines_of("The *mean* moved.", "markdown", None))
    assert words == ("the", "mean", "moved")
    assert lexer_for("no such language") is None


def tokens(code):
    lexer = lexer_for("python")
    given = given_lines(lines_of("def longer(text, n):", "code", lexer))
    return tokens_of(without_given(lines_of(code, "code", lexer), given))
