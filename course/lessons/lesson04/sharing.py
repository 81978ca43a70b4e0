"""Which modules share memory, and by which mistake: for the checks and quiz of lesson 04."""

import torch
from torch import nn

from course.checking import comparisons
from course.checking.autograd import leaf_tensors
from course.checking.misconception import Misconception, first_and_more, wrong_result

State = dict[str, torch.Tensor]  # a state_dict, or all tensors of a model by name

# ---- memory -------------------------------------------------------------------------------------


def address(tensor: torch.Tensor) -> int:
    """Return where the memory of a tensor begins: the same for tensors that share it.

    Two objects can use one memory, so `is` does not tell. torch.Tensor.untyped_storage() is that
    memory.
    """
    return tensor.untyped_storage().data_ptr()


def named_tensors(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Return (name, tensor) of all parameters and buffers, shared ones under each of their names.

    Unlike `comparisons.tensors`, which names each object once.
    """
    return [
        *module.named_parameters(remove_duplicate=False),
        *module.named_buffers(remove_duplicate=False),
    ]


def shared_names(a: nn.Module, b: nn.Module) -> list[str]:
    """Return the names in `a` of the parameters and buffers whose memory a tensor of `b` uses."""
    addresses = {address(tensor) for _, tensor in named_tensors(b)}
    return [name for name, tensor in named_tensors(a) if address(tensor) in addresses]


def leaves(output: torch.Tensor) -> dict[int, torch.Tensor]:
    """Return {address: parameter} of all that a gradient from `output` reaches."""
    return {address(tensor): tensor for tensor in leaf_tensors(output)}


# ---- what a copy has to keep ---------------------------------------------------------------------


def full_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return clones of all parameters and buffers, shared ones under each of their names."""
    return comparisons.snapshot(named_tensors(module))


def why_values_differ(name: str, now: torch.Tensor, before: torch.Tensor) -> Misconception | None:
    """Return the Misconception behind a tensor that should hold what it held before, or None.

    `name` begins the message.
    """
    if comparisons.same(now, before):
        return None
    if now.shape != before.shape or now.dtype != before.dtype:
        return wrong_result(
            f"{name}: expected shape {tuple(before.shape)} and {before.dtype}; got "
            f"{tuple(now.shape)} and {now.dtype}"
        )
    gap = (now.detach().double() - before.double()).abs().max().item()
    observed = f"{name} does not hold the trained values: they differ by up to {gap:.2g}"
    if is_reset(now, before):
        return Misconception("pretrained-discarded", f"{observed}, as after a reset")
    return wrong_result(observed)


def is_reset(now: torch.Tensor, before: torch.Tensor) -> bool:
    """Return whether a changed tensor holds values that have nothing in common with those before.

    They are all 0 or all 1, as in a new BatchNorm, or as good as orthogonal to those before.
    """
    new, old = now.detach().double().flatten(), before.double().flatten()
    if len(new) > 1 and bool((new == new[0]).all()) and new[0].item() in (0.0, 1.0):
        return True
    if len(new) < 16:
        return False
    return abs(torch.cosine_similarity(new, old, dim=0).item()) < 0.5


def leaf_conditions(module: nn.Module) -> list[tuple[str, dict]]:
    """Return (name, condition) of each layer without children, in order.

    Modes, requires_grad, Dropout probability, hooks and classes are part of the condition, names
    are not: a copy may call its layers 0 and 1.
    """
    found = []
    for name, layer in module.named_modules(remove_duplicate=False):
        if not list(layer.children()):
            found.append((name, comparisons.condition(layer)))
    return found


# ---- why branches share -------------------------------------------------------------------------


def expect_independent(
    branches: list[nn.Module], block: nn.Module | None = None, where: str = ""
) -> None:
    """Raise the Misconception that explains why two of the branches share memory, if two do.

    `block` is what the branches were made from, if that is known. `where` begins the message.
    """
    for i, a in enumerate(branches):
        for j in range(i + 1, len(branches)):
            b = branches[j]
            names = shared_names(a, b)
            if names:
                raise Misconception(
                    why_shared(a, b, names, block),
                    f"{where}branches {i + 1} and {j + 1} share {len(names)} of "
                    f"{len(named_tensors(a))} tensors, {first_and_more(names)}",
                )


def why_shared(a: nn.Module, b: nn.Module, names: list[str], block: nn.Module | None) -> str:
    """Return the code of the misconception behind two modules that share the tensors `names`.

    `block` is the module that both were made from, or None where it is not known.
    """
    if a is b:
        return "one-object-n-times" if block is None or a is block else "one-copy-n-times"
    buffers = {name for name, _ in a.named_buffers()}
    if buffers.issuperset(names):
        return "buffers-still-shared"
    tensors_of_a = dict(named_tensors(a))
    tensors_of_b = dict(named_tensors(b))
    for name in names:
        is_parameter_of_both = name not in buffers and name in tensors_of_b
        if is_parameter_of_both and tensors_of_a[name] is not tensors_of_b[name]:
            return "parameters-in-one-memory"
    if vars(a)["_modules"] is vars(b)["_modules"]:
        return "shallow-copy"
    children = list(map(id, a.children()))
    if not children or children != list(map(id, b.children())):
        return "wrong-result"
    if block is not None and child_names(a) != child_names(block):
        return "rewrapped-not-copied"
    return "slice-shares-children"


def child_names(module: nn.Module) -> list[str]:
    """Return the names of a module's direct children."""
    return [name for name, _ in module.named_children()]
