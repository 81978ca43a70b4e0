"""The misconceptions that the checks of lesson 10 can name."""

from course.checking.entry import Entry

LESSON = "10-your-own-photographs"

MISCONCEPTIONS = {
    "orientation-ignored": Entry(
        "The pixels are stored as the sensor saw them, and EXIF says how to turn and mirror them: "
        "do both before you use the photo",
        f"{LESSON}: Look first",
    ),
    "channels-last": Entry(
        "NumPy and Pillow put channels last, PyTorch puts them first: (3, H, W)",
        f"{LESSON}: Exercise 1: open a photo",
    ),
    "grey-has-one-channel": Entry(
        "A grey photo has one channel, and the network expects three: repeat it",
        f"{LESSON}: Look first",
    ),
    "transparency-ignored": Entry(
        "A transparent pixel has a colour that nobody sees: put the photo on white before you drop "
        "the alpha channel",
        f"{LESSON}: Look first",
    ),
    "half-transparent-not-mixed": Entry(
        "A half-transparent pixel is mixed: alpha is the share of its colour, the rest is white",
        f"{LESSON}: Exercise 1: open a photo",
    ),
    "lists-not-followed": Entry(
        "Lists that share a photo are one group: if A is with B and B is with C, A is with C",
        f"{LESSON}: Exercise 2: which photos belong together",
    ),
    "lists-ignored": Entry(
        "The photos of a list have the same group",
        f"{LESSON}: Exercise 2: which photos belong together",
    ),
    "single-photos-merged": Entry(
        "A photo that is in no list is a group of its own",
        f"{LESSON}: Exercise 2: which photos belong together",
    ),
    "trained-on-own-fold": Entry(
        "A photo's logits come from a head that was trained without this photo's fold",
        f"{LESSON}: Every photo is tested once",
    ),
    "fold-order": Entry(
        "Row i of the result belongs to photo i: write each fold's logits back into its own rows",
        f"{LESSON}: Exercise 3: out of fold",
    ),
    "folds-from-zero": Entry(
        "The numbers of the folds are names: loop over those that occur, `folds.unique()`",
        f"{LESSON}: Exercise 3: out of fold",
    ),
    "branch-shares-weights": Entry(
        "A second name is no copy: without `copy.deepcopy` the old head gets the trained layers",
        f"{LESSON}: Fine-tune, and keep the old head",
    ),
    "branch-not-pretrained": Entry(
        "The new logits are made by a copy of layer4 with its weights and buffers, average pooling "
        "and one Linear",
        f"{LESSON}: Exercise 4: a branch",
    ),
    "branch-not-trained": Entry(
        "The copy of layer4 is there to learn: its parameters require a gradient, and the new head "
        "takes its features",
        f"{LESSON}: Fine-tune, and keep the old head",
    ),
    "shared-part-copied": Entry(
        "Everything up to layer3 is shared: only layer4 needs a copy",
        f"{LESSON}: Fine-tune, and keep the old head",
    ),
    "groups-torn": Entry(
        "Photos of one group are not independent: draw groups, and take all photos of each",
        f"{LESSON}: Exercise 5: an interval for any metric",
    ),
    "group-counted-once": Entry(
        "A group that is drawn twice counts twice: a mask or a set keeps it once",
        f"{LESSON}: Exercise 5: an interval for any metric",
    ),
    "unequal-chances": Entry(
        "Each group has the same chance in each place of a draw, whatever its size, and a draw has "
        "no group that was not drawn: draw from all of `groups.unique()`",
        f"{LESSON}: Exercise 5: an interval for any metric",
    ),
    "truth-and-prediction-apart": Entry(
        "A prediction belongs to its label: draw once, and index both with the same numbers",
        f"{LESSON}: Exercise 5: an interval for any metric",
    ),
    "other-quantiles": Entry(
        "95 % of the draws lie between the 2.5 % quantile and the 97.5 % quantile",
        f"{LESSON}: Exercise 5: an interval for any metric",
    ),
    "likeliest-class-decides": Entry(
        "All classes count, each with its probability: a rare class with a high cost can decide",
        f"{LESSON}: Decide by what errors cost",
    ),
    "costs-transposed": Entry(
        "The rows of the costs are true classes, the columns are decisions",
        f"{LESSON}: Decide by what errors cost",
    ),
    "highest-cost-decides": Entry(
        "Costs should be low: take the decision with the lowest expected cost, not the highest",
        f"{LESSON}: Exercise 6: decide",
    ),
    "loaded-not-strict": Entry(
        "If names or shapes do not fit, loading must raise an error: a model that is half loaded "
        "still predicts, with random weights",
        f"{LESSON}: A file that explains itself",
    ),
    "loaded-in-train-mode": Entry(
        "A new module is in train mode: call `eval()` before the model predicts",
        f"{LESSON}: A file that explains itself",
    ),
    "card-not-decoded": Entry(
        "The metadata of a safetensors file are texts: `json.loads` makes the card a dict again",
        f"{LESSON}: A file that explains itself",
    ),
}
