"""The misconceptions that the checks of lesson 02 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "eval-as-freezing": Entry(
        "`eval()` changes what BatchNorm and Dropout do; it does not freeze any parameter",
        "02-freeze: Three switches",
    ),
    "buffers-are-not-parameters": Entry(
        "In train mode a forward changes BatchNorm's buffers, even with requires_grad=False and "
        "under no_grad",
        "02-freeze: Three switches",
    ),
    "compared-with-itself": Entry(
        "Compare with copies made before the step (`t.detach().clone()`): without `clone()` the "
        "old values change together with the model",
        "02-freeze: Exercise 3: report a step",
    ),
    "values-left-out": Entry(
        "A tensor has changed if any of its values has: compare all of them, and exactly; sums, "
        "means and the first values can stay the same",
        "02-freeze: Exercise 3: report a step",
    ),
    "requires-grad-misspelt": Entry(
        "Python accepts any new attribute without an error; PyTorch reads only `requires_grad`",
        "02-freeze: What only looks like freezing",
    ),
    "attribute-on-the-module": Entry(
        "A module has no attribute requires_grad, its parameters have one: call the method "
        "`module.requires_grad_(False)`",
        "02-freeze: What only looks like freezing",
    ),
    "no-grad-as-freezing": Entry(
        "`no_grad` matters while a forward runs: parameters that are created under it are "
        "trainable afterwards",
        "02-freeze: What only looks like freezing",
    ),
    "froze-the-discarded-head": Entry(
        "You froze the old head, which is no longer in the model; the backbone is still trainable",
        "02-freeze: What only looks like freezing",
    ),
    "trusted-not-measured": Entry(
        "Compare the values of all tensors: requires_grad does not tell you whether a step "
        "changed them",
        "02-freeze: A report of each step",
    ),
    "part-not-frozen": Entry(
        "A part is frozen when all of its parameters have requires_grad=False",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "prefix-too-greedy": Entry(
        "Text that a name contains is not a path: `features.1` is also the start of features.10, "
        "and many blocks have a `conv1`",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "prefix-matches-nothing": Entry(
        "Nothing was frozen, and no error was raised: print the names of the parameters that your "
        "loop or condition reaches",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "biases-forgotten": Entry(
        "Biases are parameters too: freeze them together with the weights",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "freezing-blocks-gradients": Entry(
        "A frozen layer still passes gradients on to the layers before it; `no_grad` and `detach` "
        "do not",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "never-unfreezes": Entry(
        "Also unfreeze what comes after the stage: an earlier call may have frozen it",
        "02-freeze: Exercise 5: freeze up to a stage",
    ),
    "counted-before-freezing": Entry(
        "Count after you have frozen and unfrozen: which parameters are trainable changes with it",
        "02-freeze: Exercise 5: freeze up to a stage",
    ),
    "stage-left-out": Entry(
        "Freezing up to and including a stage freezes that stage, too",
        "02-freeze: Exercise 5: freeze up to a stage",
    ),
    "layer-forgotten": Entry(
        "`bn1` stands between `conv1` and `layer1` and has two parameters: freeze it with them",
        "02-freeze: Exercise 5: freeze up to a stage",
    ),
    "parameter-twice": Entry(
        "List each parameter once: a parameter that is twice in a group takes every step twice, "
        "and torch refuses one that is in two groups",
        "02-freeze: Two learning rates",
    ),
    "wrong-learning-rate": Entry(
        "Each parameter group has its own learning rate: write it as `lr` in the group's dict",
        "02-freeze: Two learning rates",
    ),
    "not-in-the-optimizer": Entry(
        "An optimizer trains only the parameters that it was given: also put the trainable ones "
        "into a group",
        "02-freeze: Unfreeze during training",
    ),
    "still-frozen": Entry(
        "A parameter in the optimizer trains only if it also has requires_grad=True",
        "02-freeze: Unfreeze during training",
    ),
    "frozen-costs-memory": Entry(
        "AdamW creates the averages of a parameter at its first step with a gradient: a parameter "
        "that was always frozen has none",
        "02-freeze: Exercise 7: averages of frozen parameters",
    ),
    "averages-before-the-first-step": Entry(
        "An optimizer creates its averages in its first step: before it, its state is empty",
        "02-freeze: Exercise 7: averages of frozen parameters",
    ),
    "gradients-of-others-cleared": Entry(
        "Only the frozen part may lose its gradients: `optimizer.zero_grad()` clears those of all "
        "parameters, and the others need theirs for the next step",
        "02-freeze: Exercise 8: freeze it now",
    ),
    "group-is-not-a-part": Entry(
        "A parameter group can hold any parameters: read those of a part from its module",
        "02-freeze: Exercise 8: freeze it now",
    ),
    "stale-gradient": Entry(
        "Freezing prevents new gradients; a gradient that already exists still makes a step: set "
        "it to None",
        "02-freeze: What changes a frozen parameter",
    ),
    "zero-is-not-none": Entry(
        "With a gradient of zeros, momentum and decay still change the parameter; with None the "
        "optimizer skips it",
        "02-freeze: What changes a frozen parameter",
    ),
    "learning-rate-zero": Entry(
        "A learning rate of 0 does not freeze: some schedulers raise it again",
        "02-freeze: What changes a frozen parameter",
    ),
    "optimizer-made-anew": Entry(
        "The optimizer needs the momentum that it has: change the existing optimizer, and do not "
        "create a new one or clear its state",
        "02-freeze: Unfreeze during training",
    ),
}
