"""Random numbers for checks, each from a generator of its own."""

import torch


def generator(seed: int) -> torch.Generator:
    """Return a random generator of its own, so that no draw depends on what was drawn before."""
    return torch.Generator().manual_seed(seed)


def noise(seed: int, *shape: int) -> torch.Tensor:
    """Return normal numbers of this shape."""
    return torch.randn(*shape, generator=generator(seed))
