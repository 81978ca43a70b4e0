"""The plain questions of lesson 02, freeze.

tests/course/lessons/test_facts_lesson02.py measures what they say.
"""

from course.checking.quiz.questions import Question, right, snippet, wrong

WHICH_FREEZES = Question(
    "`model` has been trained, and is now the backbone below a new head. An optimizer holds the "
    "parameters of both, and each step begins with `zero_grad()`. Which line makes sure that no "
    "parameter of `model` changes?",
    (
        wrong(
            "`model.eval()`",
            "`eval()` changes what Dropout and BatchNorm do. Each parameter still gets a gradient, "
            "so a step changes it.",
        ),
        wrong(
            "`model.requires_grad = False`",
            "This gives the module a new attribute, which PyTorch never reads. Only parameters "
            "have a `requires_grad` that counts.",
        ),
        right(
            "`model.requires_grad_(False)`",
            "No parameter of `model` gets a gradient any more, and `zero_grad()` sets the old ones "
            "to None. BatchNorm's buffers are not protected: in train mode a forward still changes "
            "them.",
        ),
        wrong(
            "`model.require_grad_(False)`",
            "There is no method of this name, so the line raises an AttributeError.",
        ),
    ),
)

HOW_MUCH = Question(
    "A ResNet-18 with a head for 4 classes is frozen up to and including `layer2`. What percentage "
    "of its parameters' numbers is still trainable?",
    (
        wrong(
            "About 6 %",
            "This is the frozen percentage. The early stages have few channels and therefore few "
            "numbers.",
        ),
        wrong(
            "About half",
            "Two of the four stages are frozen, but each stage has about four times as many "
            "numbers as the one before it.",
        ),
        wrong(
            "About three quarters",
            "This is the share of `layer4` and the head. `layer3` is trainable as well.",
        ),
        right(
            "About 94 %",
            "`layer3`, `layer4` and the head hold 10.5 of 11.2 million numbers.",
        ),
    ),
)

IN_THE_MIDDLE = Question(
    "Only `layer2` of a ResNet is frozen, with `requires_grad_(False)`. Which parameters get a "
    "gradient in `backward()`?",
    (
        wrong(
            "Only those after `layer2`, because the graph is cut there.",
            "`no_grad` or `detach` would cut the graph. A frozen layer passes on the gradient for "
            "its input; only its own parameters get none.",
        ),
        right(
            "All except those of `layer2`.",
            "The gradient flows through the frozen layer to the layers before it. Only the "
            "parameters of `layer2` get none.",
        ),
        wrong(
            "All of them; the optimizer has to leave `layer2` out.",
            "A frozen parameter gets no gradient, and an optimizer skips a parameter without a "
            "gradient. So it does not matter whether the optimizer holds it.",
        ),
        wrong(
            "None, because autograd needs every layer on the way.",
            "Autograd records an operation if any of its inputs requires a gradient, and most "
            "parameters of this model do.",
        ),
    ),
)

STALE = Question(
    "An AdamW with default settings holds all parameters of a model. You freeze `layer1` after "
    "`backward()` and before `optimizer.step()`; the loop goes on with `zero_grad()`. What happens "
    "to `layer1`?",
    (
        wrong(
            "It stays as it is from this moment on.",
            "The gradient of this backward already exists. The step reads `grad`, not "
            "`requires_grad`, so it still changes `layer1` once.",
        ),
        right(
            "It changes in this step, and then stays the same.",
            "`zero_grad()` sets its gradient to None, and from then on the optimizer skips it. If "
            "you set `grad` to None yourself when you freeze, not even this step changes it.",
        ),
        wrong(
            "It changes in every further step, because of the averages that AdamW keeps.",
            "`zero_grad()` sets the gradient to None by default, and then the optimizer skips the "
            "parameter, whatever averages it has. With gradients of zero this would happen.",
        ),
        wrong(
            "The step raises an error, because a frozen parameter must not be in an optimizer.",
            "An optimizer may hold frozen parameters. It skips those whose gradient is None.",
        ),
    ),
)

THAWED_LINES = snippet(
    "model.requires_grad_(False)",
    "model.fc.requires_grad_(True)",
    "optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)",
    "model.layer4.requires_grad_(True)",
)
THAWED = Question(
    f"Which parts of the model does this optimizer train from then on?\n\n{THAWED_LINES}",
    (
        wrong(
            "`fc` and `layer4`.",
            "`layer4` gets gradients now, but the optimizer changes only the parameters that it "
            "was given, and these are the ones of `fc`.",
        ),
        wrong(
            "Only `layer4`, because it was unfrozen last.",
            "`fc` is still in the optimizer and still trainable. `layer4` is in no optimizer.",
        ),
        right(
            "Only `fc`.",
            "`layer4` is trainable, but not in the optimizer. `optimizer.add_param_group` would "
            "add it.",
        ),
        wrong(
            "None, because a model must not change after its optimizer was created.",
            "The optimizer does not notice the change. It goes on with the parameters that it "
            "holds.",
        ),
    ),
)

QUESTIONS = (WHICH_FREEZES, HOW_MUCH, IN_THE_MIDDLE, STALE, THAWED)
