"""One photo file becomes an upright RGB image, or a sentence says why it cannot be read."""

import functools
import importlib.util
import io
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, JpegImagePlugin, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF", "JPEG2000", "PPM")
LARGEST = 100_000_000  # pixels in memory, 300 MB; a JPEG is shrunk while it is read
NARROWEST = 50  # the longer side may be this many times the shorter one
ENOUGH = 1024  # pixels: a JPEG's shorter side is not shrunk below it

RAW = {".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef"}
VIDEO = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
ORIENTATION = 0x0112  # the tag in the EXIF data
MEANING = {
    2: "mirrored",
    3: "turned by 180°",
    4: "mirrored and turned by 180°",
    5: "mirrored and turned by 90°",
    6: "turned by 90°",
    7: "mirrored and turned by 90°",
    8: "turned by 90°",
}
SIXTEEN_BITS = "grey values of 16 bits; they were divided by 257 to get 8 bits"
header_lock = threading.Lock()  # the filters of warnings belong to the whole process


class PhotoError(ValueError):
    """A file cannot be read as a photo. str() names the file and says what to do.

    name: the file; why: the rest of the sentence.
    """

    def __init__(self, name: object, why: str = "") -> None:
        super().__init__(str(name), why)
        self.name, self.why = str(name), why

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


class Opened(NamedTuple):
    """A photo, and what was changed to make it an RGB image."""

    image: Image.Image  # RGB, 8 bits, upright
    changes: list[str]  # such as "grey; the one channel was repeated three times"


def open_photo(file: Path | str, at_least: int = ENOUGH) -> Image.Image:
    """Return a photo as an upright RGB image of 8 bits. Raise PhotoError where that fails.

    at_least: pixels. A JPEG with more on its shorter side is shrunk by 2, 4 or 8 while it is read,
    which saves time and memory, but never below `at_least`.
    """
    return opened_from(read_bytes(Path(file)), Path(file), at_least).image


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file. Raise PhotoError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise PhotoError(path, "there is no such file. Check its name and folder.") from problem
    except IsADirectoryError as problem:
        raise PhotoError(path, "expected a photo, got a folder.") from problem
    except OSError as problem:
        why = f"the system does not let us read it ({problem.strerror}). Check its permissions."
        raise PhotoError(path, why) from problem


def opened_from(data: bytes, path: Path, at_least: int = ENOUGH) -> Opened:
    """Return a photo from the bytes of its file, and what was changed. Raise PhotoError."""
    _expect_photo(path, data)
    try:
        return _as_rgb(_with_header_read(data), at_least)
    except _Refused as problem:
        raise PhotoError(path, str(problem)) from None
    except UnidentifiedImageError:
        why = "expected a photo, got a file of another kind. Save it as JPEG or PNG, or remove it."
        raise PhotoError(path, why) from None
    except Exception as problem:  # Pillow's readers raise a dozen kinds for damaged files
        said = str(problem).strip().rstrip(".") or type(problem).__name__
        why = f"the file is damaged or incomplete ({said}). Copy it again from where it came from."
        raise PhotoError(path, why) from problem


class _Refused(Exception):
    """The image could be opened, but is no photo for us; str() says why."""


def _expect_photo(path: Path, data: bytes) -> None:
    """Raise PhotoError for what Pillow cannot open, by the first bytes or the name."""
    ending = path.suffix.lower()
    if not data:
        raise PhotoError(path, "the file is empty. Copy it again from where it came from.")
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS and "HEIF" not in _formats():
        why = (
            "a HEIC photo needs one more package. Run: pip install pillow-heif, and restart "
            "the kernel; or save it as JPEG (iPhone: Settings, Camera, Formats, Most Compatible)."
        )
        raise PhotoError(path, why)
    if ending in RAW:
        why = "expected a photo, got a camera's raw file. Save it as JPEG with the camera's app."
        raise PhotoError(path, why)
    if ending in VIDEO:
        raise PhotoError(path, "expected a photo, got a video. Save single frames as JPEG.")


@functools.cache
def _formats() -> tuple[str, ...]:
    """Return the formats that Pillow can read here; HEIF is one where pillow-heif is installed.

    EPS is none of them, because Pillow reads it with another program.
    """
    if importlib.util.find_spec("pillow_heif"):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _with_header_read(data: bytes) -> Image.Image:
    """Return the image with its header read, and no pixel yet.

    Pillow refuses more than 179 megapixels, and phones make JPEGs of 200. A JPEG needs no such
    limit, because it is shrunk while it is read.
    """
    with header_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(io.BytesIO(data), formats=_formats())
        except Image.DecompressionBombError:
            if data.startswith(b"\xff\xd8"):
                return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
            raise too_large() from None


def too_large() -> _Refused:
    """Return the error for too many pixels."""
    return _Refused(
        f"expected at most {LARGEST // 1_000_000} megapixels (JPEG: 64 times as many), got more. "
        "Save a smaller copy."
    )


def _as_rgb(image: Image.Image, at_least: int) -> Opened:
    """Return the first frame, upright, as RGB with 8 bits."""
    changes = []
    if max(image.size) > NARROWEST * min(image.size):
        raise _Refused(
            f"expected a photo, got {image.width} x {image.height} pixels: one side is more than "
            f"{NARROWEST} times the other. Cut out the part that matters."
        )
    if getattr(image, "is_animated", False) and image.format != "MPO":
        changes.append("several frames; the first one was used")
    image.draft(None, (at_least, at_least))  # shrinks a JPEG by 2, 4 or 8, and nothing else
    if image.width * image.height > LARGEST:
        raise too_large()
    return Opened(_eight_bits(_upright(image, changes), changes), changes)


def _upright(image: Image.Image, changes: list[str]) -> Image.Image:
    """Return the image as its EXIF orientation says that it must be shown."""
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF data; the pixels may be fine
        return image
    if orientation not in MEANING:
        return image
    changes.append(f"{MEANING[orientation]}, as its EXIF orientation says")
    return ImageOps.exif_transpose(image)


def _eight_bits(image: Image.Image, changes: list[str]) -> Image.Image:
    """Return the image as RGB with 8 bits, and say in `changes` what that meant."""
    if image.mode.startswith("I;16"):
        changes.append(SIXTEEN_BITS)
        return _grey(np.asarray(image) / 257)
    if image.mode in ("I", "F"):
        return _grey(_scaled(np.asarray(image, dtype=np.float64), changes))
    if image.mode == "CMYK":
        changes.append("CMYK, the colours of a printer; they became RGB")
    elif image.mode in ("1", "L"):
        changes.append("grey; the one channel was repeated three times")
    if image.has_transparency_data:
        return _on_white(image.convert("RGBA"), changes)
    return image.convert("RGB")


def _grey(values: np.ndarray) -> Image.Image:
    """Return an RGB image of grey values (H, W) from 0 to 255."""
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8)).convert("RGB")


def _scaled(values: np.ndarray, changes: list[str]) -> np.ndarray:
    """Return grey values (H, W) of 32 bits as 0 to 255."""
    values = np.nan_to_num(values, posinf=0, neginf=0)
    least, most = values.min(), values.max()
    if least >= 0 and 255 < most <= 65535:
        changes.append(SIXTEEN_BITS)
        return values / 257
    changes.append("grey values of 32 bits; the least became black, the greatest white")
    return (values - least) * (255 / (most - least) if most > least else 0)


def _on_white(image: Image.Image, changes: list[str]) -> Image.Image:
    """Return an RGBA image as RGB: what is transparent becomes white."""
    least, _ = image.getchannel("A").getextrema()
    if least == 255:
        return image.convert("RGB")
    changes.append("transparent parts; they became white")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
