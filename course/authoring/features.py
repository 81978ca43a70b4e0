"""Compute the features that travel with the package (course/vision/kept_features.py) anew.

    python -m course.authoring.features

It takes some seconds, and is due after a change of the bundled weights, of the images, or of
HIDDEN_SEED in the repository.
"""

from unittest import mock

from safetensors.torch import save_file
from torch import Tensor

from course.lessons.lesson08 import weights_judge
from course.vision import kept_features


def computed() -> dict[str, Tensor]:
    """Return {name/part: tensor} of all that is kept, computed anew."""
    found = {}

    def compute_and_note(name: str, compute) -> dict[str, Tensor]:
        tensors = compute()
        found.update({f"{name}/{part}": tensor for part, tensor in tensors.items()})
        return tensors

    with (
        mock.patch.object(kept_features, "kept", compute_and_note),
        mock.patch.object(weights_judge, "kept", compute_and_note),
    ):
        for split in kept_features.STALL:
            kept_features.stall_features(split, 1)
        weights_judge.validation.__wrapped__()
        weights_judge.hidden.__wrapped__()
    return found


if __name__ == "__main__":
    save_file(computed(), kept_features.FILE)
    print(f"{kept_features.FILE}: {kept_features.FILE.stat().st_size / 1e6:.1f} MB")
