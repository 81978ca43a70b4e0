"""The features that travel with the package are those of its weights and images."""

import pytest
import torch
from safetensors.torch import load_file

from course.authoring.features import computed
from course.vision import kept_features


def test_they_are_what_the_network_gives_for_the_images():
    found, expected = load_file(kept_features.FILE), computed()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        exact = not tensor.is_floating_point()
        tolerance = 0 if exact else 1e-3  # other processors round in another way
        torch.testing.assert_close(found[name], tensor, rtol=tolerance, atol=tolerance)


def test_what_is_not_kept_is_computed():
    made = {"features": torch.ones(2, 512)}
    assert kept_features.kept("evening hidden 7 2 2", lambda: made) is made


def test_a_copy_is_returned_of_as_many_as_are_asked_for():
    some = kept_features.stall_features("train", 3)
    some.zero_()
    assert kept_features.stall_features("train", 400)[:3].abs().sum() > 0
    with pytest.raises(ValueError, match="401"):
        kept_features.stall_features("train", 401)
    with pytest.raises(ValueError, match="evening"):
        kept_features.stall_features("evening", 1)
