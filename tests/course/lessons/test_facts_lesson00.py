"""What lesson 00 says about the images, the network and the machine, measured again."""

import re

import torch

from course.authoring.build import lessons, text_path
from course.checking import networks
from course.notebook.environment import REQUIREMENTS
from course.vision.backbones import load_backbone
from course.vision.fruit import FRUITS, stall
from tests.support.given_cells import printed


def test_five_lines_of_the_self_check():
    assert len(REQUIREMENTS) == 5


def test_ten_fruits_fresh_or_rotten_in_the_images_that_are_shown():
    images, fruit, rotten = (part[120:] for part in stall("train", 140))
    assert len(set(FRUITS)) == 10
    assert images.shape == (20, 3, 64, 64)
    assert images.dtype == torch.uint8
    shown = set(zip(fruit.tolist(), rotten.tolist(), strict=True))
    assert shown == {(kind, state) for kind in range(10) for state in (0, 1)}


def test_only_lesson_10_has_photos():
    with_photos = [name for name in lessons() if "PHOTOGRAPHS" in text_path(name).read_text()]
    assert with_photos == ["10-your-own-photographs"]


def test_the_network_has_a_thousand_classes_and_more_than_eleven_million_parameters():
    model, _ = load_backbone()
    assert model.fc.out_features == 1000
    assert sum(parameter.numel() for parameter in model.parameters()) > 11_000_000


def test_the_wrong_answer_counts_62_tensors():
    assert len(list(networks.build("resnet18").parameters())) == 62


def test_the_network_knows_its_species():
    """As the executed solution says; recognising 300 images takes seconds."""
    share = re.search(r"(\d+)% are right; guessing", printed("00-start-here"))
    assert int(share[1]) >= 90
