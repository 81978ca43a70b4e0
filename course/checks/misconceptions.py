"""The catalogue of misconceptions, and the exception that names one.

A code stands in three places: in the learner's failure message, in the answer bank (`tests/answers`: every wrong answer
names the code it must fail with) and in the instructor's report. The catalogue below is the only list.
"""
import contextlib
import functools
import io
import textwrap
import warnings
from typing import NamedTuple

import torch


class Entry(NamedTuple):
    title: str  # the thought behind it, corrected
    read: str  # lesson and heading that explain it


CATALOGUE = {
    # any lesson: the contract itself
    "nothing-returned": Entry("The function gives nothing back: it needs a `return`", "00-start-here: An answer and its check"),
    "wrong-result": Entry("The result is not what the exercise asks for", "00-start-here: An answer and its check"),
    # 00
    "tensors-not-numbers": Entry("A tensor is not one parameter: count the numbers inside it", "00-start-here: An answer and its check"),
    "answer-from-memory": Entry(
        "A number that is right for one model is not an answer for every model",
        "00-start-here: An answer and its check"),
    # 01
    "in-features-from-memory": Entry(
        "The width of the head differs from model to model: read it, do not remember it",
        "01-replace-the-head: How wide is the neck?"),
    "head-is-the-model": Entry(
        "Fewer classes do not make the model much smaller: the head is a small part of it",
        "01-replace-the-head: What does the swap save?"),
    "out-features-edited": Entry(
        "out_features is a note about the weight, not the weight: editing it changes no shape",
        "01-replace-the-head: Off with the head"),
    "stacked-on-logits": Entry(
        "A layer on top of the 1000 logits sees the old verdicts, not the features",
        "01-replace-the-head: Off with the head"),
    "logits-sliced": Entry("The first n old logits are n old species, not your n classes", "01-replace-the-head: Off with the head"),
    "softmax-in-the-head": Entry(
        "CrossEntropyLoss wants logits and applies log-softmax itself: a softmax before it flattens the gradient",
        "01-replace-the-head: Train the head"),
    "backbone-thrown-away": Entry(
        "A newly built network has new random weights: change the one you were given",
        "01-replace-the-head: Off with the head"),
    "fc-on-a-model-without-fc": Entry(
        "Only some families call their head `fc`; the others ignore the attribute or do not have it",
        "01-replace-the-head: Not every head is called fc"),
    "classifier-layers-lost": Entry(
        "Dropout, Flatten, norms and hidden layers beside the last one belong to the trained network: replace the last layer alone",
        "01-replace-the-head: Not every head is called fc"),
    "head-is-always-linear": Entry(
        "SqueezeNet's head is a 1 x 1 convolution, and what follows expects an image",
        "01-replace-the-head: Not every head is called fc"),
    "auxiliary-head-forgotten": Entry(
        "Inception and GoogLeNet have auxiliary heads that must learn the new classes too",
        "01-replace-the-head: Every family"),
    "optimizer-before-swap": Entry(
        "An optimizer keeps the tensors that it was given: made before the swap, it steps the old head",
        "01-replace-the-head: Freeze, swap, optimizer"),
    "froze-the-new-head": Entry("Freezing after the swap freezes the new head as well", "01-replace-the-head: Freeze, swap, optimizer"),
    "backbone-not-frozen": Entry("The backbone is still free to move", "01-replace-the-head: Freeze, swap, optimizer"),
    "normalised-with-a-half": Entry(
        "Mean and std of 0.5 belong to other weights: these were trained with ImageNet's",
        "01-replace-the-head: What the weights want to see"),
    "normalised-with-its-own-statistics": Entry(
        "Normalise with the constants of the weights, not with the batch's own mean and std",
        "01-replace-the-head: What the weights want to see"),
    "wrong-input-scale": Entry(
        "The pixels do not arrive on the scale that the weights were trained on",
        "01-replace-the-head: What the weights want to see"),
    "features-in-train-mode": Entry(
        "In train mode BatchNorm uses the batch and moves its statistics: features then change, and so does the model",
        "01-replace-the-head: Features once, heads often"),
    "logits-for-features": Entry(
        "The output of the whole model is the old head's verdict; the features are what flows into the head",
        "01-replace-the-head: Features once, heads often"),
    "graph-kept": Entry(
        "Features made with gradients keep every activation of the backbone in memory",
        "01-replace-the-head: Features once, heads often"),
    "head-not-put-back": Entry("A function that borrows the head must put it back", "01-replace-the-head: Features once, heads often"),
    "head-not-trained": Entry("The head is as good as a guess: no step has reached it", "01-replace-the-head: Train the head"),
    "head-undertrained": Entry(
        "The head has begun to learn and stopped too early, or steps too small or too wide",
        "01-replace-the-head: Train the head"),
    "test-set-chooses": Entry(
        "A test set that chooses is no test any more: choose on validation",
        "01-replace-the-head: Choose without cheating"),
    "one-rate-for-all": Entry(
        "The trained stage needs a smaller rate than the new head: one parameter group each",
        "01-replace-the-head: Does unfreezing help?"),
    "stage-still-frozen": Entry(
        "A frozen parameter gets no gradient, whatever the optimizer's rate",
        "01-replace-the-head: Does unfreezing help?"),
    "stage-not-in-optimizer": Entry(
        "Unfrozen is not yet trained: the optimizer must hold it",
        "01-replace-the-head: Does unfreezing help?"),
    # 02
    "eval-as-freezing": Entry("eval() switches BatchNorm and Dropout over; it freezes no weight", "02-freeze: Three switches"),
    "buffers-are-not-weights": Entry(
        "In train mode a forward moves the buffers, whatever requires_grad and no_grad say",
        "02-freeze: Three switches"),
    "requires-grad-misspelt": Entry(
        "Python takes any new attribute without a word: only `requires_grad`, spelt so, is one that torch reads",
        "02-freeze: What only looks like freezing"),
    "attribute-on-the-module": Entry(
        "A module has no requires_grad, its parameters have: the method is `module.requires_grad_(False)`",
        "02-freeze: What only looks like freezing"),
    "no-grad-as-freezing": Entry(
        "no_grad is about the moment of the forward: weights that are made under it are trainable afterwards",
        "02-freeze: What only looks like freezing"),
    "froze-the-discarded-head": Entry(
        "What you froze is the old head, and that is gone: the backbone still trains",
        "02-freeze: What only looks like freezing"),
    "trusted-not-measured": Entry("A bill counts what has moved, not what should have", "02-freeze: The bill"),
    "prefix-too-greedy": Entry(
        "A name is a path, not a word: `features.1` begins features.10 too, `conv1` is in every block",
        "02-freeze: Freeze a part"),
    "prefix-matches-nothing": Entry(
        "A name that matches nothing freezes nothing, in silence: print the names, count what is frozen",
        "02-freeze: Freeze a part"),
    "biases-forgotten": Entry(
        "Biases are parameters too: a layer whose weights rest still moves by its biases",
        "02-freeze: Freeze a part"),
    "freezing-blocks-gradients": Entry(
        "A frozen layer lets gradients through to the layers before it; no_grad and detach do not",
        "02-freeze: Freeze a part"),
    "never-unfreezes": Entry("Freezing until an earlier stage means unfreezing what lies beyond it", "02-freeze: Freeze up to here"),
    "stage-left-out": Entry("Freezing until a stage includes that stage", "02-freeze: Freeze up to here"),
    "layer-forgotten": Entry(
        "Every layer with parameters counts: a BatchNorm between two stages learns its gamma and beta",
        "02-freeze: Freeze up to here"),
    "parameter-twice": Entry(
        "A parameter belongs in one group, once: twice in one it takes every step twice, in two groups torch refuses",
        "02-freeze: Two speeds"),
    "frozen-costs-memory": Entry(
        "An optimizer keeps nothing for a parameter without a gradient: frozen ones cost no memory",
        "02-freeze: What does a frozen weight cost?"),
    "stale-gradient": Entry(
        "Freezing stops new gradients; one that is already there still makes a step: set it to None",
        "02-freeze: What moves a frozen weight"),
    "zero-is-not-none": Entry(
        "With a gradient of zero the optimizer still steps, by momentum and decay; with None it skips",
        "02-freeze: What moves a frozen weight"),
    "rate-zero": Entry("A learning rate of 0 is not frozen: the scheduler sets the rate anew", "02-freeze: What moves a frozen weight"),
    "optimizer-made-anew": Entry(
        "A new optimizer has forgotten the momentum of everything: change the one that is training",
        "02-freeze: Unfreeze in mid-training"),
    # 03
    "parameters-only": Entry("Parameters are not all that a model remembers: its buffers move too", "02-freeze: The bill"),
    "snapshot-without-clone": Entry(
        "A snapshot must be cloned: a bare state_dict() holds the very tensors that will move",
        "02-freeze: The bill"),
    "bn-stats-moved": Entry(
        "A forward in train mode moves the running statistics: to ask what would happen, ask a copy",
        "03-batchnorm-trap: What BatchNorm remembers"),
    "momentum-the-wrong-way": Entry(
        "PyTorch's momentum is the share of the new batch, not of the old value",
        "03-batchnorm-trap: What BatchNorm remembers"),
    "momentum-one": Entry(
        "momentum=1.0 forgets everything but the last batch; the value that changes nothing is 0",
        "03-batchnorm-trap: What BatchNorm remembers"),
    "biased-running-variance": Entry(
        "The running variance is made of unbiased variances, divided by n - 1",
        "03-batchnorm-trap: What BatchNorm remembers"),
    "only-batchnorm2d": Entry(
        "BatchNorm2d is one of a family: 1d, 3d and SyncBatchNorm have running statistics too",
        "03-batchnorm-trap: Find them all"),
    "batchnorm-by-name": Entry(
        "Names are habits, types are facts: `downsample.1` and `norm1` are BatchNorms too",
        "03-batchnorm-trap: Find them all"),
    "requires-grad-alone": Entry(
        "requires_grad=False stops gradients; running statistics need none, and move on",
        "03-batchnorm-trap: What does not help"),
    "buffer-requires-grad": Entry(
        "A buffer never had requires_grad, and moves without a gradient",
        "03-batchnorm-trap: What does not help"),
    "no-grad-protects": Entry(
        "no_grad records no gradient, but a forward in train mode moves the statistics all the same",
        "03-batchnorm-trap: What does not help"),
    "eval-before-train": Entry("eval() lasts until the next train(), which reaches every child", "03-batchnorm-trap: eval, every epoch"),
    "eval-in-first-epoch-only": Entry(
        "eval() must come again after every train(), not in the first epoch only",
        "03-batchnorm-trap: eval, every epoch"),
    "eval-freezes-affine": Entry(
        "eval() freezes no parameter: gamma and beta of a BatchNorm train on",
        "03-batchnorm-trap: eval, every epoch"),
    "whole-model-eval": Entry(
        "eval() on the whole model switches off the new head's Dropout as well: only the frozen part belongs in eval",
        "03-batchnorm-trap: eval, every epoch"),
    "train-returns-nothing": Entry(
        "train() must return self: model = model.train() and model.eval() rely on it",
        "03-batchnorm-trap: A backbone that stays in eval"),
    "batch-statistics-used": Entry(
        "momentum=0 and track_running_stats=False keep the statistics but do not use them: in train mode the batch's own go in",
        "03-batchnorm-trap: All cures in one table"),
    "dropout-still-awake": Entry(
        "BatchNorm is not alone: Dropout and stochastic depth of a frozen part stay random in train mode",
        "03-batchnorm-trap: A backbone that stays in eval"),
    "snapshot-incomplete": Entry(
        "A snapshot must hold everything: parameters, means, variances and the count of batches",
        "03-batchnorm-trap: Put it back"),
    "frozen-batchnorm-not-copied": Entry(
        "A new FrozenBatchNorm2d knows nothing: it needs the four tensors and the eps of the layer it replaces",
        "03-batchnorm-trap: Frozen for good"),
    "batchnorm-left-behind": Entry(
        "named_children() sees one level: a BatchNorm inside a block must be replaced inside that block",
        "03-batchnorm-trap: Frozen for good"),
}


class Misconception(AssertionError):
    """A check found a misunderstanding. str() holds title, what was observed, where to read, and last the code in brackets.

    Raises KeyError for a code that the catalogue does not hold.
    """

    def __init__(self, code, observed):
        self.code, entry = code, CATALOGUE[code]
        lines = [("", entry.title), ("Observed: ", observed), ("Read:     ", entry.read)]
        text = "\n".join(
            textwrap.fill(text, 84, initial_indent=label, subsequent_indent=" " * len(label), break_long_words=False) for label, text in lines)
        super().__init__(f"{text}\n[{code}]")

    def _render_traceback_(self):
        """IPython's hook: show the message, not the inside of the check."""
        return [f"Not yet. {self}"]


def expect(found, kind, asked):
    """Raise Misconception unless `found` is an instance of `kind` (a type or a union of types), which `asked` says in words."""
    if not isinstance(found, kind):
        raise Misconception("nothing-returned" if found is None else "wrong-result", f"asked is {asked}; you return {type(found).__name__}")


def check(function):
    """Make a function a check: repeatable, quiet, and ending in one line that says what was proved.

    Each call starts from the same random state. What the learner's code prints or warns is kept off the page, so that a
    warning costs nothing. The function returns the sentence to print; it raises Misconception where it finds one.
    """

    @functools.wraps(function)
    def run(*args, **kwargs):
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), \
                contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            proved = function(*args, **kwargs)
        print(f"Passed: {proved}")

    return run
