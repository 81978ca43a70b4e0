"""What `import nbjudge` gives, and what it must not load."""

import subprocess
import sys

import nbjudge
from nbjudge import errors


def run_python(script):
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_the_import_loads_nothing_heavy():
    """The code that runs beside a submission imports the package; nbgrader would take a second."""
    script = """
import sys
import nbjudge

heavy = {"nbgrader", "distributed", "IPython", "nbformat", "nbjudge.coordinator"} & set(sys.modules)
sys.exit(f"loaded: {heavy}" if heavy else 0)
"""
    done = run_python(script)
    assert done.returncode == 0, done.stderr


def test_the_help_of_the_command_loads_nothing_heavy():
    script = """
import sys
from nbjudge.cli import app

app(["grade", "--help"], standalone_mode=False)
heavy = {"nbgrader", "distributed", "IPython", "nbformat"} & set(sys.modules)
sys.exit(f"loaded: {heavy}" if heavy else 0)
"""
    done = run_python(script)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there():
    space = {}
    exec("from nbjudge import *", space)
    assert set(nbjudge.__all__) <= set(space)
    assert set(nbjudge.__all__) <= set(dir(nbjudge))
    assert not hasattr(nbjudge, "no_such_name")


def test_every_error_is_public():
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert defined <= set(nbjudge.__all__)
    assert all(issubclass(getattr(nbjudge, name), nbjudge.NbjudgeError) for name in defined)
