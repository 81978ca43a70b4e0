"""The catalogue of misconceptions, and the exception that names one.

A code stands in three places: in the learner's failure message, in the answer bank (`tests/answers`: every wrong answer
names the code it must fail with) and in the instructor's report. The catalogue below is the only list.
"""
import contextlib
import functools
import io
import sys
import textwrap
import types
import warnings
from typing import NamedTuple

import torch

from course.checks import panel


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
        "01-replace-the-head: Exercise 1: how wide is the neck?"),
    "head-is-the-model": Entry(
        "Fewer classes do not make the model much smaller: the head is a small part of it",
        "01-replace-the-head: Exercise 2: what does the swap save?"),
    "out-features-edited": Entry(
        "out_features is a note about the weight, not the weight: editing it changes no shape",
        "01-replace-the-head: Off with the head"),
    "stacked-on-logits": Entry(
        "A layer on top of the 1000 logits sees the old verdicts, not the features",
        "01-replace-the-head: Off with the head"),
    "logits-sliced": Entry("The first n old logits are n old species, not your n classes", "01-replace-the-head: Off with the head"),
    "softmax-in-the-head": Entry(
        "CrossEntropyLoss wants logits and applies log-softmax itself: a softmax before it flattens the gradient",
        "01-replace-the-head: Exercise 8: train the head"),
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
        "01-replace-the-head: Exercise 4: every family"),
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
    "head-not-trained": Entry("The head is as good as a guess: no step has reached it", "01-replace-the-head: Exercise 8: train the head"),
    "head-undertrained": Entry(
        "The head has begun to learn and stopped too early, or steps too small or too wide",
        "01-replace-the-head: Exercise 8: train the head"),
    "test-set-chooses": Entry(
        "A test set that chooses is no test any more: choose on validation",
        "01-replace-the-head: Choose without cheating"),
    "one-rate-for-all": Entry(
        "The trained stage needs a smaller rate than the new head: one parameter group each",
        "01-replace-the-head: Bonus: does unfreezing help?"),
    "stage-still-frozen": Entry(
        "A frozen parameter gets no gradient, whatever the optimizer's rate",
        "01-replace-the-head: Bonus: does unfreezing help?"),
    "stage-not-in-optimizer": Entry(
        "Unfrozen is not yet trained: the optimizer must hold it",
        "01-replace-the-head: Bonus: does unfreezing help?"),
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
        "02-freeze: Exercise 4: freeze a part"),
    "prefix-matches-nothing": Entry(
        "A name that matches nothing freezes nothing, in silence: print the names, count what is frozen",
        "02-freeze: Exercise 4: freeze a part"),
    "biases-forgotten": Entry(
        "Biases are parameters too: a layer whose weights rest still moves by its biases",
        "02-freeze: Exercise 4: freeze a part"),
    "freezing-blocks-gradients": Entry(
        "A frozen layer lets gradients through to the layers before it; no_grad and detach do not",
        "02-freeze: Exercise 4: freeze a part"),
    "never-unfreezes": Entry("Freezing until an earlier stage means unfreezing what lies beyond it", "02-freeze: Exercise 5: freeze up to here"),
    "stage-left-out": Entry("Freezing until a stage includes that stage", "02-freeze: Exercise 5: freeze up to here"),
    "layer-forgotten": Entry(
        "Every layer with parameters counts: a BatchNorm between two stages learns its gamma and beta",
        "02-freeze: Exercise 5: freeze up to here"),
    "parameter-twice": Entry(
        "A parameter belongs in one group, once: twice in one it takes every step twice, in two groups torch refuses",
        "02-freeze: Two speeds"),
    "frozen-costs-memory": Entry(
        "An optimizer keeps nothing for a parameter without a gradient: frozen ones cost no memory",
        "02-freeze: Exercise 7: what does a frozen weight cost?"),
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
        "03-batchnorm-trap: Exercise 3: find them all"),
    "batchnorm-by-name": Entry(
        "Names are habits, types are facts: `downsample.1` and `norm1` are BatchNorms too",
        "03-batchnorm-trap: Exercise 3: find them all"),
    "requires-grad-alone": Entry(
        "requires_grad=False stops gradients; running statistics need none, and move on",
        "03-batchnorm-trap: What does not help"),
    "buffer-requires-grad": Entry(
        "A buffer never had requires_grad, and moves without a gradient",
        "03-batchnorm-trap: What does not help"),
    "no-grad-protects": Entry(
        "no_grad records no gradient, but a forward in train mode moves the statistics all the same",
        "03-batchnorm-trap: What does not help"),
    "eval-before-train": Entry("eval() lasts until the next train(), which reaches every child", "03-batchnorm-trap: First cure: eval, every epoch"),
    "eval-in-first-epoch-only": Entry(
        "eval() must come again after every train(), not in the first epoch only",
        "03-batchnorm-trap: First cure: eval, every epoch"),
    "eval-freezes-affine": Entry(
        "eval() freezes no parameter: gamma and beta of a BatchNorm train on",
        "03-batchnorm-trap: First cure: eval, every epoch"),
    "whole-model-eval": Entry(
        "eval() on the whole model switches off the new head's Dropout as well: only the frozen part belongs in eval",
        "03-batchnorm-trap: First cure: eval, every epoch"),
    "train-returns-nothing": Entry(
        "train() must return self: model = model.train() and model.eval() rely on it",
        "03-batchnorm-trap: Exercise 5: a backbone that stays in eval"),
    "batch-statistics-used": Entry(
        "momentum=0 and track_running_stats=False keep the statistics but do not use them: in train mode the batch's own go in",
        "03-batchnorm-trap: All cures in one table"),
    "dropout-still-awake": Entry(
        "BatchNorm is not alone: Dropout and stochastic depth of a frozen part stay random in train mode",
        "03-batchnorm-trap: Exercise 5: a backbone that stays in eval"),
    "snapshot-incomplete": Entry(
        "A snapshot must hold everything: parameters, means, variances and the count of batches",
        "03-batchnorm-trap: Exercise 6: put it back"),
    "frozen-batchnorm-not-copied": Entry(
        "A new FrozenBatchNorm2d knows nothing: it needs the four tensors and the eps of the layer it replaces",
        "03-batchnorm-trap: Exercise 7: frozen for good"),
    "batchnorm-left-behind": Entry(
        "named_children() sees one level: a BatchNorm inside a block must be replaced inside that block",
        "03-batchnorm-trap: Exercise 7: frozen for good"),
    # 04
    "slice-shares-children": Entry(
        "A slice is a new container around the same children: compare tensors, not containers",
        "04-shared-or-copied: Who shares what"),
    "equal-is-not-shared": Entry(
        "Equal names or equal values are not the same memory: a copy has both, and memory of its own",
        "04-shared-or-copied: Who shares what"),
    "identity-is-not-memory": Entry(
        "Two parameters can be different objects in one memory: compare addresses",
        "04-shared-or-copied: Who shares what"),
    "counted-from-state-dict": Entry(
        "A state_dict lists a shared tensor under each of its names, and buffers beside parameters: its sum is not the model's size",
        "04-shared-or-copied: Exercise 2: count what is stored"),
    "one-object-n-times": Entry("A list that names one module five times holds one module", "04-shared-or-copied: Five real branches"),
    "one-copy-n-times": Entry(
        "One copy that stands five times is still one: copy once for each branch, in a deepcopy of its own",
        "04-shared-or-copied: Five real branches"),
    "shallow-copy": Entry(
        "copy.copy makes a new container around the same children: it takes copy.deepcopy to copy weights",
        "04-shared-or-copied: Five real branches"),
    "rewrapped-not-copied": Entry("A new Sequential around old layers holds the old layers", "04-shared-or-copied: Five real branches"),
    "assigned-from-one-dict": Entry(
        "load_state_dict(assign=True) puts in the very tensors that it is given: from one dict, all models share them",
        "04-shared-or-copied: What a checkpoint keeps"),
    "buffers-still-shared": Entry(
        "Parameters are copied, buffers are not: the branches still write one running mean",
        "04-shared-or-copied: Five batches in one"),
    "pretrained-discarded": Entry(
        "An independent branch starts with the trained weights and statistics: a reset or a new layer has none",
        "04-shared-or-copied: A fresh start"),
    "heads-not-registered": Entry(
        "A plain list or dict hides its modules from PyTorch: use nn.ModuleList or nn.ModuleDict",
        "04-shared-or-copied: Three rules"),
    "made-in-forward": Entry(
        "What forward makes or resets begins anew at each call and learns nothing: that belongs in __init__",
        "04-shared-or-copied: Three rules"),
    "activation-copied": Entry(
        "A copy of an activation is not a copy of a module: it goes through the same weights, or cuts the gradient off",
        "04-shared-or-copied: Three rules"),
    "trunk-copied": Entry("The trunk is what the targets share: one in memory, run once", "04-shared-or-copied: Exercise 4: the whole model"),
    "relu-lost": Entry(
        "DenseNet applies a ReLU in its forward, after `features`: a cut model must apply it too",
        "04-shared-or-copied: Exercise 4: the whole model"),
    "will-diverge": Entry(
        "Shared weights never diverge, whatever is trained or added: there is only one tensor to change",
        "04-shared-or-copied: Will they diverge?"),
    "copy-keeps-sharing": Entry(
        "A copy of the whole keeps what is shared inside it shared: copy the branches one by one",
        "04-shared-or-copied: What a checkpoint keeps"),
    "updates-counted-once": Entry(
        "A BatchNorm that is passed five times in a forward moves five times",
        "04-shared-or-copied: Five batches in one"),
    "updates-add-up": Entry(
        "Five moves of a tenth are not half the way: each is a tenth of what is left",
        "04-shared-or-copied: Five batches in one"),
    "columns-not-reordered": Entry("The branches side by side are not the asked order", "04-shared-or-copied: Eighteen columns"),
    "order-inverted": Entry("order[k] says where column k comes from, not where output k goes", "04-shared-or-copied: Eighteen columns"),
    "branches-count-from-one": Entry("The branches count from 1, a Python list from 0", "04-shared-or-copied: Eighteen columns"),
    "strict-is-no-proof": Entry(
        "Strict loading compares names and shapes: that all keys match does not mean that all values arrived",
        "04-shared-or-copied: Exercise 7: what did not arrive"),
    "last-one-wins": Entry(
        "Branches in one memory are written one after the other: what the last one holds remains",
        "04-shared-or-copied: Exercise 7: what did not arrive"),
    # 06
    "matrix-transposed": Entry("Rows are the true classes, columns the guessed ones", "06-metrics: Exercise 1: who was taken for whom"),
    "over-the-batch": Entry(
        "Dimension 1 holds a picture's classes; along dimension 0 the pictures of a batch compete with one another",
        "06-metrics: Exercise 1: who was taken for whom"),
    "absent-class-forgotten": Entry(
        "A class that does not occur in this batch is still a class: K comes from the logits, not from the labels",
        "06-metrics: Exercise 1: who was taken for whom"),
    "precision-recall-swapped": Entry(
        "Precision is about what was flagged (tp + fp), recall about what is there to be found (tp + fn)",
        "06-metrics: Four numbers"),
    "arithmetic-f1": Entry(
        "F1 is the harmonic mean: the arithmetic one gives half marks for flagging everything",
        "06-metrics: Exercise 2: four scores"),
    "zero-division-undecided": Entry(
        "0 / 0 comes up, with nothing flagged or nothing to find: decide what it is, here 0",
        "06-metrics: Exercise 2: four scores"),
    "prevalence-is-not-the-error-rate": Entry(
        "Not every positive is missed: with some recall there may be more positives than errors",
        "06-metrics: How rare must it be?"),
    "mean-of-batch-accuracies": Entry(
        "A mean of batch accuracies gives a picture in a small batch more weight: add up counts, divide once",
        "06-metrics: Batch by batch"),
    "f1-averaged-per-batch": Entry("F1 is no mean over batches: add up tp, fp and fn, then divide once", "06-metrics: Batch by batch"),
    "metric-never-reset": Entry(
        "Counts that outlive the call mix this epoch with all before it: begin at zero each time",
        "06-metrics: Batch by batch"),
    "evaluated-in-train-mode": Entry(
        "In train mode Dropout throws dice and BatchNorm moves: evaluate after model.eval()",
        "06-metrics: Batch by batch"),
    "micro-taken-for-macro": Entry(
        "Macro is the mean over classes; micro adds up the counts first, so that common classes decide",
        "06-metrics: Ten fruits, three averages"),
    "weighted-taken-for-macro": Entry(
        "Weighted by how often they occur, the rare classes hardly count: macro weighs all alike",
        "06-metrics: Ten fruits, three averages"),
    "f1-of-averages": Entry(
        "Macro F1 is the mean of the classes' F1, not the F1 of mean precision and mean recall",
        "06-metrics: Ten fruits, three averages"),
    "logits-taken-for-probabilities": Entry(
        "A logit is not a probability: 0.5 on the logits is another threshold",
        "06-metrics: Where to draw the line"),
    "one-logit-of-two": Entry(
        "With two logits the probability lies in their difference: softmax over both, not sigmoid of one",
        "06-metrics: Where to draw the line"),
    "argmax-has-decided": Entry(
        "argmax is a threshold of one half: a habit, not a decision",
        "06-metrics: Where to draw the line"),
    "accuracy-alone": Entry(
        "Accuracy weighs both kinds of error alike and follows the common class: choose by what the purpose asks for",
        "06-metrics: Exercise 7: one head, two purposes"),
    "floor-at-any-price": Entry(
        "Flagging everything meets any recall floor: of all thresholds that meet it, take the one that gives most besides",
        "06-metrics: Exercise 7: one head, two purposes"),
    "evaluated-with-augmentation": Entry(
        "Augmented pictures are harder than the ones as they are: a training score on them hides the gap",
        "06-metrics: Read the curves"),
    "drop-last-forgotten": Entry(
        "A loader with drop_last leaves pictures out: count over all, and divide by as many as you counted",
        "06-metrics: Read the curves"),
    "equal-is-not-alike": Entry(
        "A second shot of a scene is equal in no pixel: ask how alike, not whether equal",
        "06-metrics: Exercise 9: near-duplicates"),
    "dot-is-not-cosine": Entry(
        "A dot product grows with brightness: divide by both lengths to get the cosine",
        "06-metrics: Exercise 9: near-duplicates"),
    "compared-row-by-row": Entry(
        "A twin may stand anywhere: compare each test row with every training row",
        "06-metrics: Exercise 9: near-duplicates"),
    "score-for-model": Entry(
        "On another test set the score changes for an honest model too: compare the models, not their scores",
        "06-metrics: Exercise 10: audit a procedure"),
    "another-order-is-no-change": Entry(
        "The same test set in another order is the same test set: means and counts do not notice",
        "06-metrics: Exercise 10: audit a procedure"),
    # 07
    "backbone-run-twice": Entry(
        "One backbone, run once, feeds all heads: running it for each head costs as much as separate models",
        "07-capstone: Exercise 1: three heads, one backbone"),
    "old-head-changed": Entry(
        "The old head's answers are a promise: the same numbers, to the bit, and not only the same names",
        "07-capstone: The brief"),
    "head-left-out": Entry(
        "A head learns from its own loss alone: one that no loss or no optimizer reaches stays as it was made",
        "07-capstone: Exercise 2: train two, move nothing"),
    "threshold-misses-floor": Entry(
        "Recall asks of the rotten ones how many are found: the threshold follows from their scores, not from all",
        "07-capstone: A floor under the rare class"),
    "lower-than-needed": Entry(
        "Each step down finds more and cries wolf more often: take the highest threshold that reaches the floor",
        "07-capstone: A floor under the rare class"),
    "threshold-not-folded": Entry(
        "argmax of two logits changes its mind at a probability of one half, until a bias moves that point",
        "07-capstone: Exercise 4: fold it in"),
    "threshold-upside-down": Entry(
        "To say rotten more often, its logit must go up: the shift has the wrong sign",
        "07-capstone: Exercise 4: fold it in"),
    "probability-for-logit": Entry(
        "A bias lives among the logits: a probability t is the logit log(t / (1 - t))",
        "07-capstone: Exercise 4: fold it in"),
    "edited-in-place": Entry(
        "What you were given belongs to the caller: change a copy",
        "07-capstone: Exercise 4: fold it in"),
    "file-missing": Entry("The judge reads one file, beside the notebook, under the name that you say", "07-capstone: Exercise 6: hand it in"),
    "file-too-large": Entry(
        "Too large to be opened: half or single precision, and nothing but the asked tensors, stays below the limit",
        "07-capstone: The brief"),
    "file-damaged": Entry("The bytes are not a whole safetensors file", "07-capstone: Weights are data"),
    "pickle-for-weights": Entry(
        "torch.save writes a pickle, a program that runs when it is opened: a new name makes it no safetensors file",
        "07-capstone: Weights are data"),
    "tensors-missing": Entry("A tensor that the brief names is not there", "07-capstone: The brief"),
    "tensors-extra": Entry("There is more than the brief names: leave out, or rename, what it does not know", "07-capstone: The brief"),
    "wrong-shape": Entry("A tensor has another shape than the brief asks for", "07-capstone: The brief"),
    "wrong-dtype": Entry(
        "Floats go into the file in half or single precision, counts as the integers they are",
        "07-capstone: The brief"),
    "weights-not-finite": Entry(
        "A weight that is NaN or infinite makes every answer NaN: the training has blown up, look at its loss",
        "07-capstone: The brief"),
    "too-many-parameters": Entry("The new heads are larger than the budget leaves room for", "07-capstone: The brief"),
    "rare-class-ignored": Entry(
        "High accuracy, and most of the rare class missed: the other class is so common that it hides that",
        "07-capstone: A floor under the rare class"),
    "false-alarms": Entry(
        "Calling nearly everything rotten finds all the rotten ones, and sells nothing",
        "07-capstone: A floor under the rare class"),
    # 05
    "labels-off-by-one": Entry(
        "Classes are numbered from 0 to n - 1: a head with n outputs has no place for n",
        "05-two-heads-one-loss: Exercise 1: six of ten"),
    "labels-not-renumbered": Entry(
        "A label is the number of an output: who chooses some of the classes must number them anew",
        "05-two-heads-one-loss: Exercise 1: six of ten"),
    "features-detached": Entry(
        "Through detached features a loss trains its head alone: the backbone never hears of that task",
        "05-two-heads-one-loss: One backbone, two heads"),
    "heads-counted-twice": Entry(
        "Two models hold the backbone twice, but each head once",
        "05-two-heads-one-loss: Exercise 3: what does the second model cost?"),
    "loss-detached": Entry(
        ".item() and detach() leave a number without a graph: it counts in the sum and teaches nothing",
        "05-two-heads-one-loss: Exercise 4: one step"),
    "weights-swapped": Entry("Each weight belongs to its own task's loss: these have changed places", "05-two-heads-one-loss: Exercise 4: one step"),
    "class-weights-for-task-weights": Entry(
        "The weights of cross_entropy are for classes, and its mean divides by them again: equal ones change nothing",
        "05-two-heads-one-loss: Exercise 4: one step"),
    "graph-used-twice": Entry(
        "backward() frees the graph that it has walked: add the losses first, or keep it with retain_graph=True",
        "05-two-heads-one-loss: One loss"),
    "zero-grad-between-backwards": Entry(
        "zero_grad() between two backwards throws the first task's gradient away",
        "05-two-heads-one-loss: One loss"),
    "gradients-not-cleared": Entry(
        "backward() adds to .grad and leaves it there: clear it, or take torch.autograd.grad, which does not touch it",
        "05-two-heads-one-loss: One loss"),
    "loss-scale-is-not-difficulty": Entry(
        "An untrained head's loss is ln n, the number of its classes speaking: it does not say which task is harder",
        "05-two-heads-one-loss: Which task is the harder?"),
    "log-variance-sign": Entry(
        "exp(-s) L + s: one term lets s grow, the other holds it. With a sign or a term lost it runs away",
        "05-two-heads-one-loss: Weights that learn"),
    "log-variance-not-trained": Entry(
        "A log variance that no optimizer holds stays 0: the weights are equal for ever",
        "05-two-heads-one-loss: Weights that learn"),
    "log-variance-decayed": Entry(
        "Weight decay pulls a log variance towards 0, that is the task's weight towards 1: give it a group without decay",
        "05-two-heads-one-loss: Weights that learn"),
    "scheduler-per-batch": Entry(
        "A cosine made for epochs must step once an epoch: per batch it goes up and down many times",
        "05-two-heads-one-loss: Down a cosine"),
    "patience-miscounted": Entry(
        "Patience counts the epochs since the last best one, and begins anew with each better one",
        "05-two-heads-one-loss: Train until it is enough"),
    "best-state-not-restored": Entry(
        "Stopping does not go back: the model still holds the last epoch, not the best",
        "05-two-heads-one-loss: Train until it is enough"),
    "one-task-decides": Entry(
        "With two tasks the best epoch is the best for both: judge it by the mean of their accuracies",
        "05-two-heads-one-loss: Train until it is enough"),
    "losses-compared-across-weightings": Entry(
        "Other weights make another loss: totals can be compared within one weighting only, accuracies across",
        "05-two-heads-one-loss: Do the weights matter?"),
    "mean-hides-a-dead-head": Entry(
        "A mean can look well while one head guesses: ask each task for its own threshold",
        "05-two-heads-one-loss: A good mean"),
}


class Misconception(AssertionError):
    """A check found a misunderstanding. str() holds title, what was observed, where to read, and last the code in brackets.

    Raises KeyError for a code that the catalogue does not hold.
    """

    def __init__(self, code, observed):
        self.code, self.observed, self.entry = code, observed, CATALOGUE[code]
        text = "\n".join(
            textwrap.fill(words, 84, initial_indent=label, subsequent_indent=" " * len(label), break_long_words=False)
            for label, words in (("", self.entry.title), ("Observed: ", observed), ("Read:     ", self.entry.read)))
        super().__init__(f"{text}\n[{code}]")

    def _render_traceback_(self):
        """IPython's hook: show the message, not the inside of the check."""
        return [f"Not yet. {self}"]


def unlike(found, observed):
    """The Misconception of a result of another kind than was asked, in words `observed`; None has a code of its own."""
    return Misconception("nothing-returned" if found is None else "wrong-result", observed)


def expect(found, kind, asked):
    """Raise Misconception unless `found` is an instance of `kind` (a type or a union of types), which `asked` says in words."""
    if not issubclass(type(found), kind):  # isinstance() would believe what the object says of its class
        raise unlike(found, f"asked is {asked}; you return {type(found).__name__}")


# by these an object of a class of one's own could pass for the right answer without being it
DECIDING = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__class__", "__getattribute__", "__float__", "__int__",
            "__index__", "__abs__", "__sub__", "__rsub__", "__torch_function__", "__torch_dispatch__", "__array__"}


def plain(found):
    """Return `found`, a value that an answer gave, or raise Misconception where its class itself decides what it is equal to."""
    for value in [found, *(found[:100] if type(found) in (list, tuple) else found.values() if type(found) is dict else ())]:
        for kind in type.mro(type(value)):
            if is_library(kind) and is_library(type(kind)):
                continue
            if DECIDING & set(type.__dict__["__dict__"].__get__(kind)) or type(kind) is not type or issubclass(kind, int | float | str | torch.Tensor):
                raise Misconception("wrong-result", f"asked is a plain value; you return one of a class {type(value).__name__}, "
                                    "which decides itself what it is equal to")
    return found


def is_library(kind):
    """Whether this very class is to be had by its name in an imported module."""
    module = sys.modules.get(kind.__module__) if kind.__module__ != "__main__" else None
    return getattr(module, kind.__qualname__, None) is kind


def as_given(answer):
    """An answer as a check is given it: if it is a function, what it returns is `plain`."""
    if not isinstance(answer, types.FunctionType):
        return plain(answer)
    return functools.wraps(answer)(lambda *args, **kwargs: plain(answer(*args, **kwargs)))


def check(function):
    """Make a function a check: repeatable, quiet, and ending in one line that says what was proved.

    Each call starts from the same random state. What the learner's code prints or warns is kept off the page, so that a
    warning costs nothing, and what it returns is looked at by `plain`. The function returns the sentence to show; it raises
    Misconception where it finds one.
    """

    @functools.wraps(function)
    def run(*args, **kwargs):
        try:
            with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), \
                    contextlib.redirect_stderr(io.StringIO()):
                warnings.simplefilter("ignore")
                torch.manual_seed(0)
                proved = function(*map(as_given, args), **kwargs)
        except Misconception as wrong:
            panel.not_yet(wrong.entry.title, wrong.observed, wrong.entry.read)
            raise
        except Exception as problem:
            panel.stumbled(problem)
            raise
        panel.passed(proved)

    return run
