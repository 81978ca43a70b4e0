"""Whether the heads of exercise 4 are linear, on the features of their branches."""

import torch
from torch import nn

from course.checking import comparisons
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import all_near, difference
from course.lessons.lesson04.fixtures import Sizes, pooled
from course.lessons.lesson04.sharing import address, named_tensors
from course.lessons.lesson04.whole_model import Parts, logits_of

# Relative rest of a least-squares fit. Over ten seeds of heads x {1, 2} threads, right logits leave
# at most 1.8e-7, and a wrong ReLU or pooling leaves at least 3.3e-3.
ROUNDING = 1e-5


def expect_linear_heads(
    model: nn.Module,
    net: nn.Module,
    parts: Parts,
    batches: list[torch.Tensor],
    sizes: Sizes,
) -> None:
    """Raise Misconception unless all logits are a linear function of the pooled features of `net`.

    That is what a Linear on top of the trained trunk and branch gives, whatever its weights. The
    heads get random weights first, because a head of zeros hides what comes before and after it.
    One map has to fit all `batches` of images, which differ in number and in height and width.
    """
    generator = torch.Generator().manual_seed(7)
    for head in parts.head:
        for parameter in head.values():
            noise = torch.randn(parameter.shape, generator=generator)
            inputs = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.data.copy_(noise / inputs**0.5)
    features = []  # for each batch (B, C, H, W)
    outputs: list[list[torch.Tensor]] = [[] for _ in sizes]
    with torch.no_grad():
        for images in batches:
            features.append(net.features(images))
            for i, logits in enumerate(logits_of(model, images, sizes)):
                outputs[i].append(logits)
    right = torch.cat([pooled(each) for each in features])  # (all images, C)
    without_relu = torch.cat([each.mean((2, 3)) for each in features])
    wrong = []  # (size, number of the target, its logits)
    for i, (size, parts_of_target) in enumerate(zip(sizes, outputs, strict=True), 1):
        logits = torch.cat(parts_of_target)  # (all images, size)
        is_constant = bool((logits == logits[0]).all())
        if is_constant or not rest_of_linear_fit(right, logits) <= ROUNDING:
            wrong.append((size, i, logits))
    if not wrong:
        for i, (parts_of_target, head) in enumerate(zip(outputs, parts.head, strict=True), 1):
            logits = torch.cat(parts_of_target)
            expect_one_linear(list(head.values()), right, logits, f"target {i}")
        return
    # the largest head tells most: a softmax of a single logit is always 1
    _, i, logits = max(wrong, key=lambda each: each[0])
    if (logits == logits[0]).all():
        raise wrong_result(
            f"expected logits that depend on the image; those of target {i} are the same for all "
            f"{len(logits)} images: {logits[0].tolist()!r:.60}"
        )
    observed = f"the logits of target {i} are no linear function of the DenseNet's pooled features"
    lost = lost_statistics(model, net, len(sizes))
    if lost:
        raise Misconception("pretrained-discarded", f"{observed}. The trained {lost}")
    limit = why_limited(right, logits)
    if limit:
        raise Misconception(
            "activation-after-the-head", f"{observed}: {limit} comes after the head"
        )
    if rest_of_linear_fit(without_relu, logits) <= ROUNDING:
        raise Misconception("relu-lost", f"{observed}, but of the features before its ReLU")
    after_mean = torch.cat([each.mean((2, 3)).relu() for each in features])
    if rest_of_linear_fit(after_mean, logits) <= ROUNDING:
        raise Misconception(
            "relu-after-the-mean", f"{observed}, but of their mean, with the ReLU after it"
        )
    raise wrong_result(
        f"{observed}: expected ReLU, mean over height and width, then one Linear, for images of "
        "any size"
    )


def expect_one_linear(
    parameters: list[torch.Tensor], features: torch.Tensor, logits: torch.Tensor, where: str
) -> None:
    """Raise Misconception unless a head is one Linear, and its logits are what it returns.

    `parameters` are those of the head: a weight, in either orientation, and perhaps a bias. A
    BatchNorm in eval mode, a second Linear or a factor are linear maps as well.
    """
    size, width = logits.shape[1], features.shape[1]
    weights = [p.detach() for p in parameters if p.numel() == size * width]
    biases = [p.detach() for p in parameters if p.numel() == size]
    if len(parameters) != len(weights) + len(biases) or len(weights) != 1 or len(biases) > 1:
        shapes = ", ".join(str(tuple(p.shape)) for p in parameters)
        raise wrong_result(
            f"{where}: expected one Linear between the mean and the logits, so a weight "
            f"{(size, width)} and a bias {(size,)}; your logits are computed with parameters of "
            f"the shapes {shapes}"
        )
    bias = biases[0].flatten() if biases else torch.zeros(size)
    expected = [features @ weights[0].reshape(size, width).T + bias]
    expected.append(features @ weights[0].reshape(width, size) + bias)
    if not any(all_near(logits, each, 1e-3, 1e-3) for each in expected):
        raise wrong_result(
            f"{where}: expected what the Linear returns for the mean of the ReLU, and nothing "
            f"after it; {difference(logits, expected[0], 1e-3, 1e-3)}"
        )


def lost_statistics(model: nn.Module, net: nn.Module, count: int) -> str | None:
    """Return which running mean or variance of `net` the model lacks, in words, or None.

    One of the trunk has to be in the model once, one of a branch `count` times.
    """
    found: dict[tuple, set[int]] = {}
    for _, buffer in named_tensors(model):
        found.setdefault(comparisons.fingerprint(buffer), set()).add(address(buffer))
    for part, where, times in (
        (net.features[:-2], "in the trunk", 1),
        (net.features[-2:], "in every branch", count),
    ):
        for name, buffer in part.named_buffers():
            held = found.get(comparisons.fingerprint(buffer), ())
            if buffer.is_floating_point() and len(held) < times:
                return f"{name} is not {where}"
    return None


def rest_of_linear_fit(features: torch.Tensor, logits: torch.Tensor) -> float:
    """Return the relative residual of the best linear map, with bias, from features (B, C) to
    logits (B, size): 0 where there is an exact one. NaN for logits that are not finite.
    """
    ones = torch.ones(len(features), 1)
    x = torch.cat([features, ones], 1).double()  # (B, C + 1)
    y = logits.detach().double()
    return (rest_of_fit(x, y).norm() / y.norm()).item()


def rest_of_fit(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return what the best linear map from x (B, D) leaves of y (B, K), both float64.

    By singular values, because channels that ReLU has switched off leave x without full rank;
    torch.linalg.lstsq gave another map there on one of the machines that were tried.
    """
    u, singular, _ = torch.linalg.svd(x, full_matrices=False)
    u = u[:, singular > 1e-10 * singular[0]]  # (B, rank)
    return y - u @ (u.T @ y)


def why_limited(features: torch.Tensor, logits: torch.Tensor) -> str | None:
    """Return the function that the outputs went through after a linear map, if it is a usual one.

    It is found by undoing it: what remains must be linear in the features.
    """
    outputs = logits.detach().double()
    undone = {
        "a sigmoid": outputs.logit(),
        "a tanh": outputs.atanh(),
        "a log-sigmoid": outputs.exp().logit(),
    }
    one = torch.ones(len(outputs), dtype=torch.double)
    if torch.allclose(outputs.sum(1), one, atol=1e-4):
        log = outputs.log()
        undone = {"a softmax": log - log.mean(1, keepdim=True)}
    elif torch.allclose(outputs.exp().sum(1), one, atol=1e-4):
        undone = {"a log-softmax": outputs - outputs.mean(1, keepdim=True)}
    for name, before in undone.items():
        if before.isfinite().all() and rest_of_linear_fit(features, before) <= 1e-4:
            return name
    if (outputs >= 0).all() and (outputs == 0).any() and (outputs > 0).any():
        return "a ReLU"
    return None
