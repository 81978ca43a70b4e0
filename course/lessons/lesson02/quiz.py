"""The plain questions of lesson 02, freeze.

tests/course/lessons/test_facts_lesson02.py measures what they say.
"""

from course.checking.quiz.questions import Question, right, snippet, wrong

WHICH_FREEZES = Question(
    "`model` is trained and about to be trained on. Which line keeps all its weights where they "
    "are?",
    (
        wrong(
            "`model.eval()`",
            "`eval()` is about Dropout and BatchNorm. Every weight still gets its gradient and "
            "moves.",
        ),
        wrong(
            "`model.requires_grad = False`",
            "That hangs a new attribute on the module, and torch never looks at it. It is "
            "parameters that have a `requires_grad`.",
        ),
        right(
            "`model.requires_grad_(False)`",
            "The method with the underscore sets `requires_grad` of every parameter. Buffers are "
            "another matter: in train mode they move.",
        ),
        wrong(
            "`model.require_grad_(False)`",
            "There is no method of that name. Luckily: this misspelling raises an error, the "
            "attribute's does not.",
        ),
    ),
)

HOW_MUCH = Question(
    "A ResNet-18 with a head for 4 classes is frozen up to and including `layer2`. How much of it "
    "still trains?",
    (
        wrong(
            "About 6 %",
            "That is what is frozen. The early stages have few channels, and so few weights.",
        ),
        wrong(
            "About half",
            "Two of four stages, but not half the weights: each stage has about four times as "
            "many as the one before it.",
        ),
        wrong("About three quarters", "That is `layer4` with the head. `layer3` trains as well."),
        right(
            "About 94 %",
            "`layer3` and `layer4` hold most of the weights: 10.5 of 11.2 million are still free.",
        ),
    ),
)

IN_THE_MIDDLE = Question(
    "Only `layer2` of a ResNet is frozen, by `requires_grad_(False)`. What gets a gradient in "
    "`backward()`?",
    (
        wrong(
            "Only what comes after `layer2`: the chain is cut there.",
            "`no_grad` or `detach` would cut it. A frozen layer makes no gradient for its own "
            "weights and passes on the one for its input.",
        ),
        right(
            "Everything except `layer2`.",
            "The gradient flows through the frozen layer on its way to the layers before it. Only "
            "its own weights go without.",
        ),
        wrong(
            "Everything: the optimizer has to leave `layer2` out.",
            "The optimizer may hold it or not. Frozen parameters get no gradient, and what has "
            "none is skipped.",
        ),
        wrong(
            "Nothing: a graph needs every layer on its way.",
            "The graph is built as long as something on the way requires a gradient, and most of "
            "this model does.",
        ),
    ),
)

STALE = Question(
    "An AdamW holds all of a model. You freeze `layer1` between `backward()` and "
    "`optimizer.step()`. What happens to it?",
    (
        wrong(
            "It stays as it is from this moment on.",
            "The gradient of this backward is already there, and the step looks at `grad`, not at "
            "`requires_grad`.",
        ),
        right(
            "It moves in this step, and rests once `zero_grad()` has set its gradient to None.",
            "Set `grad` to None along with freezing, and not even this one step moves it.",
        ),
        wrong(
            "It goes on moving with every step, by momentum.",
            "By default `zero_grad()` sets the gradient to None, and the optimizer skips it, "
            "momentum and all. Zeros would keep it going.",
        ),
        wrong(
            "The step raises an error: a frozen parameter must not be in an optimizer.",
            "No optimizer complains. Frozen ones are skipped, as long as their gradient is None.",
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
    f"What do these lines train from then on?\n\n{THAWED_LINES}",
    (
        wrong(
            "`fc` and `layer4`.",
            "`layer4` gets gradients now, but the optimizer steps only what it was given, and "
            "that was `fc`.",
        ),
        wrong(
            "Only `layer4`: it was unfrozen last.",
            "`fc` is still in the optimizer and still trainable. It is `layer4` that nobody steps.",
        ),
        right(
            "Only `fc`.",
            "Unfrozen is not yet trained: `optimizer.add_param_group` lets `layer4` join.",
        ),
        wrong(
            "Nothing: a model must not change under its optimizer.",
            "The optimizer does not notice. It goes on with what it holds.",
        ),
    ),
)

QUESTIONS = (WHICH_FREEZES, HOW_MUCH, IN_THE_MIDDLE, STALE, THAWED)
