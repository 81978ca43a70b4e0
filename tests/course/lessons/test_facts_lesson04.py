"""What lesson 04 and its quiz say about sharing, measured again."""

import copy
import functools
import io
import itertools
import pickle
import re
import warnings

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import nn

from course.checking.quiz import draw
from course.lessons.lesson04.fixtures import (
    BRANCH_KINDS,
    SIZES,
    Targets,
    Tied,
    differing_state,
    model_with_branches,
    pairs_of_modules,
    pooled,
    small_densenet,
    varied_images,
)
from course.lessons.lesson04.linear_heads import rest_of_linear_fit, why_limited
from course.lessons.lesson04.quiz import ASSIGNED, KINDS, SHARE, WHICH_COPIES, WHO_CHANGES
from course.lessons.lesson04.quiz_kinds import BRANCHES, COUNTS, MODULES, WAYS
from course.lessons.lesson04.sharing import address, leaves, named_tensors, shared_names

DRAWS = 300


@functools.cache
def drawn(kind: str) -> list:
    return [draw(kind, seed) for seed in range(DRAWS)]


def total(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def counts_of(model: nn.Module) -> dict[str, int]:
    """The numbers that the lesson gives for a model."""
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    return {
        "numbers": total(model),
        "parameters": len(list(model.parameters())),
        "batchnorms": len(norms),
        "buffers": len(list(model.buffers())),
    }


@pytest.fixture(scope="module")
def features():
    """The features of DenseNet-121 on the meta device, which has shapes and no values."""
    with torch.device("meta"):
        return torchvision.models.densenet121().features


@pytest.fixture(scope="module")
def sliced(features):
    """DenseNet-121 whose five branches are slices of it."""
    with torch.device("meta"):
        return Targets(features[:-2], [features[-2:] for _ in SIZES])


@pytest.fixture(scope="module")
def copied(features):
    """DenseNet-121 whose five branches are copies of its last block."""
    with torch.device("meta"):
        return Targets(features[:-2], [copy.deepcopy(features[-2:]) for _ in SIZES])


def test_parts_of_densenet_in_numbers(features, copied):
    names = [name for name, _ in features.named_children()]
    assert names[-3:] == ["transition3", "denseblock4", "norm5"]
    assert counts_of(copied.trunk) == {
        "numbers": 4_793_728,
        "parameters": 264,
        "batchnorms": 88,
        "buffers": 264,
    }
    branch = copied.branches[0]
    assert counts_of(branch) == {
        "numbers": 2_160_128,
        "parameters": 98,
        "batchnorms": 33,
        "buffers": 99,
    }
    assert len(branch.state_dict()) == 197
    assert 4 * counts_of(branch)["numbers"] == pytest.approx(8.6e6, abs=0.05e6)
    heads = [total(head) for head in copied.heads]
    assert heads == [1_025, 4_100, 2_050, 8_200, 3_075]


def test_both_models_in_numbers(sliced, copied):
    assert counts_of(sliced) == {
        "numbers": 6_972_306,
        "parameters": 372,
        "batchnorms": 121,
        "buffers": 363,
    }
    assert counts_of(copied) == {
        "numbers": 15_612_818,
        "parameters": 764,
        "batchnorms": 253,
        "buffers": 759,
    }
    keys = list(sliced.state_dict())
    assert keys == list(copied.state_dict())
    assert len(keys) == 1_523


def test_the_trunk_ends_at_a_thirty_second_of_the_side(copied):
    """At 64 pixels features[:-2] gives (B, 512, 2, 2); the last block keeps height and width."""
    for side in (64, 224):
        with torch.device("meta"):
            features = copied.trunk(torch.empty(2, 3, side, side))
            assert features.shape == (2, 512, side // 32, side // 32)
            assert copied.branches[0](features).shape == (2, 1024, side // 32, side // 32)


def test_densenet_applies_a_relu_after_its_features():
    net = small_densenet()
    images = varied_images()
    with torch.no_grad():
        assert torch.allclose(net.classifier(pooled(net.features(images))), net(images), atol=1e-6)
    assert not isinstance(net.features[-1], nn.ReLU)


def test_a_slice_is_a_new_container_around_the_same_children(sliced):
    first, second = sliced.branches[:2]
    assert first is not second
    assert first[0] is second[0]
    assert first.norm5.weight is second.norm5.weight


@pytest.mark.parametrize("kind", BRANCH_KINDS)
def test_one_step_on_the_second_branch(kind):
    """All targets change where parameters are shared, and only the second where they are not."""
    model = model_with_branches(kind)
    images = varied_images()
    before = model(images)
    optimizer = torch.optim.SGD(model.branches[1].parameters(), lr=0.1)
    before[1].square().mean().backward()
    optimizer.step()
    changed = []
    for old, new in zip(before, model(images), strict=True):
        changed.append(not torch.equal(old, new))
    if kind in ("buffers", "copied"):
        assert changed == [False, True, False, False, False]
    elif kind == "one tensor":
        assert changed == [False, True, False, True, False]
    else:
        assert changed == [True] * 5


def test_the_graph_and_the_sum_of_gradients():
    """Two targets with slices use the same parameters, two with copies do not.

    The gradient of the shared block is the sum of those that five copies get.
    """
    sliced = model_with_branches("sliced")
    copied = model_with_branches("copied")
    copied.load_state_dict(sliced.state_dict())  # so that all branches start alike
    images = varied_images()
    for model, shares in ((sliced, True), (copied, False)):
        one, other = model(images)[:2]
        used_by_both = leaves(one).keys() & leaves(other).keys()
        assert (address(model.branches[0].norm5.weight) in used_by_both) == shares
        model.zero_grad()
        losses = [logits.square().mean() for logits in model(images)]
        sum(losses).backward()
    gradients = [branch.norm5.weight.grad for branch in copied.branches]
    assert torch.allclose(sliced.branches[0].norm5.weight.grad, sum(gradients), atol=1e-6)
    trunk = {address(parameter) for parameter in copied.trunk.requires_grad_(False).parameters()}
    assert not trunk & leaves(copied(images)[0]).keys()  # the graph has trainable ones only


def running_mean_after_a_forward(kind: str, passes: int) -> torch.Tensor:
    """The first branch's running mean (C,), from 0, after one forward in train mode.

    Asserts that its BatchNorm has counted `passes` batches, and the trunk's one.
    """
    model = model_with_branches(kind)
    model.load_state_dict(model_with_branches("sliced").state_dict())
    model.train()
    norm = model.branches[0].norm5
    trunk_norm = model.trunk.norm0
    norm.running_mean.zero_()
    before = norm.num_batches_tracked.item()
    trunk_before = trunk_norm.num_batches_tracked.item()
    model(varied_images(8))
    assert norm.num_batches_tracked - before == passes
    assert trunk_norm.num_batches_tracked - trunk_before == 1
    return norm.running_mean


def test_batches_are_counted_five_times():
    """With momentum m, n passes mix in a share of 1 - (1 - m) ** n."""
    share = 1 - 0.9**5
    shared_mean = running_mean_after_a_forward("sliced", passes=5)
    own_mean = running_mean_after_a_forward("copied", passes=1)
    assert torch.allclose(shared_mean / own_mean, torch.tensor(share / 0.1), atol=1e-3)
    assert right_answer(SHARE) == f"About {share:.2f}"


def all_shared(model: nn.Module) -> bool:
    """Whether branch 1 shares each of its tensors with branch 2."""
    first, second = model.branches[:2]
    return len(shared_names(first, second)) == len(first.state_dict())


def test_the_model_as_a_whole_keeps_the_sharing():
    """torch.save, pickle, deepcopy and a change of dtype carry shared memory along."""
    model = model_with_branches("sliced")
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    assert all_shared(torch.load(file, weights_only=False))
    assert all_shared(pickle.loads(pickle.dumps(model)))
    assert all_shared(copy.deepcopy(model))
    assert all_shared(copy.deepcopy(model).double())


def test_loading_copies_values_and_assigning_shares_memory():
    """load_state_dict keeps the tensors that are there, and assign=True puts in those it is given.

    The assigned parameters are different objects in one memory.
    """
    model = model_with_branches("sliced")
    loaded = model_with_branches("copied", seed=1)
    loaded.load_state_dict(model.state_dict())
    assert not shared_names(loaded.branches[0], loaded.branches[1])
    assigned = model_with_branches("copied", seed=1)
    assigned.load_state_dict(model.state_dict(), assign=True)
    assert all_shared(assigned)
    assert shared_names(assigned.branches[0], model.branches[0])
    first, second = assigned.branches[:2]
    assert first.norm5.weight is not second.norm5.weight
    assert total(assigned) == total(loaded)
    # in a deepcopy of the whole, different parameter objects come apart; buffers are one object
    first, second = copy.deepcopy(assigned).branches[:2]
    assert set(shared_names(first, second)) == {name for name, _ in first.named_buffers()}


def test_safetensors_refuses_shared_memory_or_drops_keys(tmp_path):
    """save_file raises; save_model keeps one name of shared parameters, and warns nobody.

    Such a file cannot be loaded into a model with copied branches.
    """
    model = model_with_branches("sliced")
    path = tmp_path / "model.safetensors"
    with pytest.raises(RuntimeError, match="share memory"):
        save_file(model.state_dict(), path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_model(model, path)
    kept = load_file(path).keys()
    named = [name for name in kept if name.endswith("norm5.weight")]
    assert len(named) == 1
    assert len(kept) < len(model.state_dict())
    with pytest.raises(RuntimeError, match="Missing key"):
        load_model(model_with_branches("copied"), path)
    save_file(model_with_branches("copied").state_dict(), path)


def test_torch_save_writes_shared_memory_once_and_restores_the_sharing():
    sizes = {}
    for kind in ("sliced", "copied"):
        file = io.BytesIO()
        state = model_with_branches(kind).state_dict()
        torch.save(state, file)
        storages = {address(tensor): tensor.untyped_storage().nbytes() for tensor in state.values()}
        sizes[kind] = sum(storages.values())
        assert file.tell() >= sizes[kind]
        file.seek(0)
        loaded = {address(tensor) for tensor in torch.load(file).values()}
        assert len(loaded) == len(storages)
    assert sizes["sliced"] < sizes["copied"]


def test_a_strict_load_keeps_the_last_branch():
    """All keys match, and the five branches are written into one memory, one after the other."""
    model = model_with_branches("sliced")
    source = model_with_branches("copied", seed=1)
    report = model.load_state_dict(source.state_dict(), strict=True)
    assert not report.missing_keys and not report.unexpected_keys
    assert torch.equal(model.branches[0].norm5.weight, source.branches[4].norm5.weight)


def test_a_reset_discards_weights_and_statistics():
    """A container has no reset_parameters, so the lesson walks its layers."""
    block = model_with_branches("copied").branches[0]
    before = {name: tensor.clone() for name, tensor in block.state_dict().items()}
    assert not hasattr(block, "reset_parameters")
    for layer in block.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    for name, tensor in block.state_dict().items():
        assert not torch.equal(tensor, before[name]), name


@pytest.mark.parametrize("kind", ["sliced", "copied"])
def test_copies_diverge_at_the_first_step_and_slices_never(kind):
    model = model_with_branches("sliced")
    if kind == "copied":
        model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(3):
        loss = sum(logits.square().mean() for logits in model(varied_images()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, second = (branch.norm5.weight for branch in model.branches[:2])
        assert torch.equal(first, second) == (kind == "sliced")


def test_copies_that_are_none():
    """Each attempt shares all of a block's tensors; copy.copy shares even the dict of layers."""
    block = small_densenet().features[-2:]
    assert copy.copy(block)._modules is block._modules
    attempts = (
        [block] * 2,
        [block[:], block[:]],
        [nn.Sequential(*block), nn.Sequential(*block)],
        [copy.copy(block), copy.copy(block)],
        copy.deepcopy([block] * 2),
    )
    for one, other in attempts:
        assert len(shared_names(one, other)) == len(block.state_dict())


# ---- the oracles of the checks ------------------------------------------------------------------


def test_shared_names_are_those_that_move_together():
    """What the check of Exercise 1 expects, against changing each tensor of b in place."""
    for what, a, b in pairs_of_modules(growth=4):
        expected = set(shared_names(a, b))
        before = {name: tensor.detach().clone() for name, tensor in named_tensors(a)}
        with torch.no_grad():
            for _, tensor in named_tensors(b):
                tensor.add_(1)
        now = dict(named_tensors(a))
        moved = {name for name in before if not torch.equal(now[name], before[name])}
        assert moved == expected, what
        for module in (a, b):  # the premise of the exercise: whole storages, none empty
            for _, tensor in named_tensors(module):
                assert tensor.storage_offset() == 0
                size = tensor.untyped_storage().nbytes()
                assert 0 < size == tensor.numel() * tensor.element_size()


def test_tied_weights_are_other_objects_of_another_shape():
    tied = Tied()
    one, other = tied.encoder.weight, tied.decoder.weight
    assert one is not other and one.shape != other.shape
    assert address(one) == address(other)


@settings(max_examples=30, deadline=None)
@given(momentum=st.floats(0, 1), branches=st.integers(1, 8))
def test_the_share_of_a_batch_is_what_a_batchnorm_measures(momentum, branches):
    norm = nn.BatchNorm2d(1, momentum=momentum)
    features = torch.arange(8.0).view(2, 1, 2, 2)
    for _ in range(branches):
        norm(features)
    measured = (norm.running_mean / features.mean()).item()  # a new running mean is 0
    assert measured == pytest.approx(1 - (1 - momentum) ** branches, abs=1e-5)


def test_states_differ_in_ways_that_are_easily_overlooked():
    """Some tensors of two branches are equal, and others only have the same sum, the same values in
    another order, the same absolute values, or are equal but for rounding.
    """
    state = differing_state(model_with_branches("copied"))
    found = set()
    for name, i, j in itertools.product(state, range(5), range(5)):
        if name.startswith("branches.0.") and i != j:
            one, other = (state[f"branches.{k}.{name[11:]}"].double() for k in (i, j))
            if torch.equal(one, other):
                found.add("equal")
            elif torch.equal(one.abs(), other.abs()):
                found.add("signs")
            elif torch.equal(one.flatten().sort().values, other.flatten().sort().values):
                found.add("order")
            elif torch.allclose(one, other):
                found.add("rounding")
            elif (one.sum() - other.sum()).abs() < 1e-5:
                found.add("sum")
    assert found >= {"signs", "order", "rounding", "sum"}


LIMITS = {
    "a sigmoid": torch.sigmoid,
    "a tanh": torch.tanh,
    "a ReLU": torch.relu,
    "a softmax": lambda logits: logits.softmax(1),
    "a log-softmax": lambda logits: logits.log_softmax(1),
    "a log-sigmoid": nn.functional.logsigmoid,
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("size", [2, 5])
def test_what_comes_after_a_linear_head_is_recognised(name, size):
    generator = torch.Generator().manual_seed(size)
    features = torch.randn(40, 12, generator=generator)
    logits = features @ torch.randn(12, size, generator=generator) / 12**0.5
    assert rest_of_linear_fit(features, logits) <= 1e-5
    limited = LIMITS[name](logits)
    assert not rest_of_linear_fit(features, limited) <= 1e-5
    assert why_limited(features, limited) == name


# ---- the quiz -----------------------------------------------------------------------------------


def right_answer(question) -> str:
    return next(option.text for option in question.options if option.right)


def code_in(markdown: str) -> str:
    return markdown.split("```python\n")[1].split("\n```")[0]


@pytest.mark.parametrize("option", WHICH_COPIES.options, ids="ABCD")
def test_the_lines_that_make_branches(option):
    """Five independent Linear layers have ten parameters in ten places."""
    names = dict(MODULES, block=nn.Sequential(nn.Linear(2, 2)))
    exec(code_in(option.text), names)
    places = {p.data_ptr() for p in names["branches"].parameters()}
    assert option.right == (len(places) == 10)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_questions_against_the_real_modules(kind):
    """The right option is what the question's own code gives when it runs."""
    for question in drawn(kind):
        names = dict(MODULES)
        exec(code_in(question.prompt), names)
        if kind == "how_many":
            expected = f"{names['count']:,}"
        else:
            expected = what_moves_together(names["a"], names["b"])
        assert right_answer(question) == expected


@pytest.mark.parametrize("option", WHO_CHANGES.options, ids="ABCD")
def test_the_slices_all_change(option):
    features = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    branches = [features[-2:] for _ in range(5)]
    optimizer = torch.optim.SGD(branches[0].parameters(), lr=1.0)
    before = [branch[0].weight.clone() for branch in branches]
    branches[0](torch.ones(1, 2)).sum().backward()
    optimizer.step()
    changed = [
        not torch.equal(old, branch[0].weight) for old, branch in zip(before, branches, strict=True)
    ]
    assert all(changed)
    assert option.right == option.text.startswith("All five")


def test_assign_makes_copied_branches_share():
    shared = model_with_branches("sliced")
    copied = model_with_branches("copied")
    count = len(list(copied.parameters()))
    names = {"copied": copied, "shared": shared}
    exec(code_in(ASSIGNED.prompt), names)
    assert all_shared(copied)
    assert shared_names(copied.branches[0], shared.branches[0])
    assert len(list(copied.parameters())) == count
    assert right_answer(ASSIGNED).startswith("The branches of `copied` now share one memory")


def test_what_options_of_how_many_say_is_true_of_their_numbers():
    """Each wrong count is what its explanation says that it is."""
    for question in drawn("how_many"):
        names = dict(MODULES)
        exec(code_in(question.prompt), names)
        block, n = names["block"], len(names["model"])
        parameters, state = list(block.parameters()), list(block.state_dict().values())
        for option in question.options:
            if option.right:
                continue
            found = int(option.text.replace("`", "").replace(",", ""))
            tensors = state if "buffer" in option.why else parameters
            expected = len(tensors) if "tensors" in option.why else sum(map(torch.numel, tensors))
            assert found == expected * (n if f"{n} times" in option.why else 1), option


def test_what_options_of_who_shares_say_is_true_of_their_names():
    """Each wrong option holds the tensors that its explanation says that it holds."""
    for question in drawn("who_shares"):
        names = dict(MODULES)
        exec(code_in(question.prompt), names)
        a = names["a"]
        everything = set(a.state_dict())
        buffers = {name for name, _ in a.named_buffers()}
        for option in question.options:
            named = set(re.findall(r"`([^`]+)`", option.text))
            if option.right or not named:
                continue
            layers = {name.split(".")[0] for name in named}
            if "without the buffers" in option.why:
                assert named == everything - buffers
            elif "without the parameters" in option.why:
                assert named == buffers
            elif "single parameter" in option.why:
                assert len(named) == 1 and not named & buffers
            elif "all layers but layer" in option.why:
                left_out = re.search(r"but layer (\d)", option.why)[1]
                assert named == {name for name in everything if name[0] != left_out}
            else:
                assert len(layers) == 1 and f"layer {layers.pop()}" in option.why


def test_all_ways_and_counts_are_drawn():
    prompts = "\n".join(question.prompt for kind in KINDS for question in drawn(kind))
    for way, _ in WAYS:
        assert any(way.format(k=k) in prompts for k in range(4)), way
    for count, _ in COUNTS:
        assert count in prompts
    for branches, _ in BRANCHES:
        assert any(branches.format(n=n) in prompts for n in range(2, 9))


def what_moves_together(a: nn.Module, b: nn.Module) -> str:
    """Another oracle: change each tensor of b in place, and see what of a has changed."""
    before = {name: tensor.clone() for name, tensor in a.state_dict().items()}
    with torch.no_grad():
        for tensor in b.state_dict().values():
            tensor.add_(1)
    moved = []
    for name, tensor in a.state_dict().items():
        if not torch.equal(tensor, before[name]):
            moved.append(name)
    if not moved:
        return "None."
    if len(moved) == len(before):
        return f"All {len(before)}."
    return ", ".join(f"`{name}`" for name in moved)
