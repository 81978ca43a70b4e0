"""The endless kinds of questions in the quiz of lesson 01."""

from random import Random

from torch import nn

from course.checking.quiz import architectures
from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, wrong

WIDTHS = {  # of heads: whose they are
    512: "ResNet-18 and ResNet-34",
    768: "ViT-B/16 and Swin-T",
    1024: "GoogLeNet and DenseNet-121",
    1280: "MobileNetV2 and EfficientNet-B0",
    2048: "ResNet-50",
    4096: "AlexNet and the VGGs",
}


@endless
def in_features(rng: Random) -> Question:
    """How many features does the head of this model take?"""
    name = rng.choice(architectures.NAMES)
    classes = rng.randint(2, 200)
    path = architectures.as_code(architectures.head_path(name))
    width = architectures.head_width(name)
    if rng.random() < 0.1:
        return _after_the_whole_model(rng, name, classes)
    attribute = "in_channels" if isinstance(architectures.head(name), nn.Conv2d) else "in_features"
    others = [
        wrong(
            "1000",
            "1000 is the number of outputs of the old head. The new head replaces it, so it gets "
            "the features that the old head got.",
        )
    ]
    for other_width in _other_widths_in_container(name):
        others.append(
            wrong(
                str(other_width),
                "This is the number of inputs of the *first* Linear in `model.classifier`. The "
                "head is the last layer there, and gets what the layers before it return.",
            )
        )
    for number, owners in WIDTHS.items():
        others.append(
            wrong(
                str(number),
                f"{number} is right for {owners}. Models differ, so read the number from this one: "
                f"`{path}.{attribute}`.",
            )
        )
    return pose(
        rng,
        f"You want a head for {classes} classes. Which number must replace the question mark?",
        [
            f"model = torchvision.models.{name}()",
            f"{path} = {architectures.head_as_code(name, '?', classes)}",
        ],
        right(
            str(width),
            f"The head of `{name}` is `{path}`, and its `{attribute}` is {width}. Read it there "
            "before you replace the head.",
        ),
        others,
    )


def _after_the_whole_model(rng: Random, name: str, classes: int) -> Question:
    """Return a question about a layer that gets the logits of the old head."""
    options = {
        str(architectures.head_width(name)): f"The head of `{name}` takes as many features. The "
        "new layer is not in its place, but after it."
    }
    for number, owners in WIDTHS.items():
        options.setdefault(
            str(number), f"The heads of {owners} take {number} features. Here the old head stays."
        )
    return pose(
        rng,
        f"You want logits for {classes} classes. Which number must replace the question mark?",
        [
            f"model = torchvision.models.{name}()",
            f"model = nn.Sequential(model, nn.Linear(?, {classes}))",
        ],
        right(
            "1000",
            "The new layer comes after the whole model, so it gets the 1000 logits of the old "
            "head. A new head that takes the place of the old one learns from the features.",
        ),
        [wrong(text, why) for text, why in options.items()],
    )


def _other_widths_in_container(name: str) -> list[int]:
    """Return in_features of the Linear layers beside the head, such as the first two of VGG's."""
    container = architectures.head_path(name).split(".")[0]
    widths = []
    for layer in architectures.model(name).get_submodule(container).modules():
        if isinstance(layer, nn.Linear) and layer.in_features != architectures.head_width(name):
            widths.append(layer.in_features)
    return widths


@endless
def output_shape(rng: Random) -> Question:
    """What is the shape of the logits after the head is replaced?"""
    name = rng.choice(architectures.NAMES)
    classes = rng.randint(2, 200)
    batch = rng.randint(1, 64)
    width = architectures.head_width(name)
    side = architectures.side(name)
    path = architectures.head_path(name)
    with architectures.assigned(name, path, architectures.new_head(name, classes)):
        shape = architectures.output_shape(name, batch)
    return pose(
        rng,
        "What is the shape of `logits`?",
        [
            f"model = torchvision.models.{name}().eval()",
            f"{architectures.as_code(path)} = {architectures.head_as_code(name, width, classes)}",
            f"images = torch.randn({batch}, 3, {side}, {side})",
            "logits = model(images)",
        ],
        right(
            f"`{shape}`",
            f"There is one row for each of the {batch} images, with one logit for each of the "
            f"{classes} classes.",
        ),
        [
            wrong(
                f"`({batch}, 1000)`",
                "The 1000 logits came from the old head. No other layer depends on that number.",
            ),
            wrong(
                f"`({classes},)`",
                "The batch dimension is missing. A model returns one row for each image, even if "
                "there is only one image.",
            ),
            wrong(
                f"`({batch}, {width})`",
                f"{width} numbers per image go *into* the head. It returns as many as its second "
                "argument says.",
            ),
            wrong(
                f"`({classes}, {batch})`",
                "The batch comes first: each row is an image, each column a class.",
            ),
            wrong(
                f"`(1, {classes})`",
                "This would be one prediction for the whole batch. The model returns one row for "
                "each image.",
            ),
            wrong(
                f"`({batch}, {classes}, 1, 1)`",
                "Logits have no height and width: there is one number per image and class.",
            ),
        ],
    )


PLACES = {  # where a head can be: in which families
    "fc": "ResNets and GoogLeNet",
    "classifier": "DenseNets",
    "classifier.1": "MobileNetV2 and EfficientNets",
    "classifier.3": "MobileNetV3",
    "classifier.6": "AlexNet and VGGs",
    "head": "Swin transformers",
    "heads.head": "vision transformers",
}


# What is near a head in some models, and the head itself in others: an option that is never right
# would soon be known.
NEIGHBOURS = ("classifier.2", "classifier.5")


def why_not_head(name: str, path: str) -> str:
    """Return what believing that the head of model `name` is at `path` would mean."""
    try:
        module = architectures.model(name).get_submodule(path)
    except AttributeError:
        why = f"This is the place of the head in {PLACES[path]}; this model has nothing there."
        if "." not in path:
            why += " You can assign a layer to it, but `forward` never calls it."
        return why
    if architectures.head_path(name).startswith(f"{path}."):
        return (
            "This is the container. The head is one layer in it: replace only that layer, and keep "
            "the others."
        )
    return (
        f"`{architectures.as_code(path)}` is of type `{type(module).__name__}`. It is not the "
        "layer that returns the 1000 logits."
    )


@endless
def head_path(rng: Random) -> Question:
    """At which attribute is the head of this model?"""
    name = rng.choice(architectures.NAMES)
    path = architectures.head_path(name)
    layer = type(architectures.head(name)).__name__
    there = {place for place, _ in architectures.model(name).named_modules()}
    places = [place for place in NEIGHBOURS if place in there]
    places += PLACES
    others = [
        wrong(f"`{architectures.as_code(place)}`", why_not_head(name, place))
        for place in places
        if place != path
    ]
    return pose(
        rng,
        "Which expression is the head itself: only the one layer that returns the 1000 logits?",
        [f"model = torchvision.models.{name}()"],
        right(
            f"`{architectures.as_code(path)}`",
            f"It is an `nn.{layer}` from {architectures.head_width(name)} to 1000, and the last "
            "layer with parameters that `forward` runs.",
        ),
        others,
    )


@endless
def fc_on_this_model(rng: Random) -> Question:
    """What does `model.fc = nn.Linear(...)` do on this model?"""
    name = rng.choice(rng.choice([architectures.WITH_FC, architectures.NAMES]))
    classes = rng.randint(2, 200)
    side = architectures.side(name)
    reads = architectures.head_width(name)
    width = rng.choice([reads, reads, 512, 1024, 2048, None])
    outcome = architectures.after_fc(name, width)
    cases = _cases_of_fc(name, width, classes)
    text, why, _ = cases[outcome]
    others = [wrong(other, why_not) for other, _, why_not in cases.values() if other != text]
    layer = f"nn.Linear({width}, {classes})"
    if width is None:
        layer = f"lambda features: features[:, :{classes}]"
    return pose(
        rng,
        "What happens?",
        [
            f"model = torchvision.models.{name}().eval()",
            f"model.fc = {layer}",
            f"logits = model(torch.randn(1, 3, {side}, {side}))",
        ],
        right(text, why),
        others,
    )


def _cases_of_fc(name: str, width: int | None, classes: int) -> dict[str, tuple[str, str, str]]:
    """Return {what can happen: (its text, why it does, why it does not)} for a new `fc`.

    width: what the new layer takes, None where it is a function and no layer.
    """
    path = architectures.as_code(architectures.head_path(name))
    reads = architectures.head_width(name)
    replaced = f"The head of `{name}` is `{path}` and gets {reads} features, so the new layer fits."
    if name in ("googlenet", "inception_v3"):
        replaced += " In train mode its auxiliary heads still have 1000 outputs."
    accepted = (
        "You can assign any layer under any name, whether it fits or not: an assignment does not "
        "compare shapes."
    )
    if width is None:
        accepted = (
            "That happens where `fc` is a module already. This model has none, so the function "
            "becomes an attribute like any other."
        )
    return {
        "refused": (
            "The assignment itself raises an error.",
            "`fc` is a module, and only a module or None can take its place. A function is "
            "neither, so the assignment raises TypeError.",
            accepted,
        ),
        "works": (
            f"It works: the output is {classes} wide.",
            replaced,
            "For this, the new layer must replace the old head *and* take as many features as "
            "arrive there.",
        ),
        "misfits": (
            "The assignment works, and the forward pass raises a shape error.",
            f"The head of `{name}` is `{path}` and gets {reads} features; the new layer takes "
            f"{width}. An assignment does not compare them, but the forward pass does.",
            "For this, `forward` must call the new layer *and* the number of features must differ.",
        ),
        "ignored": (
            "No error and no effect: the output is still 1000 wide.",
            f"The head of `{name}` is `{path}`. The assignment makes a new attribute `fc`, which "
            "`forward` never calls, so the old head still returns the logits.",
            "This happens in a model without `fc`. This model has one, and `forward` calls it.",
        ),
    }


@endless
def trainable_after_freeze(rng: Random) -> Question:
    """How many parameters train after freezing everything and replacing the head?"""
    name = rng.choice(architectures.NAMES)
    classes = rng.randint(2, 200)
    width = architectures.head_width(name)
    path = architectures.head_path(name)
    everything = architectures.count(architectures.model(name).parameters())
    old = architectures.count(architectures.head(name).parameters())
    trainable = architectures.count(architectures.new_head(name, classes).parameters())
    build = f"model = torchvision.models.{name}()"
    freeze = "model.requires_grad_(False)"
    replace = f"{architectures.as_code(path)} = {architectures.head_as_code(name, width, classes)}"
    order = rng.random()
    if order < 0.15 and architectures.head(name).bias is not None:
        return _unfrozen_again(rng, name, [build, freeze])
    if order > 0.85:
        lines = [build, replace, freeze]
        answer = right(
            "0",
            "The new head is there before the freezing, so it is frozen, too, and `backward` "
            "raises an error.",
        )
        of_head = "The last line freezes the new head, too."
        others = [
            wrong(f"{trainable:,}", f"That is right if you freeze first, then replace. {of_head}"),
            wrong(f"{everything - old + trainable:,}", f"These are all parameters. {of_head}"),
        ]
    else:
        lines = [build, freeze, replace]
        answer = right(
            f"{trainable:,}",
            f"The head is newer than the freezing, so it trains: {width} × {classes} weights and "
            f"{classes} biases.",
        )
        of_head = f"Each output also has a bias: {classes} more."
        others = [
            wrong(
                "0",
                "This happens in the other order: replace, then freeze. Then the new head is "
                "frozen, too, and `backward` raises an error.",
            ),
            wrong(
                f"{everything - old + trainable:,}",
                "These are all parameters of the model. Those of the backbone are frozen.",
            ),
            wrong(
                f"{width + classes:,}",
                f"There is one weight for each pair of an input and an output: {width} × {classes} "
                f"weights, not {width} + {classes}.",
            ),
        ]
    others += [
        wrong(f"{width * classes:,}", f"These are the {width} × {classes} weights. {of_head}"),
        wrong(
            f"{everything - old:,}",
            "These are all but the head. They do not train: `requires_grad_(False)` freezes them.",
        ),
        wrong(
            f"{old:,}",
            f"This is the old head, which is replaced. The new head has {classes} outputs, the "
            "old one had 1000.",
        ),
    ]
    return pose(
        rng,
        "How many parameters (single numbers, not tensors) will train?",
        lines,
        answer,
        others,
    )


def _unfrozen_again(rng: Random, name: str, lines: list[str]) -> Question:
    """Return a question about the old head, which stays and is unfrozen after these lines."""
    width = architectures.head_width(name)
    everything = architectures.count(architectures.model(name).parameters())
    old = architectures.count(architectures.head(name).parameters())
    path = architectures.as_code(architectures.head_path(name))
    of_head = "The last line unfreezes the old head."
    return pose(
        rng,
        "How many parameters (single numbers, not tensors) will train?",
        [*lines, f"{path}.requires_grad_(True)"],
        right(
            f"{old:,}",
            f"{of_head} It has {width} × 1000 weights and 1000 biases; all else stays frozen.",
        ),
        [
            wrong("0", f"That would be all frozen. {of_head}"),
            wrong(
                f"{width * 1000:,}", f"These are the {width} × 1000 weights, without the biases."
            ),
            wrong(f"{everything:,}", f"These are all parameters of the model. {of_head}"),
            wrong(f"{everything - old:,}", f"These are all but the head, and frozen. {of_head}"),
        ],
    )


KINDS = ("in_features", "output_shape", "head_path", "fc_on_this_model", "trainable_after_freeze")
