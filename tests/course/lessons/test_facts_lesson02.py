"""What lesson 02 and its quiz say of freezing, measured again."""

import copy
import re
import warnings
from itertools import pairwise

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import Bottleneck

from course.checking import comparisons, networks
from course.lessons.lesson02.quiz import THAWED_LINES, WHICH_FREEZES
from course.vision import backbones
from tests.support.given_cells import draw_nothing, given_cells, printed

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


def test_the_task_decides_how_many_stages_to_train_and_not_the_number_of_images():
    """The rotation gains by more of them, with 200 images and with 40, and the fruit does not."""
    found = re.findall(r"(\d+) images, frozen up to (\w+): (\d+)%", printed("02-freeze"))
    assert [int(count) for count, _, _ in found] == [200] * 4 + [40] * 4
    assert [stage for _, stage, _ in found[4:]] == ["layer4", "layer1"] * 2
    right = [int(percentage) for *_, percentage in found]
    many, few, fruit = right[:4], right[4:6], right[6:]
    assert many == sorted(many)
    assert many[-1] > many[0] + 10
    assert few[1] > few[0] + 10
    assert fruit[1] <= fruit[0]


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


def test_a_parameter_frozen_after_a_step_keeps_its_averages(model):
    optimizer = torch.optim.AdamW(model.parameters())
    backward(model)
    optimizer.step()
    model.conv1.requires_grad_(False)
    optimizer.zero_grad()
    backward(model)
    optimizer.step()
    assert optimizer.state[model.conv1.weight]["exp_avg"].any()


def kept_for_backward(model):
    """How many numbers a forward keeps for the backward, without the parameters."""
    parameters = {p.data_ptr() for p in model.parameters()}
    kept = {}

    def note(tensor):
        if tensor.data_ptr() not in parameters:
            kept[tensor.data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = F.cross_entropy(model(IMAGES), LABELS)
    del loss
    return sum(kept.values())


def test_freezing_the_beginning_saves_most_activations(model):
    everything = kept_for_backward(model)
    shares = []
    for stages in (["conv1", "bn1", "layer1"], ["layer2"], ["layer3", "layer4"]):
        for stage in stages:
            model.get_submodule(stage).requires_grad_(False)
        shares.append(kept_for_backward(model) / everything)
    assert shares[0] < 0.5
    assert shares[1] < 0.25
    assert shares[2] < 0.01


def test_three_lines_that_freeze_nothing(model):
    model.requires_grad_  # noqa: B018 - without brackets, as in the lesson
    model.requires_grad = False
    with torch.no_grad():
        made = nn.Linear(2, 2)
    assert all(p.requires_grad for p in (*model.parameters(), *made.parameters()))
    model.requires_grad_(False).requires_grad_()
    assert all(p.requires_grad for p in model.parameters())


def test_no_grad_around_a_layer_cuts_off_what_is_before_it(model):
    model.layer2.forward = torch.no_grad()(model.layer2.forward)
    backward(model)
    without = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is None}
    assert without == {"conv1", "bn1", "layer1", "layer2"}


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


SCHEDULERS = {
    "LambdaLR": {"lr_lambda": lambda epoch: 0.9**epoch},
    "MultiplicativeLR": {"lr_lambda": lambda epoch: 0.9},
    "StepLR": {"step_size": 1},
    "MultiStepLR": {"milestones": [1]},
    "ConstantLR": {"total_iters": 2},
    "LinearLR": {"total_iters": 3},
    "ExponentialLR": {"gamma": 0.9},
    "PolynomialLR": {"total_iters": 4},
    "CosineAnnealingLR": {"T_max": 4},
    "CosineAnnealingWarmRestarts": {"T_0": 4},
    "OneCycleLR": {"max_lr": 0.1, "total_steps": 8},
    "CyclicLR": {"base_lr": 1e-3, "max_lr": 1e-2},
    "ReduceLROnPlateau": {"patience": 0},
}
WITH_MINIMUM = [(name, {"eta_min": 1e-3}) for name in SCHEDULERS if name.startswith("Cosine")]
UNCHANGED = [(name, {}) for name in SCHEDULERS]


def scheduler_of(optimizer, name, more):
    """A scheduler, and its step with what it needs."""
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **SCHEDULERS[name], **more)
    arguments = [torch.inf] if name == "ReduceLROnPlateau" else []  # the loss: no improvement
    return lambda: scheduler.step(*arguments)


@pytest.mark.parametrize("name, more", [*UNCHANGED, *WITH_MINIMUM])
def test_which_schedulers_raise_a_learning_rate_of_zero(name, more):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(2))], lr=0.0, momentum=0.9)
    step = scheduler_of(optimizer, name, more)
    highest = 0.0
    for _ in range(3):
        optimizer.step()
        step()
        highest = max(highest, optimizer.param_groups[0]["lr"])
    assert (highest > 0) == (name in ("OneCycleLR", "CyclicLR") or bool(more))


@pytest.mark.parametrize("more_of_group", [{}, {"initial_lr": 1e-4}])
@pytest.mark.parametrize(
    "name, more, error",
    [
        ("LambdaLR", {}, ValueError),
        ("OneCycleLR", {}, KeyError),
        ("ReduceLROnPlateau", {"min_lr": [1e-5]}, RuntimeError),
        ("ReduceLROnPlateau", {}, None),
        ("CosineAnnealingLR", {}, None),
    ],
)
def test_a_scheduler_after_a_group_was_added(name, more, error, more_of_group):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(2))], lr=1e-2, momentum=0.9)
    step = scheduler_of(optimizer, name, more)
    optimizer.add_param_group(
        {"params": [nn.Parameter(torch.ones(2))], "lr": 1e-4, **more_of_group}
    )
    optimizer.step()
    if error:
        with pytest.raises(error):
            step()
    else:
        step()
    scheduler_of(optimizer, name, more if name != "ReduceLROnPlateau" else {})()  # a new one works


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
    """The gradients of an earlier training are still there, as the question allows."""
    for option in WHICH_FREEZES.options:
        net = copy.deepcopy(model)
        both = nn.Sequential(net, nn.Linear(4, 4))
        optimizer = torch.optim.AdamW(both.parameters())
        backward(both)
        try:
            exec(option.text.strip("`"), {"model": net})
        except AttributeError:
            assert "raises" in option.why
        optimizer.zero_grad()
        backward(both)
        assert option.right == (not moved(net, optimizer.step))


def test_unfrozen_is_not_yet_trained(model):
    space = {"model": model, "torch": torch}
    exec(THAWED_LINES.removeprefix("```python\n").removesuffix("\n```"), space)
    backward(model)
    assert model.layer4[0].conv1.weight.grad is not None
    assert moved(model, space["optimizer"].step) == {"fc.weight", "fc.bias"}


def test_the_given_cells_run_with_resnet50(monkeypatch):
    # a resnet50 with one block in each stage, which is quicker and has the same widths
    made = torchvision.models.ResNet(Bottleneck, [1, 1, 1, 1]).eval()

    def untrained():
        return copy.deepcopy(made), lambda images: images[..., ::2, ::2] / 255

    monkeypatch.setattr(backbones, "load_backbone", untrained)
    draw_nothing(monkeypatch, "images", "freeze_map", "depths")
    space = {}
    for cell in given_cells("02-freeze"):
        if "plots.depths" in cell.source:  # trains long
            few = space["train_turned"][:2], space["labels"]
            accuracy = space["accuracy_frozen_up_to"]("layer3", *few, *few, epochs=1)
            assert 0 <= accuracy <= 1
            continue
        exec(cell.source, space)
        if "labels" in space:
            space["images"], space["labels"] = space["images"][:2], space["labels"][:2]
