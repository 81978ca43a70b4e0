"""Heads that were trained on standardised features are told apart from hardly trained ones."""

import pytest
import torch
from torch import nn

from course.checking.preparation import standardises

LABELS = torch.arange(120) % 6
FEATURES = 3 * torch.randn(6, 32, generator=torch.Generator().manual_seed(0))[LABELS]
FEATURES = FEATURES + torch.randn(120, 32, generator=torch.Generator().manual_seed(1)) + 2

OPTIMIZERS = {
    "AdamW": lambda p: torch.optim.AdamW(p, lr=3e-3),
    "AdamW, tiny": lambda p: torch.optim.AdamW(p, lr=1e-6),
    "SGD": lambda p: torch.optim.SGD(p, lr=1e-2),
    "SGD, tiny": lambda p: torch.optim.SGD(p, lr=1e-6),
    "SGD with momentum": lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9),
}


def trainer(optimizer, epochs, prepared=lambda rows: rows, normed=False):
    """A function for `standardises`: it trains on prepared rows, and applies the head to others."""

    def logits_after(labels, features):
        torch.manual_seed(0)
        head = nn.Linear(32, 6)
        if normed:
            head = nn.Sequential(nn.BatchNorm1d(32), head)
        rows = prepared(features)
        steps = OPTIMIZERS[optimizer](head.parameters())
        for _ in range(epochs):
            for batch in torch.randperm(120).split(20):
                steps.zero_grad()
                nn.functional.cross_entropy(head(rows[batch]), labels[batch]).backward()
                steps.step()
        return head.eval()(FEATURES).detach()

    return logits_after


def standardised(rows):
    return (rows - rows.mean(0)) / rows.std(0)


def between_zero_and_one(rows):
    low, high = rows.min(0).values, rows.max(0).values
    return (rows - low) / (high - low)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("epochs", [1, 20])
def test_standardising_outside_the_head_is_found_and_nothing_else(optimizer, epochs):
    for prepared in (standardised, between_zero_and_one):
        assert standardises(trainer(optimizer, epochs, prepared), LABELS, FEATURES)
    for normed in (False, True):
        assert not standardises(trainer(optimizer, epochs, normed=normed), LABELS, FEATURES)


def test_a_head_that_no_step_has_changed_is_none():
    assert not standardises(trainer("SGD", 0), LABELS, FEATURES)
