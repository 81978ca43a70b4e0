"""The misconceptions that the checks of lesson 06 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "matrix-transposed": Entry(
        "Rows are the true classes, columns the guessed ones",
        "06-metrics: Exercise 1: who was taken for whom",
    ),
    "over-the-batch": Entry(
        "Dimension 1 holds a picture's classes; along dimension 0 the pictures of a batch "
        "compete with one another",
        "06-metrics: Exercise 1: who was taken for whom",
    ),
    "absent-class-forgotten": Entry(
        "A class that does not occur in this batch is still a class: K comes from the logits, "
        "not from the labels",
        "06-metrics: Exercise 1: who was taken for whom",
    ),
    "precision-recall-swapped": Entry(
        "Precision is about what was flagged (tp + fp), recall about what is there to be "
        "found (tp + fn)",
        "06-metrics: Four numbers",
    ),
    "arithmetic-f1": Entry(
        "F1 is the harmonic mean: the arithmetic one gives half marks for flagging everything",
        "06-metrics: Exercise 2: four scores",
    ),
    "zero-division-undecided": Entry(
        "0 / 0 comes up, with nothing flagged or nothing to find: decide what it is, here 0",
        "06-metrics: Exercise 2: four scores",
    ),
    "prevalence-is-not-the-error-rate": Entry(
        "Not every positive is missed: with some recall there may be more positives than errors",
        "06-metrics: How rare must it be?",
    ),
    "mean-of-batch-accuracies": Entry(
        "A mean of batch accuracies gives a picture in a small batch more weight: add up "
        "counts, divide once",
        "06-metrics: Batch by batch",
    ),
    "f1-averaged-per-batch": Entry(
        "F1 is no mean over batches: add up tp, fp and fn, then divide once",
        "06-metrics: Batch by batch",
    ),
    "metric-never-reset": Entry(
        "Counts that outlive the call mix this epoch with all before it: begin at zero each time",
        "06-metrics: Batch by batch",
    ),
    "evaluated-in-train-mode": Entry(
        "In train mode Dropout throws dice and BatchNorm moves: evaluate after model.eval()",
        "06-metrics: Batch by batch",
    ),
    "micro-taken-for-macro": Entry(
        "Macro is the mean over classes; micro adds up the counts first, so that common "
        "classes decide",
        "06-metrics: Ten fruits, three averages",
    ),
    "weighted-taken-for-macro": Entry(
        "Weighted by how often they occur, the rare classes hardly count: macro weighs all alike",
        "06-metrics: Ten fruits, three averages",
    ),
    "f1-of-averages": Entry(
        "Macro F1 is the mean of the classes' F1, not the F1 of mean precision and mean recall",
        "06-metrics: Ten fruits, three averages",
    ),
    "logits-taken-for-probabilities": Entry(
        "A logit is not a probability: 0.5 on the logits is another threshold",
        "06-metrics: Where to draw the line",
    ),
    "one-logit-of-two": Entry(
        "With two logits the probability lies in their difference: softmax over both, not "
        "sigmoid of one",
        "06-metrics: Where to draw the line",
    ),
    "argmax-has-decided": Entry(
        "argmax is a threshold of one half: a habit, not a decision",
        "06-metrics: Where to draw the line",
    ),
    "accuracy-alone": Entry(
        "Accuracy weighs both kinds of error alike and follows the common class: choose by "
        "what the purpose asks for",
        "06-metrics: Exercise 7: one head, two purposes",
    ),
    "floor-at-any-price": Entry(
        "Flagging everything meets any recall floor: of all thresholds that meet it, take the "
        "one that gives most besides",
        "06-metrics: Exercise 7: one head, two purposes",
    ),
}
