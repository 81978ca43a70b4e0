"""The misconceptions that the checks of lesson 09 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "not-the-head-first": Entry(
        "In the first stage only the new head trains: while it is random, the gradients that pass "
        "through it change good features, too",
        "09-adapt-gently: First the head, then everything",
    ),
    "second-stage-frozen": Entry(
        "In the second stage everything trains: set requires_grad back to True after the first",
        "09-adapt-gently: First the head, then everything",
    ),
    "probe-thrown-away": Entry(
        "The second stage goes on from the head that the first stage trained: use the same model",
        "09-adapt-gently: First the head, then everything",
    ),
    "norms-partly-in-train-mode": Entry(
        "A ResNet has BatchNorms in the stem, in the blocks and on the shortcuts: "
        "`model.modules()` reaches all of them, and `model.eval()` puts all into eval mode",
        "09-adapt-gently: Exercise 1: two stages",
    ),
    "stages-miscounted": Entry(
        "There are six stages: the head, layer4, layer3, layer2, layer1, and conv1 with bn1. A "
        "block is no stage of its own, and neither is a layer without parameters",
        "09-adapt-gently: Exercise 2: layer by layer",
    ),
    "head-rate-multiplied": Entry(
        "The head has the learning rate lr itself: layer4 is the first stage whose learning rate "
        "is multiplied by factor",
        "09-adapt-gently: Exercise 2: layer by layer",
    ),
    "rates-upside-down": Entry(
        "The head has the largest learning rate, and each stage before it a smaller one",
        "09-adapt-gently: A learning rate for each stage",
    ),
    "rates-not-geometric": Entry(
        "Each stage has the learning rate of the stage after it, multiplied by the factor",
        "09-adapt-gently: A learning rate for each stage",
    ),
    "group-incomplete": Entry(
        "Every trainable parameter belongs to a group: an optimizer never changes the others",
        "09-adapt-gently: A learning rate for each stage",
    ),
    "frozen-in-a-group": Entry(
        "Leave frozen parameters out of the groups",
        "09-adapt-gently: A learning rate for each stage",
    ),
    "norms-decayed": Entry(
        "Norms are not found by a name or by one class: ask how many dimensions a parameter has",
        "09-adapt-gently: No decay for norms and biases",
    ),
    "decay-misplaced": Entry(
        "Weight decay belongs to the parameters with two dimensions or more",
        "09-adapt-gently: No decay for norms and biases",
    ),
    "scheduler-not-extended": Entry(
        "A scheduler has one entry for each group that was there when it was created: it needs one "
        "for the new group, too",
        "09-adapt-gently: A new group under a running scheduler",
    ),
    "initial-lr-missing": Entry(
        "A scheduler that goes on reads `initial_lr` of each group: give it to the new group",
        "09-adapt-gently: A new group under a running scheduler",
    ),
    "schedule-starts-again": Entry(
        "A new LambdaLR starts at epoch 0, with the first learning rates: tell it the epoch",
        "09-adapt-gently: A new group under a running scheduler",
    ),
    "one-epoch-ahead": Entry(
        "A scheduler makes its first step when it is created: count that step",
        "09-adapt-gently: A new group under a running scheduler",
    ),
    "joined-at-full-rate": Entry(
        "The new group joins in the middle of the schedule: the factor of this epoch counts for it "
        "as well",
        "09-adapt-gently: A new group under a running scheduler",
    ),
    "joined-at-epoch-zero": Entry(
        "The new group joins in the current epoch of the schedule: it does not begin at epoch 0",
        "09-adapt-gently: A new group under a running scheduler",
    ),
    "factor-twice": Entry(
        "`initial_lr` is the learning rate before the factor: the scheduler multiplies it",
        "09-adapt-gently: A new group under a running scheduler",
    ),
    "change-at-the-start": Entry(
        "Before training, the low-rank change is exactly zero: let one of the two factors start "
        "with zeros",
        "09-adapt-gently: A change of low rank",
    ),
    "both-factors-zero": Entry(
        "If both factors are zero, both gradients are zero, and nothing trains: only one factor "
        "starts with zeros",
        "09-adapt-gently: A change of low rank",
    ),
    "factors-not-trained": Entry(
        "The factors are nn.Parameter, and gradients reach them: forward computes with A and B as "
        "they are",
        "09-adapt-gently: A change of low rank",
    ),
    "more-than-two-factors": Entry(
        "Only A and B are new: a full matrix, or the weight itself, must not be stored again",
        "09-adapt-gently: A change of low rank",
    ),
    "change-scaled": Entry(
        "forward adds B @ A as it is: the factor alpha / rank, which LoRA libraries put before it, "
        "is not part of this exercise",
        "09-adapt-gently: Exercise 5: low rank by hand",
    ),
    "weight-not-included": Entry(
        "The layer uses what forward returns as its weight: return weight plus the change",
        "09-adapt-gently: A change of low rank",
    ),
    "running-statistics-missing": Entry(
        "Frozen weights do not keep buffers still: training moved the running statistics, so they "
        "belong into the file",
        "09-adapt-gently: A file that does not reproduce the model",
    ),
    "trained-tensors-missing": Entry(
        "All that was trained belongs into the file: the factors and the new head",
        "09-adapt-gently: A file that does not reproduce the model",
    ),
    "frozen-weights-stored": Entry(
        "Frozen weights are the same in each copy of the pretrained network: leave them out",
        "09-adapt-gently: A file that does not reproduce the model",
    ),
    "overwritten-in-place": Entry(
        "A later in-place operation, such as a ReLU with `inplace=True`, overwrites an output that "
        "a hook keeps: clone it in the hook",
        "09-adapt-gently: Features by name",
    ),
    "not-this-call": Entry(
        "A module can run several times in one forward, and each call is a node of its own",
        "09-adapt-gently: Features by name",
    ),
}
