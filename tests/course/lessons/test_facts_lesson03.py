"""What lesson 03 and its quiz say about BatchNorm, measured again."""

import copy
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from course.checking import comparisons
from course.lessons.lesson03.fixtures import (
    backbone_with_statistics,
    gap_beyond_rounding,
    snapshot_of,
)
from course.lessons.lesson03.quiz import WHICH_LOOP
from course.vision.backbones import load_backbone
from course.vision.fruit import stall, turned

IMAGES = torch.randn(4, 3, 48, 48, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def model():
    """The checks' ResNet-18 backbone: 20 BatchNorms with statistics of their own, in train mode."""
    torch.manual_seed(0)
    return backbone_with_statistics("resnet18")


def batchnorms_of(model: nn.Module) -> list[_BatchNorm]:
    return [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]


def moved_by(model: nn.Module, action: Callable[[], object]) -> list[str]:
    """The names of the tensors that `action` moves."""
    before = snapshot_of(model)
    action()
    return comparisons.moved_since(model, before)


def moved_by_forward(model: nn.Module) -> list[str]:
    return moved_by(model, lambda: model(IMAGES))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_a_forward_in_train_mode_moves_sixty_buffers_and_no_parameter(model, mode):
    model.requires_grad_(False)
    with mode():
        moved = moved_by_forward(model)
    assert len(moved) == 60
    parameters = {name for name, _ in model.named_parameters()}
    assert parameters.isdisjoint(moved)
    kinds = {name.split(".")[-1] for name in moved}
    assert kinds == {"running_mean", "running_var", "num_batches_tracked"}


@pytest.mark.parametrize("momentum, count", [(1.0, 60), (None, 60), (0.1, 60), (0.0, 20)])
def test_momentum(model, momentum, count):
    layers = batchnorms_of(model)
    assert len(layers) == 20
    for layer in layers:
        layer.momentum = momentum
    first = layers[0]
    old = first.running_mean.clone()
    assert len(moved_by_forward(model)) == count
    if momentum is not None:
        activations = F.conv2d(IMAGES, model.conv1.weight, stride=2, padding=3)
        batch = activations.mean((0, 2, 3))  # (64,)
        expected = (1 - momentum) * old + momentum * batch
        assert torch.allclose(first.running_mean, expected, atol=1e-4)


def test_what_shields_and_what_does_not(model):
    for buffer in model.buffers():
        buffer.requires_grad_(False)
    assert len(moved_by_forward(model)) == 60
    model.eval().train()
    assert len(moved_by_forward(model)) == 60
    model.eval()
    assert not moved_by_forward(model)


def test_eval_trains_gamma_and_beta(model):
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        model(IMAGES).square().mean().backward()
        optimizer.step()

    moved = moved_by(model, step)
    assert {"bn1.weight", "bn1.bias"} <= set(moved)
    assert not [name for name in moved if "running" in name]


@pytest.mark.parametrize("setting", [{"momentum": 0.0}, {"track_running_stats": False}])
def test_statistics_that_are_kept_but_not_used(model, setting):
    expected = copy.deepcopy(model).eval()(IMAGES)
    for layer in batchnorms_of(model):
        vars(layer).update(setting)
    assert gap_beyond_rounding(model(IMAGES), expected)
    assert not gap_beyond_rounding(model.eval()(IMAGES), expected)


def test_one_base_class_for_all_kinds():
    for kind in (
        nn.BatchNorm1d,
        nn.BatchNorm2d,
        nn.BatchNorm3d,
        nn.SyncBatchNorm,
        nn.LazyBatchNorm2d,
    ):
        assert issubclass(kind, _BatchNorm)
    assert not issubclass(nn.BatchNorm1d, nn.BatchNorm2d)


def test_frozen_batchnorm(model):
    """A ResNet-18 with two heads has 124 keys, and 104 with FrozenBatchNorm2d, which does not count
    batches. The answers agree.
    """
    frozen = torchvision.models.resnet18(norm_layer=torchvision.ops.FrozenBatchNorm2d)
    frozen.fc = nn.Identity()
    state = {}
    for name, tensor in model.state_dict().items():
        if "num_batches" not in name:
            state[name] = tensor
    frozen.load_state_dict(state)
    keys_of_heads = 4
    assert len(model.state_dict()) + keys_of_heads == 124
    assert len(frozen.state_dict()) + keys_of_heads == 104
    assert not gap_beyond_rounding(frozen.train()(IMAGES), model.eval()(IMAGES))
    assert not moved_by_forward(frozen)
    assert not list(torchvision.ops.FrozenBatchNorm2d(3).parameters())


def test_dropout_and_stochastic_depth_stay_random():
    torch.manual_seed(0)
    net = torchvision.models.efficientnet_b0().requires_grad_(False).train()
    for layer in batchnorms_of(net):
        layer.eval()
    with torch.no_grad():
        once = net(IMAGES[:1])
        again = net(IMAGES[:1])
    assert (once - again).norm() > 0.05 * once.norm()
    kinds = {type(layer).__name__ for layer in net.modules()}
    assert {"Dropout", "StochasticDepth"} <= kinds


class Fruit(NamedTuple):
    """The bundled backbone without its head, and fruit with its features."""

    backbone: nn.Module
    preprocess: Callable
    train_images: torch.Tensor  # (600, 3, S, S), uint8
    train_labels: torch.Tensor  # (600,)
    train_features: torch.Tensor  # (600, 512)
    validation_images: torch.Tensor  # (300, 3, S, S), uint8
    validation_labels: torch.Tensor  # (300,)
    validation_features: torch.Tensor  # (300, 512)


@pytest.fixture(scope="module")
def fruit():
    backbone, preprocess = load_backbone()
    backbone.fc = nn.Identity()
    train = stall("train", 600)
    validation = stall("validation", 300)
    with torch.no_grad():
        return Fruit(
            backbone=backbone,
            preprocess=preprocess,
            train_images=train.images,
            train_labels=train.fruit,
            train_features=backbone(preprocess(train.images)),
            validation_images=validation.images,
            validation_labels=validation.fruit,
            validation_features=backbone(preprocess(validation.images)),
        )


def fit_head(features: torch.Tensor, labels: torch.Tensor) -> nn.Linear:
    """A fruit head trained as the lesson's `fit` does, on features (N, 512)."""
    head = nn.Linear(512, 10)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(30):
        for batch in torch.randperm(len(features)).split(20):
            optimizer.zero_grad()
            F.cross_entropy(head(features[batch]), labels[batch]).backward()
            optimizer.step()
    return head


@pytest.mark.parametrize("seed", range(2))
def test_the_trap_costs_at_least_four_points(seed, fruit):
    """Two epochs of turned pictures in train mode, whatever head is trained on them.

    Measured: the old head loses 7.0 to 11.0 points on 300 pictures, ten seeds x {1, 2} threads.
    """
    torch.manual_seed(seed)
    few, others = torch.randperm(600).split(300)
    head = fit_head(fruit.train_features[few], fruit.train_labels[few])
    drifted = copy.deepcopy(fruit.backbone).train()
    quarters = torch.randint(4, (300,))
    photos = fruit.preprocess(turned(fruit.train_images[others], quarters))
    with torch.no_grad():
        for _ in range(2):
            for batch in torch.randperm(300).split(16):
                drifted(photos[batch])
        drifted_features = drifted.eval()(fruit.preprocess(fruit.validation_images))

    def accuracy(features):
        return (head(features).argmax(1) == fruit.validation_labels).float().mean()

    assert accuracy(fruit.validation_features) - accuracy(drifted_features) >= 0.04
    for new, old in zip(drifted.parameters(), fruit.backbone.parameters(), strict=True):
        assert torch.equal(new, old)


@pytest.mark.parametrize("option", WHICH_LOOP.options, ids="ABCD")
def test_the_loops_of_the_quiz(model, option):
    """The right loop, and only it, leaves the backbone alone and the head's Dropout at work."""
    tried = nn.Module()
    tried.backbone = model
    tried.head = nn.Dropout()
    at_work = []

    def train_one_epoch(tried):
        tried.backbone(IMAGES)
        at_work.append(tried.head.training)

    names = {
        "model": tried,
        "train_one_epoch": train_one_epoch,
        "accuracy": lambda tried: tried.backbone(IMAGES).mean(),
        "print": lambda *_: None,
    }
    loop = option.text.removeprefix("```python\n").removesuffix("\n```")
    moved = moved_by(tried, lambda: exec(loop, names))
    assert option.right == (not moved and all(at_work))
