"""Thirty odd photographs go from a folder on disk to a prediction in five statements."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_images

from course.vision import photos


@pytest.fixture
def odd_folder(tmp_path, monkeypatch):
    """Parts of two photographs as 30 files in two classes, hardly two of the same kind."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "torch"))
    generator = np.random.default_rng(4)
    for name, pixels in zip(("temple", "flower"), load_sample_images().images):
        folder = tmp_path / "my photos" / name
        folder.mkdir(parents=True)
        whole = Image.fromarray(pixels)
        parts = []
        for _ in range(12):
            left, top = int(generator.integers(0, 340)), int(generator.integers(0, 127))
            parts.append(whole.crop((left, top, left + 300, top + 300)))
        turned = Image.Exif()
        turned[0x0112] = 3
        ImageOps.flip(ImageOps.mirror(parts[0])).save(folder / "TURNED.JPG", exif=turned)
        parts[1].convert("L").save(folder / "grey one.jpeg")
        parts[2].convert("CMYK").save(folder / "print.jpg")
        parts[3].convert("RGBA").save(folder / "alpha.png")
        parts[4].quantize(64).save(folder / "palette.gif")
        parts[5].save(folder / "wéb.webp")
        grey = np.asarray(parts[6].convert("L"), dtype=np.uint16)
        Image.fromarray(grey * 257).save(folder / "sixteen.png")
        for number, part in enumerate(parts[7:]):
            part.save(folder / f"{number}.{('jpg', 'png', 'bmp', 'tif', 'JPG')[number]}")
        (folder / "cut.jpg").write_bytes((folder / "TURNED.JPG").read_bytes()[:5000])
        (folder / "words.jpg").write_text("no photo")
        (folder / ".DS_Store").write_bytes(b"x")
    whole.crop((150, 50, 500, 400)).save(tmp_path / "new.webp")
    return tmp_path


def test_from_a_folder_to_a_prediction(odd_folder):
    album = photos.read_folder(odd_folder / "my photos")
    training, validation, test = photos.split(album)
    backbone = photos.load_backbone()
    model = photos.probe(backbone, training)
    said = photos.predict(model, backbone.transform, odd_folder / "new.webp")

    assert said["class"]["flower"] > 0.9
    assert len(album) == 24 and sum("skipped" in line for line in album.problems) == 4
    for name in ("cut.jpg", "words.jpg", "print.jpg", "grey one.jpeg", "TURNED.JPG", "sixteen.png"):
        assert any(f"flower/{name} " in line for line in album.problems)
    unseen = [*validation.files, *test.files]
    said = [photos.predict(model, backbone.transform, file)["class"] for file in unseen]
    right = sum(max(one, key=one.get) == file.parent.name for one, file in zip(said, unseen))
    assert len(unseen) >= 8 and right >= 0.8 * len(unseen)
