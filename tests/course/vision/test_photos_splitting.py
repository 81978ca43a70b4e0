"""Near-duplicates are found, and no set shares anything with another."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from sklearn.datasets import load_sample_images

from course.vision import photos
from course.vision.fruit import stall
from course.vision.photos.scanning import Scan, sketch_of


def album_of(images, labels=None, **more):
    """An album of images in memory; its files do not exist."""
    labels = labels if labels is not None else [0] * len(images)
    names = [f"{index}.jpg" for index in range(len(images))]
    scans = [
        Scan(name, (0, 0), sketch_of(image), image.resize((1, 1)).getpixel((0, 0)))
        for name, image in zip(names, images)
    ]
    classes = [str(number) for number in range(max(labels) + 1)]
    return photos.Album(
        names=tuple(names),
        files=tuple(map(Path, names)),
        classes={"class": classes, **{task: ["0", "1"] for task in more}},
        labels={"class": torch.tensor(labels), **more},
        values={},
        scans=tuple(scans),
    )


def many(labels, **more):
    """An album of photos that are not alike, with these labels."""
    generator = np.random.default_rng(2)
    images = [
        Image.fromarray(generator.integers(0, 256, (16, 16, 3), dtype=np.uint8)) for _ in labels
    ]
    return album_of(images, labels, **more)


COPIES = {
    "smaller": lambda image: image.resize((image.width // 3, image.height // 3)),
    "squeezed": lambda image: jpeg(image, 15),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.4),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "mirrored": ImageOps.mirror,
    "cropped a little": lambda image: ImageOps.crop(image, 5),
}


def jpeg(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


@pytest.mark.parametrize("change", COPIES)
def test_copies_of_photographs_are_near_duplicates(change):
    originals = [Image.fromarray(image) for image in load_sample_images().images]
    album = album_of([*originals, *(COPIES[change](image) for image in originals)])
    assert photos.near_duplicates(album) == [[0, 2], [1, 3]]


def test_other_photos_of_the_same_kind_are_not():
    """Fruit of the same few kinds, on the same few grounds."""
    images = [
        Image.fromarray(image.permute(1, 2, 0).numpy()) for image in stall("train", 300).images
    ]
    assert photos.near_duplicates(album_of(images)) == []


def test_photos_of_one_colour_are_compared_by_it():
    colours = ["white", "red", (254, 254, 255), "black", "navy", "red"]
    images = [Image.new("RGB", (40, 40), colour) for colour in colours]
    assert photos.near_duplicates(album_of(images)) == [[0, 2], [1, 5]]


def test_each_class_is_shared_out_evenly(capsys):
    labels = [0] * 50 + [1] * 20 + [2] * 10
    album = many(labels)
    for seed in range(3):
        sets = photos.split(album, seed=seed)
        found = [Counter(part.labels["class"].tolist()) for part in sets]
        assert found == [{0: 30, 1: 12, 2: 6}, {0: 10, 1: 4, 2: 2}, {0: 10, 1: 4, 2: 2}]
        assert sorted(name for part in sets for name in part.names) == sorted(album.names)
    assert "80 photos: training 48, validation 16, test 16." in capsys.readouterr().out
    first, again, other = (photos.split(album, seed=seed)[2].names for seed in (0, 0, 1))
    assert first == again != other


def test_two_tasks_are_shared_out_at_once():
    torch.manual_seed(0)
    other = torch.randint(-1, 2, (100,))  # some labels are missing
    training, test = photos.split(many([0, 1, 1, 1] * 25, other=other), (0.8, 0.2))
    for task in ("class", "other"):
        for number in range(2):
            in_test = int((test.labels[task] == number).sum())
            total = in_test + int((training.labels[task] == number).sum())
            assert abs(in_test - 0.2 * total) <= 1.5


def test_near_duplicates_and_groups_stay_in_one_set():
    generator = np.random.default_rng(3)
    originals = [
        Image.fromarray(generator.integers(0, 256, (16, 16, 3), dtype=np.uint8)) for _ in range(60)
    ]
    brighter = [ImageEnhance.Brightness(image).enhance(0.8) for image in originals]
    groups = [index // 3 for index in range(60)] + [None] * 60
    album = album_of(originals + brighter, [0, 1] * 60)
    for seed in range(3):
        sets = photos.split(album, seed=seed, groups=groups)
        assert sum(map(len, sets)) == 120
        place = {name: number for number, part in enumerate(sets) for name in part.names}
        for index in range(60):
            assert place[f"{index}.jpg"] == place[f"{index + 60}.jpg"]
            assert place[f"{index}.jpg"] == place[f"{index // 3 * 3}.jpg"]
        assert all(abs(len(part) - 120 * share) <= 6 for part, share in zip(sets, (0.6, 0.2, 0.2)))


def test_a_column_of_the_table_can_be_the_group(capsys):
    album = many([0, 1] * 30, person=torch.tensor([index % 5 for index in range(60)]))
    album.classes["person"] = list("abcde")
    sets = photos.split(album, (0.5, 0.5), groups="person")
    people = [set(part.labels["person"].tolist()) for part in sets]
    assert not people[0] & people[1]
    assert "person" not in capsys.readouterr().out  # it is no task to learn


def test_a_class_that_a_set_lacks_is_told(capsys):
    sets = photos.split(many([0] * 10 + [1]))
    assert [len(part) for part in sets] == [7, 2, 2]
    said = capsys.readouterr().out
    assert "class 1 has 1 photos, and none of them is in: validation, test." in said


@pytest.mark.parametrize(
    ("labels", "more", "words"),
    [
        ([0] * 9, {"shares": (0.5, 0.4)}, r"add up to 1, such as .*got \(0.5, 0.4\)"),
        ([0] * 9, {"shares": (1.2, -0.2)}, "shares above 0"),
        ([0] * 9, {"shares": 0.8}, "shares above 0 .*got 0.8"),
        ([0] * 9, {"groups": len}, "a group for each of 9 photos, got builtin"),
        ([0] * 9, {"groups": [1, 2]}, "a group for each of 9 photos, got 2"),
        ([0] * 9, {"groups": "place"}, "one of class, got 'place'"),
        ([0] * 9, {"groups": [1] * 9}, "at least 3 photos or groups for 3 sets, got 1"),
        ([0, 1], {}, "at least 3 photos or groups"),
    ],
)
def test_what_cannot_be_split_says_why(labels, more, words):
    with pytest.raises(ValueError, match=words):
        photos.split(many(labels), **more)


def test_tiny_albums_fill_every_set():
    assert [len(part) for part in photos.split(many([0, 0, 1, 1]))] == [2, 1, 1]
    assert [len(part) for part in photos.split(many([0, 0, 0]))] == [1, 1, 1]
    assert [len(part) for part in photos.split(many([0, 1, 2, 3]))] == [2, 1, 1]
