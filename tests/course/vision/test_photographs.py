"""The photographs that come with the course: each has an author and a licence, and opens."""

from pathlib import Path

import pytest
from PIL import Image

import course

FOLDER = Path(course.__file__).parent / "vision/data/photographs"


@pytest.fixture(scope="module")
def licences() -> dict[str, list[str]]:
    """{file: [author, licence, what was changed]}, as LICENCE.txt has them."""
    rows = {}
    for line in (FOLDER / "LICENCE.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and "/" in line:
            file, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            rows[file] = cells
    return rows


def test_each_photograph_has_its_author_and_its_licence(licences):
    """No photograph without a row, and no row without a photograph."""
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*")}
    assert files == set(licences)
    for file, (author, licence, _) in licences.items():
        assert author, file
        assert licence.startswith(("GPL-2", "CC BY-SA")), file
    assert "GNU GENERAL PUBLIC LICENSE" in (FOLDER / "GPL-2").read_text()


def test_the_four_that_differ_do_so_as_their_rows_say(licences):
    """One is turned by EXIF, one grey, one transparent, and one is there twice."""

    def remarked(words):
        (file,) = (file for file, (*_, remark) in licences.items() if words in remark)
        return Image.open(FOLDER / file)

    assert remarked("EXIF orientation 6").getexif()[0x0112] == 6
    assert remarked("grey").mode == "L"
    assert remarked("transparent").mode == "RGBA"
    assert remarked("again").size != Image.open(FOLDER / "hooves/goat.jpg").size


def test_the_set_is_small(licences):
    """At most 160 pixels a side, and a megabyte in all."""
    for file in licences:
        assert max(Image.open(FOLDER / file).size) <= 160, file
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 1e6
