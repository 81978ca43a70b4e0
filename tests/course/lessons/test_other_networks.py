"""Lessons whose given cells also run with a ResNet-50, as lesson 00 says of them.

Lessons 01, 02, 05 and 06 have such a test among their facts.
"""

import copy

import pytest
import torchvision
from torchvision.models.resnet import Bottleneck

from course.vision import backbones
from tests.support.given_cells import draw_nothing, given_cells

SHORTER = {"range(2)": "range(1)", "range(10)": "range(1)", "epochs=30": "epochs=1"}


@pytest.mark.parametrize("lesson", ["03-batchnorm-trap", "07-honest-scores", "09-adapt-gently"])
def test_the_given_cells_run_with_a_resnet50(lesson, monkeypatch):
    # a resnet50 with one block in each stage, which is quicker and has the same widths
    made = torchvision.models.ResNet(Bottleneck, [1, 1, 1, 1]).eval()

    def untrained():
        return copy.deepcopy(made), lambda images: images[..., ::4, ::4] / 255

    monkeypatch.setattr(backbones, "load_backbone", untrained)
    draw_nothing(monkeypatch, "images", "bars", "before_after", "curves", "freeze_map")
    space = {"__name__": "__main__"}
    for cell in given_cells(lesson, SHORTER):
        exec(cell.source, space)
    assert untrained()[0].fc.in_features == 2048
