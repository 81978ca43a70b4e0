"""Lesson 02, freeze: what its exercises ask."""

import copy
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.checking.check import check, expect
from course.checking.misconception import Misconception, expect_something, wrong_result

# ---- networks to try answers on, and what a backward or a step shows -------------------------------------------------------


class Wrapped(nn.Module):
    """A ResNet-18 as many projects keep it: `backbone` and `head` side by side in a module of their own."""

    def __init__(self):
        super().__init__()
        self.backbone = networks.build("resnet18")
        self.backbone.fc = nn.Identity()
        self.head = nn.Linear(512, 4)

    def forward(self, images):
        return self.head(self.backbone(images))


def subject(name, n=4):
    """A network by name with a head for n classes, in eval mode, everything trainable. "wrapped" is the class above."""
    if name == "wrapped":
        return Wrapped().eval()
    model = networks.build(name)
    path, head = networks.old_head(model)
    if isinstance(head, nn.Linear):
        model.set_submodule(path, nn.Linear(head.in_features, n))
    return model.eval()


def scene(name, n=4):
    """Two made-up pictures for the named network, and a label each."""
    return networks.images("resnet18" if name == "wrapped" else name), torch.tensor([0, n - 1])


def shift(path, model, start):
    """How far the parameter at `path` has moved since the snapshot `start`, its largest change."""
    return (dict(model.named_parameters())[path].detach() - start[path]).abs().max().item()


def tensors(count):
    return "1 tensor" if count == 1 else f"{count} tensors"


def backward(model, name, n=4):
    """One forward and backward; raises Misconception where nothing at all is left to train."""
    images, labels = scene(name, n)
    try:
        with torch.enable_grad():
            F.cross_entropy(model(images), labels).backward()
    except RuntimeError as problem:
        what = (
            f"backward raises `{str(problem).splitlines()[0]}`: nothing in {name} is left to train"
        )
        raise Misconception("froze-the-new-head", what) from None


def reached(model, name, n=4):
    """The names of the parameters to which a backward brings a gradient."""
    model.zero_grad()
    backward(model, name, n)
    with_gradient = {path for path, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return with_gradient


def inside(paths, part):
    return {path for path in paths if path == part or path.startswith(f"{part}.")}


def named(paths):
    """Some names, for a message: the first, and how many more."""
    first = min(paths)
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"


def lookalike(model, loose, where):
    """Raises the Misconception that explains why the parameters named `loose` move: what was set instead of requires_grad."""
    parameters = dict(model.named_parameters())
    for path in sorted(loose):
        wrong = [key for key in vars(parameters[path]) if "grad" in key]
        if wrong:
            what = f"{where}: {path} has a new attribute `{wrong[0]}`, and its requires_grad is still True"
            raise Misconception("requires-grad-misspelt", what)
    for path, module in model.named_modules():
        if "requires_grad" in vars(module):
            raise Misconception(
                "attribute-on-the-module",
                f"{where}: {path or 'the model'} has a new attribute requires_grad = "
                f"{vars(module)['requires_grad']}; of what should rest, {tensors(len(loose))} can still learn",
            )
    if len(loose) > 1 and all(path.endswith("bias") for path in loose):
        raise Misconception(
            "biases-forgotten",
            f"{where}: the weights rest, but {named(loose)} ({len(loose)} biases) train on",
        )


# ---- the exercises ---------------------------------------------------------------------------------------------------------


@check
def probe(answer, names=("resnet18", "squeezenet1_1")):
    for name in names:
        fresh, images = networks.build(name).train(), networks.images(name)
        has_buffers = any(True for _ in fresh.buffers())
        for frozen, evaluating, without_grad in itertools.product((False, True), repeat=3):
            model = copy.deepcopy(fresh)
            start = {path: b.clone() for path, b in model.named_buffers()}
            with torch.enable_grad():
                result = answer(model, images, frozen, evaluating, without_grad)
            if result is None:
                raise Misconception("nothing-returned", f"probe({name}, ...) gave None")
            try:
                learns, moves = map(bool, result)
            except (TypeError, ValueError, RuntimeError):
                raise wrong_result(
                    f"asked is a pair of bools (learns, moves); you return {result!r:.60}"
                ) from None
            row = f"{name}, frozen={frozen}, evaluating={evaluating}, without_grad={without_grad}"
            if learns != (not frozen and not without_grad):
                if frozen:
                    lookalike(model, [path for path, _ in model.named_parameters()], row)
                code = (
                    "eval-as-freezing"
                    if evaluating and not frozen and not without_grad
                    else "wrong-result"
                )
                can = "cannot" if learns else "can"
                raise Misconception(
                    code,
                    f"{row}: you say learns={learns}; a loss on that output {can} train the weights",
                )
            if moves != (has_buffers and not evaluating):
                moved = [
                    path for path, b in model.named_buffers() if not torch.equal(b, start[path])
                ]
                if moves:
                    code = "wrong-result" if has_buffers else "answer-from-memory"
                    raise Misconception(
                        code, f"{row}: you say that a buffer moved; none of its {len(start)} did"
                    )
                code = (
                    "buffers-are-not-weights"
                    if frozen or without_grad
                    else "snapshot-without-clone"
                )
                seen = (
                    f"{moved[0]} and {len(moved) - 1} others did"
                    if moved
                    else "in train mode some do: run the forward and look"
                )
                raise Misconception(code, f"{row}: you say that no buffer moved; {seen}")
    return f"8 rows of the table on {' and '.join(names)} are as you measured them."


@check
def frozen_classifier(answer, name="resnet18", n=4):
    built = {}

    def make():
        built["model"], built["recording"] = networks.build(name), torch.is_grad_enabled()
        built["old"] = {
            comparisons.fingerprint(p): path for path, p in built["model"].named_parameters()
        }
        built["head"] = built["model"].fc
        return built["model"]

    model = answer(make, n)
    torch.set_grad_enabled(True)
    expect(model, nn.Module, "the model")
    if not built:
        raise Misconception(
            "backbone-thrown-away",
            "your function never called make(): the trained weights are not in the model",
        )
    if any(p is built["head"].weight for p in model.parameters()):
        raise Misconception(
            "stacked-on-logits",
            f"the old head, {tuple(built['head'].weight.shape)}, is still in the model",
        )
    old = {
        path for path, p in model.named_parameters() if comparisons.fingerprint(p) in built["old"]
    }
    if len(old) < len(built["old"]) // 2:
        raise Misconception(
            "backbone-thrown-away", f"only {len(old)} of the trained tensors are left in your model"
        )
    new = dict(model.named_parameters()).keys() - old
    images, labels = networks.images(name, 4), torch.arange(4) % n
    if model(images).shape != (4, n):
        raise wrong_result(f"4 pictures give {tuple(model(images).shape)}; asked is (4, {n})")
    for make_optimizer in (torch.optim.AdamW, torch.optim.SGD):
        optimizer, start = (
            make_optimizer(model.parameters(), lr=1e-2, weight_decay=1e-2),
            comparisons.snapshot(model.named_parameters()),
        )
        for _ in range(2):
            loss = F.cross_entropy(model(images), labels)
            if not loss.requires_grad:
                raise Misconception(
                    "froze-the-new-head",
                    f"nothing requires a gradient, not even {min(new, default='the head')}",
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        moved = set(comparisons.moved_since(model, start))
        if moved & old:
            diagnose_moved(model, built, moved & old, start)
        if not moved & new:
            raise Misconception(
                "froze-the-new-head",
                f"two steps moved nothing: {min(new, default='the new head')} does not learn",
            )
        optimizer.zero_grad()
    return f"two steps with all {len(start)} tensors in the optimizer moved {len(moved)}, the new head's."


def diagnose_moved(model, built, moved, start):
    """Why the old parameters named `moved` moved."""
    first = min(moved)
    what = (
        f"two steps moved {len(moved)} trained tensors, {first} by {shift(first, model, start):.2g}"
    )
    lookalike(model, moved, what)
    if not any(p.requires_grad for p in built["head"].parameters()):
        shape = tuple(built["head"].weight.shape)
        raise Misconception(
            "froze-the-discarded-head",
            f"{what}. Frozen is the old head {shape}, which is no longer in the model",
        )
    if not built["recording"]:
        raise Misconception(
            "no-grad-as-freezing",
            f"{what}. It was built under no_grad, and its requires_grad is True",
        )
    if not model.training and len(moved) > 2:
        raise Misconception("eval-as-freezing", f"{what}, although the model is in eval mode")
    raise Misconception("backbone-not-frozen", what)


def _all_at_once(model, name):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step():
        model.train()
        optimizer.zero_grad()
        backward(model, name)
        optimizer.step()

    return step


def _behind_the_back(model, seed):
    """A step that moves some tensors whatever requires_grad says."""
    tensors = list(comparisons.tensors(model).values())
    chosen = torch.randperm(len(tensors), generator=torch.Generator().manual_seed(seed))[
        :7
    ].tolist()

    def step():
        with torch.no_grad():
            for i in chosen:
                tensors[i].add_(1)

    return step


LINES = ("trainable", "frozen", "buffers")


@check
def bill(answer, name="resnet18", upto=60, seeds=(3,)):
    """upto: how many parameter tensors are frozen, from the first on."""
    for seed in (None, *seeds):
        model = subject(name)
        for p in list(model.parameters())[:upto]:
            p.requires_grad = False
        inner = _all_at_once(model, name) if seed is None else _behind_the_back(model, seed)
        calls = []

        def step(inner=inner, calls=calls):
            calls.append(1)
            inner()

        start = {path: t.detach().clone() for path, t in comparisons.tensors(model).items()}
        found = answer(model, step)
        expect_something(found, f"bill({name}, step)")
        if len(calls) != 1:
            raise wrong_result(f"step() ran {len(calls)} times; a bill is for one")
        parameters = dict(model.named_parameters())
        expected = {line: [0, 0] for line in LINES}
        for path, tensor in comparisons.tensors(model).items():
            line = (
                "buffers"
                if path not in parameters
                else "trainable"
                if parameters[path].requires_grad
                else "frozen"
            )
            expected[line][1] += 1
            expected[line][0] += not torch.equal(tensor, start[path])
        judge_bill(found, {line: tuple(pair) for line, pair in expected.items()}, name)
    return f"a training step and {len(seeds)} secret change{'s' if len(seeds) > 1 else ''} of {name}: every moved tensor is on your bill."


def judge_bill(found, expected, name):
    try:
        said = {line: (int(found[line][0]), int(found[line][1])) for line in expected}
    except (TypeError, KeyError, IndexError, ValueError):
        what = f"asked is a dict with {', '.join(map(repr, LINES))}, a pair (moved, of how many) each; you return {found!r:.80}"
        raise Misconception(
            "parameters-only"
            if isinstance(found, dict) and "buffers" not in found
            else "wrong-result",
            what,
        ) from None
    if said == expected:
        return
    line = next(line for line in LINES if said[line] != expected[line])
    what = f"{name}, {line}: you say {said[line][0]:,} of {said[line][1]:,}; {expected[line][0]} of {expected[line][1]} tensors moved"
    moved = sum(pair[0] for pair in said.values())
    if said["buffers"][1] == 0 and expected["buffers"][1]:
        raise Misconception(
            "parameters-only",
            f"{what}; your bill knows none of the {expected['buffers'][1]} buffers",
        )
    if moved == 0:
        raise Misconception("snapshot-without-clone", what)
    if (
        said["frozen"][0] == 0 < expected["frozen"][0]
        and said["frozen"][1] == expected["frozen"][1]
    ):
        raise Misconception("trusted-not-measured", what)
    many = any(said[line][1] > 10 * expected[line][1] for line in LINES)
    raise wrong_result(what + (" (count tensors, not the numbers in them)" if many else ""))


@check
def freeze_part(
    answer,
    cases=(
        ("resnet18", "conv1"),
        ("mobilenet_v3_small", "features.1"),
        ("wrapped", "backbone.layer2"),
    ),
):
    for name, part in cases:
        model = subject(name).train()
        everything = [path for path, _ in model.named_parameters()]
        resting = everything[-1]  # frozen before: it must stay so
        dict(model.named_parameters())[resting].requires_grad = False
        asked = inside(everything, part)
        where = f"{name}, {part}"
        result = answer(model, part)
        expect(result, nn.Module, f"the model ({where})")
        learns = reached(model, name)
        loose, stuck = asked & learns, set(everything) - asked - {resting} - learns
        cut = {path for path in stuck if dict(model.named_parameters())[path].requires_grad}
        if cut:
            what = f"{where}: no gradient comes through the frozen part any more to {named(cut)}"
            raise Misconception("freezing-blocks-gradients", what)
        if stuck:
            what = f"{where}: asked is {tensors(len(asked))}; frozen are {len(stuck)} more, such as {min(stuck)}"
            raise Misconception("prefix-too-greedy", what)
        if loose:
            lookalike(model, loose, where)
            if not model.get_submodule(part).training:
                raise Misconception(
                    "eval-as-freezing",
                    f"{where}: that part is in eval mode now, and {min(loose)} still gets a gradient",
                )
            if loose == asked:
                raise Misconception(
                    "prefix-matches-nothing",
                    f"{where}: nothing is frozen; {min(loose)} still gets a gradient",
                )
            raise Misconception(
                "backbone-not-frozen", f"{where}: {named(loose)} still gets a gradient"
            )
        if resting in learns:
            raise wrong_result(f"{where}: {resting} was frozen before and has been unfrozen")
    return f"in {len(cases)} networks that part rests, and gradients reach everything else."


@check
def freeze_until(answer, name="resnet18", n=4, stages=("layer3", "bn1", "layer4", None, "layer2")):
    model = subject(name, n)
    children, sizes = (
        [key for key, _ in model.named_children()],
        {path: p.numel() for path, p in model.named_parameters()},
    )
    said, before, frozen = [], None, set()
    for stage in stages:
        asked = set()
        for child in children[: children.index(stage) + 1] if stage else ():
            asked |= inside(sizes, child)
        call = f"freeze_until({name}, {stage!r})" + (f" after {before!r}" if said else "")
        found = answer(model, stage)
        learns = reached(model, name, n)
        judge_depth(
            model, asked - learns, asked & learns, set(sizes) - asked - learns, frozen, stage, call
        )
        expected = sum(sizes[path] for path in sizes if path not in asked)
        expect_something(found, f"{call}")
        if found != expected:
            code = "tensors-not-numbers" if found == len(sizes) - len(asked) else "wrong-result"
            raise Misconception(
                code,
                f"{call}: you say {found:,}; trainable are {expected:,} numbers in {len(sizes) - len(asked)} tensors",
            )
        said.append(f"{stage} {expected:,}")
        before, frozen = stage, asked
    return f"trainable after freezing until {', '.join(said)}."


def judge_depth(model, rest, loose, stuck, before, stage, call):
    """rest: frozen as asked; loose: asked to rest and learning; stuck: asked to learn and frozen; before: frozen by the last call."""
    if loose:
        what = f"{call}: still learning is {named(loose)}"
        lookalike(model, loose, call)
        if rest and loose == inside(loose, stage):
            raise Misconception("stage-left-out", f"{what}; asked is up to and including {stage}")
        if rest and all(path.count(".") == 1 for path in loose):
            raise Misconception("layer-forgotten", f"{what}, which comes before {stage} or is it")
        raise Misconception("backbone-not-frozen", what)
    if stuck:
        what = f"{call}: frozen, although it lies beyond, is {named(stuck)}"
        raise Misconception("never-unfreezes" if stuck <= before else "prefix-too-greedy", what)


@check
def two_speeds(
    answer,
    name="resnet18",
    n=4,
    head_rate=3e-3,
    backbone_rate=3e-4,
    rest=("conv1", "bn1", "layer1", "layer2"),
):
    model = subject(name, n)
    for part in rest:
        model.get_submodule(part).requires_grad_(False)
    frozen = {path for path, p in model.named_parameters() if not p.requires_grad}
    try:
        optimizer = answer(model, head_rate, backbone_rate)
    except ValueError as problem:
        if "more than one parameter group" not in str(problem):
            raise
        raise Misconception("parameter-twice", f"torch says: {problem}") from None
    expect(optimizer, torch.optim.Optimizer, "an optimizer")
    held = [(id(p), group["lr"]) for group in optimizer.param_groups for p in group["params"]]
    if len(dict(held)) < len(held):
        raise Misconception(
            "parameter-twice",
            f"your groups hold {len(held)} tensors, of which only {len(dict(held))} are different",
        )
    rates = dict(held)
    for path, p in model.named_parameters():
        if p.requires_grad == (path in frozen):
            raise wrong_result(
                f"{path} has requires_grad={p.requires_grad} now; asked is an optimizer alone"
            )
        asked = head_rate if path.startswith("fc.") else backbone_rate
        if path in frozen:
            continue
        if id(p) not in rates:
            raise Misconception(
                "stage-not-in-optimizer",
                f"{path} is trainable, but no group of your optimizer holds it",
            )
        if rates[id(p)] != asked:
            raise Misconception(
                "one-rate-for-all", f"{path} learns at {rates[id(p)]}; asked is {asked}"
            )
    start = comparisons.snapshot(model.named_parameters())
    backward(model, name, n)
    optimizer.step()
    moved = set(comparisons.moved_since(model, start))
    if moved & frozen:
        raise Misconception(
            "backbone-not-frozen",
            f"a step of your optimizer moved {named(moved & frozen)}, which was frozen",
        )
    body = len(start) - len(frozen) - 2
    return f"the head learns at {head_rate}, {body} tensors of the backbone at {backbone_rate}, and {len(frozen)} rest."


@check
def adam_memory(answer, cases=(("resnet18", "layer2"), ("resnet18", "layer4"))):
    for name, stage in cases:
        model = subject(name)
        for child, module in model.named_children():
            module.requires_grad_(False)
            if child == stage:
                break
        total, trainable = (
            sum(p.numel() for p in model.parameters()),
            sum(p.numel() for p in model.parameters() if p.requires_grad),
        )
        found, where = answer(model), f"{name} frozen until {stage}"
        expect_something(found, f"{where}: adam_memory")
        if found != 2 * trainable:
            what = f"{where}: you say {found:,}; {total - trainable:,} numbers are frozen, and AdamW keeps {2 * trainable:,}"
            code = (
                "frozen-costs-memory" if found in (2 * total, total, 3 * total) else "wrong-result"
            )
            if found == trainable:
                what += " (two averages for each)"
            elif 0 < found < 1000:
                what += " (count numbers, not tensors)"
            raise Misconception(code, what)
    return f"{found:,} numbers for {where}: what gets no gradient costs nothing."


@check
def freeze_now(answer, name="resnet18", part="layer2", optimizers=("SGD", "AdamW")):
    for kind in optimizers:
        model = subject(name)
        own, rest = (
            model.get_submodule(part).parameters(),
            [p for path, p in model.named_parameters() if not inside([path], part)],
        )
        options = {
            "SGD": {"lr": 1e-4, "momentum": 0.9, "weight_decay": 1e-3},
            "AdamW": {"lr": 1e-3, "weight_decay": 0.1},
        }[kind]
        optimizer = getattr(torch.optim, kind)([{"params": own}, {"params": rest}], **options)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8, eta_min=1e-5)
        for _ in range(2):
            optimizer.zero_grad()
            backward(model, name)
            optimizer.step()
        optimizer.zero_grad()
        backward(model, name)
        notes = {
            id(p): {
                key: value.clone()
                for key, value in optimizer.state[p].items()
                if torch.is_tensor(value)
            }
            for p in rest
        }
        start = comparisons.snapshot(model.named_parameters())
        names = {id(p): path for path, p in model.named_parameters()}
        answer(model, optimizer, part)
        judge_rest(model, optimizer, rest, notes, names, name, f"{kind}, {part}")
        frozen = inside(start, part)
        optimizer.step()
        judge_stillness(model, optimizer, frozen, start, f"{kind}: the step right after freeze_now")
        scheduler.step()
        for _ in range(2):
            optimizer.zero_grad(set_to_none=False)
            backward(model, name)
            optimizer.step()
            scheduler.step()
        judge_stillness(
            model, optimizer, frozen, start, f"{kind}: the next steps, with a scheduler,", True
        )
        stuck = set(start) - frozen - set(comparisons.moved_since(model, start))
        if stuck:
            raise wrong_result(
                f"{kind}: {named(stuck)} lies outside {part} and should have gone on learning"
            )
    return f"{part} stood still to the bit under {' and '.join(optimizers)}, through momentum, decay and schedule; the rest went on."


def judge_rest(model, optimizer, rest, notes, names, name, where):
    """Whether everything outside the part can go on as if nothing had happened."""
    for p in rest:
        path = names[id(p)]
        now = optimizer.state.get(p, {})
        if any(
            key not in now or not torch.equal(now[key], value)
            for key, value in notes[id(p)].items()
        ):
            raise Misconception(
                "optimizer-made-anew", f"{where}: the optimizer's memory of {path} is gone"
            )
        if not p.requires_grad:
            raise Misconception("prefix-too-greedy", f"{where}: {path} is frozen too")
        if p.grad is None or not p.grad.any():
            raise wrong_result(
                f"{where}: the gradient of {path} is gone; the rest should take the step that is due"
            )
    due = {path: p.grad for path, p in model.named_parameters() if p.grad is not None}
    lost = {names[id(p)] for p in rest} - reached(model, name)
    for path, p in model.named_parameters():
        p.grad = due.get(path)
    if lost:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{where}: no gradient comes through the frozen part any more to {named(lost)}",
        )


def judge_stillness(model, optimizer, frozen, start, when, later=False):
    moved = set(comparisons.moved_since(model, start)) & frozen
    if not moved:
        return
    first = max(moved, key=lambda path: shift(path, model, start))
    parameters = dict(model.named_parameters())
    what = f"{when} moved {first} by {shift(first, model, start):.2g}"
    gradient = parameters[first].grad
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    lookalike(model, moved, what)
    if all(path.endswith("bias") for path in moved):
        raise Misconception("biases-forgotten", what)
    if not parameters[first].requires_grad:
        if gradient is not None and gradient.any():
            raise Misconception(
                "stale-gradient",
                f"{what}: it had a gradient of up to {gradient.abs().max():.2g} from the backward before",
            )
        raise Misconception("zero-is-not-none", f"{what}, although its gradient is zero")
    rate = rates.get(id(parameters[first]), 1)
    if later and rate < 2e-5:  # the other groups are far above
        raise Misconception(
            "rate-zero",
            f"{what}: it is still trainable, and the scheduler has raised its rate to {rate:.2g}",
        )
    raise Misconception("backbone-not-frozen", f"{what}: it is still trainable")


@check
def thaw(answer, name="resnet18", n=4, stage="layer4", rate=2e-4):
    model = subject(name, n)
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    optimizer = torch.optim.SGD(model.fc.parameters(), lr=1e-2, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad()
        backward(model, name, n)
        optimizer.step()
    optimizer.zero_grad()
    memory = optimizer.state[model.fc.weight]["momentum_buffer"].clone()
    try:
        returned = answer(model, optimizer, stage, rate)
    except ValueError as problem:
        if "more than one parameter group" not in str(problem):
            raise
        raise Misconception("parameter-twice", f"torch says: {problem}") from None
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    for path, p in model.named_parameters():
        if path.startswith(f"{stage}."):
            if not p.requires_grad:
                raise Misconception("stage-still-frozen", f"{path} does not require a gradient")
            if id(p) not in rates:
                anew = isinstance(returned, torch.optim.Optimizer) and returned is not optimizer
                what = f"{path} is unfrozen, but the optimizer that is training holds {tensors(len(rates))}, and not this one"
                raise Misconception(
                    "optimizer-made-anew" if anew else "stage-not-in-optimizer", what
                )
            if rates[id(p)] != rate:
                raise Misconception(
                    "one-rate-for-all", f"{path} learns at {rates[id(p)]}; asked is {rate}"
                )
        elif path.startswith("fc."):
            if rates.get(id(p)) != 1e-2 or not p.requires_grad:
                raise Misconception(
                    "one-rate-for-all",
                    f"{path} learns at {rates.get(id(p))}; it had 0.01, and should keep it",
                )
        elif p.requires_grad:
            raise Misconception(
                "backbone-not-frozen", f"{path} requires a gradient; asked is {stage} alone"
            )
    now = optimizer.state.get(model.fc.weight, {}).get("momentum_buffer")
    if now is None or not torch.equal(now, memory):
        what = f"the momentum of fc.weight was up to {memory.abs().max():.2g} before the call, and is gone"
        raise Misconception("optimizer-made-anew", what)
    start = comparisons.snapshot(model.named_parameters())
    backward(model, name, n)
    optimizer.step()
    moved = {path.split(".")[0] for path in comparisons.moved_since(model, start)}
    if moved != {"fc", stage}:
        raise wrong_result(
            f"the next step moved {', '.join(sorted(moved)) or 'nothing'}; asked are {stage} and fc"
        )
    return f"{stage} has joined at {rate}, the head kept its rate and its momentum."
