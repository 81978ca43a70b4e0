"""The quiz of lesson 01, replace the head: plain questions, then kinds of endless ones.

tests/course/checking/test_quiz.py runs the code that they show and measures what they say.
"""

from course.checking.quiz.questions import Question, right, snippet, wrong
from course.lessons.lesson01.quiz_kinds import KINDS

WHY_REPLACE = Question(
    "A ResNet-18 recognises 1000 classes. Your stall sells 10 fruits. Why do you replace its last "
    "layer?",
    (
        wrong(
            "The new head makes the model much smaller and faster.",
            "Going from 1000 to 10 outputs removes only 4.3 % of a ResNet-18's parameters. Nearly "
            "all of its parameters and computations are in the other layers.",
        ),
        right(
            "The old head returns logits for the 1000 old classes. The features below it are also "
            "useful for new classes, with a new head.",
            "The last layer is the part that belongs to the old classes. The layers before it turn "
            "an image into features, and a small new head learns ten fruits from these with few "
            "images.",
        ),
        wrong(
            "Pretrained parameters cannot change. Only a new layer can learn.",
            "Pretrained parameters learn, too, if they require gradients and the optimizer has "
            "them. You can freeze them, but nobody forces you to.",
        ),
        wrong(
            "A new head makes the layers below forget what they learnt before, so that they can "
            "learn fruits.",
            "Replacing the head changes no other parameter. We want to keep what the layers below "
            "have learnt.",
        ),
    ),
)

LINE_RESNET18 = Question(
    "`model` is a **ResNet-18**, `torchvision.models.resnet18()`. Which line gives it a head for "
    "5 classes?",
    (
        wrong(
            "`model.fc = nn.Linear(2048, 5)`",
            "2048 is the number of features of a ResNet-50. The head of a ResNet-18 gets 512: the "
            "forward pass raises a shape error.",
        ),
        wrong(
            "`model.fc.out_features = 5`",
            "This only changes an attribute that describes the layer. Its weight still has 1000 "
            "rows, so the output is still 1000 wide.",
        ),
        right(
            "`model.fc = nn.Linear(512, 5)`",
            "The layer takes 512 features and returns 5 logits. You need not remember the number: "
            "`nn.Linear(model.fc.in_features, 5)` reads it from the model.",
        ),
        wrong(
            "`model.fc = nn.Linear(5, 512)`",
            "The two numbers are swapped. The first argument of `nn.Linear` is the number of "
            "inputs, so the forward pass raises a shape error.",
        ),
    ),
)

LINE_RESNET50 = Question(
    "`model` is a **ResNet-50**, `torchvision.models.resnet50()`. Which line gives it a head for "
    "5 classes?",
    (
        wrong(
            "`model.fc = nn.Linear(512, 5)`",
            "512 is the number of features of a ResNet-18. A ResNet-50 has four times as many: the "
            "forward pass raises a shape error.",
        ),
        wrong(
            "`model.fc = nn.Linear(1000, 5)`",
            "1000 is the number of outputs of the old head. The new head replaces it, so it gets "
            "the 2048 features that the old head got.",
        ),
        wrong(
            "`model.classifier = nn.Linear(2048, 5)`",
            "The number is right, but the name is not. A ResNet never calls `classifier`: there is "
            "no error, and the output stays 1000 wide.",
        ),
        right(
            "`model.fc = nn.Linear(2048, 5)`",
            "The layer takes 2048 features and returns 5 logits. The same line is wrong for a "
            "ResNet-18, because the number depends on the model.",
        ),
    ),
)

SHAPE = Question(
    "The head of a ResNet-18 is now `nn.Linear(512, 5)`. Its input has the shape `(1, 3, 224, "
    "224)`. What is the shape of its output?",
    (
        wrong(
            "`(5,)`",
            "The batch dimension is missing. One image is a batch of one, and the output has one "
            "row for it.",
        ),
        right(
            "`(1, 5)`",
            "There is one row for the one image, with one logit for each of the 5 classes. The "
            "shape does not depend on the size of the image.",
        ),
        wrong(
            "`(1, 512)`",
            "512 features go into the new head. The model would return them if the head were an "
            "`nn.Identity()`.",
        ),
        wrong(
            "`(1, 1000)`",
            "The 1000 logits came from the old head. No other layer depends on that number.",
        ),
    ),
)

FC_ON_THREE = Question(
    "What does `model.fc = nn.Linear(1024, 10)` do on a ResNet-18, on a GoogLeNet and on a "
    "DenseNet-121?",
    (
        wrong(
            "It works on all three: `fc` is the last layer of a network.",
            "Only some families call their last layer `fc`; DenseNet calls it `classifier`. And "
            "the width must fit, too: the head of a ResNet-18 gets 512 features.",
        ),
        wrong(
            "ResNet-18: shape error. GoogLeNet and DenseNet-121: it works, for both have 1024 "
            "features.",
            "A DenseNet-121 has 1024 features, too, but its head is `model.classifier`. It stores "
            "a layer at `model.fc` and never calls it.",
        ),
        wrong(
            "ResNet-18 and DenseNet-121: the assignment raises an error. GoogLeNet: it works.",
            "None of the assignments raises an error. You can assign any layer under any name; if "
            "it does not fit, the forward pass raises an error or ignores it.",
        ),
        right(
            "ResNet-18: shape error in the forward pass. GoogLeNet: it works. DenseNet-121: no "
            "error, and no effect.",
            "The head of a ResNet-18 gets 512 features. GoogLeNet's gets 1024; but its two "
            "auxiliary heads still have 1000 outputs in train mode. The head of DenseNet-121 is "
            "`model.classifier`: it never calls `fc`, and still returns 1000 logits.",
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
            "The freezing comes last here, so it also freezes the new head. Nothing trains, and "
            "`backward` raises an error.",
        ),
        right(
            snippet(*FREEZE_ALL, NEW_HEAD),
            "First everything is frozen. The new layer comes later, so its parameters require "
            "gradients: 2048 × 15 weights and 15 biases, 30,735 in all.",
        ),
        wrong(
            snippet("model.requires_grad = False", NEW_HEAD),
            "This sets a new attribute of the model, which PyTorch does not read: everything "
            "trains. The method is `model.requires_grad_(False)`.",
        ),
        wrong(
            snippet("model.eval()", NEW_HEAD),
            "`eval()` changes what Dropout and BatchNorm do. It does not freeze any parameter: "
            "everything trains.",
        ),
        wrong(
            snippet("model.fc.requires_grad_(False)", NEW_HEAD),
            "This freezes the old head, and the next line replaces it. All the layers before it "
            "still train.",
        ),
    ),
)

QUESTIONS = (WHY_REPLACE, LINE_RESNET18, LINE_RESNET50, SHAPE, FC_ON_THREE, FREEZE_ALL_BUT_HEAD)

__all__ = ["KINDS", "QUESTIONS"]
