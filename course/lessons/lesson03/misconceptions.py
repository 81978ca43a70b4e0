"""The misconceptions that the checks of lesson 03 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "parameters-only": Entry(
        "Parameters are not all that a model remembers: its buffers move too", "02-freeze: The bill"
    ),
    "snapshot-without-clone": Entry(
        "A snapshot must be cloned: a bare state_dict() holds the very tensors that will move",
        "02-freeze: The bill",
    ),
    "bn-stats-moved": Entry(
        "A forward in train mode moves the running statistics: to ask what would happen, ask a "
        "copy",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "momentum-the-wrong-way": Entry(
        "PyTorch's momentum is the share of the new batch, not of the old value",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "momentum-one": Entry(
        "momentum=1.0 forgets everything but the last batch; the value that changes nothing is 0",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "biased-running-variance": Entry(
        "The running variance is made of unbiased variances, divided by n - 1",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "only-batchnorm2d": Entry(
        "BatchNorm2d is one of a family: 1d, 3d and SyncBatchNorm have running statistics too",
        "03-batchnorm-trap: Exercise 3: find them all",
    ),
    "batchnorm-by-name": Entry(
        "Names are habits, types are facts: `downsample.1` and `norm1` are BatchNorms too",
        "03-batchnorm-trap: Exercise 3: find them all",
    ),
    "requires-grad-alone": Entry(
        "requires_grad=False stops gradients; running statistics need none, and move on",
        "03-batchnorm-trap: What does not help",
    ),
    "buffer-requires-grad": Entry(
        "A buffer never had requires_grad, and moves without a gradient",
        "03-batchnorm-trap: What does not help",
    ),
    "no-grad-protects": Entry(
        "no_grad records no gradient, but a forward in train mode moves the statistics all the "
        "same",
        "03-batchnorm-trap: What does not help",
    ),
    "eval-before-train": Entry(
        "eval() lasts until the next train(), which reaches every child",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "eval-in-first-epoch-only": Entry(
        "eval() must come again after every train(), not in the first epoch only",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "eval-freezes-affine": Entry(
        "eval() freezes no parameter: gamma and beta of a BatchNorm train on",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "whole-model-eval": Entry(
        "eval() on the whole model switches off the new head's Dropout as well: only the frozen "
        "part belongs in eval",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "train-returns-nothing": Entry(
        "train() must return self: model = model.train() and model.eval() rely on it",
        "03-batchnorm-trap: Exercise 5: a backbone that stays in eval",
    ),
    "batch-statistics-used": Entry(
        "momentum=0 and track_running_stats=False keep the statistics but do not use them: in "
        "train mode the batch's own go in",
        "03-batchnorm-trap: All cures in one table",
    ),
    "dropout-still-awake": Entry(
        "BatchNorm is not alone: Dropout and stochastic depth of a frozen part stay random in "
        "train mode",
        "03-batchnorm-trap: Exercise 5: a backbone that stays in eval",
    ),
    "snapshot-incomplete": Entry(
        "A snapshot must hold everything: parameters, means, variances and the count of batches",
        "03-batchnorm-trap: Exercise 6: put it back",
    ),
    "frozen-batchnorm-not-copied": Entry(
        "A new FrozenBatchNorm2d knows nothing: it needs the four tensors and the eps of the "
        "layer it replaces",
        "03-batchnorm-trap: Exercise 7: frozen for good",
    ),
    "batchnorm-left-behind": Entry(
        "named_children() sees one level: a BatchNorm inside a block must be replaced inside that "
        "block",
        "03-batchnorm-trap: Exercise 7: frozen for good",
    ),
}
