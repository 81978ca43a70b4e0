"""Comparing what a model holds and returns: fingerprints, snapshots, what has moved."""

import zlib

import torch


def fingerprint(tensor):
    """Shape and CRC of a tensor's bytes: equal for equal values, wherever they are kept. (A cryptographic digest takes ten times as long.)"""
    return tuple(tensor.shape), zlib.crc32(tensor.detach().contiguous().numpy())


def tensors(model):
    """All parameters and buffers by name, each object once."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def snapshot(named):
    """{name: clone} of named tensors: `model.named_parameters()`, or `tensors(model).items()` for the buffers as well."""
    return {name: tensor.detach().clone() for name, tensor in named}


def moved_since(model, before):
    """Names of the tensors that are no longer, to the bit, what `before` (a `snapshot`) holds."""
    return [
        name
        for name, tensor in tensors(model).items()
        if name in before and not torch.equal(tensor, before[name])
    ]


def are_probabilities(logits):
    """Whether the rows of logits (N, C) are none, but went through a softmax already."""
    return logits.min() >= 0 and torch.allclose(logits.sum(1), torch.ones(len(logits)), atol=1e-4)


def features_in_batches(model, images, preprocess, size=50):
    """What `model` gives for uint8 images (N, 3, S, S), `size` at a time, so that memory holds one batch: (N, D)."""
    with torch.no_grad():
        return torch.cat([model(preprocess(batch)) for batch in images.split(size)])
