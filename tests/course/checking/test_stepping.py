"""A step that raises is told, unless the learner's own code raised it."""

import pytest
import torch

from course.checking.misconception import Misconception
from course.checking.stepping import expect_gradients_on, make_step, why_missing


def with_gradient(make):
    """An optimizer of one parameter, whose gradient is 1."""
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.grad = torch.ones(2)
    return make([parameter]), parameter


def test_an_optimizer_that_cannot_step_is_named_with_the_reason():
    optimizer, _ = with_gradient(torch.optim.SparseAdam)
    with pytest.raises(Misconception, match="SparseAdam, raises RuntimeError") as told:
        make_step(optimizer, "resnet18")
    assert told.value.observed.startswith("resnet18: expected an optimizer that can make a step")


def test_a_step_is_made():
    optimizer, parameter = with_gradient(lambda held: torch.optim.SGD(held, lr=0.5))
    make_step(optimizer, "resnet18")
    assert parameter.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_a_step_that_is_called_with_gradients_off_is_told(off):
    expect_gradients_on("step()")
    with off(), pytest.raises(Misconception, match="call step\\(\\) with gradients on"):
        expect_gradients_on("step()")


def test_an_empty_group_explains_a_missing_parameter():
    parameters = torch.nn.Linear(2, 1).parameters()
    groups = [{"params": list(parameters)}, {"params": list(parameters)}]
    assert "can be read only once" in why_missing(groups)
    assert why_missing(groups[:1]) == ""
