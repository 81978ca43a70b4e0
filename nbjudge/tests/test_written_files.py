"""What cells write into their folder: where it goes, who reads it, and that a regrade keeps it."""

import os
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from classroom import meta
from nbjudge.coordinator import grade
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.files import overlaid
from nbjudge.grading.options import Options

PS = "ps1"
WAYS = {
    "sandbox": Options(workers=1),
    "no sandbox": Options(workers=1, confined=False),
    "kernel": Options(workers=1, confined=False, kernel="python3"),
}
WRITES = """import os
os.makedirs("sub/deep")
for name in ("essay.txt", ".hidden.txt", "sub/deep/x.txt", "mine.csv", "given.csv", "{ps}.ipynb",
             "timestamp.txt"):
    with open(name, "w") as file:
        file.write("written")
os.makedirs(".cache")
open(".cache/font", "w").close()
"""


def notebook(*cells):
    """A notebook of cells, (grade_id, source); the ids that begin with `t` are checks."""
    found = []
    for name, source in cells:
        kind = {"grade": True, "locked": True, "points": 1} if name[0] == "t" else {}
        kind = kind or {"solution": True}
        found.append(new_code_cell(source, id=name, metadata=meta(name, **kind)))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=found, metadata={"kernelspec": kernel})


def course(root, notebooks, files=()):
    """A course whose source notebooks are the same as what the learner has handed in."""
    for place in ("source", "submitted/one"):
        folder = root / place / PS
        folder.mkdir(parents=True)
        for name, cells in notebooks.items():
            nbformat.write(notebook(*cells), folder / f"{name}.ipynb")
        for name in files:
            (folder / name).write_text("as it was")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    return root


def points(root):
    return [mark.points for mark in report.marks(root, PS, gradebook_url(root))["one"].values()]


def graded_files(root):
    folder = root / "autograded/one" / PS
    return {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("way", WAYS)
def test_written_files_are_in_autograded_and_a_later_notebook_reads_them(tmp_path, way):
    cells = {
        "a1": [
            ("a", WRITES.format(ps="a1")),
            ("t1", "assert open('essay.txt').read() == 'written'"),
        ],
        "a2": [("b", "seen = open('sub/deep/x.txt').read()"), ("t2", "assert seen == 'written'")],
    }
    root = course(tmp_path, cells, ["given.csv"])
    (root / "submitted/one" / PS / "mine.csv").write_text("as it was")
    (root / "submitted/one" / PS / "timestamp.txt").write_text("2026-01-01 00:00:00 UTC")
    outcome = grade(root, [PS], options=WAYS[way])
    assert outcome.findings == [] and points(root) == [1, 1]
    files = graded_files(root)
    written = {name for name, path in files.items() if path.read_bytes() == b"written"}
    assert written == {"essay.txt", ".hidden.txt", "sub/deep/x.txt", "mine.csv"}
    assert set(files) == written | {"a1.ipynb", "a2.ipynb", "given.csv", "timestamp.txt"}
    assert (root / "submitted/one" / PS / "mine.csv").read_text() == "as it was"


def test_links_and_more_files_than_anybody_reads_are_left_out_and_told(tmp_path):
    writes = """import os
os.symlink("/etc/passwd", "link")
os.mkfifo("pipe")
open(b"\\xff", "w").close()
with open("sparse", "wb") as file:
    file.truncate(200_000_000)
open("small", "w").write("small")
"""
    root = course(tmp_path, {PS: [("a", writes), ("t", "pass")]})
    for _ in range(2):
        (finding,) = grade(root, [PS], options=WAYS["sandbox"]).findings
        assert finding.says.startswith(f"4 of the files that {PS}.ipynb wrote are not in")
        assert set(graded_files(root)) == {f"{PS}.ipynb", "small"}


def test_what_was_written_before_the_process_ended_counts(tmp_path):
    cells = [
        ("a", "open('early.txt', 'w').write('1')"),
        ("b", "import os\nopen('late.txt', 'w').write('2')\nos._exit(1)"),
        ("t", "pass"),
    ]
    root = course(tmp_path, {PS: cells})
    grade(root, [PS], options=WAYS["sandbox"])
    assert {"early.txt", "late.txt"} < set(graded_files(root))


SHARING = {
    "a1": [("a", "open('out.txt', 'a').write('x')"), ("t1", "pass")],
    "a2": [("b", "seen = open('out.txt').read()"), ("t2", "assert seen == 'x'")],
}


def test_a_regrade_runs_what_is_needed_and_keeps_what_was_written(tmp_path):
    root = course(tmp_path, SHARING)
    place = root / "autograded/one" / PS / "out.txt"

    def regrade():
        cells = grade(root, [PS], options=WAYS["sandbox"]).cells
        assert points(root) == [1, 1] and place.read_text() == "x"
        return cells

    def change(name, **cells):
        for folder in ("source", "submitted/one"):
            path = root / folder / PS / f"{name}.ipynb"
            changed = nbformat.read(path, as_version=4)
            for cell in changed.cells:
                cell.source = cells.get(cell.id, cell.source)
            nbformat.write(changed, path)

    assert regrade() == 4
    assert regrade() == 0
    change("a2", t2="assert seen == 'xx'[1:]")
    assert regrade() == 2  # a1 need not run, because its file is there
    change("a1", t1="assert True")
    assert regrade() == 2
    place.unlink()
    assert regrade() == 1  # the answer of a1 writes it again, and its check has a result
    place.unlink()
    change("a2", t2="assert seen == 'x'")
    assert regrade() == 3
    change("a1", a="open('out.txt', 'a').write('x')  # another answer")
    assert regrade() == 4
    assert regrade() == 0


def test_a_file_that_two_notebooks_write_is_no_reason_to_run_again(tmp_path):
    both = {
        "a1": [("a", "open('out.txt', 'w').write('1')"), ("t1", "pass")],
        "a2": [("b", "open('out.txt', 'a').write('2')"), ("t2", "pass")],
    }
    root = course(tmp_path, both)
    assert [grade(root, [PS], options=WAYS["sandbox"]).cells for _ in range(2)] == [4, 0]
    assert (root / "autograded/one" / PS / "out.txt").read_text() == "12"


names = st.lists(st.sampled_from("aAb"), min_size=1, max_size=3).map("/".join)
folders = st.dictionaries(names, st.binary(max_size=2), max_size=5)


def is_folder(files):
    """Whether a file system can hold these: no name is the folder of another."""
    return not any(other.startswith(f"{name}/") for name in files for other in files)


@given(folders.filter(is_folder), folders.filter(is_folder), st.sets(names, max_size=2))
def test_files_over_files_make_a_folder_again(files, newer, protected):
    files |= {name: b"protected" for name in protected}
    if not is_folder(files):
        return
    found = overlaid(files, newer, protected)
    assert is_folder(found)
    for name in protected:
        assert found[name] == b"protected"
    for name, content in found.items():
        assert content in (files.get(name), newer.get(name))
    if not protected:
        assert newer.items() <= found.items()


def test_the_grader_finds_no_link_in_place_of_a_kept_file(tmp_path):
    root = course(tmp_path, {PS: [("a", "open('out.txt', 'w').write('x')"), ("t", "pass")]})
    grade(root, [PS], options=WAYS["sandbox"])
    place = Path(root, "autograded/one", PS, "out.txt")
    secret = tmp_path / "secret"
    place.rename(secret)
    os.symlink(secret, place)
    assert grade(root, [PS], options=WAYS["sandbox"]).cells == 1
    assert not place.is_symlink() and place.read_text() == "x"
