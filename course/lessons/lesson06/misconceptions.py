"""The misconceptions that the checks of lesson 06 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "matrix-transposed": Entry(
        "The rows are the true classes, the columns the predicted ones",
        "06-metrics: Exercise 1: the confusion matrix",
    ),
    "over-the-batch": Entry(
        "Dimension 1 holds the classes of one image, dimension 0 the images of the batch: work "
        "along dimension 1",
        "06-metrics: Exercise 1: the confusion matrix",
    ),
    "absent-class-forgotten": Entry(
        "A class that does not occur in this batch is still a class: the number of classes is "
        "K, whatever the labels are",
        "06-metrics: Exercise 1: the confusion matrix",
    ),
    "precision-recall-swapped": Entry(
        "Precision is a share of what was flagged (tp + fp), recall a share of what is positive "
        "(tp + fn)",
        "06-metrics: Four metrics",
    ),
    "arithmetic-f1": Entry(
        "F1 is the harmonic mean of precision and recall: their arithmetic mean is above one "
        "half even for flagging everything",
        "06-metrics: Exercise 2: four metrics",
    ),
    "zero-division-undecided": Entry(
        "A denominator can be 0, for example when nothing is flagged: the metric is then 0",
        "06-metrics: Exercise 2: four metrics",
    ),
    "prevalence-is-not-the-error-rate": Entry(
        "Not every positive is missed: if some are found, there can be more positives than errors",
        "06-metrics: How rare must it be?",
    ),
    "mean-of-batch-accuracies": Entry(
        "A mean of batch accuracies gives an image in a small batch more weight: add up counts, "
        "and divide once",
        "06-metrics: Batch by batch",
    ),
    "f1-averaged-per-batch": Entry(
        "F1 is not a mean over batches: add up tp, fp and fn, and divide once",
        "06-metrics: Batch by batch",
    ),
    "metric-never-reset": Entry(
        "Counts that outlive the call mix this epoch with the ones before: start each call at 0",
        "06-metrics: Batch by batch",
    ),
    "evaluated-in-train-mode": Entry(
        "In train mode Dropout is random and BatchNorm updates its statistics: call model.eval() "
        "before you evaluate",
        "06-metrics: Batch by batch",
    ),
    "not-the-f1-of-class-1": Entry(
        "With class 1 as the positive class, F1 is that of class 1 alone: not that of class 0, "
        "and not an average over both classes",
        "06-metrics: Exercise 4: evaluate",
    ),
    "micro-taken-for-macro": Entry(
        "Macro is the mean over the classes; micro adds up the counts first, so that common "
        "classes decide",
        "06-metrics: Ten fruits, two averages",
    ),
    "weighted-taken-for-macro": Entry(
        "Macro gives each class the same weight; a mean weighted by how often each class occurs "
        "hides the rare ones",
        "06-metrics: Ten fruits, two averages",
    ),
    "f1-of-averages": Entry(
        "Macro F1 is the mean of the classes' F1, not the F1 of mean precision and mean recall",
        "06-metrics: Ten fruits, two averages",
    ),
    "logits-taken-for-probabilities": Entry(
        "A logit is not a probability: compare the threshold with the result of softmax",
        "06-metrics: Exercise 6: flag",
    ),
    "one-logit-of-two": Entry(
        "With two logits the probability depends on their difference: use softmax over both, not "
        "sigmoid of one",
        "06-metrics: Exercise 6: flag",
    ),
    "argmax-has-decided": Entry(
        "argmax of two logits is a threshold of one half, whatever threshold the function gets",
        "06-metrics: Choose a threshold",
    ),
    "at-least-includes-equal": Entry(
        '"At least" includes equality: compare with >=',
        "06-metrics: Choose a threshold",
    ),
    "accuracy-alone": Entry(
        "Accuracy counts both kinds of error alike: of the thresholds that reach the minimum, "
        "choose by the other metric",
        "06-metrics: Exercise 7: one head, two purposes",
    ),
    "f1-alone": Entry(
        "F1 treats precision and recall alike, but here one has a minimum: of the thresholds that "
        "reach it, choose by the other metric",
        "06-metrics: Exercise 7: one head, two purposes",
    ),
    "grid-of-thresholds": Entry(
        "A grid such as 0, 0.01, 0.02 skips the thresholds between its steps: try each probability "
        "that occurs, because the flagged fruits change only there",
        "06-metrics: Exercise 7: one head, two purposes",
    ),
    "other-metric-ignored": Entry(
        "Several thresholds reach the minimum: return one with the highest value of the other "
        "metric",
        "06-metrics: Exercise 7: one head, two purposes",
    ),
}
