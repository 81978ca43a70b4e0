"""The misconceptions that the checks of lesson 01 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "in-features-from-memory": Entry(
        "Models differ in the number of features: read it from the head of the model that you get",
        "01-replace-the-head: Exercise 1: inputs of the head",
    ),
    "head-is-the-model": Entry(
        "Fewer classes do not make the model much smaller: the head is a small part of it",
        "01-replace-the-head: Exercise 2: parameters saved",
    ),
    "out-features-edited": Entry(
        "`out_features` only describes the layer: the shape of its weight decides how many logits "
        "there are",
        "01-replace-the-head: One line replaces the head",
    ),
    "stacked-on-logits": Entry(
        "The new layer replaces the old head; it must not stand on top of the old logits",
        "01-replace-the-head: One line replaces the head",
    ),
    "logits-sliced": Entry(
        "The first n of the 1000 old logits belong to n old classes, not to your n classes",
        "01-replace-the-head: One line replaces the head",
    ),
    "softmax-in-the-head": Entry(
        "`CrossEntropyLoss` expects logits and applies log-softmax itself: a softmax before it "
        "makes the gradients small",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "not-logits": Entry(
        "The last layer of a head is linear: `CrossEntropyLoss` expects logits, which can have any "
        "sign and size",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "batch-dimension-lost": Entry(
        "Keep the batch dimension, also for a batch of one image: `squeeze()` removes every "
        "dimension of size 1",
        "01-replace-the-head: One line replaces the head",
    ),
    "backbone-thrown-away": Entry(
        "A newly built network has new random parameters: change the model that you get",
        "01-replace-the-head: One line replaces the head",
    ),
    "not-in-place": Entry(
        "Change the very model that the function gets and return it: other code may already hold "
        "this model, and an optimizer its parameters",
        "01-replace-the-head: One line replaces the head",
    ),
    "model-left-changed": Entry(
        "Only the stated part of the model may change: values, gradients, modes, hooks, options "
        "and requires_grad of the rest stay",
        "00-start-here: An answer and its check",
    ),
    "fc-on-a-model-without-fc": Entry(
        "Only some families call their head `fc`; the others do not have it, and ignore a new one",
        "01-replace-the-head: Not every head is called fc",
    ),
    "new-layer-not-called": Entry(
        "A model calls only the layers that its forward names: assign the new head to the "
        "attribute that holds the old one",
        "01-replace-the-head: Not every head is called fc",
    ),
    "classifier-layers-lost": Entry(
        "Replace the last layer alone: Dropout, Flatten, norms and hidden layers beside it belong "
        "to the pretrained network",
        "01-replace-the-head: Not every head is called fc",
    ),
    "head-is-always-linear": Entry(
        "The head of SqueezeNet is a 1 x 1 convolution: its input has a height and a width",
        "01-replace-the-head: Not every head is called fc",
    ),
    "auxiliary-head-forgotten": Entry(
        "GoogLeNet and Inception have auxiliary heads, which must give logits for the new classes, "
        "too",
        "01-replace-the-head: Exercise 4: every family",
    ),
    "optimizer-before-swap": Entry(
        "An optimizer keeps the tensors that it was given: made too early, it updates the old head",
        "01-replace-the-head: Freeze, replace, then make the optimizer",
    ),
    "parameter-not-in-optimizer": Entry(
        "An optimizer updates only the parameters that it was given: give it the whole new head, "
        "also the bias",
        "01-replace-the-head: Freeze, replace, then make the optimizer",
    ),
    "froze-the-new-head": Entry(
        "Freeze first, then replace: otherwise the new head is frozen, too",
        "01-replace-the-head: Freeze, replace, then make the optimizer",
    ),
    "backbone-not-frozen": Entry(
        "Set `requires_grad` to False for every parameter of the backbone",
        "01-replace-the-head: Freeze, replace, then make the optimizer",
    ),
    "normalised-with-a-half": Entry(
        "Mean and std of 0.5 belong to other pretrained weights: these expect ImageNet's numbers",
        "01-replace-the-head: The input that the weights expect",
    ),
    "normalised-with-its-own-statistics": Entry(
        "Normalise with the fixed numbers of the pretrained weights, not with the images' own mean "
        "and std",
        "01-replace-the-head: The input that the weights expect",
    ),
    "wrong-input-scale": Entry(
        "Divide by 255, subtract the mean, divide by the standard deviation, in this order and for "
        "each colour",
        "01-replace-the-head: The input that the weights expect",
    ),
    "features-in-train-mode": Entry(
        "Run the model in eval mode: in train mode BatchNorm uses the statistics of the batch and "
        "updates its buffers",
        "01-replace-the-head: Compute the features once",
    ),
    "logits-for-features": Entry(
        "The model returns the logits of its old head; the features are the input of the head",
        "01-replace-the-head: Compute the features once",
    ),
    "graph-kept": Entry(
        "Use `torch.no_grad()`: otherwise the features keep the activations of the whole backbone "
        "in memory",
        "01-replace-the-head: Compute the features once",
    ),
    "head-not-put-back": Entry(
        "A function that takes the head off for a moment must put it back",
        "01-replace-the-head: Compute the features once",
    ),
    "head-not-trained": Entry(
        "The head does not depend on the labels: no training step has changed it",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "head-learnt-other-labels": Entry(
        "The head has not learnt the labels of its images: give each row of features its own "
        "label, and make the loss smaller, not larger",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "standardised-outside-the-head": Entry(
        "A head gets the features as they are: if you standardise them, the head that you return "
        "must do it, too",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "head-undertrained": Entry(
        "The head has learnt too little: train longer, or with another learning rate",
        "01-replace-the-head: Exercise 8: train the head",
    ),
    "test-set-chooses": Entry(
        "Choose on the validation set: if the test set chooses, its accuracy is too high",
        "01-replace-the-head: Choose on validation, report on test",
    ),
    "loss-chooses": Entry(
        "The exercise asks for the highest accuracy; the lowest loss can belong to another head, "
        "because a loss also depends on how sure a head is",
        "01-replace-the-head: Choose on validation, report on test",
    ),
    "test-set-for-all": Entry(
        "Only the chosen head runs on the test set: otherwise you might choose by it",
        "01-replace-the-head: Choose on validation, report on test",
    ),
    "validation-accuracy-reported": Entry(
        "Report the accuracy on the test set: the best accuracy on validation is too high on "
        "average, because it was chosen",
        "01-replace-the-head: Choose on validation, report on test",
    ),
    "fit-again": Entry(
        "Fit once for each learning rate and keep the heads: a second fit takes as long again and "
        "gives another head",
        "01-replace-the-head: Exercise 9: choose the learning rate",
    ),
}
