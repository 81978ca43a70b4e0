"""The misconceptions that the checks of lesson 01 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "in-features-from-memory": Entry(
        "The width of the head differs from model to model: read it, do not remember it",
        "01-replace-the-head: Exercise 1: how wide is the neck?",
    ),
    "head-is-the-model": Entry(
        "Fewer classes do not make the model much smaller: the head is a small part of it",
        "01-replace-the-head: Exercise 2: what does the swap save?",
    ),
    "out-features-edited": Entry(
        "out_features is a note about the weight, not the weight: editing it changes no shape",
        "01-replace-the-head: Off with the head",
    ),
    "stacked-on-logits": Entry(
        "A layer on top of the 1000 logits sees the old verdicts, not the features",
        "01-replace-the-head: Off with the head",
    ),
    "logits-sliced": Entry(
        "The first n old logits are n old species, not your n classes",
        "01-replace-the-head: Off with the head",
    ),
    "softmax-in-the-head": Entry(
        "CrossEntropyLoss wants logits and applies log-softmax itself: a softmax before it "
        "flattens the gradient",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "backbone-thrown-away": Entry(
        "A newly built network has new random weights: change the one you were given",
        "01-replace-the-head: Off with the head",
    ),
    "fc-on-a-model-without-fc": Entry(
        "Only some families call their head `fc`; the others ignore the attribute or do not have "
        "it",
        "01-replace-the-head: Not every head is called fc",
    ),
    "classifier-layers-lost": Entry(
        "Dropout, Flatten, norms and hidden layers beside the last one belong to the trained "
        "network: replace the last layer alone",
        "01-replace-the-head: Not every head is called fc",
    ),
    "head-is-always-linear": Entry(
        "SqueezeNet's head is a 1 x 1 convolution, and what follows expects an image",
        "01-replace-the-head: Not every head is called fc",
    ),
    "auxiliary-head-forgotten": Entry(
        "Inception and GoogLeNet have auxiliary heads that must learn the new classes too",
        "01-replace-the-head: Exercise 4: every family",
    ),
    "optimizer-before-swap": Entry(
        "An optimizer keeps the tensors that it was given: made before the swap, it steps the old "
        "head",
        "01-replace-the-head: Freeze, swap, optimizer",
    ),
    "froze-the-new-head": Entry(
        "Freezing after the swap freezes the new head as well",
        "01-replace-the-head: Freeze, swap, optimizer",
    ),
    "backbone-not-frozen": Entry(
        "The backbone is still free to move", "01-replace-the-head: Freeze, swap, optimizer"
    ),
    "normalised-with-a-half": Entry(
        "Mean and std of 0.5 belong to other weights: these were trained with ImageNet's",
        "01-replace-the-head: What the weights want to see",
    ),
    "normalised-with-its-own-statistics": Entry(
        "Normalise with the constants of the weights, not with the batch's own mean and std",
        "01-replace-the-head: What the weights want to see",
    ),
    "wrong-input-scale": Entry(
        "The pixels do not arrive on the scale that the weights were trained on",
        "01-replace-the-head: What the weights want to see",
    ),
    "features-in-train-mode": Entry(
        "In train mode BatchNorm uses the batch and moves its statistics: features then change, "
        "and so does the model",
        "01-replace-the-head: Features once, heads often",
    ),
    "logits-for-features": Entry(
        "The output of the whole model is the old head's verdict; the features are what flows "
        "into the head",
        "01-replace-the-head: Features once, heads often",
    ),
    "graph-kept": Entry(
        "Features made with gradients keep every activation of the backbone in memory",
        "01-replace-the-head: Features once, heads often",
    ),
    "head-not-put-back": Entry(
        "A function that borrows the head must put it back",
        "01-replace-the-head: Features once, heads often",
    ),
    "head-not-trained": Entry(
        "The head is as good as a guess: no step has reached it",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "head-undertrained": Entry(
        "The head has begun to learn and stopped too early, or steps too small or too wide",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "test-set-chooses": Entry(
        "A test set that chooses is no test any more: choose on validation",
        "01-replace-the-head: Choose without cheating",
    ),
    "one-rate-for-all": Entry(
        "The trained stage needs a smaller rate than the new head: one parameter group each",
        "01-replace-the-head: Bonus: does unfreezing help?",
    ),
    "stage-still-frozen": Entry(
        "A frozen parameter gets no gradient, whatever the optimizer's rate",
        "01-replace-the-head: Bonus: does unfreezing help?",
    ),
    "stage-not-in-optimizer": Entry(
        "Unfrozen is not yet trained: the optimizer must hold it",
        "01-replace-the-head: Bonus: does unfreezing help?",
    ),
}
