"""The model chooser of lesson 01: what it says is asked of the real module, and the table stands in where no widget runs."""
import re

import pytest

from course import look_around


@pytest.fixture
def shown(monkeypatch):
    boxes, bundles = [], []
    monkeypatch.setattr(look_around, "VBox", lambda children: boxes.append(children) or Box())
    monkeypatch.setattr(look_around, "display", lambda bundle, raw: bundles.append(bundle))
    look_around.look_around()
    return boxes[0], bundles


class Box:
    model_id = "some-id"

    def add_class(self, name):
        pass


def test_choosing_changes_the_answer(shown):
    (name, width, answer), _ = shown
    assert "no effect" in answer.value and "model.classifier" in answer.value  # densenet121 has no fc
    name.value = "resnet18"
    assert "shape error" in answer.value and "reads 512 features" in answer.value
    width.value = 512
    assert "10 logits come out" in answer.value and "Linear(512, 10)" in answer.value
    name.value = "vgg16"
    lines = re.sub(r"<[^>]*>", "", answer.value).splitlines()
    assert next(line.strip() for line in lines if "← the head" in line).startswith("6: Linear(in_features=4096")


def test_the_table_says_it_without_a_widget(shown):
    _, (live, text) = shown
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == "some-id"
    for row in ("resnet18  model.fc  512  ✗ shape error", "googlenet  model.fc  1024  ✓ works", "vgg16  model.classifier[6]  4096"):
        assert row in text["text/plain"]
    assert text["text/html"].count("<tr>") == 1 + len(look_around.EXAMPLES)
