"""What lesson 07 says about scores that can be trusted, measured again, and its quiz."""

import ast
import copy
import functools
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons
from course.checking.quiz import draw
from course.checking.quiz.questions import Question
from course.lessons.lesson07 import checks
from course.lessons.lesson07.fixtures import early_stopping
from course.lessons.lesson07.quiz import UNCLONED, annealed
from course.lessons.lesson07.training import binomial_quantile, means_of
from course.vision.backbones import load_backbone, outputs_of
from course.vision.fruit import draw_stall, rephotographed, stall

FRUITS, SHOTS, NEW = 60, 4, 150


@functools.cache
def burst():
    """(features (N, D), rotten (N,), fruit (N,)) of photos in bursts, and those of new fruits."""
    backbone, preprocess = load_backbone()
    backbone.fc = nn.Identity()
    fruits, new = stall("train", FRUITS), stall("test", NEW)
    photos = torch.cat([rephotographed(fruits.images, seed=shot) for shot in range(SHOTS)])
    numbers = torch.arange(FRUITS).repeat(SHOTS)
    features = outputs_of(backbone, photos, preprocess)
    at_market = outputs_of(backbone, new.images, preprocess)
    return features, fruits.rotten.repeat(SHOTS), numbers, at_market, new.rotten


def train_head(features, labels):
    head = nn.Linear(features.shape[1], 2)
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(head(features), labels).backward()
        optimizer.step()
    return head


def accuracy(head, features, labels):
    return (head(features).argmax(1) == labels).double().mean().item()


# ---- suspect 1: the photos -----------------------------------------------------------------------


def test_a_split_by_photo_is_too_good():
    """Ten seeds, 100 fruits of five photos: 0.994 by photo, 0.70 by fruit, 0.74 on new fruit."""
    features, rotten, numbers, at_market, new_rotten = burst()
    by_photo, by_fruit, on_new = [], [], []
    for seed in range(3):
        torch.manual_seed(seed)
        is_test = torch.randperm(len(numbers)) < len(numbers) // 5
        head = train_head(features[~is_test], rotten[~is_test])
        by_photo.append(accuracy(head, features[is_test], rotten[is_test]))
        is_test = torch.isin(numbers, torch.randperm(FRUITS)[: FRUITS // 5])
        head = train_head(features[~is_test], rotten[~is_test])
        by_fruit.append(accuracy(head, features[is_test], rotten[is_test]))
        on_new.append(accuracy(head, at_market, new_rotten))
    assert min(by_photo) > 0.9
    assert max(on_new) < 0.82
    assert sum(by_fruit) / 3 < sum(by_photo) / 3 - 0.15


def test_thumbnails_tell_second_shots_from_other_fruit():
    """In ten splits each test photo has a twin above 0.95, and none of 300 new fruits has one."""

    def thumbnails(batch):  # (N, 3, 64, 64) to (N, 192), of length 1
        small = F.adaptive_avg_pool2d(batch.float(), 8).flatten(1)
        return F.normalize(small - small.mean(1, keepdim=True), dim=1)

    fruits = stall("train", 40).images
    known = thumbnails(torch.cat([rephotographed(fruits, seed=shot) for shot in range(4)]))
    again = thumbnails(rephotographed(fruits, seed=4))
    new = thumbnails(stall("test", 100).images)
    assert (again @ known.T).amax(1).min() > 0.95
    assert (new @ known.T).max() < 0.945


def test_rephotographed_gives_other_pixels_for_each_seed():
    images = draw_stall(99, 5).images
    again = rephotographed(images, seed=1)
    assert again.dtype == torch.uint8
    assert again.shape == (5, 3, 64, 64)
    assert torch.equal(again, rephotographed(images, seed=1))
    for second_shot, other, image in zip(again, rephotographed(images), images, strict=True):
        assert not torch.equal(second_shot, image)
        assert not torch.equal(second_shot, other)


# ---- suspect 2: the procedure --------------------------------------------------------------------


def test_a_crate_with_its_own_statistics_looks_average():
    """Ten seeds: 0.71 of a rotten crate is found with the training statistics, 0.51 without."""
    features, rotten, _, at_market, new_rotten = burst()
    mean, std = features.mean(0), features.std(0) + 1e-6
    torch.manual_seed(0)
    head = train_head((features - mean) / std, rotten)
    crate = at_market[new_rotten == 1]
    ones = torch.ones(len(crate))
    by_itself = (crate - crate.mean(0)) / (crate.std(0) + 1e-6)
    assert accuracy(head, (crate - mean) / std, ones) > accuracy(head, by_itself, ones) + 0.1
    alone = crate[:1] - crate[:1].mean(0)
    assert not alone.any()  # a single row becomes zero, and its std is NaN
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert crate[:1].std(0).isnan().all()


def test_selection_with_test_labels_predicts_coins():
    """20 seeds: honest 0.48, statistics of all rows 0.46, columns 0.81, best of 100 heads 0.67."""
    r = torch.Generator().manual_seed(0)
    found = {"honest": [], "scaled": [], "columns": [], "best of 100": []}
    for _ in range(20):
        x = torch.randn(100, 1000, generator=r)
        coins = torch.randint(2, (100,), generator=r)
        sign = 2.0 * coins - 1
        for name in ("honest", "scaled", "columns"):
            z = x if name == "honest" else (x - x.mean(0)) / x.std(0)
            rows = slice(100) if name == "columns" else slice(50)
            match = z[rows].T @ sign[rows]  # (1000,)
            best = match.abs().topk(20).indices
            guess = z[50:, best] @ match[best].sign()  # (50,)
            found[name].append(((guess > 0) == (coins[50:] == 1)).double().mean().item())
        heads = torch.randn(1000, 100, generator=r)
        right = (x[50:] @ heads > 0) == (coins[50:, None] == 1)  # (50, 100)
        found["best of 100"].append(right.double().mean(0).max().item())
    means = {name: sum(values) / 20 for name, values in found.items()}
    assert abs(means["honest"] - 0.5) < 0.06
    assert abs(means["scaled"] - 0.5) < 0.06
    assert means["columns"] > 0.7
    assert 0.6 < means["best of 100"] < 0.75


def test_the_better_of_two_heads_is_often_the_same():
    """Ten draws: 36 to 66 of 100 other labels select the same head."""
    r = torch.Generator().manual_seed(0)
    shares = []
    for _ in range(10):
        guesses = torch.randint(2, (2, 50), generator=r)
        labels = torch.randint(2, (101, 1, 50), generator=r)
        better = (guesses == labels).sum(2).argmax(1)  # (101,)
        shares.append((better[1:] == better[0]).double().mean().item())
    assert 0.3 < min(shares) and max(shares) < 0.75


@pytest.mark.parametrize("classes", [2, 3])
def test_every_procedure_is_what_its_entry_says(classes):
    def audit(procedure, train, test):
        features, labels = test
        before = procedure(train, test)(train[0])
        used = set()
        for _ in range(30):
            changed = 5 * torch.randn_like(features)
            if not torch.equal(procedure(train, (changed, labels))(train[0]), before):
                used.add("features")
            changed = torch.randint(classes, labels.shape)
            if not torch.equal(procedure(train, (features, changed))(train[0]), before):
                used.add("labels")
        return used

    checks.depends_on_test(audit, classes=classes)


# ---- suspect 3: the training ---------------------------------------------------------------------


def test_cosine_annealing_ends_before_its_end_and_rises_after_it():
    rates = [annealed(1e-4, 1e-6, 10, epoch) for epoch in range(21)]
    assert f"{rates[9]:.2e}" == "3.42e-06"
    assert rates[10] == pytest.approx(1e-6)
    assert f"{rates[14]:.2e}" == "3.52e-05"
    assert rates[20] == pytest.approx(1e-4)


def test_early_stopping_agrees_with_its_slow_definition():
    r = torch.Generator().manual_seed(0)
    for _ in range(300):
        accuracies = (torch.randint(0, 9, (8,), generator=r) / 10).tolist()
        patience = int(torch.randint(1, 10, (), generator=r))
        best, epochs = early_stopping(accuracies, patience)
        seen = accuracies[:epochs]
        assert best == seen.index(max(seen))
        stops = [
            epoch
            for epoch in range(len(accuracies))
            if epoch - accuracies.index(max(accuracies[: epoch + 1])) >= patience
        ]
        assert epochs == (stops[0] + 1 if stops else len(accuracies))


def test_every_line_of_accuracies_asks_for_something():
    """Without NaN and ties, the lines would not tell the rules for stopping from each other."""
    best_of = {}
    for line, (fruit, fresh) in checks.ACCURACIES.items():
        best_of[line] = early_stopping(means_of(fruit, fresh), 3)
    assert best_of["all zero"] == (0, 4)
    assert best_of["a single epoch"] == (0, 1)
    assert best_of["three epochs"] == (1, 3)
    assert best_of["small gains"] == (9, 10)
    assert best_of["NaN in the middle"] == (3, 7)


# ---- how certain is a score? ---------------------------------------------------------------------


@pytest.mark.parametrize("right, count", [(160, 200), (800, 1000), (4, 5), (30, 30)])
def test_the_bootstrap_of_an_accuracy_is_binomial(right, count):
    correct = torch.arange(count) < right
    r = torch.Generator().manual_seed(0)
    drawn = correct[torch.randint(count, (5000, count), generator=r)].double().mean(1)
    for level in (0.025, 0.975):
        expected = binomial_quantile(count, right / count, level)
        assert drawn.quantile(level).item() == pytest.approx(expected, abs=1.5 / count + 0.002)


def test_an_accuracy_of_200_images_is_uncertain_by_five_points():
    low, high = (binomial_quantile(200, 0.8, level) for level in (0.025, 0.975))
    assert 0.8 - low > 0.05
    assert high - 0.8 > 0.05


# ---- the quiz ------------------------------------------------------------------------------------


@pytest.mark.parametrize("clone", [False, True])
def test_what_an_uncloned_state_brings_back(clone):
    model = nn.Linear(2, 2)
    first = comparisons.snapshot(model.named_parameters())
    state = copy.deepcopy(model.state_dict()) if clone else model.state_dict()
    nn.init.ones_(model.weight)
    model.load_state_dict(state)
    assert bool(comparisons.moved_since(model, first)) != clone
    assert "last epoch" in right_text(UNCLONED)


def right_text(question: Question) -> str:
    return next(option.text for option in question.options if option.right)


def test_where_training_stops_and_what_the_options_say():
    for seed in range(500):
        question = draw("where_training_stops", seed)
        accuracies = ast.literal_eval(re.search(r"accuracies = (\[.*?\])", question.prompt)[1])
        patience = int(re.search(r"patience is (\d)", question.prompt)[1])
        best, epochs = early_stopping(accuracies, patience)
        assert right_text(question) == f"Epoch {best}"
        for option in question.options:
            epoch = int(option.text.split()[1])
            if "highest of the list" in option.why:
                assert accuracies[epoch] == max(accuracies) and epoch >= epochs
            elif "Training stops there" in option.why:
                assert epoch == epochs - 1
            elif "last epoch of all" in option.why:
                assert epoch == len(accuracies) - 1 and epochs - best <= patience
            elif "One epoch that is no better" in option.why:
                assert max(accuracies[: epoch + 1]) >= accuracies[epoch + 1] and epoch != best
            elif "does not get there" in option.why:
                assert epoch >= epochs
            elif "count from 0 here" in option.why:
                assert epoch == best + 1
            elif "is not better than" in option.why:
                assert accuracies[epoch] <= accuracies[best] and epoch < epochs
            elif "better than the first" in option.why:
                assert epoch == 0 and accuracies[best] > accuracies[0]
            else:
                assert option.right, option


def test_annealed_learning_rates_and_what_the_options_say():
    for seed in range(500):
        question = draw("annealed_learning_rate", seed)
        start = float(re.search(r"lr=([\d.]+)", question.prompt)[1].rstrip("."))
        t_max = int(re.search(r"T_max=(\d+)", question.prompt)[1])
        end = float(re.search(r"eta_min=([\d.]+)", question.prompt)[1])
        epoch = int(re.search(r"does epoch (\d+)", question.prompt)[1])
        cosine = torch.cos(torch.tensor(torch.pi * epoch / t_max, dtype=torch.float64))
        value = end + (start - end) * (1 + cosine.item()) / 2
        assert float(right_text(question)) == pytest.approx(value, abs=6e-5)
        for option in question.options:
            if option.right:
                continue
            number = float(option.text)
            assert abs(number - value) > 5e-5
            if "That is `eta_min`, which" in option.why:
                assert number == pytest.approx(end, abs=6e-5)
            elif "first epoch" in option.why:
                assert number == pytest.approx(start, abs=6e-5)
            elif "of the epoch before" in option.why:
                assert number == pytest.approx(annealed(start, end, t_max, epoch - 1), abs=6e-5)
            elif "mean of both ends" in option.why:
                assert number == pytest.approx((start + end) / 2, abs=6e-5)
            elif "straight line" in option.why:
                line = start + (end - start) * min(epoch / t_max, 1)
                assert number == pytest.approx(line, abs=6e-5)
            elif "of the epoch after" in option.why:
                assert number == pytest.approx(annealed(start, end, t_max, epoch + 1), abs=6e-5)
            else:
                assert "a tenth of the start" in option.why
                assert number == pytest.approx(start / 10, abs=6e-5)
