"""What the check of Exercise 4 requires of a model with several targets."""

import torch
from torch import nn

from course.checking import comparisons
from course.checking.autograd import has_node
from course.checking.batch_of_one import code_of_shapes
from course.checking.check import expect
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import all_near, difference
from course.lessons.lesson04.fixtures import Sizes
from course.lessons.lesson04.sharing import address, named_tensors, shared_names, why_shared

Leaves = dict[int, nn.Parameter]  # what an output was made with, as `leaves` gives it


def logits_of(model: nn.Module, images: torch.Tensor, sizes: Sizes) -> list[torch.Tensor]:
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
            f"forward raises `{sentence}`: it calls deepcopy on an activation",
        ) from None
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    expect(outputs, list | tuple, f"a list or dict of {len(sizes)} tensors of logits from forward")
    for output in outputs:
        expect(output, torch.Tensor, "tensors of logits from forward")
    shapes = [tuple(output.shape) for output in outputs]
    expected = [(len(images), size) for size in sizes]
    if shapes != expected:
        count = len(images)
        raise Misconception(
            code_of_shapes(shapes, expected),
            f"{count} image{'s' if count > 1 else ''} and sizes {list(sizes)}: expected logits of "
            f"the shapes {expected}; got {shapes}",
        )
    return list(outputs)


def expect_same_logits(
    model: nn.Module, before: dict[str, torch.Tensor], logits: list, again: list
) -> None:
    """Raise Misconception if a forward in eval mode has changed the model or depends on chance.

    `before` is a snapshot of the model's tensors, `again` the `logits` of a second forward.
    """
    moved = comparisons.moved_since(model, before)
    if moved:
        raise Misconception(
            "made-in-forward", f"one forward in eval mode has changed {first_and_more(moved)}"
        )
    for i, (one, other) in enumerate(zip(logits, again, strict=True), 1):
        if not one.isfinite().all():
            raise wrong_result(
                f"expected finite logits; the first row of target {i} is {one[0].tolist()!r:.60}"
            )
        if not all_near(one, other, 1e-4, 1e-4):
            raise wrong_result(
                f"target {i}: expected the same logits from two forwards in eval mode on the same "
                f"images; in the second, {difference(other, one, 1e-4, 1e-4)}"
            )


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
                f"{observed}. So an optimizer, a state_dict and .to(device) miss them",
            )
        raise Misconception("made-in-forward", f"{observed}, and the next forward uses new ones")


class Parts:
    """Which parameters of a model are the trunk's, which a branch's, which a head's.

    The trained ones are recognised by their values, because a model may name its parts as it likes.
    `trunk[i]`, `branch[i]` and `head[i]` are the addresses that target i uses.
    """

    def __init__(self, net: nn.Module, used: list[Leaves]) -> None:
        self.names_in_trunk = names_by_values(net.features[:-2])
        self.names_in_branch = names_by_values(net.features[-2:])
        self.trunk: list[dict[int, str]] = []
        self.branch: list[dict[int, str]] = []
        self.head: list[Leaves] = []
        for leaves_of_target in used:
            trunk, branch, head = {}, {}, {}
            for place, parameter in leaves_of_target.items():
                values = comparisons.fingerprint(parameter)
                if values in self.names_in_trunk:
                    trunk[place] = self.names_in_trunk[values]
                elif values in self.names_in_branch:
                    branch[place] = self.names_in_branch[values]
                else:
                    head[place] = parameter
            self.trunk.append(trunk)
            self.branch.append(branch)
            self.head.append(head)


def names_by_values(module: nn.Module) -> dict[tuple, str]:
    """Return {fingerprint: name} of a module's parameters."""
    return {comparisons.fingerprint(p): name for name, p in module.named_parameters()}


def expect_parts(model: nn.Module, net: nn.Module, used: list[Leaves], sizes: Sizes, out: list):
    """Raise Misconception unless all targets use one trunk, and each a branch and a head of its
    own, with the trained weights of the DenseNet `net`.

    `out` are the logits, with their graph. Returns the Parts.
    """
    frozen = [path for path, p in model.named_parameters() if not p.requires_grad]
    if frozen:
        raise wrong_result(
            f"{first_and_more(frozen)} cannot be trained: expected requires_grad True; got False"
        )
    parts = Parts(net, used)
    for i in range(len(used)):
        for part, expected in (
            (parts.trunk[i], parts.names_in_trunk),
            (parts.branch[i], parts.names_in_branch),
        ):
            lost = sorted(set(expected.values()) - set(part.values()))
            if lost:
                raise why_not_used(model, parts, expected, lost, i)
    for i, own in enumerate(parts.branch):
        for j in range(i):
            common = own.keys() & parts.branch[j].keys()
            if common:
                raise why_targets_share(model, parts, common, j, i, sizes, out)
    expect_one_trunk(parts)
    for i, own in enumerate(parts.head):
        if not own:
            raise wrong_result(
                f"target {i + 1}: expected logits of a new Linear head; no parameter but those of "
                "trunk and branch gets a gradient from them"
            )
        for j in range(i):
            if own.keys() & parts.head[j].keys():
                common = {comparisons.fingerprint(p) for p in own.values()}
                if comparisons.fingerprint(net.classifier.weight) in common:
                    raise Misconception(
                        "stacked-on-logits",
                        f"targets {j + 1} and {i + 1} use the old classifier, "
                        f"{tuple(net.classifier.weight.shape)}, below their heads",
                    )
                observed = f"targets {j + 1} and {i + 1} use the same head"
                if sizes[i] == sizes[j]:
                    raise Misconception("keyed-by-size", f"{observed}: both have size {sizes[i]}")
                raise wrong_result(f"{observed}; expected a head for each")
    return parts


def why_not_used(
    model: nn.Module, parts: Parts, expected: dict, lost: list[str], i: int
) -> Misconception:
    """Return the Misconception behind trained tensors, `lost` by name, that target i does not use.

    `expected` are the names of all tensors of this part, by their values.
    """
    own = parts.head[i].values()  # whose values are not those of the DenseNet
    shapes = {tuple(parameter.shape) for parameter in own}
    untrained = [name for values, name in expected.items() if name in lost and values[0] in shapes]
    used_by_others = {place for branch in parts.branch for place in branch}
    unused = any(
        comparisons.fingerprint(p) in expected and address(p) not in used_by_others
        for p in model.parameters()
    )
    if expected is parts.names_in_branch and untrained and not unused:
        return Misconception(
            "pretrained-discarded",
            f"the branch of target {i + 1} has other values than the trained ones in "
            f"{first_and_more(lost)}",
        )
    kept = {comparisons.fingerprint(p) for p in model.parameters()}
    observed = (
        f"no gradient of target {i + 1} reaches {len(lost)} of {len(expected)} trained tensors, "
        f"such as {lost[0]}"
    )
    if all(values in kept for values, name in expected.items() if name in lost):
        return Misconception("gradient-cut-off", f"{observed}. They are in the model")
    return Misconception(
        "pretrained-discarded",
        f"the trained values of {first_and_more(lost)} are not in the model",
    )


def expect_one_trunk(parts: Parts) -> None:
    """Raise Misconception unless each tensor of the trunk is in one place for all targets."""
    places: dict[str, set[int]] = {}
    for trunk in parts.trunk:
        for place, name in trunk.items():
            places.setdefault(name, set()).add(place)
    twice = [name for name, found in places.items() if len(found) > 1]
    if len(twice) == len(places):
        count = len(places[twice[0]])
        raise Misconception("trunk-copied", f"expected one trunk in memory; got {count}")
    if twice:
        raise Misconception(
            "cut-elsewhere",
            f"{first_and_more(twice)} of features[:-2]: expected once in memory, for all targets; "
            f"got {len(places[twice[0]])} times",
        )


def why_targets_share(
    model: nn.Module, parts: Parts, common: set[int], i: int, j: int, sizes: Sizes, out: list
) -> Misconception:
    """Return the Misconception behind parameters, at the addresses `common`, that targets i and j
    both train.
    """
    names = sorted(parts.branch[j][place] for place in common)
    observed = (
        f"targets {i + 1} and {j + 1} train the same {len(common)} of {len(parts.branch[j])} "
        f"tensors of features[-2:], such as {names[0]}"
    )
    everywhere = set.intersection(*(set(branch) for branch in parts.branch))
    if common != parts.branch[j].keys():
        if common == everywhere:
            return Misconception("cut-elsewhere", observed)
        return wrong_result(f"{observed}; expected a branch for each")
    paths = {}  # address of each path, for those in `common`
    for path, parameter in model.named_parameters(remove_duplicate=False):
        if address(parameter) in common:
            paths[path] = address(parameter)
    first = next(iter(paths))
    twins = [path for path, place in paths.items() if place == paths[first]]
    if len(twins) > 1:
        one, other = modules_where_paths_part(model, twins[0], twins[1])
        code = why_shared(one, other, shared_names(one, other), None)
        return Misconception(code, f"{observed}: {twins[1]} is another name of {first}")
    if common != everywhere and sizes[i] == sizes[j]:
        return Misconception("keyed-by-size", f"{observed}: both have size {sizes[i]}")
    if common == everywhere and any(has_node(logits, "CloneBackward") for logits in out):
        return Misconception("activation-copied", f"{observed}. The model has a single branch")
    if common == everywhere:
        return Misconception("one-branch", f"{observed}. The model has a single branch")
    return wrong_result(f"{observed}; expected a branch for each")


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


def expect_one_batch_counted(model: nn.Module, images: torch.Tensor) -> None:
    """Raise Misconception unless each BatchNorm has buffers of its own, and one forward in train
    mode is one batch for it.
    """
    model.train()
    before = batch_counts(model)
    with torch.no_grad():
        model(images)
    owners: dict[int, tuple[str, int]] = {}  # of each address: the first name, the id of the layer
    for path, layer in model.named_modules(remove_duplicate=False):
        for name, buffer in layer.named_buffers(recurse=False):
            full = f"{path}.{name}"
            first, owner = owners.setdefault(address(buffer), (full, id(layer)))
            if owner != id(layer):
                raise Misconception(
                    "buffers-still-shared", f"{first} and {full} are in the same memory"
                )
    for name, count in batch_counts(model).items():
        if count - before[name] > 1:
            raise wrong_result(
                f"one forward in train mode has raised {name} by {count - before[name]}; expected "
                "1: the trunk and each branch run once"
            )


def expect_nothing_random(model: nn.Module, images: torch.Tensor, sizes: Sizes) -> None:
    """Raise Misconception if two forwards in train mode give other logits, as with Dropout.

    A BatchNorm then computes with the statistics of the batch, which are the same in both.
    """
    model.train()
    with torch.no_grad():
        pairs = zip(logits_of(model, images, sizes), logits_of(model, images, sizes), strict=True)
    for i, (one, other) in enumerate(pairs, 1):
        if not all_near(one, other, 1e-4, 1e-4):
            raise wrong_result(
                f"target {i}: in train mode two forwards on the same images give other logits, so "
                "something is drawn at random, as in Dropout. Expected only a ReLU and the mean "
                "between branch and head, and nothing after the head"
            )


def batch_counts(model: nn.Module) -> dict[str, int]:
    """Return {name: value} of the buffers in which BatchNorms count their batches."""
    counts = {}
    for name, buffer in named_tensors(model):
        if name.endswith("num_batches_tracked"):
            counts[name] = int(buffer)
    return counts
