"""The quiz of lesson 01, replace the head: plain questions, then kinds of endless ones.

tests/course/checking/test_quiz.py runs the code that they show and measures what they say.
"""

from random import Random

from torch import nn

from course.checking.quiz import architectures
from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, snippet, wrong

WHY_REPLACE = Question(
    "A ResNet-18 tells 1000 things apart. Your stall sells 10 fruits. Why do you replace its last "
    "layer?",
    (
        wrong(
            "The new head makes the model much smaller and faster.",
            "Going from 1000 to 10 outputs saves 4.3 % of a ResNet-18. Nearly all the parameters, "
            "and nearly all the work, "
            "are in the layers below.",
        ),
        right(
            "The old head scores 1000 old things. The features below it are useful for new things "
            "too, if a new head reads them.",
            "The last layer is the only part that is tied to the old classes. What comes before it "
            "turns a picture into features, "
            "and a small new head learns ten fruits from them with few pictures.",
        ),
        wrong(
            "Trained weights are fixed. Only a fresh layer can learn.",
            "Trained weights go on learning as soon as an optimizer has them. Freezing is a "
            "choice you make, not a property they have.",
        ),
        wrong(
            "A new head makes the layers below forget what they learnt before, so that they can "
            "learn fruit.",
            "Replacing the head changes no other weight. That the layers below still know their "
            "trade is the very point.",
        ),
    ),
)

LINE_RESNET18 = Question(
    "`model` is a **ResNet-18**, `torchvision.models.resnet18()`. Which line gives it a head for "
    "5 classes?",
    (
        wrong(
            "`model.fc = nn.Linear(2048, 5)`",
            "2048 is the number of a ResNet-50. In a ResNet-18, 512 features come in: the forward "
            "pass raises a shape error.",
        ),
        wrong(
            "`model.fc.out_features = 5`",
            "That changes a note on the layer, not the layer. The weight matrix still has 1000 "
            "rows, the output is still 1000 wide.",
        ),
        right(
            "`model.fc = nn.Linear(512, 5)`",
            "512 features come in, 5 scores go out. Without a number from memory: "
            "`nn.Linear(model.fc.in_features, 5)`.",
        ),
        wrong(
            "`model.fc = nn.Linear(5, 512)`",
            "In and out are swapped. `nn.Linear` takes first what comes in, then what goes out. "
            "The forward pass raises a shape error.",
        ),
    ),
)

LINE_RESNET50 = Question(
    "`model` is a **ResNet-50**, `torchvision.models.resnet50()`. Which line gives it a head for "
    "5 classes?",
    (
        wrong(
            "`model.fc = nn.Linear(512, 5)`",
            "512 is the number of a ResNet-18. A ResNet-50 ends four times as wide: the forward "
            "pass raises a shape error.",
        ),
        wrong(
            "`model.fc = nn.Linear(1000, 5)`",
            "1000 is what came out of the old head. The new head takes its place and does not "
            "stand on top of it: it reads 2048 features.",
        ),
        wrong(
            "`model.classifier = nn.Linear(2048, 5)`",
            "The number fits, the name does not. A ResNet never calls its `classifier`: no error, "
            "and the output stays 1000 wide.",
        ),
        right(
            "`model.fc = nn.Linear(2048, 5)`",
            "2048 features come in, 5 scores go out. The same line breaks a ResNet-18: the answer "
            "depends on the model.",
        ),
    ),
)

SHAPE = Question(
    "The head of a ResNet-18 is now `nn.Linear(512, 5)`. Its input has the shape `(1, 3, 224, "
    "224)`. And its output?",
    (
        wrong(
            "`(5,)`",
            "That forgets the batch dimension. One picture is still a batch, of one, and the "
            "output keeps a row for it.",
        ),
        right(
            "`(1, 5)`",
            "One row for the one picture, one score for each of the 5 classes. The size of the "
            "picture leaves no trace.",
        ),
        wrong(
            "`(1, 512)`",
            "512 features go into the new head. They would come out if the head were an "
            "`nn.Identity()`.",
        ),
        wrong(
            "`(1, 1000)`",
            "The 1000 scores went with the old head. No other layer remembers that number.",
        ),
    ),
)

FC_ON_THREE = Question(
    "What does `model.fc = nn.Linear(1024, 10)` do on a ResNet-18, on a GoogLeNet and on a "
    "DenseNet-121?",
    (
        wrong(
            "It works on all three: `fc` is the last layer of a network.",
            "`fc` is a name that some authors chose. DenseNet's authors chose `classifier`. And "
            "the width is not free either: "
            "the head of a ResNet-18 reads 512 features.",
        ),
        wrong(
            "ResNet-18: shape error. GoogLeNet and DenseNet-121: it works, for both have 1024 "
            "features.",
            "1024 is right for DenseNet-121, too, but its head is at `model.classifier`. A layer "
            "at `model.fc` is stored and never called.",
        ),
        wrong(
            "ResNet-18 and DenseNet-121: the assignment raises an error. GoogLeNet: it works.",
            "No assignment raises here. A module takes any layer under any name; whether it fits "
            "shows in the forward pass, or never.",
        ),
        right(
            "ResNet-18: shape error in the forward pass. GoogLeNet: it works. DenseNet-121: no "
            "error, and no effect.",
            "A ResNet-18's head reads 512 features. GoogLeNet's reads 1024; mind its two auxiliary "
            "heads, which still answer 1000 wide "
            "while training. DenseNet-121 keeps its head at `model.classifier`: `fc` is never "
            "called, the output stays 1000 wide, and "
            "nothing tells you.",
        ),
    ),
)

NEW_HEAD = "model.fc = nn.Linear(2048, 15)"
FREEZE_ALL = ("for parameter in model.parameters():", "    parameter.requires_grad = False")
FREEZE_ALL_BUT_HEAD = Question(
    "`model` is a ResNet-50, `torchvision.models.resnet50()`. Which lines train a new head for 15 "
    "classes, and nothing else?",
    (
        wrong(
            snippet(NEW_HEAD, *FREEZE_ALL),
            "The freeze comes last here, so it catches the new head as well. Nothing trains, and "
            "`backward` raises an error.",
        ),
        right(
            snippet(*FREEZE_ALL, NEW_HEAD),
            "First everything is frozen, then a new layer comes in, and a new layer is born "
            "trainable: "
            "2048 × 15 weights and 15 biases, 30,735 parameters.",
        ),
        wrong(
            snippet("model.requires_grad = False", NEW_HEAD),
            "That hangs a new attribute on the model and freezes nothing: everything trains. "
            "The method is `model.requires_grad_(False)`.",
        ),
        wrong(
            snippet("model.eval()", NEW_HEAD),
            "`eval()` changes how Dropout and BatchNorm behave. It freezes nothing: everything "
            "trains.",
        ),
        wrong(
            snippet("model.fc.requires_grad_(False)", NEW_HEAD),
            "That freezes the old head, and the next line throws it away. The layers that should "
            "rest all train.",
        ),
    ),
)

QUESTIONS = (WHY_REPLACE, LINE_RESNET18, LINE_RESNET50, SHAPE, FC_ON_THREE, FREEZE_ALL_BUT_HEAD)


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
    attribute = "in_channels" if isinstance(architectures.head(name), nn.Conv2d) else "in_features"
    others = [
        wrong(
            "1000",
            "1000 is what came *out* of the old head. The new head takes its place and does not "
            "stand on top of it: "
            "it reads what the old head read.",
        )
    ]
    for other_width in _other_widths_in_container(name):
        others.append(
            wrong(
                str(other_width),
                "That many features come into the *first* Linear of `model.classifier`. "
                "The head is the last layer there, and reads what the ones before it made.",
            )
        )
    for number, owners in WIDTHS.items():
        others.append(
            wrong(
                str(number),
                f"{number} is right for {owners}. The number belongs to the model: ask this one, "
                f"`{path}.{attribute}`, "
                "and do not trust your memory.",
            )
        )
    return pose(
        rng,
        f"A new head for {classes} classes. Which number stands in place of the question mark?",
        [
            f"model = torchvision.models.{name}()",
            f"{path} = {architectures.head_as_code(name, '?', classes)}",
        ],
        right(
            str(width),
            f"The head of `{name}` is `{path}`, and its `{attribute}` is {width}. Read it there "
            "before you replace it.",
        ),
        others,
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
    """What is the shape of the logits after this swap?"""
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
            f"A row for each picture, {batch} in all, and in it one score for each of the "
            f"{classes} classes.",
        ),
        [
            wrong(
                f"`({batch}, 1000)`",
                "The 1000 scores went with the old head. Nothing in the rest of the model "
                "remembers that number.",
            ),
            wrong(
                f"`({classes},)`",
                "That forgets the batch dimension. A model gives a row for each picture, even if "
                "there is only one.",
            ),
            wrong(
                f"`({batch}, {width})`",
                f"{width} is what goes *into* the head. What comes out is as wide as its second "
                "number.",
            ),
            wrong(
                f"`({classes}, {batch})`",
                "In PyTorch the batch comes first: a row is a picture, a column is a class.",
            ),
            wrong(
                f"`(1, {classes})`",
                "That would be one answer for the whole batch. Pictures are not mixed: each has "
                "its own row.",
            ),
            wrong(
                f"`({batch}, {classes}, 1, 1)`",
                "Height and width are gone by then: the model pools them away and flattens.",
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
NEIGHBOURS = (  # what stands near a head and is none
    "features",
    "avgpool",
    "heads",
    "classifier.0",
    "classifier.2",
    "aux2.fc2",
    "AuxLogits.fc",
)


def why_not_head(name: str, path: str) -> str:
    """Return what believing that the head of model `name` is at `path` would mean."""
    try:
        module = architectures.model(name).get_submodule(path)
    except AttributeError:
        why = f"That is the place in {PLACES[path]}. This model has nothing there."
        if "." not in path:
            why += " Python accepts an assignment to it all the same, and `forward` never calls it."
        return why
    if path.lower().startswith("aux"):
        return (
            "That is an auxiliary head. It runs only while training, to send gradients into "
            "the "
            "middle of the model."
        )
    if architectures.head_path(name).startswith(f"{path}."):
        return (
            "That is the container. The head itself is one layer inside: replace only that, "
            "and "
            "what stands around it stays."
        )
    return (
        f"`{architectures.as_code(path)}` is of type `{type(module).__name__}`. It is not the one "
        "whose 1000 outputs are the classes."
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
        "Which expression is the head itself: the one layer that makes the 1000 class scores, "
        "with nothing around it?",
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
    width = rng.choice([reads, reads, 512, 1024, 2048])
    outcome = architectures.after_fc(name, width)
    cases = _cases_of_fc(name, width, classes)
    text, why, _ = cases[outcome]
    others = [wrong(other, why_not) for other, _, why_not in cases.values() if other != text]
    return pose(
        rng,
        "What happens?",
        [
            f"model = torchvision.models.{name}().eval()",
            f"model.fc = nn.Linear({width}, {classes})",
            f"logits = model(torch.randn(1, 3, {side}, {side}))",
        ],
        right(text, why),
        others,
    )


def _cases_of_fc(name: str, width: int, classes: int) -> dict[str, tuple[str, str, str]]:
    """Return {what can happen: (its text, why it does, why it does not)} for a new `fc`."""
    path = architectures.as_code(architectures.head_path(name))
    reads = architectures.head_width(name)
    replaced = (
        f"The head of `{name}` is `{path}` and reads {reads} features, so the new layer "
        "takes its place."
    )
    if name in ("googlenet", "inception_v3"):
        replaced += " Mind the auxiliary heads: while training they still answer 1000 wide."
    return {
        "works": (
            f"It works: the output is {classes} wide.",
            replaced,
            "That needs a new layer that stands where the old head stood *and* reads as many "
            "features as come there.",
        ),
        "misfits": (
            "The assignment works, and the forward pass raises a shape error.",
            f"The head of `{name}` is `{path}` and reads {reads} features; the new one is made for "
            f"{width}. "
            "Nobody checks that when you assign: the forward pass finds out.",
            "That needs a new layer that `forward` calls *and* that is made for another number of "
            "features.",
        ),
        "ignored": (
            "No error and no effect: the output is still 1000 wide.",
            f"The head of `{name}` is `{path}`. The assignment makes an `fc` that `forward` never "
            "calls, "
            "and the old head goes on answering.",
            "That happens in a model that has no `fc`. This one has, and `forward` calls whatever "
            "stands there.",
        ),
        "refused": (
            "The assignment itself raises an error.",
            "",
            "A module takes any layer under any name, whether it fits or not. Python sees no "
            "reason to complain.",
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
    return pose(
        rng,
        "How many parameters (single numbers, not tensors) will train?",
        [
            f"model = torchvision.models.{name}()",
            "model.requires_grad_(False)",
            f"{architectures.as_code(path)} = {architectures.head_as_code(name, width, classes)}",
        ],
        right(
            f"{trainable:,}",
            f"It came after the freeze and is born trainable: {width} × {classes} weights, "
            f"{classes} biases.",
        ),
        [
            wrong(
                f"{width * classes:,}",
                f"Those are the weights, {width} × {classes}. Each output has a bias, too: "
                f"{classes} more.",
            ),
            wrong(
                f"{width + classes:,}",
                f"Every input is joined to every output: {width} × {classes} weights, not {width} "
                f"+ {classes}.",
            ),
            wrong(
                "0",
                "That is the other way round: replace, then freeze. The new head is frozen too, "
                "and `backward` raises.",
            ),
            wrong(
                f"{everything - old + trainable:,}",
                "Those are all parameters. The old ones are still there and in use, but frozen.",
            ),
            wrong(
                f"{everything - old:,}",
                "Those are the frozen ones, all but the head. `requires_grad_(False)` turns "
                "training off.",
            ),
            wrong(
                f"{old:,}",
                f"That is the old head, which is gone. The new one has {classes} outputs where "
                "the old one had 1000.",
            ),
        ],
    )


KINDS = ("in_features", "output_shape", "head_path", "fc_on_this_model", "trainable_after_freeze")
