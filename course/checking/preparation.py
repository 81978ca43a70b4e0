"""Whether an answer standardises the features before it trains a head, outside the head.

scikit-learn's StandardScaler stands beside the classifier. Who uses it so returns a head that gets
other features than those it was trained on. Standardising undoes a change of scale, column by
column: the answer then makes the same head from the changed features.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course.checking.label_effect import shuffles_of
from course.checking.misconception import Misconception

UNMOVED = 0.05  # of how far other labels move the logits; rounding leaves less


def expect_not_standardised(
    logits_after: Callable[[Tensor, Tensor], Tensor], labels: Tensor, features: Tensor, told: str
) -> None:
    """Raise Misconception if an answer standardises outside the head, as `standardises` finds out.

    told: what was observed; it begins the message.
    """
    if standardises(logits_after, labels, features):
        raise Misconception(
            "standardised-outside-the-head",
            f"{told}. From features that are scaled and moved, column by column, your function "
            "makes the same head, so it trains on standardised ones",
        )


def standardises(
    logits_after: Callable[[Tensor, Tensor], Tensor], labels: Tensor, features: Tensor
) -> bool:
    """Return whether an answer standardises features (N, C) outside the head that it returns.

    logits_after: trains a head with labels (N,) and features (N, C), and returns its logits for the
    features as they were before any change.
    """
    logits = logits_after(labels, features)
    other = logits_after(shuffles_of(labels)[0], features)
    return undoes_rescaling(logits, logits_after(labels, rescaled(features)), other)


def rescaled(features: Tensor) -> Tensor:
    """Return features (N, C) with each column scaled, by factors from 0.5 to 2, and moved by 1."""
    return features * torch.linspace(0.5, 2, features.shape[1]) + 1


def undoes_rescaling(logits: Tensor, after_rescaling: Tensor, with_other_labels: Tensor) -> bool:
    """Return whether rescaled features have led to the same head.

    All are logits for the same features. Other labels must move them: a head that was hardly
    trained is nearly the same after any training.
    """
    far = (with_other_labels - logits).abs().max()
    return bool(far > 0 and (after_rescaling - logits).abs().max() <= UNMOVED * far)
