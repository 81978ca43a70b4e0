"""What lesson 05 says about two heads and one loss, measured again, and the answers of its quiz."""

import collections
import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons
from course.checking.quiz import draw
from course.checking.quiz.questions import Question
from course.lessons.lesson05.checks import ROUND
from course.lessons.lesson05.fixtures import (
    TwoHeads,
    made_up_batch,
    split_of,
    task_gradients_of,
)
from course.lessons.lesson05.quiz import GRAPH_ERROR


def test_two_heads_on_a_resnet18():
    model = TwoHeads("resnet18")
    backbone = comparisons.numbers_in(model.backbone.parameters())
    fruit = comparisons.numbers_in(model.fruit.parameters())
    fresh = comparisons.numbers_in(model.fresh.parameters())
    one = comparisons.numbers_in(model.parameters())
    assert (backbone, fruit, fresh, one) == (11_176_512, 3_078, 1_026, 11_180_616)
    assert len(list(model.parameters())) == 64
    assert len(model.state_dict()) == 124
    two = 2 * backbone + fruit + fresh
    assert two == 22_357_128
    assert f"{two / one:.4f}" == "1.9996"


def test_the_shared_gradient_is_the_weighted_sum():
    model = TwoHeads("small")
    images, fruit, rotten = made_up_batch("small")
    gradients = task_gradients_of(model, images, fruit, rotten)
    fruit_logits, fresh_logits = model(images)
    loss = 2 * F.cross_entropy(fruit_logits, fruit) + F.cross_entropy(fresh_logits, rotten)
    loss.backward()
    for path, p in model.named_parameters():
        of_fruit, of_fresh = gradients[path]
        assert torch.allclose(p.grad, 2 * of_fruit + of_fresh, atol=1e-7)
        if not path.startswith("backbone."):
            assert not (of_fruit.any() and of_fresh.any())


def test_first_losses_count_classes():
    six, two = math.log(6), math.log(2)
    assert f"{six:.2f} {two:.2f} {six / two:.3f} {2 * six / two:.2f}" == "1.79 0.69 2.585 5.17"
    for n in (6, 2):
        loss = F.cross_entropy(torch.zeros(1, n), torch.tensor([0]))
        assert loss.item() == pytest.approx(math.log(n))


def heads_after(make_optimizer, weights, shared, steps=60):
    """Return all weights (D,) of two heads after some steps on made-up features (20, 30).

    shared: whether a trunk below both heads trains with them.
    """
    torch.manual_seed(0)
    if shared:
        trunk, width = nn.Sequential(nn.Linear(30, 8), nn.Tanh()), 8
    else:
        trunk, width = nn.Identity(), 30
    model = nn.ModuleList([trunk, nn.Linear(width, 6), nn.Linear(width, 2)])
    _, fruit_head, fresh_head = model
    optimizer = make_optimizer(model.parameters())
    for _ in range(steps):
        inputs = torch.randn(20, 30)
        fruit = 3 * (inputs[:, 0] > 0).long()
        fresh = (inputs[:, 1] > 0).long()
        features = trunk(inputs)  # (20, width)
        fruit_loss = F.cross_entropy(fruit_head(features), fruit)
        fresh_loss = F.cross_entropy(fresh_head(features), fresh)
        optimizer.zero_grad()
        (weights[0] * fruit_loss + weights[1] * fresh_loss).backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in model.parameters()])


MAKE = {
    "SGD": lambda p: torch.optim.SGD(p, lr=1e-2),
    "Adam": lambda p: torch.optim.Adam(p, lr=1e-3),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=1e-3),
    "L2": lambda p: torch.optim.Adam(p, lr=1e-3, weight_decay=1e-2),
}


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("shared", [False, True], ids=["frozen", "shared"])
def test_what_an_optimizer_makes_of_weights(name, shared):
    equal = heads_after(MAKE[name], (1, 1), shared)
    ratio = (heads_after(MAKE[name], (2, 1), shared) - equal).abs().max()
    factor = (heads_after(MAKE[name], (2, 2), shared) - equal).abs().max()
    if name in ("SGD", "L2"):
        assert min(ratio, factor) > 1e-3
    elif shared:
        assert factor < 1e-3 < ratio
    else:
        assert max(ratio, factor) < 1e-5


def test_equal_class_weights_change_nothing():
    logits, labels = torch.randn(8, 6), torch.arange(8) % 6
    weighted = F.cross_entropy(logits, labels, weight=torch.full((6,), 2.0))
    assert torch.allclose(weighted, F.cross_entropy(logits, labels))


def test_decay_on_a_zero_gradient():
    """AdamW moves by lr * decay; Adam's decay is a gradient, which its first step makes lr."""
    for make_optimizer, moved in ((torch.optim.AdamW, 1e-2 * 0.1), (torch.optim.Adam, 1e-2)):
        p = nn.Parameter(torch.ones(1))
        p.grad = torch.zeros(1)
        make_optimizer([p], lr=1e-2, weight_decay=0.1).step()
        assert 1 - p.item() == pytest.approx(moved, rel=1e-2)


def test_log_variances_settle_at_the_logarithm_of_the_loss():
    losses = torch.tensor([2.0, 0.5])
    s = nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.Adam([s], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        (torch.exp(-s) * losses + s).sum().backward()
        optimizer.step()
    assert torch.allclose(s.detach(), losses.log(), atol=1e-2)
    assert (torch.exp(-s) * 0.1 + s)[1] < 0


@pytest.mark.parametrize("seed", range(2))
def test_the_gradients_turn_round_once_the_heads_have_learnt(seed):
    """On the features themselves: the fruit gradient is longer at the start, the freshness gradient
    once both heads are trained.
    """
    features, *labels = split_of("train", ROUND)  # (N, 512), [fruit (N,), rotten (N,)]
    torch.manual_seed(seed)
    heads = nn.ModuleList([nn.Linear(512, 6), nn.Linear(512, 2)])
    optimizer = torch.optim.AdamW(heads.parameters(), lr=3e-3)

    def losses(inputs, batch):
        return [F.cross_entropy(head(inputs), y[batch]) for head, y in zip(heads, labels)]

    def norms():
        inputs = features.clone().requires_grad_(True)
        everything = slice(None)
        gradients = [torch.autograd.grad(loss, inputs)[0] for loss in losses(inputs, everything)]
        return [gradient.norm() for gradient in gradients]

    first_fruit, first_fresh = norms()
    for batch in torch.randperm(len(features)).repeat(12).split(20):
        optimizer.zero_grad()
        sum(losses(features[batch], batch)).backward()
        optimizer.step()
    last_fruit, last_fresh = norms()
    assert first_fruit > first_fresh
    assert last_fresh > 1.3 * last_fruit


# ---- the quiz ------------------------------------------------------------------------------------


def right_text(question: Question) -> str:
    return next(option.text for option in question.options if option.right)


def gradients_asked(prompt: str) -> tuple[int, int]:
    """Return the gradients of the fruit and the freshness loss that a prompt names."""
    pattern = r"`fruit_loss` at `w` is (-?\d+), that of `fresh_loss` (-?\d+)"
    fruit, fresh = re.search(pattern, prompt).groups()
    return int(fruit), int(fresh)


def weight_of(loss: str, prompt: str) -> int:
    """Return the number before a loss in the lines of a prompt."""
    return int(re.search(rf"(\d+) \* {loss}", prompt)[1])


def gradient_by_hand(prompt: str) -> int | None:
    """Work out what trunk_gradient asks from its words and lines; None for an error."""
    fruit, fresh = gradients_asked(prompt)
    a, b = weight_of("fruit_loss", prompt), weight_of("fresh_loss", prompt)
    fresh_is_cut = "item()" in prompt or "detach()" in prompt
    old = re.search(r"stands (-?\d+),", prompt)
    grad = int(old[1]) if old else 0
    freed = False
    lines = prompt.split("```python\n")[1].split("\n```")[0]
    for line in lines.split("\n"):
        if "zero_grad" in line:
            grad = 0
        elif "backward" in line:
            if freed:
                return None
            freed = "retain_graph" not in line
            if "fresh" not in line:
                grad += a * fruit
            if "fruit" not in line and not fresh_is_cut:
                grad += b * fresh
    return grad


def test_trunk_gradient_over_a_thousand_draws():
    errors = collections.Counter()
    for seed in range(1000):
        question = draw("trunk_gradient", seed)
        expected = gradient_by_hand(question.prompt)
        answer = GRAPH_ERROR if expected is None else f"`{expected}`"
        assert right_text(question) == answer, question
        errors[expected is None] += 1
    assert min(errors.values()) > 50


def test_first_step_over_a_thousand_draws():
    for seed in range(1000):
        question = draw("first_step", seed)
        fruit, fresh = gradients_asked(question.prompt)
        a, b = weight_of("fruit_loss", question.prompt), weight_of("fresh_loss", question.prompt)
        gradient = a * fruit + b * fresh
        rate = float(re.search(r"lr=([\d.]+)", question.prompt)[1])
        size = gradient if "SGD" in question.prompt else math.copysign(1, gradient)
        assert right_text(question) == f"{-rate * size:+.2f}", question
