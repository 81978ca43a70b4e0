"""`python -m nbjudge` is the `nbjudge` command."""

from nbjudge.cli import app

app()
