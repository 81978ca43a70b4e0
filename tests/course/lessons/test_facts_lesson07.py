"""What lesson 07 and its quiz say, measured again: the evening stall, the colleague's two faults, the threshold, the file."""

import copy
import io
import math
import pickle
import re

import pytest
import torch
from safetensors.torch import load, save
from torch import nn
from torch.nn import functional as F

from course.checking.quiz import architectures, draw
from course.lessons.lesson07 import weights_judge
from course.lessons.lesson07.checks import ranking
from course.lessons.lesson07.quiz import BIT_FOR_BIT, SHIP
from course.vision.backbones import load_backbone
from course.vision.drawing import develop
from course.vision.fruit import (
    EVENING,
    EVENING_FRUITS,
    draw_evening,
    evening,
    stall,
)
from course.vision.species import picture


@pytest.fixture(scope="module")
def stall_by_lamplight():
    """Features and labels of both splits, as the judge makes features."""
    read = {weights_judge.old_name(name): t.float() for name, t in weights_judge.bundled().items()}
    splits = map(evening, EVENING.splits)
    return [
        (weights_judge.features_of(read, pictures.images).clone(), pictures.fruit, pictures.rotten)
        for pictures in splits
    ]


def rotten_head(features, rotten, seed, weight=1.0):
    torch.manual_seed(seed)
    head = nn.Linear(512, 2)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(15):
        for batch in torch.randperm(len(features)).split(20):
            loss = F.cross_entropy(
                head(features[batch]), rotten[batch], weight=torch.tensor([1.0, weight])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head


def shares(head, features, rotten, threshold=0.5):
    with torch.no_grad():
        called = head(features).softmax(1)[:, 1] >= threshold
    return called[rotten == 1].float().mean().item(), (~called[rotten == 0]).float().mean().item()


# --- the pictures


def test_six_fruits_one_in_ten_rotten_and_darker_than_by_day():
    train, validation = evening("train"), evening("validation", 120)
    assert len(EVENING_FRUITS) == 6 and train.fruit.bincount().tolist() == [100] * 6
    assert (
        int(train.rotten.sum()) == 60
        and int(evening("validation").rotten.sum()) == 42
        and int(validation.rotten.sum()) == 12
    )
    assert set(zip(train.fruit[:60].tolist(), train.rotten[:60].tolist())) == {
        (f, r) for f in range(6) for r in range(2)
    }
    assert train.images.float().mean() < 0.7 * stall("train", 200).images.float().mean()
    hidden = draw_evening(3002, 24, every=2)
    assert int(hidden.rotten.sum()) == 12 and torch.equal(
        hidden.images, draw_evening(3002, 24, every=2).images
    )
    assert not torch.equal(hidden.images[:6], train.images[:6])


@pytest.mark.parametrize(("split", "count"), [("test", 5), ("train", 601), ("validation", 0)])
def test_what_the_evening_stall_does_not_hold(split, count):
    with pytest.raises(ValueError, match="evening stall"):
        evening(split, count)


# --- the colleague's two faults


def test_a_train_mode_forward_by_lamplight_costs_the_collector_many_species():
    """Measured after one epoch, 10 seeds x {1, 2} threads: from .97 to between .56 and .60."""
    (model, preprocess), images = load_backbone(), evening("train").images
    known, labels = (
        preprocess(develop([picture(77, i) for i in range(0, 1000, 8)])),
        torch.arange(0, 1000, 8),
    )
    with torch.no_grad():
        before = (model(known).argmax(1) == labels).float().mean()
        model.train()
        for batch in torch.randperm(600, generator=torch.Generator().manual_seed(0)).split(20):
            model(preprocess(images[batch]))
        after = (model.eval()(known).argmax(1) == labels).float().mean()
    assert before > 0.9 and after < before - 0.1


@pytest.mark.parametrize("seed", range(4))
def test_accuracy_hides_the_rare_class_and_a_threshold_finds_it(stall_by_lamplight, seed):
    """Validation, 10 seeds x {1, 2} threads: at one half found .50 to .67, with the threshold .86 and kept .80 to .86."""
    (features, _, rotten), (unseen, _, unseen_rotten) = stall_by_lamplight
    head = rotten_head(features, rotten, seed)
    found, kept = shares(head, unseen, unseen_rotten)
    assert found < weights_judge.FLOORS["found"] and kept > 0.95 and found * 0.1 + kept * 0.9 > 0.9
    with torch.no_grad():
        scores = head(unseen).softmax(1)[:, 1][unseen_rotten == 1].sort(descending=True).values
    threshold = scores[math.ceil(0.88 * len(scores)) - 1].item()
    found, kept = shares(head, unseen, unseen_rotten, threshold)
    assert found >= 0.88 - 0.03 and kept > weights_judge.FLOORS["kept"] + 0.03


@pytest.mark.parametrize("seed", range(2))
def test_class_weights_move_along_much_the_same_curve(stall_by_lamplight, seed):
    (features, _, rotten), (unseen, _, unseen_rotten) = stall_by_lamplight
    heads = [rotten_head(features, rotten, seed, weight) for weight in (1.0, 9.0)]
    with torch.no_grad():
        areas = [ranking(head(unseen).diff(dim=1).flatten(), unseen_rotten) for head in heads]
    assert abs(areas[0] - areas[1]) < 0.03 and min(areas) > 0.85
    assert shares(heads[1], unseen, unseen_rotten)[0] > shares(heads[0], unseen, unseen_rotten)[0]


# --- the file


def test_sizes_of_the_brief():
    old = load_backbone()[0]
    assert sum(p.numel() for p in old.parameters()) == 11_689_512 < weights_judge.BUDGET
    buffers = sum(b.numel() * b.element_size() for b in old.buffers())
    assert (
        4 * weights_judge.BUDGET + buffers + weights_judge.LONGEST_HEADER
        < weights_judge.LARGEST
        < 8 * 11_689_512
    )  # single precision fits, double does not


def test_half_precision_takes_nothing_from_the_old_network():
    old = load_backbone()[0].state_dict()
    back = load(save({name: t.half() if t.is_floating_point() else t for name, t in old.items()}))
    assert all(torch.equal(back[name].to(t.dtype), t) for name, t in old.items())


class Surprise:
    def __reduce__(self):
        return print, ("I could have deleted your files.",)


def test_a_pickle_runs_when_it_is_opened(capsys):
    pickle.loads(pickle.dumps({"fc.weight": Surprise()}))
    assert capsys.readouterr().out == "I could have deleted your files.\n"
    file = io.BytesIO()
    torch.save({"fc.weight": Surprise()}, file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError):  # since 2.6
        torch.load(file)
    assert capsys.readouterr().out == ""
    file.seek(0)
    torch.load(file, weights_only=False)
    assert capsys.readouterr().out == "I could have deleted your files.\n"


# --- the quiz


def right_one(question):
    return next(option.text.strip("`") for option in question.options if option.right)


def test_what_96_percent_promise():
    possible = [found / 10 for found in range(11) for kept in range(91) if found + kept == 96]
    assert min(possible) == 0.6 and max(possible) == 1 and "60 %" in right_one(SHIP)


def test_what_leaves_the_old_head_alone():
    torch.manual_seed(0)
    images = torch.randn(4, 3, 8, 8)
    for option in BIT_FOR_BIT.options:
        backbone, old, new = (
            nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten()),
            nn.Linear(288, 5),
            nn.Linear(288, 2),
        )
        backbone(images)
        before, kept = old(backbone.eval()(images)), copy.deepcopy(old)
        frozen = "frozen" in option.text
        backbone.train("train mode" in option.text)
        optimizer = torch.optim.SGD(
            [*new.parameters(), *([] if frozen else [*backbone.parameters(), *old.parameters()])],
            lr=1e-6 if "1e-6" in option.text else 0.1,
        )
        features = backbone(images)
        (
            new(features).square().mean() + 1000 * (0 if frozen else old(features).square().mean())
        ).backward()
        optimizer.step()
        after = (kept if "copying" in option.text else old)(backbone.eval()(images))
        assert option.right == torch.equal(before, after)


def test_folded_bias():
    for seed in range(1000):
        question = draw("folded_bias", seed)
        threshold, bias = (
            float(re.search(found, question.prompt)[1])
            for found in (r"probability of ([\d.]+)", r"0\.0, (-?[\d.]+)")
        )
        logit = torch.linspace(-8, 8, 16001)  # of the second class, before its bias
        rotten = (
            torch.stack([torch.zeros_like(logit), logit + bias], 1).softmax(1)[:, 1] >= threshold
        )
        for option in question.options:
            folded = (
                torch.stack(
                    [torch.zeros_like(logit), logit + float(option.text.strip("`"))], 1
                ).argmax(1)
                == 1
            )
            assert option.right == ((rotten != folded).sum() < 20)  # of two digits


def test_room_for_a_head():
    for seed in range(1000):
        question = draw("room_for_a_head", seed)
        budget = int(re.search(r"at most ([\d,]+)", question.prompt)[1].replace(",", ""))
        name = re.search(r"models\.(\w+)\(", question.prompt)[1]
        lines = re.search(r"head = (.*)", question.prompt)[1]
        fits = [
            sum(
                p.numel()
                for p in eval(
                    lines.replace("n)", f"{n})").replace("(n,", f"({n},"), {"nn": nn}
                ).parameters()
            )
            <= budget
            for n in (int(right_one(question)), int(right_one(question)) + 1)
        ]
        assert fits == [True, False] and f"Linear({architectures.head_width(name)}, n)" in lines
