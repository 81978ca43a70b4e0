"""What must stay the same when a head is replaced, and why it did not: the misconceptions."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import nn

from course.checking import comparisons, networks, panel
from course.checking.check import expect
from course.checking.misconception import Misconception, first_and_more, wrong_result

LAST_OF_AUXILIARY = {"AuxLogits": "fc", "aux1": "fc2", "aux2": "fc2"}
LAST_PLACES = tuple(f"{auxiliary}.{last}." for auxiliary, last in LAST_OF_AUXILIARY.items())
LIMITS = {  # how outputs look that are not logits
    "constant": "are the same number for every image and class",
    "sigmoid": "stay between 0 and 1, as after a sigmoid",
    "ReLU": "are never negative, as after a ReLU",
    "tanh": "stay between -1 and 1, as after a tanh",
}
RUNNING = ("running_mean", "running_var", "num_batches_tracked")


class Original(NamedTuple):
    """A torchvision model before the learner's code has it."""

    name: str  # for messages
    model: nn.Module
    path: str  # of the head, such as "classifier.6"
    head: nn.Module
    old_weights: dict[str, nn.Parameter]  # of the head and the auxiliary heads, by path
    inputs: torch.Tensor  # of the head for two images: (2, C), or (2, C, H, W) for a convolution
    logits: torch.Tensor  # (2, 1000)
    outside: dict[str, torch.Tensor]  # a snapshot of all tensors that no head holds
    inside: dict[str, tuple]  # fingerprints of the other tensors in the head's container
    condition: dict[str, Any]
    shapes: dict[int, tuple[int, ...]]  # id of a parameter: its shape
    dropouts: Counter[float]
    plain: Counter[str]  # how many layers without tensors there are of each class

    @property
    def container(self) -> str:
        """The model's child that is the head or holds it, such as "classifier"."""
        return self.path.split(".")[0]

    def images(self, count: int = 2) -> torch.Tensor:
        """Return images (count, 3, S, S) that the model takes."""
        return networks.images(self.name, count)

    def in_a_head(self, path: str) -> bool:
        """Return whether a module or tensor is in the head's container, or in an auxiliary head."""
        return f"{path}.".startswith((f"{self.container}.", *LAST_PLACES))

    def is_new(self, parameter: nn.Parameter) -> bool:
        """Return whether a parameter was not in the model, or not in this shape."""
        if nn.parameter.is_lazy(parameter):
            return True
        return self.shapes.get(id(parameter)) != tuple(parameter.shape)


def describe(model: nn.Module, name: str) -> Original:
    """Return what a change of heads must keep. Leaves the model in eval mode."""
    path, head = networks.old_head(model)
    inputs, logits = networks.captured(model, head, networks.images(name))
    original = Original(
        name=name,
        model=model,
        path=path,
        head=head,
        old_weights={path: head.weight},
        inputs=inputs,
        logits=logits,
        outside={},
        inside={},
        condition=comparisons.condition(model),
        shapes={id(parameter): tuple(parameter.shape) for parameter in model.parameters()},
        dropouts=dropouts(model),
        plain=plain_layers(model),
    )
    for auxiliary in networks.auxiliary_inputs(name):
        last = f"{auxiliary}.{LAST_OF_AUXILIARY[auxiliary]}"
        original.old_weights[last] = model.get_submodule(last).weight
    for key, tensor in comparisons.tensors(model).items():
        if not original.in_a_head(key):
            original.outside[key] = tensor.detach().clone()
        elif key.startswith(original.container) and not key.startswith(f"{path}."):
            original.inside[key] = comparisons.fingerprint(tensor)
    return original


def dropouts(model: nn.Module) -> Counter[float]:
    """Return how many Dropout layers there are with each probability."""
    return Counter(layer.p for layer in model.modules() if isinstance(layer, nn.Dropout))


def plain_layers(model: nn.Module) -> Counter[str]:
    """Return how many layers of each class there are that hold neither tensors nor layers."""
    found = Counter()
    for layer in model.modules():
        if not any(True for _ in layer.children()) and not comparisons.tensors(layer):
            found[type(layer).__name__] += 1
    return found


def first_line(problem: Exception) -> str:
    """Return the first line of an exception's message."""
    return str(problem).split("\n")[0]


def expect_replaced_head(
    model: Any, n: int, original: Original, may_change: tuple[str, ...] = ()
) -> None:
    """Raise Misconception unless `model` is the original one, with a new head for n classes.

    `may_change` holds the ends of entries of its condition that need not stay, such as "training".
    """
    name = original.name
    expect(model, nn.Module, f"the model ({name})")
    if model is not original.model:
        raise _why_another_object(model, original)
    condition = comparisons.condition(model)
    model.eval()
    runs = _Runs(original)
    with runs.watched():
        logits = _forward(model, 2, original)
    _expect_new_logits(logits, n, original, runs.of_old_head)
    alone = _forward(model, 1, original)
    if alone.shape != (1, n):
        raise Misconception(
            "batch-dimension-lost",
            f"{name}: a batch of one image gives {tuple(alone.shape)}; expected (1, {n})",
        )
    _expect_auxiliary_heads(model, n, original)
    _expect_same_tensors(model, original)
    _expect_same_classifier(model, original)
    _expect_no_old_weight(model, original)
    _expect_new_parameters(model, original)
    _expect_logits_without_limits(model, original)
    _expect_same_condition(condition, original, may_change)


class _Runs:
    """Counts the forward passes of the old head."""

    def __init__(self, original: Original) -> None:
        self._head = original.head
        self.of_old_head = 0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        def count(*_: object) -> None:
            self.of_old_head += 1

        hook = self._head.register_forward_hook(count)
        try:
            yield
        finally:
            hook.remove()


def _still_with_1000_rows(original: Original) -> bool:
    """Return whether the old head's own weight has all its rows."""
    weight = getattr(original.head, "weight", None)
    return weight is original.old_weights[original.path] and weight.shape[0] == 1000


def _why_another_object(model: nn.Module, original: Original) -> Misconception:
    """`model` is not the object that the function was given."""
    name = original.name
    for path, part in original.model.named_modules():
        if part is model:
            return Misconception(
                "not-in-place",
                f"expected the whole model ({name}); got its part `{path}`, "
                f"of type {type(model).__name__}",
            )
    runs = _Runs(original)
    model.eval()
    with runs.watched(), contextlib.suppress(RuntimeError), torch.no_grad():
        model(original.images())
    if runs.of_old_head and _still_with_1000_rows(original):
        return Misconception(
            "stacked-on-logits",
            f"expected that the new head takes the place of the old one; the old head of {name} "
            "with its 1000 outputs still runs, below your new layer",
        )
    present = {comparisons.fingerprint(tensor) for tensor in model.parameters()}
    # vectors do not tell networks apart: a fresh BatchNorm has ones and zeros, too
    matrices = [tensor for tensor in original.outside.values() if tensor.ndim > 1]
    if not any(comparisons.fingerprint(tensor) in present for tensor in matrices):
        return Misconception(
            "backbone-thrown-away",
            f"expected the model that the function got ({name}); none of the {len(matrices)} "
            "weight tensors of its backbone is in the model that you return",
        )
    return Misconception(
        "not-in-place",
        f"expected the very model that the function got ({name}); got another object, "
        f"of type {type(model).__name__}",
    )


def _forward(model: nn.Module, count: int, original: Original) -> torch.Tensor:
    """Return the model's logits for some images.

    An error in a layer of the learner's own is raised as it is.
    """
    try:
        with torch.no_grad():
            logits = model(original.images(count))
    except Exception as problem:
        if panel.raised_by_learner(problem):
            raise
        raise _why_forward_fails(problem, model, count, original) from None
    expect(logits, torch.Tensor, f"that {original.name} gives a tensor of logits")
    return logits


def _why_forward_fails(
    problem: Exception, model: nn.Module, count: int, original: Original
) -> Misconception:
    name = original.name
    what = (
        f"expected that {name} gives logits for {count} image{'s' * (count > 1)}; its forward pass "
        f"raises {type(problem).__name__}: {first_line(problem)}"
    )
    for path, tensor in comparisons.tensors(model).items():
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            found = str(tensor.dtype).removeprefix("torch.")
            return wrong_result(f"{name}: {path} is {found}; expected float32, as the images")
    new = _new_part(model, original)
    if count > 1 and new is not None:
        inputs, _ = networks.captured(model, new, original.images())
        if isinstance(original.head, nn.Conv2d) and _first_layer(new, nn.Linear) is not None:
            return Misconception("head-is-always-linear", what)
        if inputs is not None and not _same_shape(inputs, original.inputs):
            return Misconception("classifier-layers-lost", what)
        first = _first_layer(new, nn.Linear)
        width = original.inputs.shape[1]
        convolution = _first_layer(new, nn.Conv2d)
        if convolution is not None and convolution.in_channels != width:
            return Misconception(
                "in-features-from-memory",
                f"{name}: your new layer takes {convolution.in_channels} channels; expected "
                f"{width}",
            )
        if first is not None and first.out_features == width != first.in_features:
            return wrong_result(
                f"{name}: your new layer is Linear({first.in_features}, {first.out_features}); "
                "expected the number of inputs first, then the number of outputs"
            )
        outputs = original.old_weights[original.path].shape[0]
        if first is not None and first.in_features == outputs != width:
            return wrong_result(
                f"{name}: your new layer takes {outputs} inputs, as many as the old head had "
                f"outputs; expected {width}, its inputs"
            )
        if inputs is not None and first is not None and first.in_features != width:
            return Misconception(
                "in-features-from-memory",
                f"{name}: your new layer takes {first.in_features} inputs; expected {width}, as "
                "many as the old head took",
            )
    return wrong_result(what)


def _first_layer(module: nn.Module, kind: type[nn.Module]) -> Any:
    """Return the first layer in a module if it is of a kind, None otherwise."""
    for layer in module.modules():
        if list(layer.parameters(recurse=False)):
            return layer if isinstance(layer, kind) else None
    return None


def _expect_new_logits(logits: torch.Tensor, n: int, original: Original, old_runs: int) -> None:
    """Raise Misconception where the logits (2, ?) of two images do not come from a new head.

    `old_runs` says how often the old head ran for them.
    """
    name = original.name
    old_is_used = bool(old_runs) and _still_with_1000_rows(original)
    if logits.shape != (2, n):
        raise _why_wrong_shape(tuple(logits.shape), n, original, old_is_used)
    if old_is_used and torch.equal(logits, original.logits[:, :n]):
        raise Misconception(
            "logits-sliced",
            f"expected {n} logits of a new head; the {n} outputs of {name} are its first {n} old "
            "logits, and all 1000 are still computed",
        )
    if old_is_used:
        raise Misconception(
            "stacked-on-logits",
            f"expected that the new head takes the place of the old one; the old head of {name} "
            "with its 1000 outputs still runs, below your new layer",
        )
    if not logits.is_floating_point() or logits.dtype != torch.float32:
        raise wrong_result(f"{name}: expected float32 logits; got {logits.dtype}")


def _why_wrong_shape(
    shape: tuple[int, ...], n: int, original: Original, old_is_used: bool
) -> Misconception:
    name = original.name
    if old_is_used and hasattr(original.model, "fc") and original.container != "fc":
        return Misconception(
            "fc-on-a-model-without-fc",
            f"{name} accepts the attribute `fc` and never calls it: two images still give {shape}; "
            f"expected (2, {n}). Its head is `{original.path}`",
        )
    paths = [path for path, _ in original.model.named_modules() if path]
    added = [path for path in paths if f"type of {path}" not in original.condition]
    if old_is_used and added and shape == (2, 1000):
        return Misconception(
            "new-layer-not-called",
            f"{name} accepts the attribute `{added[0]}` and never calls it: two images still give "
            f"{shape}; expected (2, {n}). Its head is `{original.path}`",
        )
    head = original.head
    edited = getattr(head, "out_features", getattr(head, "out_channels", None))
    if old_is_used and edited == n:
        weight = tuple(original.old_weights[original.path].shape)
        return Misconception(
            "out-features-edited",
            f"the attribute of {name}'s head says {n} outputs, its weight is still {weight}: "
            f"two images give {shape}; expected (2, {n})",
        )
    if shape == (n,):
        return Misconception(
            "batch-dimension-lost",
            f"{name}: two images give {shape}; expected (2, {n})",
        )
    what = f"two images through {name} give {shape}; expected (2, {n})"
    if old_is_used and shape == (2, 1000):
        what += f". {original.path} is still the old head: no other layer was assigned to it"
    return wrong_result(what)


def _expect_auxiliary_heads(model: nn.Module, n: int, original: Original) -> None:
    """Also gives lazy layers in these heads their shapes."""
    name = original.name
    for path, shape in networks.auxiliary_inputs(name).items():
        auxiliary = getattr(model, path, None)
        if auxiliary is None:
            raise Misconception(
                "auxiliary-head-forgotten",
                f"{name}.{path} is gone; expected that it stays and has {n} outputs",
            )
        try:
            with torch.no_grad():
                logits = auxiliary(torch.zeros(shape))  # (2, n)
        except RuntimeError as problem:
            if panel.raised_by_learner(problem):
                raise
            raise wrong_result(
                f"expected that {name}.{path} gives (2, {n}) for two images; its forward pass "
                f"raises RuntimeError: {first_line(problem)}"
            ) from None
        if logits.shape != (2, n):
            raise Misconception(
                "auxiliary-head-forgotten",
                f"{name}.{path} gives {tuple(logits.shape)} for two images; expected (2, {n}): "
                "its loss is part of the training",
            )


def _expect_same_tensors(model: nn.Module, original: Original) -> None:
    """Raise Misconception where a tensor that no head holds has another value or is gone."""
    moved = comparisons.moved_since(model, original.outside)
    if not moved:
        return
    what = f"{original.name}: {first_and_more(moved)} changed; only the head may change"
    if all(name.endswith(RUNNING) for name in moved):
        raise Misconception("features-in-train-mode", f"{what}. A forward pass in train mode ran")
    matrices = {key for key, tensor in original.outside.items() if tensor.ndim > 1}
    if len(matrices & set(moved)) > len(matrices) / 2:
        raise Misconception("backbone-thrown-away", what)
    raise wrong_result(what)


def _expect_same_classifier(model: nn.Module, original: Original) -> None:
    """Raise Misconception where a layer beside the head is gone, or gets other inputs."""
    name = original.name
    lost = original.dropouts - dropouts(model)
    if lost:
        kept = sorted(dropouts(model))
        raise Misconception(
            "classifier-layers-lost",
            f"expected that {name} keeps its Dropout(p={min(lost)}); the Dropout layers that it "
            f"has now have p in {kept}",
        )
    fewer = original.plain - plain_layers(model)
    if fewer:
        raise Misconception(
            "classifier-layers-lost",
            f"expected that {name} keeps all layers beside its head; it has fewer {min(fewer)} "
            "layers than before",
        )
    present = {comparisons.fingerprint(tensor) for tensor in comparisons.tensors(model).values()}
    gone = [path for path, values in original.inside.items() if values not in present]
    if gone:
        raise Misconception(
            "classifier-layers-lost",
            f"expected that {name} keeps the layers beside its head; the trained tensor "
            f"{first_and_more(gone)} is gone",
        )
    new = _new_part(model, original)
    if new is None:
        return
    inputs, _ = networks.captured(model, new, original.images())
    if inputs is not None and not _same_values(inputs, original.inputs):
        raise Misconception(
            "classifier-layers-lost",
            f"{name}: expected that the new head gets the {tuple(original.inputs.shape)} that the "
            f"old head got; it gets {_other_values(inputs, original.inputs)}, because layers in "
            "front of it are gone or new",
        )


def _new_part(model: nn.Module, original: Original) -> nn.Module | None:
    """Return the first module with parameters that are all new, outside auxiliary heads."""
    for path, module in model.named_modules():
        own = module.parameters()
        first = next(own, None)
        if first is None or path.lower().startswith("aux"):
            continue
        if original.is_new(first) and all(map(original.is_new, own)):
            return module
    return None


def _same_shape(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two inputs have as many numbers and as many dimensions."""
    return found.numel() == expected.numel() and found.ndim == expected.ndim


def _same_values(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two inputs hold the same values, (2, C, 1, 1) and (2, C) alike."""
    if found.numel() != expected.numel():
        return False
    found = found.flatten(1)
    expected = expected.flatten(1)
    return torch.allclose(found, expected, atol=1e-5)


def _other_values(found: torch.Tensor, expected: torch.Tensor) -> str:
    """Return how the new head's input differs from the old head's, in words."""
    shape = tuple(found.shape)
    return f"{shape} with other values" if shape == tuple(expected.shape) else str(shape)


def _expect_no_old_weight(model: nn.Module, original: Original) -> None:
    """Raise Misconception where the weight of an old head is still a parameter of the model."""
    for path, weight in original.old_weights.items():
        for key, parameter in model.named_parameters():
            if parameter is weight and len(weight) == 1000:
                raise wrong_result(
                    f"{original.name}: expected that the old head {path} is no longer in the "
                    f"model; its weight {tuple(weight.shape)} is still the parameter {key}"
                )


def _expect_new_parameters(model: nn.Module, original: Original) -> None:
    """Raise Misconception unless a part of the model is new and requires gradients."""
    new = {path: each for path, each in model.named_parameters() if original.is_new(each)}
    if not new:
        raise wrong_result(
            f"{original.name}: expected the new head's parameters in model.parameters(); it holds "
            "no new one, so an optimizer cannot train the head"
        )
    frozen = [path for path, parameter in new.items() if not parameter.requires_grad]
    if frozen:
        raise Misconception(
            "froze-the-new-head",
            f"{original.name}: {first_and_more(frozen)} of the new head: expected "
            "requires_grad=True; got False",
        )


def _expect_logits_without_limits(model: nn.Module, original: Original) -> None:
    """Raise Misconception where the outputs went through a softmax or another limit.

    The new part gets large random features. A head that starts with zeros shows no limit: for the
    time of the call its parameters are random, too.
    """
    new = _new_part(model, original)
    if new is None:
        return
    kept = [parameter.detach().clone() for parameter in new.parameters()]

    def large(_: nn.Module, inputs: tuple) -> tuple:
        features = torch.randn(64, *inputs[0].shape[1:]) * 1000
        return (features, *inputs[1:])

    hook = new.register_forward_pre_hook(large)
    try:
        with torch.no_grad():
            outputs = model(original.images())  # (64, n)
            if torch.equal(outputs, outputs[:1].expand_as(outputs)):
                for parameter in new.parameters():
                    parameter.normal_()
                outputs = model(original.images())
    finally:
        hook.remove()
        with torch.no_grad():
            for parameter, values in zip(new.parameters(), kept, strict=True):
                parameter.copy_(values)
    relu_before = bool(original.logits.min() >= 0)  # SqueezeNet's own: it ends in a ReLU
    expect_no_limit(outputs, f"the outputs of {original.name}", ("ReLU",) if relu_before else ())


def expect_no_limit(outputs: torch.Tensor, whose: str, allowed: tuple[str, ...] = ()) -> None:
    """Raise Misconception if outputs (64, n), for large random features, have a limit.

    `allowed` holds limits, as comparisons.why_not_logits names them, that the model may have.
    """
    limit = comparisons.why_not_logits(outputs)
    if limit is None or limit in allowed:
        return
    if limit == "tanh" and outputs.abs().max() < 0.99:
        return  # cosine similarities of random features, for example
    if limit == "softmax":
        raise Misconception(
            "softmax-in-the-head",
            f"expected logits; {whose} are never negative and sum to 1: they are probabilities",
        )
    raise Misconception(
        "not-logits",
        f"expected logits; {whose} {LIMITS[limit]}, even for features a thousand times as large",
    )


def _expect_same_condition(
    condition: dict[str, Any], original: Original, may_change: tuple[str, ...]
) -> None:
    """Raise Misconception where modes, frozen parameters, hooks or options changed elsewhere."""
    before = {}
    for what, value in original.condition.items():
        path = what.removeprefix("type of ").removeprefix("hooks of ")
        if not original.in_a_head(path):
            before[what] = value
    found = comparisons.differences(before, condition, but=may_change)
    changed = [sentence for sentence in found if not sentence.endswith(" is new")]
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{original.name}: expected that all else stays; {first_and_more(changed)}",
        )
