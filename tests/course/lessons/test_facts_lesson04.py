"""What lesson 04 and its quiz say of sharing, measured again."""

import copy
import io
import pickle

import pytest
import torch
import torchvision
from safetensors.torch import save as save_safetensors
from torch import nn

from course.checking.quiz import draw
from course.lessons.lesson04 import quiz
from course.lessons.lesson04.fixtures import (
    KINDS,
    SIZES,
    Targets,
    address,
    leaves,
    pictures,
    seasoned,
    shared,
    targets,
)
from course.lessons.lesson04.quiz import ROOM, SHARE, WHICH_COPIES

DRAWS = 1000


def total(model):
    return sum(p.numel() for p in model.parameters())


def norms(model):
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())


@pytest.fixture(scope="module")
def five():
    """DenseNet-121 with sliced branches and with copied ones."""
    with torch.device("meta"):
        features = torchvision.models.densenet121().features
        return {
            "features": features,
            "sliced": Targets(features[:-2], [features[-2:] for _ in SIZES]),
            "copied": Targets(features[:-2], [copy.deepcopy(features[-2:]) for _ in SIZES]),
        }


def test_densenet_in_numbers(five):
    assert [name for name, _ in five["features"].named_children()][-3:] == [
        "transition3",
        "denseblock4",
        "norm5",
    ]
    trunk, branch = five["copied"].trunk, five["copied"].branches[0]
    assert (
        total(trunk),
        norms(trunk),
        total(branch),
        len(list(branch.parameters())),
        norms(branch),
    ) == (4_793_728, 88, 2_160_128, 98, 33)
    assert [total(head) for head in five["copied"].heads] == [1_025, 4_100, 2_050, 8_200, 3_075]
    assert len(branch.state_dict()) == 197
    for kind, numbers in {
        "sliced": (6_972_306, 372, 121, 363),
        "copied": (15_612_818, 764, 253, 759),
    }.items():
        model = five[kind]
        assert (
            total(model),
            len(list(model.parameters())),
            norms(model),
            len(list(model.buffers())),
        ) == numbers
    assert (
        list(five["sliced"].state_dict()) == list(five["copied"].state_dict())
        and len(five["sliced"].state_dict()) == 1_523
    )


def test_a_slice_is_a_new_container_around_the_same_children(five):
    first, second = five["sliced"].branches[:2]
    assert (
        first is not second and first[0] is second[0] and first.norm5.weight is second.norm5.weight
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_step_on_the_first_branch(kind):
    """Where parameters are shared all targets change, where they are not only the first, to the bit."""
    model, images = targets(kind), pictures()
    before = model(images)
    optimizer = torch.optim.SGD(model.branches[0].parameters(), lr=0.1)
    before[0].square().mean().backward()
    optimizer.step()
    changed = [not torch.equal(old, new) for old, new in zip(before, model(images), strict=True)]
    assert changed == (
        [True, False, False, False, False] if kind in ("buffers", "copied") else [True] * 5
    )


def test_the_graph_and_the_sum_of_gradients():
    sliced, copied, images = targets("sliced"), targets("copied"), pictures()
    copied.load_state_dict(sliced.state_dict())
    for model, common in ((sliced, True), (copied, False)):
        one, other = (leaves(logits).keys() for logits in model(images)[:2])
        assert (address(model.branches[0].norm5.weight) in one & other) == common
        model.zero_grad()
        sum(logits.square().mean() for logits in model(images)).backward()
    gradients = [branch.norm5.weight.grad for branch in copied.branches]
    assert torch.allclose(sliced.branches[0].norm5.weight.grad, sum(gradients), atol=1e-6)


def test_batches_are_counted_five_times():
    moved = {}
    for kind in ("sliced", "copied"):
        model = targets(kind).train()
        norm = model.branches[0].norm5
        norm.running_mean.zero_()
        before, trunk_before = (
            norm.num_batches_tracked.item(),
            model.trunk.norm0.num_batches_tracked.item(),
        )
        model(pictures(8))
        assert norm.num_batches_tracked - before == {"sliced": 5, "copied": 1}[kind]
        assert model.trunk.norm0.num_batches_tracked - trunk_before == 1
        moved[kind] = norm.running_mean
    assert torch.allclose(
        moved["sliced"] / moved["copied"], torch.tensor((1 - 0.9**5) / 0.1), atol=1e-3
    )
    assert (
        next(option.text for option in SHARE.options if option.right) == f"About {1 - 0.9**5:.2f}"
    )


def test_journeys():
    model = targets("sliced")

    def share(model):
        return len(shared(model.branches[0], model.branches[1])) == len(
            model.branches[0].state_dict()
        )

    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    pickled, loaded = pickle.loads(pickle.dumps(model)), torch.load(file, weights_only=False)
    for travelled in (pickled, loaded, copy.deepcopy(model), copy.deepcopy(model).double()):
        assert share(travelled)
    plain, assigned = targets("copied", seed=1), targets("copied", seed=1)
    plain.load_state_dict(model.state_dict())
    assigned.load_state_dict(model.state_dict(), assign=True)
    assert (
        not shared(plain.branches[0], plain.branches[1])
        and share(assigned)
        and shared(assigned.branches[0], model.branches[0])
    )
    assert assigned.branches[0].norm5.weight is not assigned.branches[1].norm5.weight and total(
        assigned
    ) == total(plain)
    again = copy.deepcopy(
        assigned
    )  # parameters that are objects of their own come apart in a deepcopy of the whole, buffers do not
    assert set(shared(*again.branches[:2])) == {
        name for name, _ in again.branches[0].named_buffers()
    }
    with pytest.raises(RuntimeError, match="share memory"):
        save_safetensors(model.state_dict())


def test_a_strict_load_keeps_the_last_branch():
    model, source = targets("sliced"), targets("copied")
    for i, branch in enumerate(source.branches):
        seasoned(branch, seed=i)
    report = model.load_state_dict(source.state_dict(), strict=True)
    assert not report.missing_keys and not report.unexpected_keys
    assert torch.equal(model.branches[0].norm5.weight, source.branches[4].norm5.weight)


def test_a_reset_discards_weights_and_statistics():
    block = targets("copied").branches[0]
    before = {name: tensor.clone() for name, tensor in block.state_dict().items()}
    assert not hasattr(block, "reset_parameters")
    for layer in block.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    assert not [
        name for name, tensor in block.state_dict().items() if torch.equal(tensor, before[name])
    ]


# ---- the quiz ----------------------------------------------------------------------------------------------------------------


def code(markdown):
    return markdown.split("```python\n")[1].split("\n```")[0]


def test_the_lines_that_make_branches():
    for option in WHICH_COPIES.options:
        space = dict(ROOM, block=nn.Sequential(nn.Linear(2, 2)))
        exec(code(option.text), space)
        assert option.right == (len({p.data_ptr() for p in space["branches"].parameters()}) == 10)


@pytest.mark.parametrize("kind", quiz.KINDS)
def test_drawn_questions_against_the_real_modules(kind):
    seen, places = set(), []
    for seed in range(DRAWS):
        question = draw(kind, seed)
        answer = next(option for option in question.options if option.right)
        space = dict(ROOM)
        exec(code(question.prompt), space)
        if kind == "how_many":
            assert answer.text == f"{space['count']:,}"
        else:
            assert answer.text == what_moves_together(space["a"], space["b"])
        seen.add(question)
        places.append(question.options.index(answer))
    assert len(seen) > 0.8 * DRAWS and min(map(places.count, range(4))) > DRAWS / 6
    assert draw(kind, 7) == draw(kind, 7)


def what_moves_together(a, b):
    """Another oracle: change each tensor of b in place, and see what of a has changed."""
    with torch.no_grad():
        before = {name: tensor.clone() for name, tensor in a.state_dict().items()}
        for tensor in b.state_dict().values():
            tensor.add_(1)
        moved = [
            name for name, tensor in a.state_dict().items() if not torch.equal(tensor, before[name])
        ]
    return (
        "None."
        if not moved
        else f"All {len(before)}."
        if len(moved) == len(before)
        else ", ".join(f"`{name}`" for name in moved)
    )
