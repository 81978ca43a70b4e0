"""Lesson 01, replace the head: what its exercises ask."""

from functools import cache

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.checking.check import check, expect
from course.checking.misconception import Misconception, expect_something, unlike, wrong_result
from course.vision.backbones import IMAGENET_MEAN, IMAGENET_STD, load_backbone
from course.vision.fruit import stall


@check
def head_inputs(answer, names=("resnet18", "resnet50")):
    for name in names:
        model = networks.build(name)
        found, expected = answer(model), model.fc.in_features
        expect_something(found, f"head_inputs({name})")
        if found != expected:
            code = "in-features-from-memory" if found in (512, 1024, 2048) else "wrong-result"
            raise Misconception(
                code, f"for {name} your function says {found}; its head takes {expected} features"
            )
    return f"you read the width from the model, not from memory ({', '.join(names)})."


@check
def percent_saved(answer, cases=(("resnet18", 10),)):
    said = []
    for name, n in cases:
        model = networks.build(name)
        inputs, total = model.fc.in_features, sum(p.numel() for p in model.parameters())
        expected = 100 * (1000 - n) * (inputs + 1) / total
        found = answer(model, n)
        expect_something(found, f"percent_saved({name}, {n})")
        if abs(found - expected) > 0.05:
            what = f"for {name} and {n} classes you say {found:.4g} per cent; it is {expected:.1f}"
            if abs(found - (100 - n / 10)) < 1:
                raise Misconception("head-is-the-model", what)
            hint = (
                " (a fraction is not yet a percentage)"
                if abs(100 * found - expected) < 0.05
                else ""
            )
            raise wrong_result(what + hint)
        said.append(f"{expected:.1f} % of {name}")
    return f"{', '.join(said)} goes; nearly all of a network is backbone."


def describe(model, name):
    """What must survive a change of heads, noted before the learner's code has the model."""
    path, head = networks.old_head(model)
    inputs, logits = networks.captured(model, head, networks.images(name))
    backbone = {
        key: comparisons.fingerprint(t)
        for key, t in comparisons.tensors(model).items()
        if not key.lower().startswith((path, "aux"))
    }
    return {
        "path": path,
        "head": head,
        "weight": head.weight,
        "inputs": inputs,
        "logits": logits,
        "backbone": backbone,
        "ids": {id(p) for p in model.parameters()},
        "dropouts": dropouts(model),
    }


def judge_head(model, n, name, before):
    """Whether `model` is what it was, with a new head for n classes; `before` is what `describe` said. Raises Misconception."""
    expect(model, nn.Module, f"the model ({name})")
    model.eval()
    try:
        with torch.no_grad():
            logits = model(networks.images(name))
    except RuntimeError as problem:
        what = f"{name} fails in forward: {first_line(problem)}"
        if isinstance(before["head"], nn.Conv2d):
            raise Misconception("head-is-always-linear", what) from None
        if lost_layers(model, name, before):
            raise Misconception("classifier-layers-lost", what) from None
        raise Misconception(
            "in-features-from-memory",
            f"{what}. Its old head took {before['inputs'].shape[1]} features",
        ) from None
    judge_outputs(model, logits, n, name, before)
    lost, now = (
        lost_layers(model, name, before),
        {comparisons.fingerprint(t) for t in comparisons.tensors(model).values()},
    )
    gone = [path for path, print_ in before["backbone"].items() if print_ not in now]
    if gone and not (lost and all(path.startswith(("classifier", "head")) for path in gone)):
        raise Misconception(
            "backbone-thrown-away",
            f"{gone[0]} and {len(gone) - 1} other trained tensors of {name} are no longer in the model",
        )
    if lost:
        raise Misconception("classifier-layers-lost", f"{name} lost {lost} with its old classifier")
    for path, shape in networks.AUXILIARY.get(name, {}).items():
        auxiliary = getattr(model, path, None)
        if auxiliary is not None and auxiliary(torch.zeros(shape)).shape[1] != n:
            raise Misconception(
                "auxiliary-head-forgotten",
                f"{name}.{path} still has 1000 outputs: in train mode the losses would not fit",
            )
    silent = [
        path
        for path, p in model.named_parameters()
        if id(p) not in before["ids"] and not p.requires_grad
    ]
    if silent:
        raise Misconception(
            "froze-the-new-head", f"{name}: {silent[0]} is new and does not require a gradient"
        )


def judge_outputs(model, logits, n, name, before):
    """What the logits (2, ?) of two pictures tell about the new head."""
    kept = (
        any(p is before["weight"] for p in model.parameters()) and before["weight"].shape[0] == 1000
    )
    if logits.shape != (2, n):
        shape = tuple(logits.shape)
        if hasattr(model, "fc") and before["path"] != "fc":
            raise Misconception(
                "fc-on-a-model-without-fc",
                f"{name} took your .fc in silence and never calls it: two pictures still give {shape}",
            )
        if kept and getattr(before["head"], "out_features", None) == n:
            weight = tuple(before["weight"].shape)
            raise Misconception(
                "out-features-edited",
                f"out_features of {name} says {n}, its weight is still {weight}: two pictures give {shape}",
            )
        raise wrong_result(f"two pictures through {name} give {shape}; asked is (2, {n})")
    if kept and torch.equal(logits, before["logits"][:, :n]):
        raise Misconception(
            "logits-sliced",
            f"the {n} outputs of {name} are its first {n} old logits, and all 1000 are still computed",
        )
    if kept:
        raise Misconception(
            "stacked-on-logits",
            f"the old head of {name} with its 1000 outputs is still at work below your new layer",
        )
    if comparisons.are_probabilities(logits):
        raise Misconception(
            "softmax-in-the-head",
            f"the outputs of {name} are positive and sum to {logits.sum(1)[0]:.3f}: these are probabilities, not logits",
        )


def dropouts(model):
    return sorted(
        layer.p
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Dropout) and not path.lower().startswith("aux")
    )


def lost_layers(model, name, before):
    """What went with the old classifier, in words: dropout, or layers between backbone and head. Empty if all is there."""
    if len(dropouts(model)) < len(before["dropouts"]):
        return f"Dropout(p={before['dropouts'][-1]})"
    for path, layer in model.named_modules():
        own = list(layer.parameters(recurse=False))
        if (
            own
            and not path.lower().startswith("aux")
            and not any(id(p) in before["ids"] for p in own)
        ):  # the first layer that is new
            inputs, expected = (
                networks.captured(model, layer, networks.images(name))[0],
                before["inputs"].flatten(1),
            )
            same = inputs is None or (
                inputs.numel() == expected.numel()
                and torch.allclose(inputs.flatten(1), expected, atol=1e-5)
            )
            return "" if same else "the layers between its features and its head"
    return ""


def first_line(problem):
    return str(problem).split("\n")[0]


def try_head(answer, name, n):
    model = networks.build(name)
    before = describe(model, name)
    try:
        changed = answer(model, n)
    except AttributeError as problem:
        raise Misconception("fc-on-a-model-without-fc", f"{name}: {first_line(problem)}") from None
    judge_head(changed, n, name, before)


@check
def fruit_head(answer, names=("resnet18", "resnet50"), n=10):
    for name in names:
        try_head(answer, name, n)
    return f"{' and '.join(names)} answer with {n} logits, and every other tensor is untouched."


VISIBLE = (
    "resnet18",
    "densenet121",
    "mobilenet_v3_small",
    "efficientnet_b0",
    "squeezenet1_1",
    "convnext_tiny",
    "vit_b_32",
    "swin_t",
    "googlenet",
)


@check
def replace_head(answer, names=VISIBLE, n=10):
    for name in names:
        try_head(answer, name, n)
    return (
        f"{len(names)} families ({', '.join(names)}) answer with {n} logits and lost nothing else."
    )


@check
def prepare(answer, name="resnet18", n=10, lr=1e-3):
    model = networks.build(name)
    before = describe(model, name)
    model.train()
    result = answer(model, n, lr)
    if result is None:
        raise Misconception("nothing-returned", f"prepare({name}, {n}, {lr}) gave None")
    try:
        model, optimizer = result
        groups = optimizer.param_groups
    except (TypeError, ValueError, AttributeError):
        raise wrong_result(
            f"asked is the pair (model, optimizer); you return {type(result).__name__}"
        ) from None
    judge_head(model, n, name, before)
    new = {path: p for path, p in model.named_parameters() if id(p) not in before["ids"]}
    loose = [
        path for path, p in model.named_parameters() if id(p) in before["ids"] and p.requires_grad
    ]
    if loose:
        raise Misconception(
            "backbone-not-frozen",
            f"{loose[0]} and {len(loose) - 1} other tensors of the backbone still require a gradient",
        )
    held = {id(p) for group in groups for p in group["params"]}
    missing = [path for path, p in new.items() if id(p) not in held]
    if missing:
        strangers = held - {id(p) for p in model.parameters()}
        what = f"{missing[0]} {tuple(new[missing[0]].shape)} is not in the optimizer"
        if strangers:
            what += f", which holds {len(strangers)} tensors that are no longer in the model"
        raise Misconception("optimizer-before-swap", what)
    if any(group["lr"] != lr for group in groups):
        raise wrong_result(
            f"asked is a learning rate of {lr}; the optimizer has {[group['lr'] for group in groups]}"
        )
    start = {path: p.detach().clone() for path, p in model.named_parameters()}
    loss = F.cross_entropy(model(networks.images(name)), torch.tensor([0, n - 1]))
    loss.backward()
    optimizer.step()
    moved = {path for path, p in model.named_parameters() if not torch.equal(p, start[path])}
    if not moved & set(new):
        raise wrong_result("after a step of your optimizer no tensor of the new head has moved")
    if moved - set(new):
        raise Misconception(
            "backbone-not-frozen", f"a step of your optimizer moved {min(moved - set(new))}"
        )
    return f"one step moved the new head ({sum(p.numel() for p in new.values()):,} numbers) and nothing else."


@check
def to_input(answer, count=4, seed=0):
    images = torch.randint(
        0, 256, (count, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed)
    )
    images[:, 0] //= 2  # a colour cast, so that each channel has its own mean
    untouched = images.clone()
    found = answer(images)
    expect(found, torch.Tensor, "a tensor")
    if not torch.equal(images, untouched):
        raise wrong_result("your function changed the pictures that it was given; make new ones")
    if found.shape != images.shape or not found.is_floating_point():
        raise wrong_result(
            f"asked is float32 {tuple(images.shape)}; you return {found.dtype} {tuple(found.shape)}"
        )
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    unit = images / 255
    if torch.allclose(found, (unit - mean) / std, atol=1e-3):
        return f"{count} pictures arrive as the weights saw theirs: channel means {[round(v, 2) for v in found.mean((0, 2, 3)).tolist()]}."
    ranges = f"your values run from {found.min():.2f} to {found.max():.2f}"
    if torch.allclose(found, (unit - 0.5) / 0.5, atol=1e-3):
        raise Misconception(
            "normalised-with-a-half",
            f"{ranges}: mean and std are 0.5, the weights expect {IMAGENET_MEAN} and {IMAGENET_STD}",
        )
    own = (unit - unit.mean((0, 2, 3), keepdim=True)) / unit.std((0, 2, 3), keepdim=True)
    if torch.allclose(found, own, atol=1e-2):
        raise Misconception(
            "normalised-with-its-own-statistics",
            "each batch comes out with mean 0 and std 1, so the same picture changes with its neighbours",
        )
    raise Misconception(
        "wrong-input-scale",
        f"{ranges}; (pixel / 255 - mean) / std runs from {((unit - mean) / std).min():.2f} to {((unit - mean) / std).max():.2f}",
    )


@check
def frozen_features(answer, name="resnet18", count=6):
    model = networks.build(name).train()
    _, head = networks.old_head(model)
    x = networks.images(name, count)
    expected, _ = networks.captured(model, head, x)
    model.train()
    buffers = {path: b.clone() for path, b in model.named_buffers()}
    found = answer(model, x)
    expect(found, torch.Tensor, "a tensor")
    if dict(model.named_modules()).get("fc") is not head:
        raise Misconception(
            "head-not-put-back",
            f"after the call model.fc is {type(getattr(model, 'fc', None)).__name__}, no longer its Linear head",
        )
    moved = [path for path, b in model.named_buffers() if not torch.equal(b, buffers[path])]
    if moved:
        raise Misconception(
            "features-in-train-mode",
            f"the call moved {moved[0]} and {len(moved) - 1} other buffers: the model was in train mode",
        )
    if found.shape == (count, 1000):
        raise Misconception(
            "logits-for-features",
            f"{count} pictures give {tuple(found.shape)}: that is the old head's verdict",
        )
    if found.shape != expected.shape:
        raise wrong_result(f"asked is {tuple(expected.shape)}; you return {tuple(found.shape)}")
    if found.requires_grad:
        raise Misconception(
            "graph-kept",
            "your features still carry the graph of the whole backbone: they require a gradient",
        )
    if not torch.allclose(found, expected, atol=1e-3, rtol=1e-3):
        raise wrong_result(
            f"shape and mode are right, but the values are off by up to {(found - expected).abs().max():.2g}"
        )
    return f"{count} pictures became {tuple(expected.shape)}, the same in every epoch, and the model is as it was."


@cache
def fruit_features():
    """Bundled features and labels of 200 training and 200 validation pictures: two pairs of (200, 512) and Pictures."""
    model, preprocess = load_backbone()
    model.fc = nn.Identity()
    sets = []
    for split in ("train", "validation"):
        pictures = stall(split, 200)
        with torch.no_grad():
            sets.append(
                (
                    torch.cat([model(preprocess(batch)) for batch in pictures.images.split(50)]),
                    pictures,
                )
            )
    return sets


THRESHOLDS = {
    "fruit": 0.70,
    "rotten": 0.65,
}  # the room they leave: `python -m course.authoring.thresholds`


def share_right(head, features, labels):
    """Accuracy of a head (N, C) -> (N, K); for two classes a single logit is enough, positive meaning class 1."""
    with torch.no_grad():
        logits = head(features)
    guess = (logits.flatten() > 0).long() if logits.numel() == len(labels) else logits.argmax(1)
    return (guess == labels).float().mean().item()


def score_head(answer, target):
    """Validation accuracy of the head that `answer` trains."""
    (features, train), (unseen, validation) = fruit_features()
    return share_right(
        answer(features.clone(), getattr(train, target).clone()).eval(),
        unseen,
        getattr(validation, target),
    )


def ignores_labels(answer, features, labels):
    """Whether the head comes out the same, from the same seed, with other labels: then no step of the training has reached it."""
    outputs = []
    for wanted in (labels, labels.flip(0)):
        torch.manual_seed(0)
        outputs.append(answer(features.clone(), wanted.clone()).eval()(features))
    return torch.equal(*outputs)


@check
def train_head(answer, target="fruit"):
    (features, train), (unseen, validation) = fruit_features()
    # copies, taken before the answer runs: its code could change what is kept
    unseen, labels, wanted = (
        unseen.clone(),
        getattr(train, target).clone(),
        getattr(validation, target).clone(),
    )
    classes, count = int(labels.max()) + 1, len(unseen)
    head = answer(features.clone(), labels.clone())
    expect(head, nn.Module, "the trained head, an nn.Module")
    head.eval()
    with torch.no_grad():
        logits = head(unseen)
    if logits.shape != (count, classes) and not (classes == 2 and logits.numel() == count):
        raise wrong_result(
            f"{count} feature rows give {tuple(logits.shape)}; asked is ({count}, {classes})"
        )
    if logits.ndim == 2 and logits.shape[1] > 1 and comparisons.are_probabilities(logits):
        raise Misconception(
            "softmax-in-the-head",
            "the outputs of your head are positive and sum to 1.000: CrossEntropyLoss saw a softmax of a softmax",
        )
    accuracy, known = share_right(head, unseen, wanted), share_right(head, features, labels)
    if accuracy < THRESHOLDS[target]:
        what = f"{accuracy:.0%} of {count} validation pictures are right, {known:.0%} of the training pictures; asked is {THRESHOLDS[target]:.0%}"
        raise Misconception(
            "head-not-trained" if ignores_labels(answer, features, labels) else "head-undertrained",
            what,
        )
    return f"{accuracy:.0%} of {count} validation pictures ({target}) are right; asked was {THRESHOLDS[target]:.0%}."


class _Planted(nn.Module):
    """A head that is right on a given share of the rows: row i carries its label in column 0 and its luck in column 1."""

    def __init__(self, share_validation, share_test):
        super().__init__()
        self.shares = share_validation, share_test

    def forward(self, features):
        label, luck, split = features[:, 0].long(), features[:, 1], features[:, 2].long()
        right = luck < torch.tensor(self.shares)[split]
        return F.one_hot(torch.where(right, label, (label + 1) % 10), 10).float()


@check
def choose_rate(answer, shares=((0.30, 0.40), (0.90, 0.60), (0.70, 0.80)), rates=(1e-4, 1e-2, 1.0)):
    labels, luck = torch.arange(100) % 10, torch.arange(100).div(100).add(0.005)
    validation, test = (
        (torch.stack([labels.float(), luck, torch.full((100,), s)], 1), labels) for s in (0.0, 1.0)
    )
    trained = []

    def fit(rate):
        trained.append(rate)
        return _Planted(*shares[rates.index(rate)])

    result = answer(list(rates), fit, validation, test)
    try:
        rate, accuracy = result
    except (TypeError, ValueError):
        raise unlike(result, "asked is the pair (rate, accuracy on the test set)") from None
    by_validation, by_test = (
        max(range(len(rates)), key=lambda i: shares[i][split]) for split in (0, 1)
    )
    if rate == rates[by_test]:
        raise Misconception(
            "test-set-chooses",
            f"you chose {rate}, best on the test set; {rates[by_validation]} is best on the validation set",
        )
    if rate != rates[by_validation]:
        raise wrong_result(
            f"you chose {rate}; {rates[by_validation]} has the highest validation accuracy"
        )
    if abs(float(accuracy) - shares[by_validation][1]) > 0.005:
        raise wrong_result(
            f"you report {float(accuracy):.2f}; the chosen head is right on {shares[by_validation][1]:.2f} of the test set"
        )
    return f"chosen on validation ({rate}), reported on the test set once ({float(accuracy):.2f})."


@check
def last_stage_too(answer, name="resnet18", n=10, head_rate=1e-3, stage_rate=1e-4):
    model = networks.build(name)
    model.fc = nn.Linear(model.fc.in_features, n)
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    optimizer = answer(model, head_rate, stage_rate)
    expect(optimizer, torch.optim.Optimizer, "an optimizer")
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    for path, p in model.named_parameters():
        stage = path.startswith("layer4.")
        if not stage and not path.startswith("fc."):
            if p.requires_grad:
                raise Misconception(
                    "backbone-not-frozen",
                    f"{path} requires a gradient; asked are layer4 and the head alone",
                )
        elif not p.requires_grad:
            raise Misconception("stage-still-frozen", f"{path} does not require a gradient")
        elif id(p) not in rates:
            raise Misconception(
                "stage-not-in-optimizer",
                f"{path} is unfrozen, but no group of your optimizer holds it",
            )
        elif rates[id(p)] != (stage_rate if stage else head_rate):
            raise Misconception(
                "one-rate-for-all",
                f"{path} learns at {rates[id(p)]}; asked is {stage_rate if stage else head_rate}",
            )
    return f"layer4 learns at {stage_rate}, the head at {head_rate}, the rest rests."
