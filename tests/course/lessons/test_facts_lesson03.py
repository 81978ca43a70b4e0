"""What lesson 03 says of BatchNorm, measured again."""

import copy

import pytest
import torch
import torchvision
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from course.checking import comparisons
from course.lessons.lesson03.checks import differs, everything, seasoned
from course.lessons.lesson03.quiz import WHICH_LOOP
from course.vision.backbones import load_backbone
from course.vision.fruit import stall, turned


@pytest.fixture
def model():
    """A ResNet-18 backbone as it comes out of the check's kitchen: 20 BatchNorms with statistics of their own, in train mode."""
    torch.manual_seed(0)
    return seasoned("resnet18")


IMAGES = torch.randn(4, 3, 48, 48, generator=torch.Generator().manual_seed(0))


def moved_by(model, action=None):
    before = everything(model)
    (action or (lambda: model(IMAGES)))()
    return comparisons.moved_since(model, before)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_a_forward_in_train_mode_moves_sixty_buffers_and_no_parameter(model, mode):
    model.requires_grad_(False)
    with mode():
        moved = moved_by(model)
    assert len(moved) == 60 and not {name for name, _ in model.named_parameters()} & set(moved)
    assert {name.split(".")[-1] for name in moved} == {
        "running_mean",
        "running_var",
        "num_batches_tracked",
    }


@pytest.mark.parametrize("momentum, count", [(1.0, 60), (None, 60), (0.1, 60), (0.0, 20)])
def test_momentum(model, momentum, count):
    layers = [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]
    for layer in layers:
        layer.momentum = momentum
    old = layers[0].running_mean.clone()
    moved = moved_by(model)
    assert len(layers) == 20 and len(moved) == count
    batch = nn.functional.conv2d(IMAGES, model.conv1.weight, stride=2, padding=3).mean((0, 2, 3))
    if momentum is not None:
        assert torch.allclose(
            layers[0].running_mean, (1 - momentum) * old + momentum * batch, atol=1e-4
        )


def test_what_shields_and_what_does_not(model):
    for buffer in model.buffers():
        buffer.requires_grad_(False)
    assert len(moved_by(model)) == 60
    assert len(moved_by(model.eval().train())) == 60
    assert not moved_by(model.eval())


def test_eval_trains_gamma_and_beta(model):
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        model(IMAGES).square().mean().backward()
        optimizer.step()

    moved = moved_by(model, step)
    assert {"bn1.weight", "bn1.bias"} <= set(moved) and not [
        name for name in moved if "running" in name
    ]


@pytest.mark.parametrize("setting", [{"momentum": 0.0}, {"track_running_stats": False}])
def test_statistics_that_are_kept_but_not_used(model, setting):
    expected = copy.deepcopy(model).eval()(IMAGES)
    for layer in model.modules():
        if isinstance(layer, _BatchNorm):
            vars(layer).update(setting)
    assert differs(model(IMAGES), expected)
    assert not differs(model.eval()(IMAGES), expected)


def test_one_base_class_for_all_kinds():
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, nn.LazyBatchNorm2d)
    assert all(issubclass(kind, _BatchNorm) for kind in kinds) and not issubclass(
        nn.BatchNorm1d, nn.BatchNorm2d
    )


def test_frozen_batchnorm(model):
    """Two heads on a ResNet-18: 124 keys, and 104 with FrozenBatchNorm2d, which does not count batches; the answers agree."""
    frozen = torchvision.models.resnet18(norm_layer=torchvision.ops.FrozenBatchNorm2d)
    frozen.fc = nn.Identity()
    frozen.load_state_dict(
        {name: t for name, t in model.state_dict().items() if "num_batches" not in name}
    )
    assert len(model.state_dict()) + 4 == 124 and len(frozen.state_dict()) + 4 == 104
    assert not differs(frozen.train()(IMAGES), model.eval()(IMAGES)) and not moved_by(frozen)
    assert not list(torchvision.ops.FrozenBatchNorm2d(3).parameters())


def test_dropout_and_stochastic_depth_stay_random():
    torch.manual_seed(0)
    net = torchvision.models.efficientnet_b0().requires_grad_(False).train()
    for layer in net.modules():
        if isinstance(layer, _BatchNorm):
            layer.eval()
    with torch.no_grad():
        once, again = net(IMAGES[:1]), net(IMAGES[:1])
    assert (once - again).norm() > 0.05 * once.norm()
    kinds = {type(layer).__name__ for layer in net.modules()}
    assert {"Dropout", "StochasticDepth"} <= kinds


@pytest.mark.parametrize("seed", range(2))
def test_the_trap_costs_at_least_four_points(seed, fruit):
    """Two epochs of turned pictures in train mode, whatever head is trained on them. Measured: 7.0 to 11.0 points on 300 pictures,
    ten seeds x {1, 2} threads."""
    backbone, preprocess, train, validation, features, unseen = fruit
    torch.manual_seed(seed)
    few, others = torch.randperm(600).split(300)
    head = nn.Linear(512, 10)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(30):
        for batch in torch.randperm(300).split(20):
            optimizer.zero_grad()
            nn.functional.cross_entropy(
                head(features[few][batch]), train.fruit[few][batch]
            ).backward()
            optimizer.step()
    moved = copy.deepcopy(backbone).train()
    photos = preprocess(turned(train.images[others], torch.randint(4, (300,))))
    with torch.no_grad():
        for _ in range(2):
            for batch in torch.randperm(300).split(16):
                moved(photos[batch])
        now = moved.eval()(preprocess(validation.images))
        before, after = (
            (head(z).argmax(1) == validation.fruit).float().mean() for z in (unseen, now)
        )
    assert before - after >= 0.04
    assert all(
        torch.equal(p, q) for p, q in zip(moved.parameters(), backbone.parameters(), strict=True)
    )


@pytest.fixture(scope="module")
def fruit():
    """The bundled backbone without head, and fruit with its features."""
    backbone, preprocess = load_backbone()
    backbone.fc = nn.Identity()
    train, validation = stall("train", 600), stall("validation", 300)
    with torch.no_grad():
        return (
            backbone,
            preprocess,
            train,
            validation,
            *(backbone(preprocess(p.images)) for p in (train, validation)),
        )


def test_the_loops_of_the_quiz(model):
    for option in WHICH_LOOP.options:
        tried = nn.Module()
        tried.backbone, tried.head = copy.deepcopy(model), nn.Dropout()
        at_work = []

        def train_one_epoch(tried, at_work=at_work):
            tried.backbone(IMAGES)
            at_work.append(tried.head.training)

        names = {
            "model": tried,
            "train_one_epoch": train_one_epoch,
            "accuracy": lambda tried: tried.backbone(IMAGES).mean(),
            "print": lambda *_: None,
        }
        moved = moved_by(
            tried,
            lambda text=option.text, names=names: exec(
                text.removeprefix("```python\n").removesuffix("\n```"), names
            ),
        )
        assert option.right == (not moved and all(at_work))
