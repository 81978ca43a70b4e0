"""How many photos five folds need: a folder of one's own may have too few."""

from collections.abc import Sequence

from torch import Tensor


class TooFewPhotosError(ValueError):
    """A class has fewer groups of photos than there are folds; shown without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def expect_enough(labels: Tensor, groups: Tensor, classes: Sequence[str], folds: int) -> None:
    """Raise TooFewPhotosError unless each class has a group of photos for each fold.

    labels (N,), groups (N,): the class and the group of each photo. classes: names by label.
    """
    held = {name: groups[labels == label].unique().numel() for label, name in enumerate(classes)}
    few = [f"{name} {count}" for name, count in held.items() if count < folds]
    if few:
        raise TooFewPhotosError(
            f"expected at least {folds} groups of photos for each class, one for each of {folds} "
            f"folds, got {', '.join(few)}. Add photos to these folders, or make fewer folds; "
            "photos that belong together are one group."
        )
