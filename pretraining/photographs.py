"""Makes the small set of photographs that comes with the course, with the licence of each.

    apt-get download tuxpaint-stamps-default
    dpkg-deb -x tuxpaint-stamps-default_*.deb stamps
    python -m pretraining.photographs stamps

The photographs are cut-outs from Tux Paint Stamps 2022.06.04. Only those are taken whose author and
licence its CONTRIBUTORS.txt and CHANGES.txt name. Each is put on white, shrunk to at most 160
pixels and written as a JPEG. Four files differ on purpose: see ODD.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import ExifTags, Image, ImageEnhance

FOLDER = Path(__file__).parents[1] / "course/vision/data/photographs"
STAMPS = "usr/share/tuxpaint/stamps"
GPL_2 = Path("/usr/share/common-licenses/GPL-2")
LARGEST = 160  # pixels, of the longer side
SOURCE = "Tux Paint Stamps 2022.06.04, https://tuxpaint.org"


class Contributor(NamedTuple):
    """Who took photographs, and under which licence they may be passed on."""

    author: str
    licence: str


CHILDSPLAY = Contributor("Stas Zytkiewicz (Childsplay), 2002-2005", "GPL-2")
PUJAL = Contributor("Pere Pujal i Carabantes", "GPL-2 or later")
KENDRICK = Contributor("Bill Kendrick, San Francisco Zoo", "GPL-2")
GOERNER = Contributor("Chris Goerner", "GPL-2")
PECK = Contributor("Akkana Peck", "GPL-2")
FORD = Contributor("Caroline Ford", "CC BY-SA, GFDL or GPL")
LYNCH = Contributor("Erinn Lynch", "CC BY-SA 2.5")
VHSS = Contributor("VHSS Irimpanam, via Vimal Joseph", "CC BY-SA 3.0")

# {class: {contributor: names of stamps}}
CLASSES = {
    "bird": {
        CHILDSPLAY: "blackbird crow cuckoo duck gander lark nandou owl penguin pigeon quetzal"
        " seagull tucan turkey vulture",
        FORD: "chicken_profile",
        GOERNER: "adelaide-rosella little-penguin magpie rainbow-lorikeet silver-gull",
        KENDRICK: "magellanic_penguin ostrich peacock pink_flamingo",
        LYNCH: "heron_greatblue heron_greatblue_flying pelican",
    },
    "flower": {
        FORD: "daffodil",
        GOERNER: "pigface yellow-flower",
        PECK: "flower1 flower2 flower3 flower4 flower5 flower6 flower7 flower8 flower9 flower10",
        VHSS: "adeenia anthoorium appooppanthady bolsom chemparathi",
    },
    "hooves": {
        CHILDSPLAY: "bison bull caribou cow deer doe donkey goat horse mountaingoat pig ram wapiti"
        " wildboar yak zebu",
        FORD: "cow_white donkey_eating pig_golden pig_golden2 sheep sheep_lamb",
        KENDRICK: "indian_blackbuck",
        PUJAL: "gnu-baby gnu-baby-stand gnu-sitting gnu-stand",
    },
    "paws": {
        CHILDSPLAY: "badger bear beaver dog ferret fox koala lion marmot mouse rabbit rat squirrel"
        " tiger wombat",
        FORD: "rabbit_little",
        GOERNER: "dingo kangaroo",
        KENDRICK: "tiger_sumatran",
        PUJAL: "european-bear rabbit-2",
    },
}


def on_white(stamp: Image.Image) -> Image.Image:
    """Return a stamp, RGBA, on a white ground as RGB, at most 160 x 160 pixels."""
    white = Image.new("RGBA", stamp.size, "white")
    photo = Image.alpha_composite(white, stamp).convert("RGB")
    photo.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    return photo


def write(photo: Image.Image, file: Path) -> None:
    """Write a photograph as a JPEG."""
    photo.save(file, quality=85, optimize=True)


def plain(stamp: Image.Image, file: Path) -> dict[Path, str]:
    """Write a photograph as most are written. Return {file: what is special about it}."""
    write(on_white(stamp), file)
    return {file: ""}


# ---- the four that differ, as files in a real folder do ------------------------------------------


def turned(stamp: Image.Image, file: Path) -> dict[Path, str]:
    """Write the pixels turned by a quarter, and say so in EXIF, as a phone held upright does."""
    photo = on_white(stamp).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # a viewer turns it clockwise
    photo.save(file, quality=85, optimize=True, exif=exif)
    return {file: "stored turned, with EXIF orientation 6"}


def grey(stamp: Image.Image, file: Path) -> dict[Path, str]:
    """Write one channel in place of three."""
    write(on_white(stamp).convert("L"), file)
    return {file: "made grey"}


def transparent(stamp: Image.Image, file: Path) -> dict[Path, str]:
    """Write a PNG with the stamp's own transparent ground."""
    file = file.with_suffix(".png")
    stamp.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    stamp.save(file, optimize=True)
    return {file: "PNG with a transparent ground"}


def twice(stamp: Image.Image, file: Path) -> dict[Path, str]:
    """Write the photograph, and a second export of it: cut by some pixels, and brighter."""
    photo = on_white(stamp)
    width, height = photo.size
    again = ImageEnhance.Brightness(photo.crop((1, 1, width, height - 1))).enhance(1.1)
    edited = file.with_stem(f"{file.stem}-edited")
    write(photo, file)
    write(again, edited)
    return {file: "", edited: f"the photograph {file.name} again, cut and brighter"}


ODD: dict[str, Callable[[Image.Image, Path], dict[Path, str]]] = {
    "fox": turned,
    "badger": grey,
    "lark": transparent,
    "goat": twice,
}


# ---- all of them, and their licences -------------------------------------------------------------


def original(stamps: Path, name: str) -> Path:
    """Return the stamp of a name among the photographs of animals and flowers."""
    found = [*stamps.glob(f"animals/**/{name}.png"), *stamps.glob(f"plants/flowers/{name}.png")]
    (photograph,) = (path for path in found if "cartoon" not in path.parts)
    return photograph


def make(stamps: Path) -> Iterator[str]:
    """Write all photographs; yield a row of the licence table for each file."""
    for label, contributors in CLASSES.items():
        folder = FOLDER / label
        folder.mkdir(parents=True)
        for contributor, names in contributors.items():
            for name in names.split():
                stamp = Image.open(original(stamps, name)).convert("RGBA")
                written = ODD.get(name, plain)(stamp, folder / f"{name}.jpg")
                for file, remark in written.items():
                    cells = (f"{label}/{file.name}", contributor.author, contributor.licence)
                    yield f"| {' | '.join((*cells, remark))} |".replace("|  |", "| |")


HEADER = f"""# Licences of these photographs

All come from {SOURCE}, which Debian distributes as `tuxpaint-stamps-default` under the GPL, version 2 or later. The authors and licences are those that its files CONTRIBUTORS.txt and CHANGES.txt name. `pretraining/photographs.py` put each on white, shrank it to at most {LARGEST} pixels and wrote the file; the last column names what else it did.

GPL-2: the file GPL-2 beside this one. CC BY-SA 2.5: https://creativecommons.org/licenses/by-sa/2.5/. CC BY-SA 3.0: https://creativecommons.org/licenses/by-sa/3.0/. The shrunk photographs are under the licences of their originals; so are the smaller copies that `solutions/10-your-own-photographs.ipynb` shows. They are data: nothing of the course's code is made from them.

| file | author | licence | changed |
|---|---|---|---|
"""  # noqa: E501


def main() -> None:
    """Make the folder anew from the stamps that the command line names."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    stamps = Path(sys.argv[1]) / STAMPS
    if not stamps.is_dir():
        sys.exit(f"{stamps}: expected the folder of stamps there; unpack the package first.")
    shutil.rmtree(FOLDER, ignore_errors=True)
    table = sorted(make(stamps))
    (FOLDER / "LICENCE.txt").write_text(HEADER + "\n".join(table) + "\n", encoding="utf-8")
    shutil.copyfile(GPL_2, FOLDER / "GPL-2")
    print(f"{FOLDER}: {len(table)} photographs")


if __name__ == "__main__":
    main()
