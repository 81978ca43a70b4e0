"""A yes-or-no decision against the truth: its four counts, and the scores that follow from them."""

from typing import NamedTuple

import torch


class BinaryCounts(NamedTuple):
    """How many examples a decision got right and wrong; class 1 is the positive class.

    The scores are those of scikit-learn's user guide ("Classification metrics") with
    `zero_division=0`; F1 goes back to van Rijsbergen, Information Retrieval (1979), chapter 7.
    """

    tp: int  # true positives: flagged, and rightly so
    fp: int  # false positives: flagged although negative
    fn: int  # false negatives: positive, but not flagged
    tn: int  # true negatives: left alone, and rightly so

    @property
    def flagged(self) -> int:
        """How many examples were called positive."""
        return self.tp + self.fp

    @property
    def positive(self) -> int:
        """How many examples are positive."""
        return self.tp + self.fn

    @property
    def accuracy(self) -> float:
        """(tp + tn) / all."""
        return (self.tp + self.tn) / sum(self)

    @property
    def precision(self) -> float:
        """tp / (tp + fp), and 0 where nothing was flagged."""
        return self.tp / max(self.flagged, 1)

    @property
    def recall(self) -> float:
        """tp / (tp + fn), and 0 where nothing is positive."""
        return self.tp / max(self.positive, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn), and 0 for tp = 0."""
        if self.tp == 0:
            return 0.0
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn)


def count_binary(flags: torch.Tensor, labels: torch.Tensor) -> BinaryCounts:
    """Return the counts of `flags` (N,) against `labels` (N,), both bool or with values 0 and 1."""
    flags, labels = flags.bool(), labels.bool()
    return BinaryCounts(
        tp=int((flags & labels).sum()),
        fp=int((flags & ~labels).sum()),
        fn=int((~flags & labels).sum()),
        tn=int((~flags & ~labels).sum()),
    )
