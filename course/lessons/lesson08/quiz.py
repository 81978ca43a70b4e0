"""The questions of lesson 08, the capstone: five fixed ones, and two kinds with new numbers.

tests/course/lessons/test_facts_lesson08.py measures what they say.
"""

import math
from random import Random

from course.checking.quiz import architectures
from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, decimals, right, wrong

SHIP = Question(
    "One fruit in ten is rotten. A model predicts fresh or rotten, and its accuracy is 96 %. How "
    "many of the rotten fruits does it find?",
    (
        wrong(
            "96 %.",
            "96 % is the share over all fruit, and nine in ten of those are fresh. So the rotten "
            "ones count little in it.",
        ),
        wrong(
            "At most half. Otherwise its accuracy would be higher.",
            "It may find all rotten ones and call 4 of the 90 fresh ones rotten. That also "
            "gives 96 %.",
        ),
        right(
            "At least 60 %. The accuracy does not tell us more.",
            "Of 100 fruits 4 are predicted wrong. If all 4 are rotten, it finds 6 of 10. If none "
            "of them is, it finds all 10. To know more, compute the recall.",
        ),
        wrong(
            "None: with this accuracy, it calls everything fresh.",
            "A model that calls everything fresh has an accuracy of 90 %. To reach 96 %, it must "
            "find at least six rotten ones.",
        ),
    ),
)

BIT_FOR_BIT = Question(
    "Which of these keeps the old head's logits the same to the bit?",
    (
        wrong(
            "Train the whole network with a learning rate of 1e-6.",
            "A small step is still a step. After the first one the features differ, and so do the "
            "logits.",
        ),
        right(
            "A frozen backbone in eval mode, and an optimizer with the new head's parameters.",
            "No parameter of the backbone gets a gradient and no running statistic moves, so the "
            "old head gets the same features as before.",
        ),
        wrong(
            "A frozen backbone in train mode, and an optimizer with the new head's parameters.",
            "The parameters stay the same, but the running means and variances move with every "
            "batch, and so the features change.",
        ),
        wrong(
            "Train the whole network, then copy the old head's parameters back.",
            "The old head has its parameters again, but its inputs, the features, have changed.",
        ),
    ),
)

FILE = Question(
    "A stranger sends you weights. Which line opens them without running the stranger's code?",
    (
        wrong(
            '`torch.load("weights.pt", weights_only=False)`',
            "With `weights_only=False` it unpickles everything, and a pickle can call any "
            "function.",
        ),
        wrong(
            '`pickle.load(open("weights.safetensors", "rb"))`',
            "`pickle.load` runs a pickle, whatever the file's name is. The bytes decide, not the "
            "name.",
        ),
        right(
            '`safetensors.torch.load_file("weights.safetensors")`',
            "It reads names, dtypes, shapes and numbers. The format has no place for a program.",
        ),
        wrong(
            '`joblib.load("weights.joblib")`',
            "joblib writes pickles as well, so opening the file can run code.",
        ),
    ),
)

THRESHOLD = Question(
    "You choose the highest threshold that finds at least 85 % of 42 rotten validation images. How "
    "many of a thousand new rotten images do you expect it to find?",
    (
        wrong(
            "Exactly 85 %, because the threshold was chosen for that.",
            "It was chosen on 42 images, and each of them is 2.4 percentage points. Other 42 "
            "images would have led to another threshold.",
        ),
        wrong(
            "Clearly more, because new images are easier.",
            "New images of the same stall are not easier. The threshold was chosen on the "
            "validation images, so the recall measured there is optimistic.",
        ),
        right(
            "Near 85 %, and it may well be several points less. So I ask for more than I need.",
            "With 42 images the standard error of a recall of 85 % is 5.5 points, and the "
            "threshold was chosen on these very images. A margin covers both.",
        ),
        wrong(
            "We cannot know anything about it.",
            "Stall and camera are the same, so the recall will be near the measured one. It is "
            "only not exactly the same.",
        ),
    ),
)

EXTRA_KEY = Question(
    "`model.state_dict()` holds `backbone.fc.weight`, which is not in the brief. Why is it there?",
    (
        wrong(
            "safetensors names all layers of a ResNet.",
            "safetensors writes the names in the dict that it gets. It does not know what a "
            "ResNet is.",
        ),
        right(
            "The old head is in two places: as `species`, and still as `backbone.fc`.",
            "If you store `model.fc` under a second name, put an `nn.Identity()` in its old place. "
            "Otherwise the backbone still runs it, and the state_dict lists it twice.",
        ),
        wrong(
            "`nn.Identity()` keeps the weights of the layer that it replaces.",
            "`nn.Identity()` has no parameters, so it adds no key.",
        ),
        wrong(
            "The state_dict also holds what the optimizer has stored.",
            "An optimizer has a state_dict of its own. A model's state_dict holds its parameters "
            "and buffers.",
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
    others[bias + shift] = (
        f"The sign is wrong: this argmax says rotten from a probability of {1 - threshold:.2g} on."
    )
    others[bias - threshold] = (
        f"{threshold:g} is a probability, and a bias is added to logits. Subtract {odds}."
    )
    others[bias + threshold] = (
        "This adds a probability to a logit. A larger bias says rotten more often, whatever the "
        "threshold is."
    )
    others[bias * threshold] = (
        "Multiplying moves the boundary by an amount that depends on the old bias. The shift must "
        "depend on the threshold only."
    )
    others[bias - 0.5 + threshold] = (
        "This adds a difference of two probabilities to a logit. Only logits can be added to "
        "logits."
    )
    others[bias] = "With the old bias the argmax still changes at a probability of one half."
    options = []
    for value, reason in others.items():
        if abs(value - bias + shift) > 0.05:
            options.append(wrong(f"`{decimals(value, 2)}`", reason))
    return pose(
        rng,
        "A head has two logits, fresh and rotten. You want its argmax to say rotten where the "
        f"probability of rotten is above {threshold:g}. Which second bias do you set?",
        [f"head.bias  # tensor([0.0, {decimals(bias, 1)}])", "head.bias.data[1] = ..."],
        right(
            f"`{decimals(bias - shift, 2)}`",
            f"The logit of the threshold, {odds}, is {decimals(shift, 2)}. Subtract it from the "
            "bias, and the argmax changes at the threshold and no longer at one half.",
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
        f"Each hidden unit has {width} weights and a bias in the first layer and {classes} weights "
        f"in the second, {each} in all. The {classes} biases of the logits are added once."
    )
    return pose(
        rng,
        f"A new head may have at most {budget:,} parameters, biases included. "
        "What is the largest n?",
        [
            f"model = torchvision.models.{name}()",
            f"head = nn.Sequential(nn.Linear({width}, n), nn.ReLU(), nn.Linear(n, {classes}))",
        ],
        right(f"`{hidden}`", explained),
        [
            wrong(
                f"`{budget // width}`",
                f"This counts only the {width} weights of each hidden unit in the first layer.",
            ),
            wrong(
                f"`{budget // (width * classes)}`",
                f"This counts {width} x {classes} parameters for each hidden unit. The two layers "
                "are separate, so their parameters are added and not multiplied.",
            ),
            wrong(
                f"`{hidden + 1}`", "One unit too many: this head has more parameters than allowed."
            ),
            wrong(
                f"`{2 * hidden}`",
                "This head has about twice as many parameters as allowed. Both Linear layers "
                "count; only the ReLU has no parameters.",
            ),
            wrong(
                f"`{budget // 1000}`",
                f"1000 is the number of old classes. The new head gets {width} features.",
            ),
        ],
    )


KINDS = ("folded_bias", "room_for_a_head")
