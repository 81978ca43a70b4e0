"""The engine gives an honest submission its marks wherever it is installed and called from.

Packages that it needs come from this environment, by a .pth file, so nothing is downloaded.
"""

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

from classroom import LESSON, answered, course_of_one, hand_in, make_source, points

PACKAGE = Path(__file__).parents[1]
PACKAGES = "\n".join(site.getsitepackages())  # .pth files in there are not read
KIT = "def total(values):\n    return sum(values)"
# kit is the course's own; yaml is installed, and nothing has imported it before the answer
MEAN = """def mean(values):
    import yaml
    return kit.total(yaml.safe_load(str(values))) / len(values)"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The engine's wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    # a copy, because building a package leaves files in its folder
    shutil.copytree(PACKAGE, folder / "nbjudge", ignore=shutil.ignore_patterns("build", "*.egg*"))
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(folder / "nbjudge")]
    subprocess.run(command, check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture
def course(tmp_path):
    """A course with a package of its own in another folder, and a right submission."""
    root = tmp_path / "course"
    root.mkdir()
    course_of_one(root)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "kit.py").write_text(KIT)
    source = make_source()
    source.cells[0].source = "import kit"
    nbformat.write(source, root / "source" / LESSON / f"{LESSON}.ipynb")
    notebook = answered(mean=MEAN)
    notebook.cells[0].source = "import kit"
    hand_in(root, "one", notebook)
    return root


def run(python, course, *options, folder=None, **variables):
    """Call `python -m nbjudge` in a folder, where the course's package is on PYTHONPATH."""
    environment = os.environ | {"PYTHONPATH": str(course.parent / "library")} | variables
    command = [str(python), "-m", "nbjudge", "grade", LESSON, "--workers", "1", *options]
    place = folder or course.parent
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert points(course) == [2, 2], done.stdout + done.stderr


def fill(packages, more, wheel=None):
    """Install the wheel into a folder of packages, and let it find `more` folders."""
    packages.mkdir(parents=True, exist_ok=True)
    if wheel:
        zipfile.ZipFile(wheel).extractall(packages)
    (packages / "more.pth").write_text(more)


@pytest.mark.parametrize("editable", [False, True])
def test_in_a_virtual_environment(wheel, course, tmp_path, editable):
    venv.create(tmp_path / "venv")
    (packages,) = tmp_path.glob("venv/lib/python*/site-packages")
    if editable:
        fill(packages, f"{PACKAGE / 'src'}\n{PACKAGES}")
    else:
        fill(packages, PACKAGES, wheel)
    run(tmp_path / "venv" / "bin" / "python", course, "--root", str(course))


def test_in_the_users_own_site(wheel, course, tmp_path):
    """What `pip install --user` does, below PYTHONUSERBASE."""
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    base = {"PYTHONUSERBASE": str(tmp_path / "user")}
    ask = [str(python), "-c", "import site; print(site.getusersitepackages())"]
    told = subprocess.run(ask, env=os.environ | base, capture_output=True, text=True, check=True)
    fill(Path(told.stdout.strip()), PACKAGES, wheel)
    run(python, course, "--root", str(course), **base)


@pytest.mark.parametrize("piped", [False, True])
def test_from_a_script_that_guards_nothing(course, piped):
    """Five workers are processes, and each of them would run the script again."""
    text = f"""import nbjudge
print("once")
assert nbjudge.grade({str(course)!r}, [{LESSON!r}], options=nbjudge.Options(workers=5)).clean
"""
    script = course.parent / "script.py"
    script.write_text(text)
    environment = os.environ | {"PYTHONPATH": str(course.parent / "library")}
    done = subprocess.run(
        [sys.executable, *([] if piped else [str(script)])],
        input=text if piped else "",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "once\n" and points(course) == [2, 2]


@pytest.mark.parametrize(
    ("folder", "root"), [("", "course"), ("course", None), ("course/source", ".."), ("library", "")]
)
def test_from_any_folder(course, folder, root):
    options = [] if root is None else ["--root", root or str(course)]
    run(sys.executable, course, *options, folder=course.parent / folder)
