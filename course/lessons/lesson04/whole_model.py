"""What the check of Exercise 4 requires of a model with several targets."""

import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import expect
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.lessons.lesson04.fixtures import pooled
from course.lessons.lesson04.sharing import address, shared_names, why_shared

Leaves = dict[int, nn.Parameter]  # what an output was made with, as `leaves` gives it


def logits_of(model: nn.Module, images: torch.Tensor, sizes: tuple[int, ...]) -> list[torch.Tensor]:
    """Return the logits (B, size), one tensor for each of the `sizes`.

    The model may return them in a list, a tuple or a dict. Raises Misconception for other shapes.
    """
    try:
        outputs = model(images)
    except RuntimeError as problem:
        if "deepcopy protocol" not in str(problem):
            raise
        sentence = str(problem).split(".")[0]
        raise Misconception(
            "activation-copied",
            f"forward raises `{sentence}`: what it copies is an activation",
        ) from None
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    expect(outputs, list | tuple, f"a list of {len(sizes)} tensors of logits from forward")
    shapes = [tuple(getattr(output, "shape", ())) for output in outputs]
    expected = [(len(images), size) for size in sizes]
    if shapes != expected:
        raise wrong_result(
            f"{len(images)} pictures give logits of shapes {shapes}; expected {expected}"
        )
    return list(outputs)


def expect_registered(model: nn.Module, used: list[Leaves], used_again: list[Leaves]) -> None:
    """Raise Misconception unless all parameters that the outputs use belong to the model.

    `used` has one entry for each target, `used_again` those of a second forward.
    """
    registered = {address(p) for p in model.parameters()}
    for i, now in enumerate(used):
        outside = [p for place, p in now.items() if place not in registered]
        if not outside:
            continue
        shape = tuple(outside[0].shape)
        observed = (
            f"target {i + 1} uses {len(outside)} parameters, one of shape {shape}, "
            "that model.parameters() does not give"
        )
        kept = {id(p) for p in used_again[i].values()}
        if all(id(p) in kept for p in outside):
            raise Misconception(
                "heads-not-registered",
                f"{observed}. An optimizer, a state_dict and .to(device) never see them",
            )
        raise Misconception(
            "made-in-forward", f"{observed}, and the next forward uses others in their place"
        )


def expect_parts(model: nn.Module, net: nn.Module, used: list[Leaves]) -> None:
    """Raise Misconception unless all targets use one trunk, and each a branch of its own, with the
    trained weights of the DenseNet `net`.

    The weights are recognised by their values, because the model may name its parts as it likes.
    """
    frozen = [path for path, p in model.named_parameters() if not p.requires_grad]
    if frozen:
        raise wrong_result(f"{first_and_more(frozen)} cannot be trained: requires_grad is False")
    trunk = fingerprints_of(net.features[:-2])
    branch = fingerprints_of(net.features[-2:])
    trunks = [addresses_in(leaves_of_target, trunk) for leaves_of_target in used]
    branches = [addresses_in(leaves_of_target, branch) for leaves_of_target in used]
    for i in range(len(used)):
        lost = len(branch) - len(branches[i])
        if lost > 0:
            raise Misconception(
                "pretrained-discarded",
                f"{lost} of the branch's {len(branch)} trained tensors have no part in target "
                f"{i + 1}",
            )
        lost = len(trunk) - len(trunks[i])
        if lost > 0:
            raise why_trunk_not_trained(model, trunk, lost, i)
    for i, own in enumerate(branches):
        for j in range(i):
            common = own & branches[j]
            if common:
                raise why_targets_share(model, common, i, j)
    copies = len(set.union(*trunks)) // len(trunk)
    if copies > 1:
        raise Misconception(
            "trunk-copied",
            f"the trunk stands {copies} times in memory; expected one for all targets",
        )


def fingerprints_of(module: nn.Module) -> set:
    """Return the fingerprints of a module's parameters."""
    return {comparisons.fingerprint(p) for p in module.parameters()}


def addresses_in(used: Leaves, fingerprints: set) -> set[int]:
    """Return the addresses of the used parameters that have one of these fingerprints."""
    found = set()
    for place, parameter in used.items():
        if comparisons.fingerprint(parameter) in fingerprints:
            found.add(place)
    return found


def why_trunk_not_trained(model: nn.Module, trunk: set, lost: int, i: int) -> Misconception:
    """Return the Misconception behind `lost` tensors of the trunk that target i does not use."""
    kept = 0
    for parameter in model.parameters():
        if comparisons.fingerprint(parameter) in trunk:
            kept += 1
    observed = f"target {i + 1} does not train {lost} of the trunk's {len(trunk)} tensors"
    if kept >= len(trunk):
        return Misconception(
            "activation-copied",
            f"{observed}: they are in the model, but no gradient reaches them",
        )
    return Misconception("pretrained-discarded", f"{observed}: they are not in the model")


def why_targets_share(model: nn.Module, common: set[int], i: int, j: int) -> Misconception:
    """Return the Misconception behind parameters, at the addresses `common`, that targets i and j
    both train.
    """
    places = {}  # address of each path, for those in `common`
    for path, parameter in model.named_parameters(remove_duplicate=False):
        if address(parameter) in common:
            places[path] = address(parameter)
    first = next(iter(places))
    observed = (
        f"targets {j + 1} and {i + 1} train the same {len(common)} tensors of their branch, "
        f"{first} is one"
    )
    twins = [path for path, place in places.items() if place == places[first]]
    if len(twins) == 1:
        return Misconception("activation-copied", f"{observed}. The model holds a single branch")
    one, other = modules_where_paths_part(model, twins[0], twins[1])
    if one is other:
        code = "one-object-n-times"
    else:
        code = why_shared(one, other, shared_names(one, other), None)
    return Misconception(code, f"{observed}: {twins[1]} is another name of it")


def modules_where_paths_part(model: nn.Module, one: str, other: str) -> tuple[nn.Module, nn.Module]:
    """Return the two modules at which two paths first differ.

    For branches.0.norm.weight and branches.1.norm.weight these are branches.0 and branches.1.
    """
    parts_of_one = one.split(".")
    parts_of_other = other.split(".")
    length = 1
    while parts_of_one[:length] == parts_of_other[:length]:
        length += 1
    return (
        model.get_submodule(".".join(parts_of_one[:length])),
        model.get_submodule(".".join(parts_of_other[:length])),
    )


# Relative rest of a least-squares fit. Over ten seeds of heads x {1, 2} threads, right logits leave
# at most 1.8e-7, and a wrong ReLU or pooling leaves at least 3.3e-3.
ROUNDING = 1e-5


def expect_linear_heads(net: nn.Module, images: torch.Tensor, outputs: list[torch.Tensor]) -> None:
    """Raise Misconception unless all logits are a linear function of the pooled features of `net`.

    That is what a Linear on top of the trained trunk and branch gives, whatever its weights.
    """
    with torch.no_grad():
        features = net.features(images)  # (B, C, H, W)
    for i, logits in enumerate(outputs, 1):
        rest = rest_of_linear_fit(pooled(features), logits)
        if not rest > ROUNDING:  # NaN for a head of zeros, which is linear too
            continue
        observed = (
            f"the logits of target {i} are no linear function of the DenseNet's pooled features"
        )
        if rest_of_linear_fit(features.mean((2, 3)), logits) < ROUNDING:
            raise Misconception("relu-lost", f"{observed}, but of the features before its ReLU")
        raise wrong_result(
            f"{observed}: expected ReLU, mean over height and width, then one Linear"
        )


def rest_of_linear_fit(features: torch.Tensor, logits: torch.Tensor) -> float:
    """Return the relative residual of the best linear map, with bias, from features (B, C) to
    logits (B, size): 0 where there is an exact one.
    """
    ones = torch.ones(len(features), 1)
    x = torch.cat([features, ones], 1).double()  # (B, C + 1)
    y = logits.detach().double()
    residual = x @ torch.linalg.lstsq(x, y).solution - y
    return (residual.norm() / y.norm()).item()


def expect_one_batch_counted(model: nn.Module, images: torch.Tensor) -> None:
    """Raise Misconception unless one forward in train mode is one batch for each BatchNorm."""
    model.train()
    before = batch_counts(model)
    with torch.no_grad():
        model(images)
    for name, count in batch_counts(model).items():
        if count - before[name] <= 1:
            continue
        observed = f"one forward has raised {name} by {count - before[name]}"
        place = address(model.get_buffer(name))
        twins = []
        for path, buffer in model.named_buffers(remove_duplicate=False):
            if address(buffer) == place:
                twins.append(path)
        if len(twins) > 1:
            raise Misconception(
                "buffers-still-shared",
                f"{observed}: it has {len(twins)} names, one is {twins[-1]}",
            )
        raise wrong_result(
            f"{observed}: the trunk runs once for each target, and should run once for all"
        )


def batch_counts(model: nn.Module) -> dict[str, int]:
    """Return {name: value} of the buffers in which BatchNorms count their batches."""
    counts = {}
    for name, buffer in model.named_buffers():
        if name.endswith("num_batches_tracked"):
            counts[name] = buffer.item()
    return counts
