"""What lesson 02 and its quiz say of freezing, measured again."""

import copy
import warnings
from itertools import pairwise

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.lessons.lesson02.quiz import THAWED_LINES, WHICH_FREEZES

IMAGES, LABELS = networks.images("resnet18", 4), torch.arange(4)


@pytest.fixture
def model():
    """A ResNet-18 for four classes in eval mode, with quick made-up weights."""
    model = networks.build("resnet18")
    model.fc = nn.Linear(512, 4)
    return model.eval()


def backward(model):
    loss = F.cross_entropy(model(IMAGES), LABELS)
    loss.backward()


def moved(model, action):
    """Names of the parameters that `action` changes."""
    before = comparisons.snapshot(model.named_parameters())
    action()
    return set(comparisons.moved_since(model, before))


def test_trainable_counts_of_each_depth():
    with torch.device("meta"):
        model = torchvision.models.resnet18()
        model.fc = nn.ModuleList([nn.Linear(512, 6), nn.Linear(512, 2)])
    counts, norms = [], []  # trainable numbers and frozen BatchNorms, after each stage
    frozen_norms = 0
    for child in [nn.Identity(), *model.children()]:
        child.requires_grad_(False)
        frozen_norms += sum(isinstance(layer, nn.BatchNorm2d) for layer in child.modules())
        trainable = [p for p in model.parameters() if p.requires_grad]
        count = comparisons.numbers_in(trainable)
        if not counts or count not in (*counts, 0):
            counts.append(count)
            norms.append(frozen_norms)
    assert counts == [11_180_616, 11_171_208, 11_171_080, 11_023_112, 10_497_544, 8_397_832, 4_104]
    assert norms == [0, 0, 1, 5, 10, 15, 20]
    assert round(counts[4] / counts[0], 3) == 0.939


def test_the_quiz_knows_how_much_is_left(model):
    sizes = [comparisons.numbers_in(child.parameters()) for child in model.children()]
    beyond_layer2 = sum(sizes[6:]) / sum(sizes)
    beyond_layer3 = sum(sizes[7:]) / sum(sizes)
    assert round(beyond_layer2, 2) == 0.94
    assert round(beyond_layer3, 2) == 0.75
    for earlier, later in pairwise(sizes[4:8]):  # layer1 to layer4
        assert 3.4 < later / earlier < 4.1


def test_names_that_match_too_much():
    resnet = dict(networks.build("resnet18").named_parameters())
    assert len([name for name in resnet if "conv1" in name]) == 9
    mobilenet = dict(networks.build("mobilenet_v3_small").named_parameters())
    matching = [name for name in mobilenet if name.startswith("features.1")]
    assert {name.split(".")[1] for name in matching} == {"1", "10", "11", "12"}


def test_a_frozen_layer_lets_gradients_through(model):
    model.layer2.requires_grad_(False)
    backward(model)
    without = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is None}
    assert without == {"layer2"}


@pytest.mark.parametrize(
    "name",
    ["SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adamax", "Adadelta", "ASGD", "Rprop"],
)
def test_frozen_parameters_cost_an_optimizer_nothing(model, name):
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = getattr(torch.optim, name)(model.parameters(), lr=1e-4)
        backward(model)
        assert moved(model, optimizer.step) <= {"fc.weight", "fc.bias"}
    assert set(optimizer.state) <= set(model.fc.parameters())


def test_adagrad_pays_for_frozen_parameters(model):
    model.requires_grad_(False)
    assert len(torch.optim.Adagrad(model.parameters()).state) == 62


CASES = [  # optimizer, options, moves between backward and step, moves on zeros
    ("SGD", {}, True, False),
    ("SGD", {"momentum": 0.9}, True, True),
    ("SGD", {"weight_decay": 0.1}, True, True),
    ("AdamW", {}, True, True),
]


@pytest.mark.parametrize("name, options, late, on_zeros", CASES)
def test_what_moves_a_frozen_weight(model, name, options, late, on_zeros):
    expectations = {"late": late, "zeros": on_zeros, "none": False}
    for case, expected in expectations.items():
        net = copy.deepcopy(model)
        optimizer = getattr(torch.optim, name)(net.parameters(), lr=1e-4, **options)
        backward(net)
        optimizer.step()
        optimizer.zero_grad(set_to_none=case != "zeros")
        if case == "late":
            backward(net)
        net.conv1.requires_grad_(False)
        if case != "late":
            backward(net)
        assert ("conv1.weight" in moved(net, optimizer.step)) == expected, case


def test_a_scheduler_raises_a_rate_of_zero(model):
    group = {"params": model.conv1.parameters(), "lr": 0.0}
    optimizer = torch.optim.SGD([group], lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3, eta_min=1e-3)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] > 0


def test_a_parameter_named_twice(model):
    weight = model.fc.weight
    with pytest.warns(UserWarning, match="duplicate"):
        optimizer = torch.optim.SGD([weight, weight], lr=0.1)
    before = weight.detach().clone()
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    assert torch.allclose(before - weight, torch.full_like(weight, 0.2))
    with pytest.raises(ValueError, match="more than one parameter group"):
        torch.optim.SGD([{"params": [weight]}, {"params": [weight]}], lr=0.1)


def test_only_one_line_of_the_quiz_freezes(model):
    for option in WHICH_FREEZES.options:
        net = copy.deepcopy(model)
        try:
            exec(option.text.strip("`"), {"model": net})
        except AttributeError:
            assert "raises" in option.why
        frozen = not any(p.requires_grad for p in net.parameters())
        assert option.right == frozen


def test_unfrozen_is_not_yet_trained(model):
    space = {"model": model, "torch": torch}
    exec(THAWED_LINES.removeprefix("```python\n").removesuffix("\n```"), space)
    backward(model)
    assert model.layer4[0].conv1.weight.grad is not None
    assert moved(model, space["optimizer"].step) == {"fc.weight", "fc.bias"}
