"""The misconceptions that the checks of lesson 05 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "labels-off-by-one": Entry(
        "Classes are numbered from 0 to n - 1: a head with n outputs has no place for n",
        "05-two-heads-one-loss: Exercise 1: six of ten",
    ),
    "labels-not-renumbered": Entry(
        "A label is the number of an output: who chooses some of the classes must number them anew",
        "05-two-heads-one-loss: Exercise 1: six of ten",
    ),
    "features-detached": Entry(
        "Through detached features a loss trains its head alone: the backbone never hears of "
        "that task",
        "05-two-heads-one-loss: One backbone, two heads",
    ),
    "heads-counted-twice": Entry(
        "Two models hold the backbone twice, but each head once",
        "05-two-heads-one-loss: Exercise 3: what does the second model cost?",
    ),
    "loss-detached": Entry(
        ".item() and detach() leave a number without a graph: it counts in the sum and "
        "teaches nothing",
        "05-two-heads-one-loss: Exercise 4: one step",
    ),
    "weights-swapped": Entry(
        "Each weight belongs to its own task's loss: these have changed places",
        "05-two-heads-one-loss: Exercise 4: one step",
    ),
    "class-weights-for-task-weights": Entry(
        "The weights of cross_entropy are for classes, and its mean divides by them again: "
        "equal ones change nothing",
        "05-two-heads-one-loss: Exercise 4: one step",
    ),
    "graph-used-twice": Entry(
        "backward() frees the graph that it has walked: add the losses first, or keep it with "
        "retain_graph=True",
        "05-two-heads-one-loss: One loss",
    ),
    "zero-grad-between-backwards": Entry(
        "zero_grad() between two backwards throws the first task's gradient away",
        "05-two-heads-one-loss: One loss",
    ),
    "gradients-not-cleared": Entry(
        "backward() adds to .grad and leaves it there: clear it, or take torch.autograd.grad, "
        "which does not touch it",
        "05-two-heads-one-loss: One loss",
    ),
    "loss-scale-is-not-difficulty": Entry(
        "An untrained head's loss is ln n, the number of its classes speaking: it does not "
        "say which task is harder",
        "05-two-heads-one-loss: Which task is the harder?",
    ),
    "log-variance-sign": Entry(
        "exp(-s) L + s: one term lets s grow, the other holds it. With a sign or a term lost "
        "it runs away",
        "05-two-heads-one-loss: Weights that learn",
    ),
    "log-variance-not-trained": Entry(
        "A log variance that no optimizer holds stays 0: the weights are equal for ever",
        "05-two-heads-one-loss: Weights that learn",
    ),
    "log-variance-decayed": Entry(
        "Weight decay pulls a log variance towards 0, that is the task's weight towards 1: "
        "give it a group without decay",
        "05-two-heads-one-loss: Weights that learn",
    ),
    "mode-changed": Entry("x","05-two-heads-one-loss: Exercise 4: one step"),
    "not-adamw": Entry("x","05-two-heads-one-loss: Exercise 4: one step"),
    "backbone-not-trainable": Entry("x","05-two-heads-one-loss: Exercise 4: one step"),
    "losses-compared-across-weightings": Entry(
        "Other weights make another loss: totals can be compared within one weighting only, "
        "accuracies across",
        "05-two-heads-one-loss: Do the weights matter?",
    ),
    "mean-hides-a-dead-head": Entry(
        "A mean can look well while one head guesses: ask each task for its own threshold",
        "05-two-heads-one-loss: A good mean",
    ),
}
