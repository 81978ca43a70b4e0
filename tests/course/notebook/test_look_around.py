"""The widgets of lessons 01 and 06: what they say is true, and a table is there without them."""

import re

import pytest
import torch

from course.notebook import look_around


@pytest.fixture
def shown(monkeypatch):
    """A function that shows something and returns (its widgets, what it displays)."""

    def show(something, *arguments):
        boxes, bundles = [], []
        monkeypatch.setattr(look_around, "VBox", lambda children: boxes.append(children) or Box())
        monkeypatch.setattr(look_around, "display", lambda bundle, raw: bundles.append(bundle))
        something(*arguments)
        return boxes[0], bundles

    return show


class Box:
    model_id = "some-id"

    def add_class(self, name):
        pass


def test_choosing_changes_the_answer(shown):
    (name, width, answer), _ = shown(look_around.look_around)
    assert "no effect" in answer.value  # densenet121 has no fc
    assert "model.classifier" in answer.value
    name.value = "resnet18"
    assert "shape error" in answer.value
    assert "512 features arrive" in answer.value
    width.value = 512
    assert "10 logits come out" in answer.value
    assert "Linear(512, 10)" in answer.value
    name.value = "vgg16"
    lines = re.sub(r"<[^>]*>", "", answer.value).splitlines()
    head = next(line.strip() for line in lines if "← the head" in line)
    assert head.startswith("6: Linear(in_features=4096")


def test_the_table_says_it_without_a_widget(shown):
    _, (live, text) = shown(look_around.look_around)
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == "some-id"
    for row in (
        "resnet18  model.fc  512  ✗ shape error",
        "googlenet  model.fc  1024  ✓ works",
        "vgg16  model.classifier[6]  4096",
    ):
        assert row in text["text/plain"]
    assert text["text/html"].count("<tr>") == 1 + len(look_around.EXAMPLES)


def test_moving_the_threshold_counts_again(shown):
    probabilities = torch.tensor([0.05, 0.4, 0.5, 0.6, 0.95])
    labels = torch.tensor([0, 1, 0, 0, 1])
    (number, answer), (_, text) = shown(look_around.thresholds, probabilities, labels)
    assert "1 found</td><td>1 missed" in answer.value
    assert "2 false alarms</td><td>1 kept" in answer.value  # 0.5 is flagged at 0.5
    assert "precision 0.33, recall 0.50, accuracy 0.40" in answer.value
    number.value = 0.7
    assert "precision 1.00, recall 0.50, accuracy 0.80" in answer.value
    number.value = 1.0
    assert "nothing is flagged" in answer.value
    assert "recall 0.00" in answer.value
    assert "0.3  2  0  2  1" in text["text/plain"]
    assert text["text/html"].count("<tr>") == 1 + len(look_around.EXAMPLE_THRESHOLDS)
