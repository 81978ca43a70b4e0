"""The misconceptions that the checks of lesson 08 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "backbone-run-twice": Entry(
        "One backbone, run once, feeds all heads: running it for each head costs as much as "
        "separate models",
        "08-capstone: Exercise 1: three heads, one backbone",
    ),
    "old-head-changed": Entry(
        "The old head's answers are a promise: the same numbers, to the bit, and not only the "
        "same names",
        "08-capstone: The brief",
    ),
    "head-left-out": Entry(
        "A head learns from its own loss alone: one that no loss or no optimizer reaches "
        "stays as it was made",
        "08-capstone: Exercise 2: train two, move nothing",
    ),
    "threshold-misses-floor": Entry(
        "Recall asks of the rotten ones how many are found: the threshold follows from their "
        "scores, not from all",
        "08-capstone: A floor under the rare class",
    ),
    "lower-than-needed": Entry(
        "Each step down finds more and cries wolf more often: take the highest threshold that "
        "reaches the floor",
        "08-capstone: A floor under the rare class",
    ),
    "threshold-not-folded": Entry(
        "argmax of two logits changes its mind at a probability of one half, until a bias "
        "moves that point",
        "08-capstone: Exercise 4: fold it in",
    ),
    "threshold-upside-down": Entry(
        "To say rotten more often, its logit must go up: the shift has the wrong sign",
        "08-capstone: Exercise 4: fold it in",
    ),
    "probability-for-logit": Entry(
        "A bias lives among the logits: a probability t is the logit log(t / (1 - t))",
        "08-capstone: Exercise 4: fold it in",
    ),
    "edited-in-place": Entry(
        "What you were given belongs to the caller: change a copy",
        "08-capstone: Exercise 4: fold it in",
    ),
    "file-missing": Entry(
        "The judge reads one file, beside the notebook, under the name that you say",
        "08-capstone: Exercise 6: hand it in",
    ),
    "file-too-large": Entry(
        "Too large to be opened: half or single precision, and nothing but the asked tensors, "
        "stays below the limit",
        "08-capstone: The brief",
    ),
    "file-damaged": Entry(
        "The bytes are not a whole safetensors file", "08-capstone: Weights are data"
    ),
    "pickle-for-weights": Entry(
        "torch.save writes a pickle, a program that runs when it is opened: a new name makes "
        "it no safetensors file",
        "08-capstone: Weights are data",
    ),
    "tensors-missing": Entry(
        "A tensor that the brief names is not there", "08-capstone: The brief"
    ),
    "tensors-extra": Entry(
        "There is more than the brief names: leave out, or rename, what it does not know",
        "08-capstone: The brief",
    ),
    "wrong-shape": Entry(
        "A tensor has another shape than the brief asks for", "08-capstone: The brief"
    ),
    "wrong-dtype": Entry(
        "Floats go into the file in half or single precision, counts as the integers they are",
        "08-capstone: The brief",
    ),
    "weights-not-finite": Entry(
        "A weight that is NaN or infinite makes every answer NaN: the training has blown up, "
        "look at its loss",
        "08-capstone: The brief",
    ),
    "too-many-parameters": Entry(
        "The new heads are larger than the budget leaves room for", "08-capstone: The brief"
    ),
    "rare-class-ignored": Entry(
        "High accuracy, and most of the rare class missed: the other class is so common that "
        "it hides that",
        "08-capstone: A floor under the rare class",
    ),
    "false-alarms": Entry(
        "Calling nearly everything rotten finds all the rotten ones, and sells nothing",
        "08-capstone: A floor under the rare class",
    ),
}
