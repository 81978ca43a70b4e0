"""What lesson 04 and its quiz say about sharing, measured again."""

import copy
import io
import pickle

import pytest
import torch
import torchvision
from safetensors.torch import save as save_safetensors
from torch import nn

from course.checking.quiz import draw
from course.lessons.lesson04.fixtures import (
    BRANCH_KINDS,
    SIZES,
    Targets,
    as_if_trained,
    model_with_branches,
    varied_images,
)
from course.lessons.lesson04.quiz import KINDS, MODULES, SHARE, WHICH_COPIES
from course.lessons.lesson04.sharing import address, leaves, shared_names

DRAWS = 1000


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


def test_a_slice_is_a_new_container_around_the_same_children(sliced):
    first, second = sliced.branches[:2]
    assert first is not second
    assert first[0] is second[0]
    assert first.norm5.weight is second.norm5.weight


@pytest.mark.parametrize("kind", BRANCH_KINDS)
def test_one_step_on_the_first_branch(kind):
    """All targets change where parameters are shared, and only the first where they are not."""
    model = model_with_branches(kind)
    images = varied_images()
    before = model(images)
    optimizer = torch.optim.SGD(model.branches[0].parameters(), lr=0.1)
    before[0].square().mean().backward()
    optimizer.step()
    changed = []
    for old, new in zip(before, model(images), strict=True):
        changed.append(not torch.equal(old, new))
    if kind in ("buffers", "copied"):
        assert changed == [True, False, False, False, False]
    else:
        assert changed == [True] * 5


def test_the_graph_and_the_sum_of_gradients():
    """Two targets with slices use the same parameters, two with copies do not.

    The gradient of the shared block is the sum of those that five copies get.
    """
    sliced = model_with_branches("sliced")
    copied = model_with_branches("copied")
    copied.load_state_dict(sliced.state_dict())
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


def running_mean_after_a_forward(kind: str, passes: int) -> torch.Tensor:
    """The first branch's running mean (C,), from 0, after one forward in train mode.

    Asserts that its BatchNorm has counted `passes` batches, and the trunk's one.
    """
    model = model_with_branches(kind).train()
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


def test_safetensors_refuses_shared_memory():
    with pytest.raises(RuntimeError, match="share memory"):
        save_safetensors(model_with_branches("sliced").state_dict())


def test_a_strict_load_keeps_the_last_branch():
    """All keys match, and the five branches are written into one memory, one after the other."""
    model = model_with_branches("sliced")
    source = model_with_branches("copied")
    for i, branch in enumerate(source.branches):
        as_if_trained(branch, seed=i)
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
    for seed in range(DRAWS):
        question = draw(kind, seed)
        names = dict(MODULES)
        exec(code_in(question.prompt), names)
        if kind == "how_many":
            expected = f"{names['count']:,}"
        else:
            expected = what_moves_together(names["a"], names["b"])
        assert right_answer(question) == expected


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
