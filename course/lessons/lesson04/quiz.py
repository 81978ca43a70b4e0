"""The practice quiz of lesson 04, shared or copied: five questions and two endless kinds.

tests/course/lessons/test_facts_lesson04.py measures what the answers say.
"""

from course.checking.quiz.questions import Question, right, snippet, wrong
from course.lessons.lesson04.quiz_kinds import KINDS

WHO_CHANGES = Question(
    "`branches = [features[-2:] for _ in range(5)]`. An optimizer holds `branches[0].parameters()` "
    "and makes one step. Which branches change?",
    (
        wrong(
            "Only the first: the optimizer holds no other parameters.",
            "The optimizer holds the parameters of one block, but all five slices contain this "
            "block.",
        ),
        right(
            "All five: the slices are five containers around the same layers.",
            "A slice of an `nn.Sequential` makes a new container and copies no layer, as a slice "
            "of a list copies no element.",
        ),
        wrong(
            "None: a slice is a copy, so the optimizer trains a copy of the layers.",
            "A slice copies no layer. The step changes the parameters of `features`, and all five "
            "slices use them.",
        ),
        wrong(
            "First the first branch, and the others later in the training.",
            "All five use the same tensors, so the step changes all five at once.",
        ),
    ),
)

WHICH_COPIES = Question(
    "`block` is a trained part of a network. Which line makes five branches that can learn "
    "different things?",
    (
        wrong(
            snippet("branches = nn.ModuleList([block] * 5)"),
            "The list names one module five times.",
        ),
        wrong(
            snippet("branches = nn.ModuleList(copy.deepcopy([block] * 5))"),
            "Within one call, deepcopy remembers what it has copied. The list names one module "
            "five times, and so does its copy.",
        ),
        wrong(
            snippet("branches = nn.ModuleList(copy.copy(block) for _ in range(5))"),
            "`copy.copy` makes a new object around the same layers. It copies no parameter.",
        ),
        right(
            snippet("branches = nn.ModuleList(copy.deepcopy(block) for _ in range(5))"),
            "Five calls of deepcopy make five copies of all parameters and buffers.",
        ),
    ),
)

KEYS = Question(
    "Two models have five branches each. Their `state_dict`s have the same 1,523 keys, and each "
    "model loads the other's strictly, without an error. What do you know about the branches?",
    (
        wrong(
            "If one model's branches share parameters, so do the other's.",
            "A `state_dict` lists a shared tensor under each of its names. The keys are the same "
            "whether the branches share or not.",
        ),
        wrong(
            "Neither model shares: the `state_dict` would list a shared tensor once.",
            "It lists a shared tensor under each of its names. It is `parameters()` that gives "
            "each parameter object once.",
        ),
        right(
            "Nothing: names and shapes do not tell which tensors share memory.",
            "Strict loading compares names and shapes. Compare addresses, or look at what a step "
            "changes.",
        ),
        wrong(
            "All values arrive, in whichever direction you load.",
            "If you load five different branches into shared ones, each overwrites the one before, "
            "and only the values of the last one remain.",
        ),
    ),
)

SHARE = Question(
    "Five branches share a BatchNorm with momentum 0.1. In one forward in train mode it is called "
    "five times with the same features. "
    "Which share does this batch have in the running mean afterwards?",
    (
        wrong("0.1", "That is the share after one call. Each of the five calls moves the mean."),
        wrong(
            "0.5",
            "Each call moves the mean by a tenth of the distance that is *left*, so five calls do "
            "not add up to a half.",
        ),
        right(
            "About 0.41",
            "The old mean keeps a share of 0.9 to the power of 5, which is 0.59. The batch has the "
            "rest.",
        ),
        wrong(
            "About 0.59",
            "That is the share of the *old* mean, 0.9 to the power of 5. The batch has the rest.",
        ),
    ),
)

ASSIGNED = Question(
    "The five branches of `shared` use one memory. Those of `copied` have memory of their own. "
    "What does this line do?\n\n"
    + snippet("copied.load_state_dict(shared.state_dict(), assign=True)"),
    (
        wrong(
            "It copies values; the branches of `copied` stay independent.",
            "That happens *without* `assign=True`. With it, the model gets the tensors of the dict "
            "themselves.",
        ),
        right(
            "The branches of `copied` now share one memory, the one that `shared` uses.",
            "The dict holds one memory under five names, and `assign=True` puts its tensors into "
            "the model.",
        ),
        wrong(
            "It raises an error, because the models have different numbers of parameters.",
            "Loading compares keys and shapes, and these are the same in both models.",
        ),
        wrong(
            "The branches share memory, and `parameters()` gives fewer parameters than before.",
            "They share memory, but through different parameter objects. `parameters()` counts "
            "objects, so it gives as many as before.",
        ),
    ),
)

QUESTIONS = (WHO_CHANGES, WHICH_COPIES, KEYS, SHARE, ASSIGNED)

__all__ = ["KINDS", "QUESTIONS"]
