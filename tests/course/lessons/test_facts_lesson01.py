"""What lesson 01 says about heads, features and the choice of settings, measured again."""

import re
from functools import partial

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course.checking import networks
from course.checking.misconception import Misconception
from course.lessons.lesson01 import checks
from course.lessons.lesson01.fixtures import fruit_features
from course.paths import ANSWERS
from course.vision import backbones, fruit
from course.vision.backbones import IMAGENET_MEAN, IMAGENET_STD, load_backbone
from tests.support.given_cells import draw_nothing, given_cells, printed

LESSON = "01-replace-the-head"
RIGHT = ANSWERS / LESSON / "right"
SHORTER = {
    "epochs=3": "epochs=1",
    "range(10)": "range(1)",
    "range(3)": "range(1)",
    "range(2)": "range(1)",
}


def fit(features, labels, seed=0):
    """The lesson's own training of a head."""
    torch.manual_seed(seed)
    head = nn.Linear(features.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(40):
        for batch in torch.randperm(len(features)).split(20):
            optimizer.zero_grad()
            F.cross_entropy(head(features[batch]), labels[batch]).backward()
            optimizer.step()
    return head


def accuracy(model, inputs, labels):
    with torch.no_grad():
        return (model(inputs).argmax(1) == labels).float().mean().item()


# --- the given cells


@pytest.fixture
def small(monkeypatch):
    """Ten images per split, and no plots."""
    real = fruit.stall
    monkeypatch.setattr(fruit, "stall", lambda split, count: real(split, min(count, 10)))
    draw_nothing(monkeypatch, "images", "bars")


def run_given_cells(namespace):
    for cell in given_cells(LESSON, SHORTER, without=["look_around"]):
        exec(cell.source, namespace)


@pytest.fixture
def lesson(small):
    """The names that the lesson's cells define."""
    namespace = {"__name__": "__main__"}
    run_given_cells(namespace)
    return namespace


def cell_with(text):
    return next(cell.source for cell in given_cells(LESSON, SHORTER) if text in cell.source)


def test_the_given_cells_run_with_a_resnet50(small, monkeypatch):
    """Untrained, because its weights would have to be downloaded."""
    _, preprocess = load_backbone()
    wide = partial(networks.build, "resnet50")
    monkeypatch.setattr(backbones, "load_backbone", lambda *_, **__: (wide().eval(), preprocess))
    namespace = {"__name__": "__main__"}
    run_given_cells(namespace)
    features = namespace["frozen_features"](namespace["backbone"], torch.zeros(1, 3, 64, 64))
    assert features.shape == (1, 2048)


def test_after_each_right_answer_the_later_cells_run(lesson):
    """A full batch of features, as in one of these answers, is what inference mode would break."""
    answers = [RIGHT / "train-head" / "one-logit-for-two-classes.py"]
    answers += sorted((RIGHT / "frozen-features").glob("*.py"))
    for path in answers:
        exec(path.read_text(), lesson)
        exec(cell_with("def head_accuracies"), lesson)
    for path in sorted((RIGHT / "prepare").glob("*.py")):
        exec(path.read_text(), lesson)
        exec(cell_with("def layer4_too"), lesson)


def test_a_prepare_that_freezes_nothing_is_named_where_layer4_trains(lesson):
    """The optimizer would say that parameters are in two groups, and not why."""
    exec((ANSWERS / LESSON / "wrong" / "prepare" / "freezes-nothing.py").read_text(), lesson)
    with pytest.raises(AssertionError, match=r"prepare .* does not freeze layer4"):
        exec(cell_with("def layer4_too"), lesson)


# --- the numbers


def test_the_first_attempt_memorises_the_training_images():
    found = re.search(r"training (\d+)%, validation (\d+)%", printed(LESSON))
    training, validation = found.groups()
    assert int(training) >= 90  # seeds 0 to 3: 91 to 99
    assert 35 <= int(validation) < 60


def test_a_pretrained_backbone_is_better_than_a_random_one():
    (features, train), (unseen, validation) = fruit_features()
    assert accuracy(fit(features, train.fruit), unseen, validation.fruit) > 0.9
    torch.manual_seed(0)
    random = torchvision.models.resnet18()
    random.fc = nn.Identity()
    random.eval()
    _, preprocess = load_backbone()
    with torch.no_grad():
        features = random(preprocess(train.images))
        unseen = random(preprocess(validation.images))
    assert accuracy(fit(features, train.fruit), unseen, validation.fruit) < 0.5


def test_training_layer4_too_hardly_helps():
    """With one epoch fewer than the lesson, to save time."""
    (features, train), (unseen, validation) = fruit_features()
    head_only = accuracy(fit(features, train.fruit), unseen, validation.fruit)
    model, preprocess = load_backbone()
    before = nn.Sequential(*list(model.children())[:-3])  # up to layer3
    after = nn.Sequential(model.layer4, model.avgpool, nn.Flatten(), nn.Linear(512, 10))
    with torch.no_grad():
        maps = before(preprocess(train.images))  # (200, 256, 4, 4)
        unseen_maps = before(preprocess(validation.images))
    after.eval()
    groups = [
        {"params": after[3].parameters(), "lr": 3e-3},
        {"params": after[0].parameters(), "lr": 3e-4},
    ]
    optimizer = torch.optim.AdamW(groups)
    torch.manual_seed(0)
    for _ in range(4):
        for batch in torch.randperm(len(maps)).split(20):
            optimizer.zero_grad()
            F.cross_entropy(after(maps[batch]), train.fruit[batch]).backward()
            optimizer.step()
    assert abs(accuracy(after, unseen_maps, validation.fruit) - head_only) <= 0.04


def test_a_new_head_removes_4_3_percent_of_a_resnet18():
    old = sum(p.numel() for p in torchvision.models.resnet18().parameters())
    new = sum(p.numel() for p in torchvision.models.resnet18(num_classes=10).parameters())
    assert 100 * (old - new) / old == pytest.approx(4.3447, abs=1e-4)


def test_most_imagenet_weights_expect_the_same_normalisation():
    same = []
    for name in torchvision.models.list_models(module=torchvision.models):
        transforms = torchvision.models.get_model_weights(name).DEFAULT.transforms()
        same.append(
            tuple(transforms.mean) == IMAGENET_MEAN and tuple(transforms.std) == IMAGENET_STD
        )
    assert sum(same) / len(same) > 0.8
    assert not all(same)


# --- what freezing, modes and the order of steps do


def test_a_new_layer_requires_gradients_and_a_frozen_parameter_is_skipped():
    frozen = nn.Linear(3, 2).requires_grad_(False)
    head = nn.Linear(2, 2)
    assert all(parameter.requires_grad for parameter in head.parameters())
    optimizer = torch.optim.AdamW([*frozen.parameters(), *head.parameters()], lr=0.1)
    before = frozen.weight.clone()
    head(frozen(torch.randn(4, 3))).sum().backward()
    optimizer.step()
    assert frozen.weight.grad is None
    assert torch.equal(frozen.weight, before)


def test_the_order_of_the_three_steps():
    model = networks.build("resnet18")
    optimizer = torch.optim.AdamW(model.fc.parameters())
    model.fc = nn.Linear(512, 10)
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    assert not any(id(parameter) in held for parameter in model.parameters())
    model.requires_grad_(False)
    assert not model.fc.weight.requires_grad


def test_only_train_mode_changes_the_running_statistics():
    layer = nn.BatchNorm2d(3)
    assert {name for name, _ in layer.named_parameters()} == {"weight", "bias"}
    assert "running_mean" in dict(layer.named_buffers())
    images = torch.randn(4, 3, 8, 8) + 1
    layer.eval()(images)
    assert torch.equal(layer.running_mean, torch.zeros(3))
    layer.train()(images)
    assert not torch.equal(layer.running_mean, torch.zeros(3))


def test_a_flipped_or_cropped_image_has_other_features_and_the_same_image_the_same():
    model = networks.build("narrow resnet18").eval()
    model.fc = nn.Identity()
    images = networks.images("narrow resnet18", 4)
    cropped = F.interpolate(images[..., 4:60, 4:60], size=64)
    with torch.no_grad():
        features, again = model(images), model(images)
        assert torch.equal(features, again)
        for augmented in (images.flip(-1), cropped):
            assert (model(augmented) - features).norm() > 0.01 * features.norm()


def test_tensors_from_inference_mode_must_be_cloned():
    with torch.inference_mode():
        features = torch.randn(4, 3)
    head = nn.Linear(3, 2)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        head(features)
    head(features.clone()).sum().backward()
    assert head.weight.grad is not None


# --- the checks at their boundaries


class Planted(nn.Module):
    """A head that is right about exactly the first `right` validation images."""

    def __init__(self, right):
        super().__init__()
        _, (self.unseen, validation) = fruit_features()
        wrong = (validation.fruit + 1) % 10
        self.predicted = torch.where(torch.arange(200) < right, validation.fruit, wrong)

    def forward(self, features):
        nearest = torch.cdist(features, self.unseen).argmin(1)
        return 200.0 * F.one_hot(self.predicted[nearest], 10) - 100


def planted_answer(right, features, labels):
    return Planted(right) if features.shape[1] == 512 else nn.Linear(features.shape[1], 3)


def test_exactly_70_percent_passes():
    checks.train_head(partial(planted_answer, 140))


def test_one_image_less_fails():
    with pytest.raises(Misconception, match="139 of 200 validation images"):
        checks.train_head(partial(planted_answer, 139))


@pytest.mark.parametrize("word", ["in_feature", "out_feature"])
def test_a_misspelt_attribute_is_the_learners_own_error(word):
    def fruit_head(model, n):
        model.fc = nn.Linear(getattr(model.fc, word), n)
        return model

    with pytest.raises(AttributeError, match=word):
        checks.fruit_head(fruit_head)


def test_a_learning_rate_that_is_not_in_a_table_is_the_learners_own_error():
    def choose(learning_rates, fit, validation, test):
        return {1e-4: 1e-2}[learning_rates[2]], 0.6

    with pytest.raises(KeyError):
        checks.choose_learning_rate(choose)
