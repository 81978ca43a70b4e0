"""Heads that learnt labels of other images are told apart from heads that were trained too little.

The features form one cluster for each class, as those of a trained backbone do, and the labels are
in an order: each place in the list has the class of its place. So few directions matter, and a head
that learnt wrong labels may seem to follow the right ones by chance.
"""

import pytest
import torch
from torch import nn

from course.checking.label_effect import why_too_few_right

CLASSES = 6
LABELS = torch.arange(120) % CLASSES
CENTRES = 2 * torch.randn(CLASSES, 32, generator=torch.Generator().manual_seed(0))
NOISE = torch.randn(120, 32, generator=torch.Generator().manual_seed(1))
FEATURES = CENTRES[LABELS] + NOISE


def other_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the same loss by other calls, which nobody watches."""
    return nn.functional.nll_loss(logits.log_softmax(1), labels)


def trainer(seed: int, steps: int, order: str, loss=other_cross_entropy):
    """Return a function that trains a linear head with labels and returns its logits."""

    def logits_after(labels: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        head = nn.Linear(32, CLASSES)
        with torch.no_grad():
            head.weight.normal_(0, 0.1, generator=generator)
        optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)
        features = FEATURES
        if order == "shuffled once":
            features = FEATURES[torch.randperm(120, generator=generator)]
        for _ in range(steps):
            batch = torch.randperm(120, generator=generator)[:20]
            given = batch
            if order == "other images":
                given = torch.randperm(120, generator=generator)[:20]
            if order == "shuffled in the batch":
                given = batch[torch.randperm(20, generator=generator)]
            optimizer.zero_grad()
            loss(head(features[batch]), labels[given]).backward()
            optimizer.step()
        return head(FEATURES).detach()

    return logits_after


@pytest.mark.parametrize("seed", range(10))
def test_too_little_training_and_other_labels_are_told_apart(seed):
    code, _ = why_too_few_right(trainer(seed, 6, "right"), LABELS, 0, FEATURES)
    assert code == "head-undertrained"
    for order in ("shuffled once", "other images"):
        code, _ = why_too_few_right(trainer(seed, 60, order), LABELS, 0, FEATURES)
        assert code == "head-learnt-other-labels", order


def test_labels_shuffled_within_each_batch_are_seen_in_the_loss():
    """Such a head is better than a guess, because an image has its own label now and then."""
    watched = nn.CrossEntropyLoss()
    shuffled = trainer(0, 60, "shuffled in the batch", watched)
    code, seen = why_too_few_right(shuffled, LABELS, 60, FEATURES)
    assert code == "head-learnt-other-labels"
    assert "1,200 rows of logits got a label that is not that of their image" in seen
    own = trainer(0, 6, "right", watched)
    assert why_too_few_right(own, LABELS, 60, FEATURES) == ("head-undertrained", "")
