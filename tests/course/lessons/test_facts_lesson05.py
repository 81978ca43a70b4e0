"""What lesson 05 says of two heads and one loss, measured again, and the answers of its questions."""

import collections
import copy
import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons
from course.checking.quiz import draw
from course.lessons.lesson05 import checks
from course.lessons.lesson05.fixtures import TwoHeads, scene, task_gradients_of
from course.lessons.lesson05.quiz import UNCLONED


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_two_heads_on_a_resnet18():
    model = TwoHeads("resnet18")
    assert (count(model.backbone), count(model.fruit), count(model.fresh), count(model)) == (
        11_176_512,
        3_078,
        1_026,
        11_180_616,
    )
    assert len(list(model.parameters())) == 64 and len(model.state_dict()) == 124
    two = 2 * count(model.backbone) + count(model.fruit) + count(model.fresh)
    assert two == 22_357_128 and f"{two / count(model):.4f}" == "1.9996"


def test_the_shared_gradient_is_the_weighted_sum():
    model = TwoHeads("small")
    images, fruit, rotten = scene("small")
    each = task_gradients_of(model, images, fruit, rotten)
    logits = model(images)
    (2 * F.cross_entropy(logits[0], fruit) + F.cross_entropy(logits[1], rotten)).backward()
    for path, p in model.named_parameters():
        g1, g2 = each[path]
        assert torch.allclose(p.grad, 2 * g1 + g2, atol=1e-7)
        assert path.startswith("backbone.") or not (g1.any() and g2.any())


def test_first_losses_count_classes():
    assert (
        f"{math.log(6):.2f} {math.log(2):.2f} {math.log(6) / math.log(2):.3f} {2 * math.log(6) / math.log(2):.2f}"
        == "1.79 0.69 2.585 5.17"
    )
    for n in (6, 2):
        assert F.cross_entropy(torch.zeros(1, n), torch.tensor([0])).item() == pytest.approx(
            math.log(n)
        )


def heads_after(make, weights, shared, steps=60):
    """The weights of a model on made-up features after some steps."""
    torch.manual_seed(0)
    trunk, width = (
        (nn.Sequential(nn.Linear(30, 8), nn.Tanh()), 8) if shared else (nn.Identity(), 30)
    )
    heads = nn.ModuleList([trunk, nn.Linear(width, 6), nn.Linear(width, 2)])
    optimizer = make(heads.parameters())
    for _ in range(steps):
        features = torch.randn(20, 30)
        z = heads[0](features)
        loss = weights[0] * F.cross_entropy(heads[1](z), (features[:, 0] > 0).long() * 3) + weights[
            1
        ] * F.cross_entropy(heads[2](z), (features[:, 1] > 0).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in heads.parameters()])


MAKE = {
    "SGD": lambda p: torch.optim.SGD(p, lr=1e-2),
    "Adam": lambda p: torch.optim.Adam(p, lr=1e-3),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=1e-3),
    "L2": lambda p: torch.optim.Adam(p, lr=1e-3, weight_decay=1e-2),
}


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("shared", [False, True], ids=["frozen", "shared"])
def test_what_an_optimizer_makes_of_weights(name, shared):
    equal, ratio, factor = (
        heads_after(MAKE[name], weights, shared) for weights in ((1, 1), (2, 1), (2, 2))
    )
    ratio, factor = (ratio - equal).abs().max(), (factor - equal).abs().max()
    if name in ("SGD", "L2"):
        assert min(ratio, factor) > 1e-3
    elif shared:
        assert factor < 1e-3 < ratio
    else:
        assert max(ratio, factor) < 1e-5


def test_equal_class_weights_change_nothing():
    logits, labels = torch.randn(8, 6), torch.arange(8) % 6
    assert torch.allclose(
        F.cross_entropy(logits, labels, weight=torch.full((6,), 2.0)),
        F.cross_entropy(logits, labels),
    )


def test_decay_on_a_zero_gradient():
    for make, moved in ((torch.optim.AdamW, 1e-2 * 0.1), (torch.optim.Adam, 1e-2)):
        p = nn.Parameter(torch.ones(1))
        p.grad = torch.zeros(1)
        make([p], lr=1e-2, weight_decay=0.1).step()
        assert 1 - p.item() == pytest.approx(moved, rel=1e-2)


def test_a_cosine_ends_before_its_end_and_rises_after_it():
    def rates(steps):
        optimizer = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=1e-4)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10, eta_min=1e-6)
        seen = []
        for _ in range(steps):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return seen

    seen = rates(21)
    assert (
        f"{seen[9]:.2e}" == "3.42e-06"
        and seen[10] == pytest.approx(1e-6)
        and seen[20] == pytest.approx(1e-4)
    )


def test_log_variances_settle_at_the_logarithm_of_the_loss():
    losses, s = torch.tensor([2.0, 0.5]), nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.Adam([s], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        (torch.exp(-s) * losses + s).sum().backward()
        optimizer.step()
    assert torch.allclose(s.detach(), losses.log(), atol=1e-2) and (torch.exp(-s) * 0.1 + s)[1] < 0


@pytest.mark.parametrize("seed", range(2))
def test_the_gradients_turn_round_once_the_heads_have_learnt(seed):
    """On the features themselves: the fruit gradient is longer at the start, the freshness gradient once both heads are trained."""
    features, fruit, rotten = checks.split_of("train", checks.ROUND)
    torch.manual_seed(seed)
    heads = nn.Linear(512, 6), nn.Linear(512, 2)
    optimizer = torch.optim.AdamW([p for head in heads for p in head.parameters()], lr=3e-3)

    def norms():
        z = features.clone().requires_grad_(True)
        return [
            torch.autograd.grad(F.cross_entropy(head(z), y), z)[0].norm()
            for head, y in zip(heads, (fruit, rotten), strict=True)
        ]

    first = norms()
    for batch in torch.randperm(len(features)).repeat(12).split(20):
        optimizer.zero_grad()
        sum(
            F.cross_entropy(head(features[batch]), y[batch])
            for head, y in zip(heads, (fruit, rotten), strict=True)
        ).backward()
        optimizer.step()
    last = norms()
    assert first[0] > first[1] and last[1] > 1.3 * last[0]


@pytest.mark.parametrize("clone", [False, True])
def test_what_an_uncloned_state_brings_back(clone):
    model = nn.Linear(2, 2)
    first, state = (
        comparisons.snapshot(model.named_parameters()),
        copy.deepcopy(model.state_dict()) if clone else model.state_dict(),
    )
    nn.init.ones_(model.weight)
    model.load_state_dict(state)
    assert bool(comparisons.moved_since(model, first)) != clone
    assert "last epoch" in next(option.text for option in UNCLONED.options if option.right)


def by_hand(prompt):
    """What trunk_gradient asks, worked out from its words and lines alone."""
    fruit, fresh = map(
        int,
        re.search(r"`fruit_loss` at `w` is (-?\d+), that of `fresh_loss` (-?\d+)", prompt).groups(),
    )
    grad = int((re.search(r"stands (-?\d+),", prompt) or [0, 0])[1])
    lines, freed = prompt.split("```python\n")[1].split("\n```")[0].split("\n"), False
    a, b = (int(re.search(rf"(\d) \* {loss}", prompt)[1]) for loss in ("fruit_loss", "fresh_loss"))
    for line in lines:
        if "zero_grad" in line:
            grad = 0
        elif "backward" in line:
            if freed:
                return None
            freed = "retain_graph" not in line
            grad += 0 if "fresh" in line else a * fruit
            cut = "item()" in prompt or "detach()" in prompt
            grad += 0 if cut or "fruit" in line else b * fresh
    return grad


def test_trunk_gradient_over_a_thousand_draws():
    outcomes = collections.Counter()
    for seed in range(1000):
        question = draw("trunk_gradient", seed)
        answer = next(option.text for option in question.options if option.right)
        expected = by_hand(question.prompt)
        assert answer == (
            "An error: the graph is walked twice." if expected is None else f"`{expected}`"
        ), question
        outcomes[expected is None] += 1
    assert min(outcomes.values()) > 50


def test_first_step_over_a_thousand_draws():
    for seed in range(1000):
        question = draw("first_step", seed)
        fruit, fresh = map(
            int,
            re.search(
                r"`fruit_loss` at `w` is (-?\d+), that of `fresh_loss` (-?\d+)", question.prompt
            ).groups(),
        )
        a, b = map(
            int,
            re.search(r"\((\d+) \* fruit_loss \+ (\d+) \* fresh_loss\)", question.prompt).groups(),
        )
        rate, gradient = float(re.search(r"lr=([\d.]+)", question.prompt)[1]), a * fruit + b * fresh
        moved = -rate * (gradient if "SGD" in question.prompt else math.copysign(1, gradient))
        assert (
            next(option.text for option in question.options if option.right) == f"{moved:+.2f}"
        ), question
