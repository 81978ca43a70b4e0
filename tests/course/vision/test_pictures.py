"""The fruit stall: what travels with the package is what the painter draws, and no split leaks into another."""

import hashlib
import zipfile
from collections import Counter

import pytest
import torch

from course.vision.drawing import develop
from course.vision.fruit import (
    ARCHIVE,
    FRUITS,
    SPLITS,
    draw_stall,
    file_name,
    picture,
    stall,
    turned,
)


def test_the_archive_holds_what_the_painter_draws():
    for split, (seed, count) in SPLITS.items():
        for index in (0, 7, 19, count - 1):
            with zipfile.ZipFile(ARCHIVE) as archive:
                kept, drawn = develop(
                    [archive.read(file_name(split, index)), picture(seed, index)]
                ).float()
            # another libjpeg may round a pixel differently; another draw would differ by tens
            assert (kept - drawn).abs().mean() < 0.5, (
                f"{file_name(split, index)} is not what seed {seed} draws: run course.vision.fruit.write_archive()"
            )


def test_no_picture_stands_twice():
    with zipfile.ZipFile(ARCHIVE) as archive:
        digests = Counter(
            hashlib.sha256(archive.read(name)).digest() for name in archive.namelist()
        )
    assert len(digests) == sum(count for _, count in SPLITS.values()) == 3500


def test_every_run_of_twenty_is_balanced():
    pictures = stall("validation", 40)
    assert pictures.images.shape == (40, 3, 64, 64) and pictures.images.dtype == torch.uint8
    for start in (0, 20):
        pairs = set(
            zip(
                pictures.fruit[start : start + 20].tolist(),
                pictures.rotten[start : start + 20].tolist(),
                strict=True,
            )
        )
        assert pairs == {(fruit, rotten) for fruit in range(10) for rotten in range(2)}
    with zipfile.ZipFile(ARCHIVE) as archive:
        assert {name.split("/")[1] for name in archive.namelist()} == set(
            FRUITS
        )  # ImageFolder's layout


def test_a_fresh_seed_gives_fresh_pictures():
    assert not torch.equal(draw_stall(99, 3).images, stall("train", 3).images)
    assert torch.equal(draw_stall(99, 3).images, draw_stall(99, 3).images)


def test_turning():
    images = stall("train", 4).images
    quarters = torch.tensor([0, 1, 2, 3])
    there = turned(images, quarters)
    assert torch.equal(there[0], images[0]) and not torch.equal(there[1], images[1])
    assert torch.equal(
        there[1][:, 0, 0], images[1][:, 0, -1]
    )  # counter-clockwise: the right upper corner goes left
    assert torch.equal(turned(there, (4 - quarters) % 4), images)


@pytest.mark.parametrize(
    ("split", "count", "word"),
    [("tset", 5, "train, validation, test"), ("test", 0, "1 to 1000"), ("test", 1001, "1 to 1000")],
)
def test_what_cannot_be_asked(split, count, word):
    with pytest.raises(ValueError, match=word):
        stall(split, count)
