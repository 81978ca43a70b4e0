"""The fruit stalls: their archives hold what the painter draws, and no split leaks into another."""

import hashlib
import zipfile
from collections import Counter

import pytest
import torch

from course.vision.drawing import develop
from course.vision.evening import EVENING, evening
from course.vision.fruit import FRUITS, STALL, draw_stall, stall, turned

STALLS = pytest.mark.parametrize("collection", [STALL, EVENING], ids=["by day", "evening"])


@STALLS
def test_the_archive_holds_what_the_painter_draws(collection):
    archive = zipfile.ZipFile(collection.archive)
    for split, (seed, count) in collection.splits.items():
        for index in (0, 7, 59, count - 1):
            name = collection.file_name(split, index)
            files = [archive.read(name), collection.picture(seed, index)]
            kept, drawn = develop(files).float()
            # another libjpeg may round a pixel differently; another draw would differ by tens
            assert (kept - drawn).abs().mean() < 0.5, (
                f"{name} is not what seed {seed} draws: run the collection's write_archive()"
            )


@STALLS
def test_no_picture_is_there_twice(collection):
    with zipfile.ZipFile(collection.archive) as archive:
        files = [archive.read(name) for name in archive.namelist()]
    digests = Counter(hashlib.sha256(file).digest() for file in files)
    assert len(digests) == len(files) == sum(count for _, count in collection.splits.values())


def test_every_run_of_twenty_is_balanced():
    pictures = stall("validation", 40)
    assert pictures.images.shape == (40, 3, 64, 64)
    assert pictures.images.dtype == torch.uint8
    every_pair = {(fruit, rotten) for fruit in range(10) for rotten in range(2)}
    for run in (slice(0, 20), slice(20, 40)):
        labels = torch.stack([pictures.fruit[run], pictures.rotten[run]], dim=1)  # (20, 2)
        assert {tuple(pair) for pair in labels.tolist()} == every_pair


def test_a_folder_for_each_fruit():
    """torchvision's ImageFolder reads the archive, once unpacked."""
    with zipfile.ZipFile(STALL.archive) as archive:
        assert {name.split("/")[1] for name in archive.namelist()} == set(FRUITS)


def test_a_fresh_seed_gives_fresh_pictures():
    assert not torch.equal(draw_stall(99, 3).images, stall("train", 3).images)
    assert torch.equal(draw_stall(99, 3).images, draw_stall(99, 3).images)


def test_turning():
    images = stall("train", 4).images
    quarters = torch.tensor([0, 1, 2, 3])
    there = turned(images, quarters)
    assert torch.equal(there[0], images[0])
    assert not torch.equal(there[1], images[1])
    # counter-clockwise: the right column becomes the top row
    assert torch.equal(there[1][:, 0, 0], images[1][:, 0, -1])
    assert torch.equal(turned(there, (4 - quarters) % 4), images)


@pytest.mark.parametrize(
    ("split", "count", "message"),
    [
        ("tset", 5, "train, validation, test"),
        ("test", 0, "1 to 1000"),
        ("test", 1001, "1 to 1000"),
    ],
)
def test_what_a_stall_does_not_have(split, count, message):
    with pytest.raises(ValueError, match=message):
        stall(split, count)


def test_pictures_that_are_changed_do_not_stay_so():
    """The evening's pictures are read once, and each call gets copies."""
    evening("train", 3).images.zero_()
    assert evening("train", 3).images.any()
