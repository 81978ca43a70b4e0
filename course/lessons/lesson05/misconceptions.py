"""The misconceptions that the checks of lesson 05 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "labels-off-by-one": Entry(
        "The labels of n classes are 0 to n - 1: a head with n outputs has no output n",
        "05-two-heads-one-loss: Exercise 1: six of ten",
    ),
    "labels-in-another-order": Entry(
        "The new labels count in the order of `names`, which need not be that of FRUITS, of the "
        "alphabet or of the data",
        "05-two-heads-one-loss: Exercise 1: six of ten",
    ),
    "labels-not-renumbered": Entry(
        "A label is the index of an output: if you choose some classes, give them new labels",
        "05-two-heads-one-loss: Exercise 1: six of ten",
    ),
    "head-on-a-head": Entry(
        "Both heads read the features: the logits of one task keep too little of what the other "
        "task needs",
        "05-two-heads-one-loss: One backbone, two heads",
    ),
    "features-detached": Entry(
        "Detached features have no gradient: the loss then trains its head, but not the backbone "
        "below",
        "05-two-heads-one-loss: One backbone, two heads",
    ),
    "backbone-not-trainable": Entry(
        "A parameter with requires_grad=False gets no gradient from any loss: leave the backbone "
        "trainable",
        "05-two-heads-one-loss: One backbone, two heads",
    ),
    "heads-counted-twice": Entry(
        "Two models have two backbones, but only one of each head",
        "05-two-heads-one-loss: Exercise 3: what does the second model cost?",
    ),
    "loss-detached": Entry(
        "A number without a graph, as from .item() or detach(), counts in the sum, but no gradient "
        "flows through it",
        "05-two-heads-one-loss: A good mean",
    ),
    "weights-swapped": Entry(
        "Each loss weight belongs to the loss of its own task: yours are exchanged",
        "05-two-heads-one-loss: Exercise 4: one step",
    ),
    "class-weights-for-task-weights": Entry(
        "The weights of cross_entropy are class weights, and its mean divides by them again: equal "
        "class weights change nothing",
        "05-two-heads-one-loss: Exercise 4: one step",
    ),
    "mode-changed": Entry(
        "The caller chooses train or eval mode: a training step does not change it",
        "05-two-heads-one-loss: Exercise 4: one step",
    ),
    "graph-used-twice": Entry(
        "backward() frees the graph: add the losses first, or keep the graph with "
        "retain_graph=True",
        "05-two-heads-one-loss: One loss",
    ),
    "zero-grad-between-backwards": Entry(
        "zero_grad() between two backwards removes the gradient of the first task",
        "05-two-heads-one-loss: One loss",
    ),
    "gradients-not-cleared": Entry(
        "backward() adds to .grad and leaves it there: clear it before, or use "
        "torch.autograd.grad, which does not touch it",
        "05-two-heads-one-loss: One loss",
    ),
    "gradient-of-the-sum": Entry(
        "Each loss has a gradient of its own: the gradient of their sum mixes the tasks",
        "05-two-heads-one-loss: Exercise 5: a gradient for each task",
    ),
    "loss-scale-is-not-difficulty": Entry(
        "An untrained head's loss is about ln n, because it has n classes: that does not make the "
        "task harder",
        "05-two-heads-one-loss: Which task is harder?",
    ),
    "log-variance-sign": Entry(
        "In exp(-s) L + s the first term makes s grow and the second holds it back: with a wrong "
        "sign or a missing term s grows without end",
        "05-two-heads-one-loss: Learned loss weights",
    ),
    "log-variance-not-trained": Entry(
        "A log variance that is in no optimizer stays 0, so the loss weights stay equal",
        "05-two-heads-one-loss: Learned loss weights",
    ),
    "log-variance-decayed": Entry(
        "Weight decay pulls a log variance towards 0, so the loss weight towards 1: give it a "
        "parameter group without decay",
        "05-two-heads-one-loss: Learned loss weights",
    ),
    "not-adamw": Entry(
        "AdamW divides the gradient by its size and keeps the weight decay out of it: SGD does not "
        "divide, and Adam by default adds the decay to the gradient",
        "05-two-heads-one-loss: Loss weights and the optimizer",
    ),
    "losses-compared-across-weightings": Entry(
        "With other loss weights the total is another loss: compare totals for the same loss "
        "weights only, and accuracies across ways",
        "05-two-heads-one-loss: Do the loss weights matter?",
    ),
    "mean-hides-a-dead-head": Entry(
        "A mean can be high although one head only guesses: require an accuracy for each task",
        "05-two-heads-one-loss: A good mean",
    ),
}
