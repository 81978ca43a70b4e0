"""What lesson 09 and its quiz say, measured again; of ten seeds, the record and one seed."""

import contextlib
import copy
import json

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from course.authoring import ten_seeds
from course.checking import networks
from course.checking.quiz import draw
from course.lessons.lesson09 import quiz
from course.lessons.lesson09.fixtures import (
    Change,
    bright_images,
    logits,
    pretrained,
    trained,
    warm_up,
)
from course.vision.backbones import IMAGENET_MEAN, IMAGENET_STD
from tests.support.given_cells import given_cells

SCHEDULERS = torch.optim.lr_scheduler
RECORD = json.loads(ten_seeds.RECORD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lesson():
    """What the lesson's own cells define."""
    with contextlib.redirect_stdout(None), torch.random.fork_rng(devices=[]):
        return ten_seeds.functions_of_the_lesson()


# ---- the orders ---------------------------------------------------------------------------------


def of_ten_seeds(way, where):
    """The accuracies of a way by day (where=0) or in the evening (where=1)."""
    found = [scores[where] for scores in RECORD["ways"][way]]
    assert len(found) == ten_seeds.SEEDS
    return found


def wins(better, worse, where):
    """On how many seeds one way is better than another, and by how much on average."""
    pairs = list(zip(of_ten_seeds(better, where), of_ten_seeds(worse, where), strict=True))
    return sum(one > other for one, other in pairs), sum(one - other for one, other in pairs) / 10


def test_training_everything_from_a_random_head_is_the_worst_way():
    for where in (0, 1):
        assert wins("train_head", "tune_everything", where)[0] == 10
        assert wins("head_first", "tune_everything", where)[0] == (10, 9)[where]
        assert wins("train_head", "head_first", where)[1] > 0
        assert wins("tune_by_stage", "tune_everything", where)[0] == 10


def points(better, worse):
    """How many points a way is better than another on average, by day and in the evening."""
    return tuple(round(100 * wins(better, worse, where)[1]) for where in (0, 1))


def test_most_of_the_loss_is_in_the_head_and_the_rest_in_the_backbone():
    for where in (0, 1):
        assert wins("tune_everything, fresh head", "tune_everything", where)[0] == 10
    assert points("tune_everything, fresh head", "tune_everything") == (15, 15)
    assert points("train_head", "tune_everything, fresh head") == (2, 4)


def test_two_stages_help_the_head_and_keep_more_of_the_backbone():
    for where in (0, 1):
        assert wins("tune_everything, fresh head", "head_first", where)[1] > 0
        assert wins("head_first, fresh head", "tune_everything, fresh head", where)[0] == 8
    assert points("head_first, fresh head", "tune_everything, fresh head") == (2, 3)


def test_most_of_what_the_stages_gain_is_the_larger_learning_rate_of_the_head():
    assert points("tune_by_stage", "tune_everything") == (15, 18)
    assert points("tune_with_larger_head_lr", "tune_everything") == (13, 11)


def test_the_first_norm_is_better_than_the_late_parts_on_each_of_ten_seeds():
    fog = RECORD["fog"]
    assert len(fog["bn1"]) == ten_seeds.SEEDS
    for first, layer4, head in zip(fog["bn1"], fog["layer4"], fog["fc"], strict=True):
        assert first > layer4
        assert first > head
    everything = [one - other for one, other in zip(fog["bn1"], fog["everything"], strict=True)]
    assert abs(sum(everything)) / 10 < 0.04
    assert max(everything) > 0 > min(everything)


def test_other_learning_rates_leave_the_late_parts_behind():
    worst_of_bn1 = min(RECORD["fog"]["bn1"])
    for rate, scores in RECORD["rates"].items():
        if not rate.startswith("bn1"):
            assert max(scores) < worst_of_bn1, rate


def test_the_orders_once_more_on_one_seed(lesson):
    result, fog = lesson["result"], lesson["after_fog"]
    everything, head_first = (
        result(lesson[way], 0)[way] for way in ("tune_everything", "head_first")
    )
    assert head_first[0] > everything[0]
    assert head_first[1] > everything[1]
    assert fog("bn1", 0) > fog("fc", 0)


def test_two_numbers_a_channel_nearly_undo_the_fog(lesson):
    model = copy.deepcopy(lesson["trained"]).eval()
    images, labels = lesson["fogged"], lesson["day_labels"]
    before = lesson["accuracy"](model, images, labels)
    kept, added = 0.2, 130 / 255  # a foggy pixel is kept * pixel + added
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    colour = (kept * mean + added - mean) / std  # what fog adds to a normalised pixel
    with torch.no_grad():
        moved = (model.conv1.weight.sum((2, 3)) @ colour).clone()  # (64,)
        norm = model.bn1
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        # the norm of (x - moved) / kept, written as gamma and beta for x
        norm.bias -= scale * (moved - norm.running_mean * (1 - kept)) / kept
        norm.weight /= kept
    after = lesson["accuracy"](model, images, labels)
    assert before < 0.6
    assert after > 0.9, after


# ---- groups and schedules -----------------------------------------------------------------------


def test_names_and_dimensions_of_norms():
    named = dict(networks.build("resnet18").named_parameters())
    assert sum("bn" in name for name in named) == 34
    assert sum(p.ndim == 1 for p in named.values()) == 41
    others = {name for name, p in named.items() if p.ndim == 1 and "bn" not in name}
    assert sum("downsample.1" in name for name in others) == 6
    assert {name for name in others if "downsample.1" not in name} == {"fc.bias"}
    assert {p.ndim for p in named.values()} == {1, 2, 4}
    right = next(option for option in quiz.WITHOUT_DECAY.options if option.right)
    assert "one dimension" in right.text


def test_the_first_step_of_adamw_has_the_size_of_the_learning_rate():
    weight = nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.AdamW([weight], lr=0.1)
    weight.grad = torch.tensor([1e-6, 1.0, 1e6])
    optimizer.step()
    assert torch.allclose(weight.detach().abs(), torch.full((3,), 0.1), rtol=0.011)


@pytest.mark.parametrize(
    "name, options, epoch",
    [
        ("LambdaLR", {"lr_lambda": warm_up}, 2),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9}, 2),
        ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1}, 2),
        ("CosineAnnealingLR", {"T_max": 4}, 4),
        ("StepLR", {"step_size": 3}, None),
        ("ExponentialLR", {"gamma": 0.9}, None),
        ("LinearLR", {"start_factor": 0.2, "total_iters": 5}, None),
    ],
)
def test_what_a_scheduler_does_with_a_new_group(name, options, epoch):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9)
    scheduler = getattr(SCHEDULERS, name)(optimizer, **options)
    raised = None
    for now in range(8):
        if now == 2:
            optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.1})
        optimizer.step()
        try:
            scheduler.step()
        except (ValueError, KeyError):
            raised = now
            break
    assert raised == epoch
    if name in ("LambdaLR", "CyclicLR"):  # lists with one entry for the one group that was there
        assert {len(kept) for kept in vars(scheduler).values() if isinstance(kept, list)} == {1}
    if name == "OneCycleLR":
        assert "max_lr" in optimizer.param_groups[0].keys() - optimizer.param_groups[1].keys()
    if epoch is None:
        old, new = (group["lr"] for group in optimizer.param_groups)
        assert (new > 0.1) == (name == "LinearLR")
        assert new >= old


def test_a_new_scheduler_starts_again_and_one_that_goes_on_wants_initial_lr():
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    scheduler = SCHEDULERS.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["initial_lr"] == 0.1
    assert optimizer.param_groups[0]["lr"] == 0.1 / 32
    SCHEDULERS.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    assert optimizer.param_groups[0]["lr"] == 0.1
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.1})
    with pytest.raises(KeyError, match="initial_lr"):
        SCHEDULERS.LambdaLR(optimizer, warm_up, last_epoch=4)
    optimizer.param_groups[1]["initial_lr"] = 0.1
    assert SCHEDULERS.LambdaLR(optimizer, warm_up, last_epoch=4).last_epoch == 5


@pytest.mark.parametrize("kind", quiz.KINDS_OF_SCHEDULE)
def test_the_endless_question_says_what_the_scheduler_does(kind):
    seen = 0
    for seed in range(60):
        question = draw("after_joining", seed)
        if f"{kind}(" in question.prompt:
            seen += 1
            (answer,) = (option for option in question.options if option.right)
            assert ("error" in answer.text) == (kind == "LambdaLR")
            assert kind in answer.why
    assert seen > 3


# ---- low rank -----------------------------------------------------------------------------------


def test_with_both_factors_zero_nothing_trains():
    for zero in ("A", "B", "AB"):
        layer = nn.Linear(4, 3).requires_grad_(False)
        change = Change(layer.weight, 2)
        nn.init.normal_(change.B)
        for name in zero:
            nn.init.zeros_(change.get_parameter(name))
        parametrize.register_parametrization(layer, "weight", change)
        layer(torch.ones(2, 4)).square().mean().backward()
        moving = {name for name in "AB" if change.get_parameter(name).grad.any()}
        assert moving == ({"A": {"A"}, "B": {"B"}, "AB": set()}[zero])


def test_a_change_can_be_merged_and_has_the_rank_that_was_asked_for():
    layer = nn.Conv2d(6, 5, 3)
    plain = layer.weight.detach().clone()
    change = Change(layer.weight, 2)
    nn.init.normal_(change.B)
    parametrize.register_parametrization(layer, "weight", change)
    images = torch.ones(1, 6, 8, 8)
    changed = layer(images)
    assert type(layer) is not nn.Conv2d
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Conv2d
    assert torch.equal(layer(images), changed)
    assert torch.linalg.matrix_rank((layer.weight.detach() - plain).flatten(1)) == 2


def test_the_changes_of_the_lesson_start_small_whatever_numbers_the_answer_chose(lesson):
    """AdamW moves each number by the learning rate, so a large A or B makes a large step."""

    def large(weight, rank):
        change = Change(weight, rank)
        nn.init.zeros_(change.A)
        nn.init.normal_(change.B, std=100.0)
        return change

    cells = (cell.source for cell in given_cells("09-adapt-gently"))
    [cell] = (source for source in cells if "def with_changes" in source)
    definition, _, _ = cell.partition("@kept_on_disk")
    space = lesson | {"low_rank": large}
    exec(definition, space)
    model = space["with_changes"](0)
    changes = [module for module in model.modules() if isinstance(module, Change)]
    assert len(changes) == 20
    assert all(0 < change.A.std() < 1 and not change.B.any() for change in changes)


def test_a_file_without_running_statistics_does_not_reproduce_the_model():
    name = "narrow resnet18"
    model, images = trained(name), bright_images(name)
    expected = logits(model, images)
    parameters = {key: p for key, p in model.named_parameters() if p.requires_grad}
    buffers = {key: b for key, b in model.named_buffers() if key in model.state_dict()}
    gaps = []
    for file in (parameters, parameters | buffers):
        fresh = pretrained(name)
        fresh.load_state_dict(file, strict=False)
        gaps.append((logits(fresh, images) - expected).abs().max().item())
    assert gaps[0] > 0.1
    assert gaps[1] < 1e-5


# ---- features -----------------------------------------------------------------------------------


def test_nodes_are_calls():
    model = networks.build("narrow resnet18").eval()
    _, nodes = get_graph_node_names(model)
    modules = dict(model.named_modules())
    assert {"layer1.0.relu", "layer1.0.relu_1", "flatten"} <= set(nodes)
    assert "flatten" not in modules
    seen = []
    model.fc.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    images = networks.images("narrow resnet18")
    with torch.no_grad():
        flat = create_feature_extractor(model, ["flatten"])(images)["flatten"]
        model(images)
    assert torch.equal(seen[0], flat)  # a hook on its neighbour gets what the function returns
    assert "layer1.0.relu_1" not in modules


def test_an_extractor_shares_its_layers_with_the_model():
    model = networks.build("narrow resnet18").train()
    extractor = create_feature_extractor(model, ["layer1"])
    extractor.eval()
    assert not model.layer1.training or not model.layer1[0].bn1.training


def test_torchvisions_functions_leave_all_layers_in_one_mode():
    for function in (get_graph_node_names, lambda model: create_feature_extractor(model, ["bn1"])):
        model = networks.build("narrow resnet18").train()
        model.bn1.eval()
        function(model)
        assert all(module.training for module in model.modules())


def test_the_name_of_a_module_means_the_last_node_inside_it():
    model, images = networks.build("narrow resnet18").eval(), networks.images("narrow resnet18")
    module, node = (
        create_feature_extractor(model, {name: "out"})(images)["out"]
        for name in ("layer2", "layer2.1.relu_1")
    )
    assert torch.equal(module, node)


def test_a_relu_in_place_overwrites_what_a_hook_or_an_extractor_returns():
    model = networks.build("narrow resnet18").eval()
    seen = []
    model.bn1.register_forward_hook(lambda *given: seen.append(given[-1]))
    with torch.no_grad():
        images = networks.images("narrow resnet18")
        model(images)
        alone, with_later = (
            create_feature_extractor(model, nodes)(images)["bn1"]
            for nodes in (["bn1"], ["bn1", "flatten"])
        )
    assert seen[0].min() >= 0
    assert alone.min() < 0
    assert with_later.min() >= 0


def test_what_timm_calls_features_and_heads():
    timm = pytest.importorskip("timm")
    images = torch.zeros(2, 3, 64, 64)
    for name in ("resnet18", "mobilenetv3_small_050"):
        model = timm.create_model(name, num_classes=0).eval()
        assert model(images).shape == (2, model.head_hidden_size)
        model.reset_classifier(6)
        assert model.eval()(images).shape == (2, 6)
