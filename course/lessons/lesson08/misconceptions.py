"""The misconceptions that the checks of lesson 08 can name."""

from course.checking.entry import Entry

THREE_HEADS = "08-capstone: Exercise 1: three heads, one backbone"
BRIEF = "08-capstone: The brief"
RECALL = "08-capstone: A minimum recall for the rare class"
FOLD = "08-capstone: Exercise 4: fold the threshold in"
DATA = "08-capstone: Weights are data"

MISCONCEPTIONS = {
    "backbone-run-twice": Entry(
        "Run the backbone once and give its features to all heads: running it for each head costs "
        "as much as separate models",
        THREE_HEADS,
    ),
    "old-head-changed": Entry(
        "The old head must give the same logits as before, to the bit. The same names are not "
        "enough",
        BRIEF,
    ),
    "head-no-chain": Entry(
        "A new head is one nn.Linear, or an nn.Sequential of Linear layers with ReLU and Dropout: "
        "the judge reads the order of the layers from their numbers",
        BRIEF,
    ),
    "head-left-out": Entry(
        "A head learns only from its own loss, and only if the optimizer holds its parameters",
        "08-capstone: Exercise 2: train the new heads",
    ),
    "classes-exchanged": Entry(
        "The classes are in another order than in the brief: fresh is 0 and rotten is 1, and the "
        "fruits are in the order of EVENING_FRUITS",
        BRIEF,
    ),
    "threshold-misses-recall": Entry(
        "Recall is a share of the rotten images, so the threshold follows from their probabilities "
        "alone",
        RECALL,
    ),
    "lower-than-needed": Entry(
        "Take the highest threshold that reaches the minimum recall: a lower one calls more fresh "
        "images rotten",
        RECALL,
    ),
    "share-in-floats": Entry(
        "Count images and compare the share with the minimum: a share times a count is not exact "
        "in floating point, and ceil then rounds up to one more",
        RECALL,
    ),
    "threshold-not-folded": Entry(
        "The argmax of two logits changes at a probability of one half. A bias moves that point",
        FOLD,
    ),
    "threshold-upside-down": Entry(
        "The shift has the wrong sign: a low threshold says rotten more often, so the logit of "
        "rotten must go up",
        FOLD,
    ),
    "probability-for-logit": Entry(
        "A bias is added to logits: the probability t belongs to the logit log(t / (1 - t))",
        FOLD,
    ),
    "edited-in-place": Entry(
        "Change a copy: the caller still needs the model that it passed to your function", FOLD
    ),
    "file-missing": Entry(
        "The file is not there: it must have exactly the name or path that was asked for",
        "08-capstone: Exercise 6: train, choose, hand in",
    ),
    "file-too-large": Entry(
        "The file is over 50 MB. In half or single precision the tensors of the brief are below "
        "that",
        BRIEF,
    ),
    "file-damaged": Entry("The file is not a complete safetensors file", DATA),
    "pickle-for-weights": Entry(
        "torch.save writes a pickle, a program that runs when it is opened. Write the file with "
        "save_file: the file's name does not decide its format",
        DATA,
    ),
    "tensors-missing": Entry("A tensor of the brief's table is missing", BRIEF),
    "tensors-extra": Entry(
        "There is a tensor that is not in the brief's table: remove it, or rename it", BRIEF
    ),
    "wrong-shape": Entry("A tensor has another shape than in the brief", BRIEF),
    "wrong-dtype": Entry(
        "Store floats in half or single precision, and counts of batches as int64", BRIEF
    ),
    "weights-not-finite": Entry(
        "A parameter is NaN or infinite, so logits that depend on it are as well: training has "
        "diverged, look at its loss",
        BRIEF,
    ),
    "too-many-parameters": Entry("The new heads have more parameters than the brief allows", BRIEF),
    "rare-class-ignored": Entry(
        "Too few of the rotten images are found. Accuracy hides this, because rotten images are "
        "rare. A lower threshold finds more",
        RECALL,
    ),
    "false-alarms": Entry(
        "Too many fresh images are called rotten. A higher threshold keeps more of them", RECALL
    ),
}
