"""The questions of lesson 08, the capstone: five plain ones, and two kinds without end.

tests/course/lessons/test_facts_lesson08.py measures what they say.
"""

import math
from random import Random

from course.checking.quiz import architectures
from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, wrong

SHIP = Question(
    "One fruit in ten is rotten. A model is right on 96 % of them, fresh or rotten. How many "
    "of the rotten ones does it find?",
    (
        wrong(
            "96 %.",
            "That is the share over all fruit, and nine in ten of those are fresh. The rotten "
            "ones hardly weigh in it.",
        ),
        wrong(
            "At most half, or it would be right more often.",
            "It may find all of the rotten ones and take four fresh ones in a hundred for "
            "rotten. That makes 96 % as well.",
        ),
        right(
            "At least 60 %; more the number does not tell.",
            "Of 100 fruits 4 are judged wrong. If all 4 are rotten, 6 of 10 rotten ones are "
            "found; if none is, all. Recall tells.",
        ),
        wrong(
            "None: a model that is right so often calls everything fresh.",
            "Calling everything fresh is right on 90 %. It takes some rotten ones found to "
            "come to 96 %.",
        ),
    ),
)

BIT_FOR_BIT = Question(
    "Which of these leaves the old head's answers the same to the bit?",
    (
        wrong(
            "A learning rate of 1e-6 for the backbone.",
            "Small steps are steps. After the first one the features differ, and so do the logits.",
        ),
        right(
            "A frozen backbone in eval mode, and an optimizer over the new heads.",
            "No parameter gets a gradient, no running statistic moves, and the old head reads "
            "the same features as before.",
        ),
        wrong(
            "A frozen backbone in train mode, and an optimizer over the new heads.",
            "The parameters stay. The running means and variances move with every batch, and "
            "with them all features.",
        ),
        wrong(
            "Fine-tuning everything, then copying the old head's weights back.",
            "The old head has its weights again, but it reads features that it has never seen.",
        ),
    ),
)

FILE = Question(
    "You are to judge weights that a stranger sends. Which line opens them without running "
    "what the stranger wrote?",
    (
        wrong(
            '`torch.load("weights.pt", weights_only=False)`',
            "That runs the pickle, and a pickle may call any function of yours.",
        ),
        wrong(
            '`pickle.load(open("weights.safetensors", "rb"))`',
            "The name promises safetensors, the function runs a pickle. The bytes decide, not "
            "the name.",
        ),
        right(
            '`safetensors.torch.load_file("weights.safetensors")`',
            "Names, types, shapes and numbers: the format has no place for a program.",
        ),
        wrong(
            '`joblib.load("weights.joblib")`', "joblib writes pickles too, and opening one runs it."
        ),
    ),
)

THRESHOLD = Question(
    "You choose a threshold so that 85 % of 42 rotten validation pictures are found. And of a "
    "thousand new ones?",
    (
        wrong(
            "85 %: that is what the threshold was chosen for.",
            "It was chosen on 42 pictures, each of which weighs more than two points. Another "
            "42 would have chosen another threshold.",
        ),
        wrong(
            "More: new pictures are easier.",
            "Nothing makes them easier. If anything, a threshold looks best on the pictures "
            "that chose it.",
        ),
        right(
            "Something near it, rather less: so aim above the floor that you owe.",
            "42 pictures are a coarse ruler, and the choice has fitted itself to them. A "
            "margin pays for both.",
        ),
        wrong(
            "Nothing can be said.",
            "The same stall, the same camera: the share will be near. It only is not exactly "
            "the same.",
        ),
    ),
)

EXTRA_KEY = Question(
    "`model.state_dict()` holds `backbone.fc.weight`, which the brief does not know. Where "
    "does it come from?",
    (
        wrong(
            "From safetensors, which names all layers of a ResNet.",
            "safetensors writes the names that it is given, and knows no ResNet.",
        ),
        right(
            "The old head stands in two places: as `species`, and still inside the backbone.",
            "Whoever stores `model.fc` elsewhere must put an `nn.Identity()` in its place, or "
            "it is run, named and saved twice.",
        ),
        wrong(
            "From `nn.Identity()`, which keeps the weights of the layer it replaces.",
            "`nn.Identity()` has no weights at all, so it adds no key.",
        ),
        wrong(
            "From the optimizer, which the state_dict includes.",
            "An optimizer has a state_dict of its own. A model's holds its parameters and buffers.",
        ),
    ),
)

QUESTIONS = (SHIP, BIT_FOR_BIT, FILE, THRESHOLD, EXTRA_KEY)


@endless
def folded_bias(rng: Random) -> Question:
    """Which bias moves the point where argmax changes its mind to a given probability?

    With the logits (0, z) the probability is sigmoid(z), so that a threshold t is reached at
    z = log(t / (1 - t)).
    """
    thresholds = [n for n in range(5, 100, 5) if abs(n - 50) > 10]  # in percent
    threshold = rng.choice(thresholds) / 100
    bias = round(rng.uniform(-2, 2), 1)
    odds = f"log({threshold:g} / {1 - threshold:g})"
    shift = math.log(threshold / (1 - threshold))
    others = {}  # of equal numbers the last reason counts
    others[bias + shift] = f"The sign is turned: argmax would change its mind at {1 - threshold:g}."
    others[bias - threshold] = (
        f"{threshold:g} is a probability, and biases are logits. What goes off is {odds}."
    )
    others[bias + threshold] = (
        "A probability is no logit, and to add it says rotten more often, whatever the threshold "
        "is."
    )
    others[bias * threshold] = (
        "Scaling a bias shifts the boundary by an amount that depends on the old bias, not on the "
        "threshold."
    )
    others[bias - 0.5 + threshold] = (
        "The distance to one half is measured in probabilities here, and the bias lives among "
        "logits."
    )
    others[bias] = (
        "Unchanged, it leaves the point where argmax changes its mind at a probability of one half."
    )
    options = []
    for value, reason in others.items():
        if abs(value - bias + shift) > 0.05:
            options.append(wrong(f"`{value:.2f}`", reason))
    return pose(
        rng,
        "Two logits, fresh and rotten. argmax shall say rotten from a probability of "
        f"{threshold:g} on. What will the second bias be?",
        [f"head.bias  # tensor([0.0, {bias}])", "head.bias.data[1] = ..."],
        right(
            f"`{bias - shift:.2f}`",
            f"{odds} is {shift:.2f}, the logit of the threshold. Taken off the bias, it moves the "
            "point where argmax changes its mind from one half to there.",
        ),
        options,
    )


@endless
def room_for_a_head(rng: Random) -> Question:
    """How many hidden units fit into a new head of two Linear layers, within a budget?"""
    name = rng.choice(["resnet18", "resnet34", "resnet50", "densenet121", "mobilenet_v2"])
    width, classes = architectures.head_width(name), rng.randint(2, 20)
    budget = rng.randint(2, 40) * 10_000
    each = width + 1 + classes  # parameters of a hidden unit
    hidden = (budget - classes) // each
    explained = (
        f"Each hidden unit has {width} weights and a bias below it and {classes} weights above "
        f"it, {each} in all. The {classes} biases of the logits come on top."
    )
    return pose(
        rng,
        f"The new head may have at most {budget:,} parameters, biases included. "
        "How large can n be?",
        [
            f"model = torchvision.models.{name}()",
            f"head = nn.Sequential(nn.Linear({width}, n), nn.ReLU(), nn.Linear(n, {classes}))",
        ],
        right(f"`{hidden}`", explained),
        [
            wrong(
                f"`{budget // width}`",
                f"That counts the {width} weights below each hidden unit, and nothing else.",
            ),
            wrong(
                f"`{budget // (width * classes)}`",
                "Weights are summed over layers and not multiplied: each layer has its own.",
            ),
            wrong(
                f"`{hidden + 1}`", "That is one unit too many: with it the head is over the budget."
            ),
            wrong(
                f"`{2 * hidden}`",
                "As if half the layers were free. Both Linear layers count, the ReLU between them "
                "has no weights.",
            ),
            wrong(
                f"`{budget // 1000}`",
                f"1000 was the number of the old classes. The new head reads {width} features.",
            ),
        ],
    )


KINDS = ("folded_bias", "room_for_a_head")
