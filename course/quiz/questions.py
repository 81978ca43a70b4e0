"""What a question is, and the plain questions of each lesson. tests/test_quiz.py runs the code in the options."""
from typing import NamedTuple


class Option(NamedTuple):
    text: str  # Markdown: words, `one expression`, or a code block
    right: bool
    why: str  # Markdown: why it is right, or what believing it would mean


class Question(NamedTuple):
    prompt: str  # Markdown
    options: tuple[Option, ...]  # exactly one is right


def right(text, why):
    return Option(text, True, why)


def wrong(text, why):
    return Option(text, False, why)


def snippet(*lines):
    """These lines of Python as a Markdown code block."""
    return "\n".join(["```python", *lines, "```"])


WHY_REPLACE = Question("A ResNet-18 tells 1000 things apart. Your stall sells 10 fruits. Why do you replace its last layer?", (
    wrong("The new head makes the model much smaller and faster.",
          "Going from 1000 to 10 outputs saves 4.3 % of a ResNet-18. Nearly all the parameters, and nearly all the work, "
          "are in the layers below."),
    right("The old head scores 1000 old things. The features below it are useful for new things too, if a new head reads them.",
          "The last layer is the only part that is tied to the old classes. What comes before it turns a picture into features, "
          "and a small new head learns ten fruits from them with few pictures."),
    wrong("Trained weights are fixed. Only a fresh layer can learn.",
          "Trained weights go on learning as soon as an optimizer has them. Freezing is a choice you make, not a property they have."),
    wrong("A new head makes the layers below forget what they learnt before, so that they can learn fruit.",
          "Replacing the head changes no other weight. That the layers below still know their trade is the very point.")))

LINE_RESNET18 = Question("`model` is a **ResNet-18**, `torchvision.models.resnet18()`. Which line gives it a head for 5 classes?", (
    wrong("`model.fc = nn.Linear(2048, 5)`",
          "2048 is the number of a ResNet-50. In a ResNet-18, 512 features come in: the forward pass raises a shape error."),
    wrong("`model.fc.out_features = 5`",
          "That changes a note on the layer, not the layer. The weight matrix still has 1000 rows, the output is still 1000 wide."),
    right("`model.fc = nn.Linear(512, 5)`",
          "512 features come in, 5 scores go out. Without a number from memory: `nn.Linear(model.fc.in_features, 5)`."),
    wrong("`model.fc = nn.Linear(5, 512)`",
          "In and out are swapped. `nn.Linear` takes first what comes in, then what goes out. The forward pass raises a shape error.")))

LINE_RESNET50 = Question("`model` is a **ResNet-50**, `torchvision.models.resnet50()`. Which line gives it a head for 5 classes?", (
    wrong("`model.fc = nn.Linear(512, 5)`",
          "512 is the number of a ResNet-18. A ResNet-50 ends four times as wide: the forward pass raises a shape error."),
    wrong("`model.fc = nn.Linear(1000, 5)`",
          "1000 is what came out of the old head. The new head takes its place and does not stand on top of it: it reads 2048 features."),
    wrong("`model.classifier = nn.Linear(2048, 5)`",
          "The number fits, the name does not. A ResNet never calls its `classifier`: no error, and the output stays 1000 wide."),
    right("`model.fc = nn.Linear(2048, 5)`",
          "2048 features come in, 5 scores go out. The same line breaks a ResNet-18: the answer depends on the model.")))

SHAPE = Question("The head of a ResNet-18 is now `nn.Linear(512, 5)`. Its input has the shape `(1, 3, 224, 224)`. And its output?", (
    wrong("`(5,)`", "That forgets the batch dimension. One picture is still a batch, of one, and the output keeps a row for it."),
    right("`(1, 5)`", "One row for the one picture, one score for each of the 5 classes. The size of the picture leaves no trace."),
    wrong("`(1, 512)`", "512 features go into the new head. They would come out if the head were an `nn.Identity()`."),
    wrong("`(1, 1000)`", "The 1000 scores went with the old head. No other layer remembers that number.")))

FC_ON_THREE = Question("What does `model.fc = nn.Linear(1024, 10)` do on a ResNet-18, on a GoogLeNet and on a DenseNet-121?", (
    wrong("It works on all three: `fc` is the last layer of a network.",
          "`fc` is a name that some authors chose. DenseNet's authors chose `classifier`. And the width is not free either: "
          "the head of a ResNet-18 reads 512 features."),
    wrong("ResNet-18: shape error. GoogLeNet and DenseNet-121: it works, for both have 1024 features.",
          "1024 is right for DenseNet-121, too, but its head is at `model.classifier`. A layer at `model.fc` is stored and never called."),
    wrong("ResNet-18 and DenseNet-121: the assignment raises an error. GoogLeNet: it works.",
          "No assignment raises here. A module takes any layer under any name; whether it fits shows in the forward pass, or never."),
    right("ResNet-18: shape error in the forward pass. GoogLeNet: it works. DenseNet-121: no error, and no effect.",
          "A ResNet-18's head reads 512 features. GoogLeNet's reads 1024; mind its two auxiliary heads, which still answer 1000 wide "
          "while training. DenseNet-121 keeps its head at `model.classifier`: `fc` is never called, the output stays 1000 wide, and "
          "nothing tells you.")))

NEW_HEAD = "model.fc = nn.Linear(2048, 15)"
FREEZE_ALL = ("for parameter in model.parameters():", "    parameter.requires_grad = False")
FREEZE_ALL_BUT_HEAD = Question(
    "`model` is a ResNet-50, `torchvision.models.resnet50()`. Which lines train a new head for 15 classes, and nothing else?", (
        wrong(snippet(NEW_HEAD, *FREEZE_ALL),
              "The freeze comes last here, so it catches the new head as well. Nothing trains, and `backward` raises an error."),
        right(snippet(*FREEZE_ALL, NEW_HEAD),
              "First everything is frozen, then a new layer comes in, and a new layer is born trainable: "
              "2048 × 15 weights and 15 biases, 30,735 parameters."),
        wrong(snippet("model.requires_grad = False", NEW_HEAD),
              "That hangs a new attribute on the model and freezes nothing: everything trains. "
              "The method is `model.requires_grad_(False)`."),
        wrong(snippet("model.eval()", NEW_HEAD),
              "`eval()` changes how Dropout and BatchNorm behave. It freezes nothing: everything trains."),
        wrong(snippet("model.fc.requires_grad_(False)", NEW_HEAD),
              "That freezes the old head, and the next line throws it away. The layers that should rest all train.")))

LESSON_01 = (WHY_REPLACE, LINE_RESNET18, LINE_RESNET50, SHAPE, FC_ON_THREE, FREEZE_ALL_BUT_HEAD)
