"""Which modules the files beside a notebook are."""

import pytest

from nbjudge.planning.beside import hidden_packages, in_place_of, module_of, modules_beside


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("helper.py", "helper"),
        ("helper.cpython-311-x86_64-linux-gnu.so", "helper"),
        ("package/__init__.py", "package"),
        ("package/inner/deep.py", "package.inner.deep"),
        ("data.csv", ""),
        ("data/table.csv", ""),
        ("my-helper.py", ""),
        ("my folder/helper.py", ""),
        ("__init__.py", ""),
        (".hidden.py", ""),
    ],
)
def test_module_of_a_file(file, module):
    assert module_of(file) == module


def test_a_folder_without_init_and_a_standard_module_hide_nothing():
    files = ["rich/data.py", "statistics.py", "typer/__init__.py", "nobody_has_this.py"]
    assert modules_beside(files) == {"typer", "nobody_has_this"}
    assert hidden_packages(files) == {"typer"}


def test_what_takes_the_place_of_the_instructors_modules():
    given = ["helper.py", "tools/__init__.py", "tools/mean.py"]
    handed_in = [
        "helper.py",  # the instructor's content is used in its place anyway
        "helper/__init__.py",
        "helper.abi3.so",
        "tools/mean/__init__.py",
        "tools/more.py",
        "course/checks.py",
        "course.py",
        "courses.py",
        "mine.py",
    ]
    assert list(in_place_of(handed_in, given, {"course"})) == [
        "helper/__init__.py",
        "helper.abi3.so",
        "tools/mean/__init__.py",
        "course/checks.py",
        "course.py",
    ]
