"""A table is the same as HTML and as text."""

from course.notebook.plots import tables


def test_a_table(monkeypatch):
    shown = []
    monkeypatch.setattr(tables, "display", lambda bundle, raw: shown.append(bundle))
    tables.table({"way": "", "share": ".1%"}, [["a < b", 0.5], ["c", -0.0001]])
    (bundle,) = shown
    assert bundle["text/plain"].splitlines() == ["way    share", "a < b  50.0%", "c       0.0%"]
    cells = '<td style="text-align: left">a &lt; b</td><td style="text-align: right">50.0%</td>'
    assert cells in bundle["text/html"]
