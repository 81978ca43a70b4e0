"""The instructor's own modules and data, found on disk."""

import os
import subprocess
import sys

import pytest

from nbjudge.coursedir import modules
from nbjudge.planning.imports import imported_modules


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `ours` with a module, a sub-package, and files that are no Python."""
    folder = tmp_path / "ours"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "checks.py").write_text("from ours.inner import table\n")
    (folder / "inner" / "__init__.py").write_text("table = 1\n")
    (folder / "inner" / "table.csv").write_text("1,2\n")
    (folder / "README.md").write_text("Our checks.\n")
    monkeypatch.syspath_prepend(tmp_path)
    modules.location.cache_clear()
    return folder


def digests():
    code = modules.read_code(["ours.checks"])
    return code.whole, code.always


def test_own_modules_are_those_that_are_not_installed(package):
    found = modules.own_modules(["ours.checks", "json", "nbformat"])
    assert sorted(found) == ["ours", "ours.checks", "ours.inner"]
    assert found["ours.inner"] == package / "inner" / "__init__.py"


def test_the_engine_is_not_the_instructors_wherever_it_lies(package):
    (package / "checks.py").write_text("from nbjudge.coordinator import grade\n")
    assert sorted(modules.own_modules(["ours.checks"])) == ["ours", "ours.checks"]
    assert modules.packages_of(["ours.checks"]) == {"nbjudge"}


def test_to_look_for_own_modules_imports_none_of_them(package):
    script = (
        "import sys; from nbjudge.coursedir.modules import own_modules; "
        "assert 'ours.inner' in own_modules(['ours.checks']); "
        "assert not any(name.startswith('ours') for name in set(sys.modules) - {'ours'})"
    )
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "inner/notes.rst", "py.typed"])
def test_documentation_makes_nothing_run_again(package, name):
    before = digests()
    (package / name).write_text("Other words.\n")
    assert digests() == before


def test_data_count_by_content(package):
    data = package / "inner" / "table.csv"
    before = digests()
    os.utime(data, (1, 1))
    assert digests() == before
    data.write_text("1,3\n")
    changed = digests()
    assert changed[0] != before[0] and changed[1] != before[1]
    data.write_text("1,2\n")
    assert digests() == before


def test_a_copy_of_the_course_has_the_same_fingerprints(package, monkeypatch):
    before = digests()
    (package.parent / "elsewhere").mkdir()
    package.rename(package.parent / "elsewhere" / "ours")
    monkeypatch.syspath_prepend(package.parent / "elsewhere")
    modules.location.cache_clear()
    assert digests() == before


def test_packages_are_those_that_are_imported_without_a_call(package):
    later = "def f():\n    import colorsys"
    (package / "checks.py").write_text(f"import nbformat.v4\n{later}\n")
    assert modules.packages_of(["ours.checks", "math"]) == {"nbformat", "math"}
    assert imported_modules(later) == ("colorsys",)
    assert imported_modules(later, inside_functions=False) == ()


def test_a_library_that_few_assignments_import_is_left_to_them():
    assignments = [("math", other, "colorsys") for other in ("wave", "heapq", "heapq")]
    assert modules.common_packages(assignments) == ("colorsys", "heapq", "math")
