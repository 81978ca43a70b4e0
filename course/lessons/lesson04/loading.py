"""Whether an answer loads a state, and which keys it finds lost: exercise 7."""

from collections.abc import Callable

from torch import nn

from course.checking import comparisons
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import difference
from course.lessons.lesson04.fixtures import (
    Sizes,
    differing_state,
    model_with_branches,
    with_branches,
)
from course.lessons.lesson04.names_shared import names_in
from course.lessons.lesson04.sharing import State, address, full_state, named_tensors


def expect_keys_not_kept(answer: Callable, into: str, origin: str, sizes: Sizes) -> int:
    """Return how many keys the answer has found to be lost.

    Raises Misconception unless it loads the state, and names the keys under which the model then
    holds other values. How it loads is up to the answer: with assign=True nothing is lost.
    """
    model = model_with_branches(into, sizes)
    source = model_with_branches(origin, sizes, seed=1)
    state = differing_state(source) if origin == "copied" else full_state(source)
    state = {name: state[name] for name in source.state_dict()}
    before = full_state(model)
    where = f"the state of {with_branches(origin)}, loaded into {with_branches(into)}"
    keys = names_in(answer(model, dict(state)), f"not_kept for {where}", "trunk.norm0.weight")
    loaded = dict(named_tensors(model))
    expect_loaded(loaded, state, where)
    expected = keys_that_differ(loaded, state)
    if keys == expected:
        return len(keys)
    observed = f"{where}: expected {len(expected)} of {len(state)} keys; got {len(keys)}"
    extra, missing = sorted(keys - expected), sorted(expected - keys)
    if missing:
        observed += f". {missing[0]} is missing: the model holds other values than the state"
    else:
        observed += f". {extra[0]} is wrong: the model holds the values of the state"
    raise why_wrong_keys(keys, expected, model, loaded, before, state, observed)


def expect_loaded(loaded: State, state: State, where: str) -> None:
    """Raise Misconception unless all memory of the model holds what `state` has for it.

    Of several keys that use one memory, any one may have been written last.
    """
    if loaded.keys() != state.keys():
        gone, new = sorted(state.keys() - loaded.keys()), sorted(loaded.keys() - state.keys())
        said = [f"{first_and_more(gone, 'is', 'are')} gone"] * bool(gone)
        said += [f"{first_and_more(new, 'is', 'are')} new"] * bool(new)
        raise wrong_result(f"{where}: expected the model's keys as before; {', '.join(said)}")
    keys_of: dict[int, list[str]] = {}
    for key, tensor in loaded.items():
        keys_of.setdefault(address(tensor), []).append(key)
    for keys in keys_of.values():
        if not any(comparisons.same(loaded[keys[0]], state[key]) for key in keys):
            raise wrong_result(
                f"{where}: expected that your function loads the state; the model's {keys[0]} does "
                f"not hold what the state has for it: {difference(loaded[keys[0]], state[keys[0]])}"
            )


def why_wrong_keys(
    keys: set[str],
    expected: set[str],
    model: nn.Module,
    loaded: State,
    before: State,
    state: State,
    observed: str,
) -> Misconception:
    """Return the Misconception behind wrong keys. `before` is what the model held."""
    if not keys:
        return Misconception("strict-is-no-proof", observed)
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    if keys == expected & parameters:
        return Misconception("buffers-left-out", observed)
    first_of: dict[int, str] = {}  # the first key of each memory
    for key, tensor in loaded.items():
        first_of.setdefault(address(tensor), key)
    unlike_first = set()
    for key, tensor in loaded.items():
        if not comparisons.same(state[key], state[first_of[address(tensor)]]):
            unlike_first.add(key)
    if keys == unlike_first:
        return Misconception("last-one-wins", observed)
    if keys == set(state) - expected:
        return wrong_result(f"{observed}. You name the keys whose values were kept")
    if keys == expected - parameters:
        return wrong_result(f"{observed}. You name buffers alone")
    if keys == expected & {name for name, _ in [*model.named_parameters(), *model.named_buffers()]}:
        return Misconception(
            "keys-of-one-name",
            f"{observed}. named_parameters() gives each object once, under its first name",
        )
    if keys == keys_that_differ(before, state):
        return wrong_result(f"{observed}. You compare with what the model held before the loading")
    return wrong_result(observed)


def keys_that_differ(tensors: State, state: State) -> set[str]:
    """Return the keys of `tensors` whose values are not, to the bit, those in `state`."""
    return {key for key, tensor in tensors.items() if not comparisons.same(tensor, state[key])}
