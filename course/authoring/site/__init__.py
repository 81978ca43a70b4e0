"""The course as web pages: `make site` writes build/site/html, without a network.

Nothing on these pages is typed twice. They are written from the executed lessons in solutions/, the
catalogue of misconceptions, the answer bank, the quizzes and the documents; then Sphinx makes HTML
of them, with docs/site/conf.py.

build.py writes all pages and runs Sphinx; places.py says which page shows which file; the other
modules write one kind of page each.
"""
