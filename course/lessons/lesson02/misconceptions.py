"""The misconceptions that the checks of lesson 02 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "eval-as-freezing": Entry(
        "eval() switches BatchNorm and Dropout over; it freezes no weight",
        "02-freeze: Three switches",
    ),
    "buffers-are-not-weights": Entry(
        "In train mode a forward moves the buffers, whatever requires_grad and no_grad say",
        "02-freeze: Three switches",
    ),
    "requires-grad-misspelt": Entry(
        "Python takes any new attribute without a word: only `requires_grad`, spelt so, is one "
        "that torch reads",
        "02-freeze: What only looks like freezing",
    ),
    "attribute-on-the-module": Entry(
        "A module has no requires_grad, its parameters have: the method is "
        "`module.requires_grad_(False)`",
        "02-freeze: What only looks like freezing",
    ),
    "no-grad-as-freezing": Entry(
        "no_grad is about the moment of the forward: weights that are made under it are trainable "
        "afterwards",
        "02-freeze: What only looks like freezing",
    ),
    "froze-the-discarded-head": Entry(
        "What you froze is the old head, and that is gone: the backbone still trains",
        "02-freeze: What only looks like freezing",
    ),
    "trusted-not-measured": Entry(
        "A bill counts what has moved, not what should have", "02-freeze: The bill"
    ),
    "prefix-too-greedy": Entry(
        "A name is a path, not a word: `features.1` begins features.10 too, `conv1` is in every "
        "block",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "prefix-matches-nothing": Entry(
        "A name that matches nothing freezes nothing, in silence: print the names, count what is "
        "frozen",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "biases-forgotten": Entry(
        "Biases are parameters too: a layer whose weights rest still moves by its biases",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "freezing-blocks-gradients": Entry(
        "A frozen layer lets gradients through to the layers before it; no_grad and detach do not",
        "02-freeze: Exercise 4: freeze a part",
    ),
    "never-unfreezes": Entry(
        "Freezing until an earlier stage means unfreezing what lies beyond it",
        "02-freeze: Exercise 5: freeze up to here",
    ),
    "stage-left-out": Entry(
        "Freezing until a stage includes that stage", "02-freeze: Exercise 5: freeze up to here"
    ),
    "layer-forgotten": Entry(
        "Every layer with parameters counts: a BatchNorm between two stages learns its gamma and "
        "beta",
        "02-freeze: Exercise 5: freeze up to here",
    ),
    "parameter-twice": Entry(
        "A parameter belongs in one group, once: twice in one it takes every step twice, in two "
        "groups torch refuses",
        "02-freeze: Two speeds",
    ),
    "frozen-costs-memory": Entry(
        "An optimizer keeps nothing for a parameter without a gradient: frozen ones cost no memory",
        "02-freeze: Exercise 7: what does a frozen weight cost?",
    ),
    "stale-gradient": Entry(
        "Freezing stops new gradients; one that is already there still makes a step: set it to "
        "None",
        "02-freeze: What moves a frozen weight",
    ),
    "zero-is-not-none": Entry(
        "With a gradient of zero the optimizer still steps, by momentum and decay; with None it "
        "skips",
        "02-freeze: What moves a frozen weight",
    ),
    "rate-zero": Entry(
        "A learning rate of 0 is not frozen: the scheduler sets the rate anew",
        "02-freeze: What moves a frozen weight",
    ),
    "optimizer-made-anew": Entry(
        "A new optimizer has forgotten the momentum of everything: change the one that is training",
        "02-freeze: Unfreeze in mid-training",
    ),
}
