"""The misconceptions that the checks of lesson 03 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "parameters-only": Entry(
        "Buffers change too, not only parameters: look at both",
        "03-batchnorm-trap: Which tensors changed?",
    ),
    "snapshot-without-clone": Entry(
        "Clone each tensor of a snapshot: state_dict() returns the model's own tensors, and they "
        "change with the model",
        "03-batchnorm-trap: Which tensors changed?",
    ),
    "snapshot-incomplete": Entry(
        "A snapshot needs every tensor: parameters, running means, running variances and "
        "num_batches_tracked",
        "03-batchnorm-trap: Which tensors changed?",
    ),
    "bn-stats-moved": Entry(
        "A forward in train mode changes the running statistics of the layer: run a copy of it",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "momentum-the-wrong-way": Entry(
        "PyTorch's momentum is the share of the new batch, not of the old value",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "momentum-from-memory": Entry(
        "0.1 is only the default: read the momentum from the layer",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "momentum-one": Entry(
        "momentum=1.0 keeps the last batch and forgets the rest. With momentum=0 the running "
        "statistics stay",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "biased-running-variance": Entry(
        "The running variance is made of unbiased variances, divided by n - 1",
        "03-batchnorm-trap: What BatchNorm remembers",
    ),
    "only-batchnorm2d": Entry(
        "BatchNorm1d, BatchNorm3d and SyncBatchNorm have running statistics, as BatchNorm2d has",
        "03-batchnorm-trap: Exercise 3: find them all",
    ),
    "type-not-isinstance": Entry(
        "A layer of a subclass is a BatchNorm, too: ask with `isinstance`, because `type(layer) is "
        "nn.BatchNorm2d` holds for this very class alone",
        "03-batchnorm-trap: Exercise 3: find them all",
    ),
    "batchnorm-by-name": Entry(
        "Ask for the type of a layer, not for its name: `downsample.1` is a BatchNorm, and a "
        "subclass can have any name",
        "03-batchnorm-trap: Exercise 3: find them all",
    ),
    "batchnorm-by-buffers": Entry(
        "Running statistics do not make a BatchNorm: InstanceNorm can have them, and a BatchNorm "
        "can be without",
        "03-batchnorm-trap: Exercise 3: find them all",
    ),
    "requires-grad-alone": Entry(
        "requires_grad=False stops gradients. Running statistics change without gradients, in "
        "every forward in train mode",
        "03-batchnorm-trap: What does not help",
    ),
    "buffer-requires-grad": Entry(
        "requires_grad=False changes nothing for a buffer: it had no gradient before either",
        "03-batchnorm-trap: What does not help",
    ),
    "no-grad-protects": Entry(
        "Under no_grad no graph is recorded, but a forward in train mode still changes the "
        "running statistics",
        "03-batchnorm-trap: What does not help",
    ),
    "frozen-part-in-train-mode": Entry(
        "A forward in train mode changes the running statistics, also where no optimizer holds the "
        "parameters: put that part into eval mode",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "eval-before-train": Entry(
        "eval() lasts until the next train(), which reaches every layer of the model",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "eval-in-first-epoch-only": Entry(
        "Call eval() again after every train(), not in the first epoch only",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "eval-freezes-affine": Entry(
        "eval() freezes no parameter: gamma and beta of a BatchNorm still learn",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "whole-model-eval": Entry(
        "Only the frozen part belongs in eval mode: the head's Dropout works in train mode only",
        "03-batchnorm-trap: First cure: eval, every epoch",
    ),
    "train-returns-nothing": Entry(
        "train() must return self, because code such as `model = model.train()` relies on it",
        "03-batchnorm-trap: Exercise 5: a backbone that stays in eval",
    ),
    "batch-statistics-used": Entry(
        "The features were made with the statistics of each batch, but later the stored ones are "
        "used: make both with the stored ones",
        "03-batchnorm-trap: Second cure: take a snapshot",
    ),
    "dropout-still-awake": Entry(
        "Dropout and stochastic depth in a frozen part stay random in train mode: put the whole "
        "part into eval mode",
        "03-batchnorm-trap: Exercise 5: a backbone that stays in eval",
    ),
    "frozen-batchnorm-not-copied": Entry(
        "A new FrozenBatchNorm2d starts with ones and zeros: copy the four tensors and the eps of "
        "the layer that it replaces",
        "03-batchnorm-trap: Exercise 7: frozen for good",
    ),
    "batchnorm-left-behind": Entry(
        "named_children() lists one level only: most BatchNorms are deeper, inside blocks",
        "03-batchnorm-trap: Exercise 7: frozen for good",
    ),
}
