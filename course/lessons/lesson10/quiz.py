"""The questions of lesson 10, your own photographs: five plain ones, and two kinds without end.

tests/course/lessons/test_facts_lesson10.py measures what they say.
"""

from random import Random

import torch

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, wrong

EXIF = Question(
    "A phone was held upright. `Image.open(path).size` is (4000, 3000), but a viewer shows a photo "
    "that is higher than wide. Why?",
    (
        wrong(
            "`size` gives (height, width).",
            "Pillow's `size` is (width, height). The stored pixels are 4000 wide.",
        ),
        right(
            "The EXIF data say that the stored pixels have to be turned.",
            "Many phones store what the sensor saw and note the orientation. "
            "`ImageOps.exif_transpose` turns the photo; `Image.open` alone does not.",
        ),
        wrong(
            "The viewer crops photos to its window.",
            "A viewer shows the whole photo. It reads the orientation in the EXIF data.",
        ),
        wrong(
            "JPEG cannot store photos that are higher than wide.",
            "JPEG can store any width and height. The phone did not turn the pixels.",
        ),
    ),
)

FOLDS = Question(
    "You have 300 photos of 30 dogs, ten of each, and ask for the breed. How do you make five "
    "folds to find out how the model does on new dogs?",
    (
        wrong(
            "Shuffle the photos and cut them into five parts of 60.",
            "Then photos of one dog are in training and in test, and the model recognises the dog.",
        ),
        wrong(
            "Put two photos of each dog into each fold.",
            "Then every dog is in every fold, and no test photo shows a new dog.",
        ),
        right(
            "Put all photos of a dog into one fold, six dogs in each.",
            "Each head is tested on dogs that it has not seen, as it will be later.",
        ),
        wrong(
            "Remove the near-duplicates, then shuffle.",
            "Two photos of one dog need not be near-duplicates, and still show the same dog.",
        ),
    ),
)

BRANCH = Question(
    "A new head and a deep copy of `layer4` were trained; all else was frozen, and the whole model "
    "was in train mode. Which logits of the old head are the same as before?",
    (
        wrong(
            "All, because every old parameter was frozen.",
            "The parameters are the same, but in train mode the forward has moved the running "
            "statistics of the shared part, and of the old layer4.",
        ),
        right(
            "None: running statistics of the old network have moved.",
            "Keep the old network in eval mode, also when `train()` is called on the whole model.",
        ),
        wrong(
            "Those of the training images.",
            "The running statistics have moved, and they are used for every image.",
        ),
        wrong(
            "All, because layer4 was copied.",
            "The copy protects the weights of the old layer4. The running statistics before it "
            "belong to the shared part.",
        ),
    ),
)

COST = Question(
    "A gate opens where p, the probability of a fox, is below a threshold. A fox that comes in "
    "costs 20, a sheep that waits costs 1. Below which p is it cheaper to open?",
    (
        wrong(
            "Below 1/2: then a sheep is more likely.",
            "One half is right only if both errors cost the same.",
        ),
        wrong(
            "Below 1/20: the ratio of the costs.",
            "Opening costs 20 p on average, waiting 1 - p. They are equal at p = 1/21.",
        ),
        right(
            "Below 1/21: there 20 p is less than 1 - p.",
            "To open costs 20 p on average, to wait costs (1 - p). The threshold follows from the "
            "costs, if the probabilities are calibrated.",
        ),
        wrong(
            "Below 20/21: foxes are expensive.",
            "At p = 20/21 nearly every animal is a fox, and opening costs 19 on average.",
        ),
    ),
)

UNKNOWN = Question(
    "A head for birds, flowers, hooves and paws gets a photo of a temple. What do its "
    "probabilities say?",
    (
        wrong(
            "They are all near 0.",
            "Softmax makes them sum to 1, whatever the photo shows.",
        ),
        wrong(
            "They are all near 1/4, because the head does not know.",
            "They can be, but nothing makes them so. The head has learnt to tell four classes "
            "apart, not to notice what is none of them.",
        ),
        right(
            "They sum to 1, and one of them can be high.",
            "The head can only choose among its classes. Whether a photo belongs to them at all is "
            "another question.",
        ),
        wrong(
            "The highest one is the class that looks most like a temple to people.",
            "The features decide, and they need not see what people see.",
        ),
    ),
)

QUESTIONS = (EXIF, FOLDS, BRANCH, COST, UNKNOWN)

DECISIONS = ("open", "call", "shut")


def cheapest(probability: float, costs: list[list[int]]) -> int:
    """Return the decision with the lowest expected cost; costs: of (sheep, fox) by decision."""
    row = torch.tensor([1 - probability, probability])
    return int((row @ torch.tensor(costs, dtype=torch.float32)).argmin())


@endless
def expected_cost(rng: Random) -> Question:
    """What does a decision cost on average?"""
    percent = rng.choice([5, 10, 15, 20, 30, 40, 90])
    fox, sheep = rng.randint(10, 40), rng.randint(2, 9)
    call = rng.randint(1, 2)
    decision = rng.choice(DECISIONS)
    p = percent / 100
    values = {"open": p * fox, "call": float(call), "shut": (1 - p) * sheep}
    reasons = {
        "open": f"That is opening: {p:g} · {fox}, and a sheep that comes in costs nothing.",
        "call": f"That is calling, which costs {call} in both cases.",
        "shut": f"That is keeping it shut: {1 - p:g} · {sheep}.",
    }
    others = {values[name]: reasons[name] for name in DECISIONS if name != decision}
    if decision == "open":
        more = {
            float(fox): "That is the cost of opening to a fox, without its probability.",
            (1 - p) * fox: "That takes the probability of a sheep for that of a fox.",
        }
    elif decision == "shut":
        more = {
            float(sheep): "That is the cost of a sheep that waits, without its probability.",
            p * sheep: "That takes the probability of a fox for that of a sheep.",
        }
    else:
        more = {
            float(2 * call): "That adds the costs of both cases without their probabilities.",
            p * call: "That counts a call only if a fox comes. A call costs the same for a sheep.",
            (1 - p) * call: "That counts a call only if a sheep comes. A call costs the same for a "
            "fox.",
        }
    more[values["open"] + values["shut"]] = "That adds what opening and keeping it shut cost."
    for value, reason in more.items():
        others.setdefault(value, reason)
    return pose(
        rng,
        f"What does the decision to {_named(decision)} cost on average?",
        [
            f"p = torch.tensor([{1 - p:.2f}, {p:.2f}])  # sheep, fox",
            "#                      open  call  shut",
            f"costs = torch.tensor([[{0:4d}, {call:5d}, {sheep:5d}],   # a sheep",
            f"                      [{fox:4d}, {call:5d}, {0:5d}]])  # a fox",
        ],
        right(f"{values[decision]:.2f}", reasons[decision].replace("That is", "It is", 1)),
        [
            wrong(f"{value:.2f}", reason)
            for value, reason in others.items()
            if abs(value - values[decision]) > 0.005
        ],
    )


def _named(decision: str) -> str:
    return {"open": "open the gate", "call": "call the farmer", "shut": "keep it shut"}[decision]


@endless
def groups_in_lists(rng: Random) -> Question:
    """How many groups do overlapping lists make?"""
    count = rng.randint(7, 10)
    sizes = [rng.choice([1, 2, 2, 3]) for _ in range(rng.randint(1, 4))]
    lists = [rng.sample(range(count), size) for size in sizes]
    if rng.random() < 0.8:
        lists.append([lists[0][-1], rng.choice([n for n in range(count) if n not in lists[0]])])
    groups = [{photo} for photo in range(count)]
    for photos in lists:
        joined = [group for group in groups if group & set(photos)]
        groups = [group for group in groups if not group & set(photos)] + [set().union(*joined)]
    alone = count - len({photo for photos in lists for photo in photos})
    found = len(groups)
    others = {
        count: f"There are {count} photos, and the lists join some of them.",
        found - alone: f"The {alone} photos that are in no list are groups as well.",
        len(lists): "That is the number of lists. Lists that share a photo are one group, and "
        "photos in no list are groups of their own.",
        len(lists) + alone: "Lists that share a photo are one group, not two.",
        count - len(lists): "A list does not always join two groups: it may have one photo or "
        "three, and some of its photos may be in one group already.",
        found + 1: "One too many: follow the lists from photo to photo.",
    }
    too_few = "a photo that is in no list is a group of its own."
    if not alone:
        too_few = "follow the lists from photo to photo."
    if found > 1:
        others[found - 1] = f"One too few: {too_few}"
    return pose(
        rng,
        f"{count} photos are numbered from 0. How many groups are there?",
        [f"together = {lists}"],
        right(str(found), f"{found - alone} of photos in lists, and {alone} of photos in none."),
        [wrong(str(value), reason) for value, reason in others.items() if value != found],
    )


KINDS = ("expected_cost", "groups_in_lists")
