"""Where a failed check says that its code can be looked up, and what stands there."""

import re

import pytest

from course.authoring.edition import give_out_catalogue
from course.authoring.released import lessons, title_of
from course.checking import look_up, panel
from course.checking.misconception import CATALOGUE, Misconception

CODE = "input-changed"


@pytest.fixture
def told(tmp_path, monkeypatch):
    """A function that returns (the panel, the text) of a failure in a lesson's folder."""
    (tmp_path / "00-start-here").mkdir()
    monkeypatch.chdir(tmp_path / "00-start-here")

    def fail(code=CODE):
        pages = []
        monkeypatch.setattr(panel, "show", lambda kind, page: pages.append(page))
        wrong = Misconception(code, "expected 7; got 8")
        panel.not_yet(wrong.entry.title, wrong.observed, wrong.entry.read, wrong.code)
        return pages[0], wrong._render_traceback_()[0]

    return fail


def test_beside_the_lessons(told, tmp_path):
    give_out_catalogue(tmp_path)
    page, text = told()
    assert f'<code>{CODE}</code> <a href="../misconceptions.md#{CODE}">' in page
    assert text.endswith(f"\nLook up:  ../misconceptions.md#{CODE}\n[{CODE}]")
    page, text = told("wrong-result")  # there is nothing to look up
    assert "wrong-result" not in page and "Look up" not in text


@pytest.mark.parametrize("site", ["https://example.org/heads", "https://example.org/heads/"])
def test_on_the_site_where_no_page_is_beside_the_lesson(told, monkeypatch, site):
    monkeypatch.setattr(look_up, "SITE", site)
    page, text = told()
    address = f"https://example.org/heads/misconceptions.html#{CODE}"
    assert f'href="{address}"' in page
    assert f"Look up:  {address}\n" in text


def test_without_both_only_the_code_is_told(told):
    page, text = told()
    assert f"<code>{CODE}</code>" in page and "misconceptions" not in page
    assert "Look up" not in text and text.endswith(f"\n[{CODE}]")


def test_the_page_has_each_code_under_the_lesson_that_explains_it(tmp_path):
    give_out_catalogue(tmp_path)
    text = (tmp_path / look_up.PAGE).read_text(encoding="utf-8")
    parts = [part.splitlines()[0] for part in text.split("\n## ")[1:]]
    assert parts == [*map(title_of, lessons()), "In every lesson"]
    for code, entry in CATALOGUE.items():
        (section,) = [part for part in text.split("\n## ") if f"\n### {code}\n" in part]
        said = section.split(f"\n### {code}\n")[1].split("\n### ")[0]
        assert entry.title in said
        lesson, _, heading = entry.read.partition(": ")
        anchor = heading.replace(" ", "-")  # as JupyterLab has it; another sign may need care
        assert re.fullmatch(r"[\w:,?-]*", anchor), f"try the link to {heading!r} in JupyterLab"
        assert not entry.read or f"[{heading}]({lesson}/{lesson}.ipynb#{anchor})" in said


def test_an_edited_page_is_kept_and_an_untouched_one_renewed(tmp_path):
    give_out_catalogue(tmp_path)
    mine, given = tmp_path / look_up.PAGE, tmp_path / ".given" / look_up.PAGE
    text = mine.read_text(encoding="utf-8")
    for path in (mine, given):
        path.write_text("of an older edition")
    give_out_catalogue(tmp_path)
    assert mine.read_text(encoding="utf-8") == text
    mine.write_text(f"{text}\nmy note")
    give_out_catalogue(tmp_path)
    assert mine.read_text(encoding="utf-8") == f"{text}\nmy note"
