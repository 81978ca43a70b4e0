"""The misconceptions that the checks of lesson 07 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "equal-is-not-alike": Entry(
        "Two photos of one fruit have different pixels: ask how similar they are, not whether they "
        "are equal",
        "07-honest-scores: Exercise 1: near-duplicates",
    ),
    "dot-is-not-cosine": Entry(
        "A dot product grows with the length of the rows: divide by both lengths to get the cosine "
        "similarity",
        "07-honest-scores: Exercise 1: near-duplicates",
    ),
    "compared-row-by-row": Entry(
        "The similar row can be anywhere: compare each test row with every training row",
        "07-honest-scores: Exercise 1: near-duplicates",
    ),
    "group-on-both-sides": Entry(
        "Photos of one fruit belong on one side: draw fruits for the test set, not photos",
        "07-honest-scores: Exercise 2: split by fruit",
    ),
    "statistics-of-all-rows": Entry(
        "Mean and standard deviation come from the training set alone: the other rows must not "
        "change them",
        "07-honest-scores: Exercise 3: standardise",
    ),
    "own-statistics": Entry(
        "New rows get the training set's mean and standard deviation: with their own statistics a "
        "single row becomes zero or NaN",
        "07-honest-scores: Exercise 3: standardise",
    ),
    "score-for-model": Entry(
        "On another test set the score of an honest model changes too: compare the models, not "
        "their scores",
        "07-honest-scores: Exercise 4: audit a procedure",
    ),
    "predictions-for-outputs": Entry(
        "Two heads with the same predictions can still be different heads: compare their outputs",
        "07-honest-scores: Exercise 4: audit a procedure",
    ),
    "another-order-is-no-change": Entry(
        "The same test set in another order is the same test set: means and counts stay the same",
        "07-honest-scores: Exercise 4: audit a procedure",
    ),
    "one-change-tried": Entry(
        "A procedure can give the same head after one change by chance: an audit tries many "
        "random changes",
        "07-honest-scores: Exercise 4: audit a procedure",
    ),
    "evaluated-with-augmentation": Entry(
        "Augmented images are often harder than the original ones: a training accuracy on them "
        "hides the gap",
        "07-honest-scores: Suspect 3: the training",
    ),
    "drop-last-forgotten": Entry(
        "A loader with drop_last=True leaves images out: count over all images of the dataset",
        "07-honest-scores: Suspect 3: the training",
    ),
    "scheduler-per-batch": Entry(
        "A schedule made for epochs must step once an epoch: if it steps per batch, the learning "
        "rate goes up and down many times",
        "07-honest-scores: A smaller and smaller learning rate",
    ),
    "scheduler-takes-no-metric": Entry(
        "Only ReduceLROnPlateau takes a metric; CosineAnnealingLR would read it as the number of "
        "an epoch",
        "07-honest-scores: A smaller and smaller learning rate",
    ),
    "patience-miscounted": Entry(
        "Patience counts the epochs since the best one, and starts again with each better one",
        "07-honest-scores: Exercise 6: fit",
    ),
    "patience-against-the-last-epoch": Entry(
        "Compare with the best epoch so far, not with the epoch before: a score can rise for a "
        "long time and stay below its best",
        "07-honest-scores: Exercise 6: fit",
    ),
    "smaller-gain-ignored": Entry(
        "A small improvement is an improvement: the best epoch has the highest mean",
        "07-honest-scores: Exercise 6: fit",
    ),
    "one-task-decides": Entry(
        "With two tasks, judge an epoch by the mean of both accuracies",
        "07-honest-scores: Exercise 6: fit",
    ),
    "best-state-not-restored": Entry(
        "Stopping does not go back: the model still has the parameters of the last epoch",
        "07-honest-scores: Exercise 6: fit",
    ),
    "averaged-over-the-draws": Entry(
        "The accuracy of a draw is the mean over the elements of that draw, not over the draws: of "
        "a tensor `(draws, N)` take `mean(1)`",
        "07-honest-scores: Exercise 7: an interval",
    ),
    "drawn-without-replacement": Entry(
        "Draw with replacement: otherwise each draw holds the same images, and the accuracy never "
        "changes",
        "07-honest-scores: Exercise 7: an interval",
    ),
}
