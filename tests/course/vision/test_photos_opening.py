"""Photos of every kind become upright RGB images, or one sentence says what to do."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from course.vision import photos
from course.vision.photos import opening


@pytest.fixture
def scene():
    """A photo with another colour in each corner: 48 x 32 pixels, RGB."""
    image = Image.new("RGB", (48, 32), "white")
    for corner, colour in {(0, 0): "red", (24, 0): "green", (0, 16): "blue"}.items():
        image.paste(colour, (*corner, corner[0] + 24, corner[1] + 16))
    return image


def near(image, other):
    """Whether two RGB images differ by no more than JPEG does."""
    apart = np.asarray(image, dtype=float) - np.asarray(other, dtype=float)
    return image.size == other.size and np.abs(apart).mean() < 6


UNDONE = {  # what turns the upright scene into what the camera writes, by EXIF orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", UNDONE)
def test_a_photo_is_upright_whatever_its_exif_orientation(tmp_path, scene, orientation):
    way = UNDONE[orientation]
    written = scene if way is None else scene.transpose(way)
    exif = Image.Exif()
    exif[opening.ORIENTATION] = orientation
    written.save(tmp_path / "a.jpg", quality=95, subsampling=0, exif=exif)
    assert near(photos.open_photo(tmp_path / "a.jpg"), scene)
    opened = opening.opened_from((tmp_path / "a.jpg").read_bytes(), tmp_path / "a.jpg")
    assert [("EXIF" in change) for change in opened.changes] == [True] * (orientation > 1)


def written_as(scene, kind, file):
    """Write the scene in one of the modes and file types that photos come in."""
    if kind == "16-bit grey":
        grey = np.asarray(scene.convert("L"), dtype=np.uint16) * 257
        Image.fromarray(grey).save(file.with_suffix(".png"))
        return file.with_suffix(".png"), scene.convert("L").convert("RGB")
    if kind == "32-bit grey":  # its least value becomes black, its greatest white
        grey = np.asarray(scene.convert("L"), dtype=np.float32)
        Image.fromarray(grey / 1000 - 7).save(file.with_suffix(".tif"))
        stretched = (grey - grey.min()) * (255 / (grey.max() - grey.min()))
        return file.with_suffix(".tif"), Image.fromarray(stretched.astype(np.uint8)).convert("RGB")
    if kind in ("palette with transparency", "alpha"):
        clear = scene.convert("RGBA")
        clear.paste((0, 0, 0, 0), (24, 16, 48, 32))  # the white corner, now transparent black
        if kind.startswith("palette"):
            clear = clear.quantize(16)
        clear.save(file.with_suffix(".png"))
        return file.with_suffix(".png"), scene
    if kind == "animated GIF":
        others = [Image.new("RGB", scene.size, "black")] * 2
        scene.save(file.with_suffix(".gif"), save_all=True, append_images=others)
        return file.with_suffix(".gif"), scene
    if kind in ("grey", "CMYK"):
        mode = {"grey": "L", "CMYK": "CMYK"}[kind]
        scene.convert(mode).save(file.with_suffix(".jpg"), quality=95)
        return file.with_suffix(".jpg"), scene.convert(mode).convert("RGB")
    scene.save(file.with_suffix("." + kind), quality=95)
    return file.with_suffix("." + kind), scene


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("grey", "grey; the one channel"),
        ("16-bit grey", "16 bits"),
        ("32-bit grey", "32 bits"),
        ("CMYK", "CMYK"),
        ("palette with transparency", "transparent"),
        ("alpha", "transparent"),
        ("animated GIF", "first one"),
        ("webp", None),
        ("bmp", None),
        ("tif", None),
        ("JPEG", None),
    ],
)
def test_every_kind_of_photo_is_read_and_what_was_changed_is_said(tmp_path, scene, kind, word):
    file, expected = written_as(scene, kind, tmp_path / "a photo")
    opened = opening.opened_from(file.read_bytes(), file)
    assert opened.image.mode == "RGB"
    assert near(opened.image, expected)
    assert [word in change for change in opened.changes] == [True] * (word is not None)


def png_of(width, height):
    """A PNG file whose header promises so many pixels."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def truncated(tmp_path):
    Image.effect_noise((200, 200), 50).save(tmp_path / "whole.jpg")
    return (tmp_path / "whole.jpg").read_bytes()[:3000]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.jpg", b"", "the file is empty. Copy it again"),
        ("text.jpg", b"these are words\n" * 30, "a file of another kind. Save it as JPEG"),
        ("cut.jpg", truncated, "damaged or incomplete .*Copy it again"),
        ("huge.png", png_of(50_000, 50_000), "at most 100 megapixels .*Save a smaller copy"),
        ("large.png", png_of(12_000, 10_000), "at most 100 megapixels .*Save a smaller copy"),
        ("line.png", png_of(9000, 10), "9000 x 10 pixels.*Cut out the part"),
        ("phone.HEIC", b"\0\0\0\x18ftypheic" + b"\0" * 40, "pip install pillow-heif.*as JPEG"),
        ("camera.NEF", b"II*\0" + b"\0" * 40, "a camera's raw file. Save it as JPEG"),
        ("film.MOV", b"\0\0\0\x14ftypqt  " + b"\0" * 40, "got a video. Save single frames"),
    ],
)
def test_what_is_no_photo_ends_in_one_sentence(tmp_path, monkeypatch, name, content, sentence):
    monkeypatch.setattr(opening, "_formats", lambda: ("JPEG", "PNG", "TIFF"))  # no pillow-heif
    content = content(tmp_path) if callable(content) else content
    (tmp_path / name).write_bytes(content)
    with pytest.raises(photos.PhotoError, match=sentence) as error:
        photos.open_photo(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))
    assert "\n" not in str(error.value)


def test_no_such_file_and_a_folder(tmp_path):
    with pytest.raises(photos.PhotoError, match=r"gone\.jpg: there is no such file"):
        photos.open_photo(tmp_path / "gone.jpg")
    with pytest.raises(photos.PhotoError, match="got a folder"):
        photos.open_photo(tmp_path)


def test_a_huge_jpeg_is_shrunk_while_it_is_read(tmp_path, monkeypatch):
    """Phones make photos of 200 megapixels, which is more than Pillow opens."""
    Image.new("RGB", (1600, 1200), "green").save(tmp_path / "a.jpg")
    Image.new("RGB", (1600, 1200), "green").save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1600 * 1200 // 3)
    monkeypatch.setattr(opening, "LARGEST", 1600 * 1200 // 3)
    assert photos.open_photo(tmp_path / "a.jpg", at_least=150).size == (200, 150)
    assert photos.open_photo(tmp_path / "a.jpg", at_least=400).size == (800, 600)
    with pytest.raises(photos.PhotoError, match="Save a smaller copy"):
        photos.open_photo(tmp_path / "a.png", at_least=150)


def test_photos_are_kept_in_full_if_they_are_small(tmp_path, scene):
    scene.save(tmp_path / "a.jpg")
    assert photos.open_photo(tmp_path / "a.jpg").size == scene.size
