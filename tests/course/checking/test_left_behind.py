"""An answer leaves torch's switches and its arguments as they were; a model's condition is seen."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import check
from course.checking.misconception import Misconception


@check
def calls_it(answer, *args):
    """A check that is content with any answer."""
    answer(*args)
    return "called."


def hook(*_):
    """A hook that does nothing."""


SWITCHED = {
    "gradients": lambda: torch.set_grad_enabled(False),
    "dtype": lambda: torch.set_default_dtype(torch.float64),
    "device": lambda: torch.set_default_device("meta"),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "hook": lambda: nn.modules.module.register_module_forward_hook(hook),
}


@pytest.mark.parametrize("switch", SWITCHED.values(), ids=SWITCHED)
def test_a_switch_left_changed_fails_and_is_restored(switch):
    with pytest.raises(Misconception) as wrong:
        calls_it(lambda: switch())
    assert wrong.value.code == "switch-left-changed"
    calls_it(lambda: None)

    def raises():
        switch()
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        calls_it(raises)
    calls_it(lambda: None)


CHANGED = {
    "tensor": (torch.zeros(3), lambda given: given.add_(1)),
    "data": (torch.zeros(3), lambda given: given.data.fill_(2)),
    "through NumPy": (torch.zeros(3), lambda given: given.numpy().fill(2)),
    "integers": (torch.zeros(2, 2, dtype=torch.int64), lambda given: given.fill_diagonal_(1)),
    "half": (torch.zeros(2, dtype=torch.bfloat16), lambda given: given.add_(1)),
    "array": (np.zeros(3), lambda given: given.fill(1)),
    "list": ([3, 1, 2], lambda given: given.sort()),
    "inner": ({"a": (torch.zeros(1),)}, lambda given: given["a"][0].add_(1)),
    "dict": ({"a": 1}, lambda given: given.pop("a")),
}


@pytest.mark.parametrize("case", CHANGED.values(), ids=CHANGED)
def test_an_argument_changed_in_place_fails(case):
    given, change = case
    given = copy.deepcopy(given)
    calls_it(lambda same: None, given)
    with pytest.raises(Misconception) as wrong:
        calls_it(lambda it: change(it), given)
    assert wrong.value.code == "input-changed"


def test_arguments_with_nan_and_modules_may_be_given():
    calls_it(lambda tensor, model: model.eval(), torch.tensor([torch.nan]), nn.Linear(1, 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.eval(),
        lambda model: model[1].requires_grad_(False),
        lambda model: setattr(model[2], "p", 0.0),
        lambda model: model[0].register_forward_hook(hook),
        lambda model: model.double(),
        lambda model: setattr(model[1], "running_mean", None),
        lambda model: setattr(model[1], "momentum", 0),
        lambda model: setattr(model[3], "stride", (2, 2)),
        lambda model: model.append(nn.ReLU()),
    ],
)
def test_the_condition_of_a_model(change):
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5), nn.Conv2d(1, 1, 1))
    before = comparisons.condition(model)
    assert not comparisons.differences(before, comparisons.condition(model))
    change(model)
    assert comparisons.differences(before, comparisons.condition(model))


def test_a_tensor_that_is_gone_has_moved():
    norm = nn.BatchNorm1d(2)
    before = comparisons.snapshot(comparisons.tensors(norm).items())
    norm.running_mean.fill_(torch.nan)
    nan = comparisons.snapshot(comparisons.tensors(norm).items())
    assert comparisons.moved_since(norm, before) == ["running_mean"]
    assert comparisons.moved_since(norm, nan) == []
    norm.running_mean = None
    assert comparisons.moved_since(norm, nan) == ["running_mean"]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: x.softmax(1), "softmax"),
        (lambda x: x.sigmoid(), "sigmoid"),
        (lambda x: x.relu(), "ReLU"),
        (lambda x: x.tanh(), "tanh"),
        (lambda x: x, None),
        (lambda x: x.log_softmax(1), None),
    ],
)
def test_which_function_limits_the_outputs(function, name):
    assert comparisons.why_not_logits(function(1000 * torch.randn(64, 5))) == name


def test_a_gradient_that_is_left_behind_is_a_change():
    model = nn.Linear(2, 2)
    _, changed = comparisons.changes_by(lambda: model(torch.ones(1, 2)).sum().backward(), model)
    assert [sentence.split(" was ")[0] for sentence in changed] == ["weight.grad", "bias.grad"]
    found, changed = comparisons.changes_by(model.parameters, model)
    assert found and not changed
