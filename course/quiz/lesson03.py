"""The plain questions of lesson 03, the BatchNorm trap. tests/test_facts_lesson03.py measures what they say."""
from course.quiz.questions import Question, right, snippet, wrong

WHO_MOVED = Question(
    "Every parameter of a ResNet-18 has `requires_grad = False`. A batch passes through it in train mode, under `torch.no_grad()`. "
    "What has changed afterwards?", (
        wrong("Nothing: without gradients nothing can move.",
              "That is true of parameters. Running statistics are buffers: the forward pass itself writes them, gradient or not."),
        right("60 buffers: means, variances and batch counts of 20 BatchNorm layers.",
              "Each BatchNorm mixes the batch's mean and variance into its own, and counts the batch. That takes no gradient."),
        wrong("The gammas and betas of 20 BatchNorm layers.",
              "These are parameters: they move when an optimizer steps, and none has. What moved are the running statistics."),
        wrong("40 buffers: the means and variances of 20 BatchNorm layers.",
              "These have moved, but a third buffer of each layer has, too: `num_batches_tracked`, which counts the batches.")))

WHICH_LOOP = Question("Backbone and old head are frozen. Which loop leaves the old head as it was, and lets the new head's Dropout work?", (
    wrong(snippet("model.backbone.eval()", "for epoch in range(5):", "    model.train()", "    train_one_epoch(model)"),
          "`model.train()` reaches every part of the model, so it undoes the `eval()` before the first batch."),
    wrong(snippet("model.train()", "for epoch in range(5):", "    model.eval()", "    train_one_epoch(model)"),
          "The statistics stay, and so does the old head. But the new head is in eval mode as well: its Dropout does nothing."),
    right(snippet("for epoch in range(5):", "    model.train()", "    model.backbone.eval()", "    train_one_epoch(model)"),
          "First everything is switched to train mode, then the frozen part back, and that in every epoch."),
    wrong(snippet("model.train()", "model.backbone.eval()", "for epoch in range(5):", "    train_one_epoch(model)", "    model.eval()",
                  "    print(accuracy(model))", "    model.train()"),
          "The first epoch is safe. Then the `train()` after the evaluation wakes the backbone, and from the second epoch on it drifts.")))

MOMENTUM = Question("Which setting of a BatchNorm layer's `momentum` leaves its running mean where it is, in train mode?", (
    right("`momentum = 0.0`",
          "The new batch gets a share of 0. But in train mode the layer still *normalises* with the batch's own statistics."),
    wrong("`momentum = 1.0`", "The new batch gets a share of 1: each batch overwrites all that was remembered."),
    wrong("`momentum = None`", "That makes the running mean the average of all batches seen. It still moves."),
    wrong("`momentum = 0.1`", "That is the default: a tenth of the way with each batch, and after twenty batches most of it.")))

EVAL_AND_GAMMA = Question(
    "A BatchNorm layer is in eval mode, its parameters have `requires_grad = True`, the optimizer holds them. What does a step move?", (
    wrong("Nothing: `eval()` freezes the layer.",
          "`eval()` changes which statistics are used and stops their updates. Parameters get gradients as before."),
    wrong("Its running mean and variance.", "In eval mode these are read and not written. The parameters are what moves."),
    right("Its gamma and beta.",
          "They are parameters with gradients, so the optimizer steps them. Freezing a layer takes `requires_grad_(False)` as well."),
    wrong("All four: gamma, beta, mean and variance.",
          "Mean and variance move in train mode alone. In eval mode only the parameters can.")))

SNAPSHOT = Question("You train a new head over a backbone in train mode, then load the backbone's state from before. Who suffers?", (
    wrong("The old head.", "It gets back the statistics that it was fitted to, so it answers as before."),
    right("The new head.",
          "It was fitted to features made with the batches' statistics and now reads others. The further apart, the more it loses."),
    wrong("Nobody: the state is as it was.",
          "The *backbone's* state is. But the new head was trained on features that it does not make."),
    wrong("Nobody, if the snapshot was not cloned.",
          "Without a clone the snapshot moves along with the backbone, and loading it changes nothing: the old head has lost its skill.")))

LESSON_03 = (WHO_MOVED, WHICH_LOOP, MOMENTUM, EVAL_AND_GAMMA, SNAPSHOT)
