"""Endless questions: each kind draws variants with a seed, and the real torchvision module answers (see models.py).

`draw(kind, seed)` makes the same question everywhere. To add a kind, add one function with @endless: it gets a
random.Random, asks a module, and ends in `pose`.
"""
import random

from torch import nn

from course.quiz import models
from course.quiz.questions import Question, right, snippet, wrong

KINDS = {}  # name -> function(random.Random) -> Question


def endless(function):
    """Make a function a kind of question, under its own name."""
    KINDS[function.__name__] = function
    return function


def draw(kind, seed):
    """The question that this seed, an int, draws from this kind, a name in KINDS. KeyError for an unknown kind."""
    if kind not in KINDS:
        raise KeyError(f"no kind of question is called {kind!r}; there are {', '.join(KINDS)}")
    return KINDS[kind](random.Random(f"{kind}-{seed}"))


def pose(rng, prompt, code, answer, others):
    """A Question: the right option `answer` and three of the wrong ones in `others`, shuffled, under a prompt and lines of code.

    A wrong option that happens to read like the right one, or like one before it, is left out.
    """
    distinct = {option.text: option for option in reversed(others) if option.text != answer.text}
    options = [answer, *(distinct[text] for text in rng.sample(sorted(distinct), 3))]
    rng.shuffle(options)
    return Question(f"{prompt}\n\n{snippet(*code)}", tuple(options))


WIDTHS = {512: "ResNet-18 and ResNet-34", 768: "ViT-B/16 and Swin-T", 1024: "GoogLeNet and DenseNet-121",
          1280: "MobileNetV2 and EfficientNet-B0", 2048: "ResNet-50", 4096: "AlexNet and the VGGs"}


@endless
def in_features(rng):
    name, classes = rng.choice(models.NAMES), rng.randint(2, 200)
    path, width = models.as_code(models.head_path(name)), models.head_width(name)
    attribute = "in_channels" if isinstance(models.head(name), nn.Conv2d) else "in_features"
    others = [wrong("1000", "1000 is what came *out* of the old head. The new head takes its place and does not stand on top of it: "
                            "it reads what the old head read.")]
    for layer in models.model(name).get_submodule(models.head_path(name).split(".")[0]).modules():
        if isinstance(layer, nn.Linear) and layer.in_features != width:
            others.append(wrong(str(layer.in_features), "That many features come into the *first* Linear of `model.classifier`. "
                                                        "The head is the last layer there, and reads what the ones before it made."))
    others += [wrong(str(number), f"{number} is right for {owners}. The number belongs to the model: ask this one, `{path}.{attribute}`, "
                                  "and do not trust your memory.") for number, owners in WIDTHS.items()]
    return pose(
        rng, f"A new head for {classes} classes. Which number stands in place of the question mark?",
        [f"model = torchvision.models.{name}()", f"{path} = {models.head_as_code(name, '?', classes)}"],
        right(str(width), f"The head of `{name}` is `{path}`, and its `{attribute}` is {width}. Read it there before you replace it."),
        others)


@endless
def output_shape(rng):
    name, classes, batch = rng.choice(models.NAMES), rng.randint(2, 200), rng.randint(1, 64)
    width, side, path = models.head_width(name), models.side(name), models.head_path(name)
    with models.assigned(name, path, models.new_head(name, classes)):
        shape = models.output_shape(name, batch)
    return pose(
        rng, "What is the shape of `logits`?",
        [f"model = torchvision.models.{name}().eval()",
         f"{models.as_code(path)} = {models.head_as_code(name, width, classes)}",
         f"images = torch.randn({batch}, 3, {side}, {side})",
         "logits = model(images)"],
        right(f"`{shape}`", f"A row for each picture, {batch} in all, and in it one score for each of the {classes} classes."), [
            wrong(f"`({batch}, 1000)`", "The 1000 scores went with the old head. Nothing in the rest of the model remembers that number."),
            wrong(f"`({classes},)`", "That forgets the batch dimension. A model gives a row for each picture, even if there is only one."),
            wrong(f"`({batch}, {width})`", f"{width} is what goes *into* the head. What comes out is as wide as its second number."),
            wrong(f"`({classes}, {batch})`", "In PyTorch the batch comes first: a row is a picture, a column is a class."),
            wrong(f"`(1, {classes})`", "That would be one answer for the whole batch. Pictures are not mixed: each has its own row."),
            wrong(f"`({batch}, {classes}, 1, 1)`", "Height and width are gone by then: the model pools them away and flattens.")])


PLACES = {"fc": "ResNets and GoogLeNet", "classifier": "DenseNets", "classifier.1": "MobileNetV2 and EfficientNets",
          "classifier.3": "MobileNetV3", "classifier.6": "AlexNet and VGGs", "head": "Swin transformers",
          "heads.head": "vision transformers"}
NEIGHBOURS = ("features", "avgpool", "heads", "classifier.0", "classifier.2", "aux2.fc2", "AuxLogits.fc")


def why_not_head(name, path):
    """What believing that the head of model `name` is at `path` would mean, read from the model."""
    try:
        module = models.model(name).get_submodule(path)
    except AttributeError:
        why = f"That is the place in {PLACES[path]}. This model has nothing there."
        return why if "." in path else f"{why} Python accepts an assignment to it all the same, and `forward` never calls it."
    if path.lower().startswith("aux"):
        return "That is an auxiliary head. It runs only while training, to send gradients into the middle of the model."
    if models.head_path(name).startswith(f"{path}."):
        return "That is the container. The head itself is one layer inside: replace only that, and what stands around it stays."
    return f"`{models.as_code(path)}` is of type `{type(module).__name__}`. It is not the one whose 1000 outputs are the classes."


@endless
def head_path(rng):
    name = rng.choice(models.NAMES)
    path, layer = models.head_path(name), type(models.head(name)).__name__
    there = {place for place, _ in models.model(name).named_modules()}
    places = [place for place in (*NEIGHBOURS, *PLACES) if place != path and (place in there or place in PLACES)]
    return pose(
        rng, "Which expression is the head itself: the one layer that makes the 1000 class scores, with nothing around it?",
        [f"model = torchvision.models.{name}()"],
        right(f"`{models.as_code(path)}`", f"It is an `nn.{layer}` from {models.head_width(name)} to 1000, and the last layer with "
                                           "parameters that `forward` runs."),
        [wrong(f"`{models.as_code(place)}`", why_not_head(name, place)) for place in places])


@endless
def fc_on_this_model(rng):
    name = rng.choice(rng.choice([models.WITH_FC, models.NAMES]))
    classes, side, reads = rng.randint(2, 200), models.side(name), models.head_width(name)
    width = rng.choice([reads, reads, 512, 1024, 2048])
    outcome = models.after_fc(name, width)
    path = models.as_code(models.head_path(name))
    aux = " Mind the auxiliary heads: while training they still answer 1000 wide." if name in ("googlenet", "inception_v3") else ""
    cases = {  # outcome: text, why it is right, why it is not
        "works": (f"It works: the output is {classes} wide.",
                  f"The head of `{name}` is `{path}` and reads {reads} features, so the new layer takes its place.{aux}",
                  "That needs a new layer that stands where the old head stood *and* reads as many features as come there."),
        "misfits": ("The assignment works, and the forward pass raises a shape error.",
                    f"The head of `{name}` is `{path}` and reads {reads} features; the new one is made for {width}. "
                    "Nobody checks that when you assign: the forward pass finds out.",
                    "That needs a new layer that `forward` calls *and* that is made for another number of features."),
        "ignored": ("No error and no effect: the output is still 1000 wide.",
                    f"The head of `{name}` is `{path}`. The assignment makes an `fc` that `forward` never calls, "
                    "and the old head goes on answering.",
                    "That happens in a model that has no `fc`. This one has, and `forward` calls whatever stands there."),
        "refused": ("The assignment itself raises an error.", "",
                    "A module takes any layer under any name, whether it fits or not. Python sees no reason to complain.")}
    return pose(
        rng, "What happens?",
        [f"model = torchvision.models.{name}().eval()", f"model.fc = nn.Linear({width}, {classes})",
         f"logits = model(torch.randn(1, 3, {side}, {side}))"],
        right(*cases[outcome][:2]), [wrong(text, why_not) for key, (text, _, why_not) in cases.items() if key != outcome])


@endless
def trainable_after_freeze(rng):
    name, classes = rng.choice(models.NAMES), rng.randint(2, 200)
    width, path, layer = models.head_width(name), models.head_path(name), models.new_head(name, classes)
    everything = models.count(models.model(name).parameters())
    old, trainable = models.count(models.head(name).parameters()), models.count(layer.parameters())
    return pose(
        rng, "How many parameters (single numbers, not tensors) will train?",
        [f"model = torchvision.models.{name}()", "model.requires_grad_(False)",
         f"{models.as_code(path)} = {models.head_as_code(name, width, classes)}"],
        right(f"{trainable:,}", f"It came after the freeze and is born trainable: {width} × {classes} weights, {classes} biases."), [
            wrong(f"{width * classes:,}", f"Those are the weights, {width} × {classes}. Each output has a bias, too: {classes} more."),
            wrong(f"{width + classes:,}", f"Every input is joined to every output: {width} × {classes} weights, not {width} + {classes}."),
            wrong("0", "That is the other way round: replace, then freeze. The new head is frozen too, and `backward` raises."),
            wrong(f"{everything - old + trainable:,}", "Those are all parameters. The old ones are still there and in use, but frozen."),
            wrong(f"{everything - old:,}", "Those are the frozen ones, all but the head. `requires_grad_(False)` turns training off."),
            wrong(f"{old:,}", f"That is the old head, which is gone. The new one has {classes} outputs where the old one had 1000.")])


KINDS_01 = tuple(KINDS)  # the kinds of this file belong to lesson 01
