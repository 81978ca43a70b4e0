"""The questions of lesson 05, two heads, one loss: five plain ones, and two kinds without end.

tests/course/lessons/test_facts_lesson05.py measures what they say.
"""

from course.checking.quiz.questions import Question, right, snippet, wrong
from course.lessons.lesson05.quiz_kinds import KINDS

ITEM_LINES = snippet("loss = 2 * fruit_loss + fresh_loss.item()", "loss.backward()")
DEAD_HEAD = Question(
    f"Which heads get a gradient from these lines?\n\n{ITEM_LINES}",
    (
        wrong(
            "Both, because both losses are in the sum.",
            "The value of the freshness loss is in the sum. But `.item()` returns a plain number, "
            "and no gradient flows through a number.",
        ),
        right(
            "Only the fruit head.",
            "`.item()` returns a number without a graph. The loss that you print looks as usual, "
            "but the freshness head gets no gradient.",
        ),
        wrong(
            "Only the freshness head.",
            "The loss with a graph is the fruit loss. `.item()` takes the graph from the freshness "
            "loss.",
        ),
        wrong(
            "None: `backward()` raises an error.",
            "The sum still has the graph of the fruit loss, so `backward()` runs and says nothing.",
        ),
    ),
)

FIRST_LOSS = Question(
    "Two new heads on one backbone: the head for 6 fruits has a first loss of about 1.79, the head "
    "for fresh or rotten one of about 0.69. What do these losses tell you?",
    (
        wrong(
            "Fruit is the harder task.",
            "An untrained head has learnt nothing about its task. Its loss is about ln 6 because "
            "there are six classes.",
        ),
        wrong(
            "The fruit loss needs a loss weight of 2.",
            "That changes 2.6 to 1 into 5.2 to 1. To make the first losses equal, fruit needs the "
            "*smaller* loss weight.",
        ),
        right(
            "One task has six classes and the other has two.",
            "ln 6 = 1.79 and ln 2 = 0.69 are the losses of a guess. Which task is harder shows "
            "only in training.",
        ),
        wrong(
            "The fruit head has worse first parameters.",
            "Both heads start with small random parameters, and both give nearly equal "
            "probabilities to all classes.",
        ),
    ),
)

FROZEN_ADAMW = Question(
    "The backbone is frozen, and you train two linear heads with AdamW. You change the loss "
    "weights from 1 and 1 to 2 and 1. What changes?",
    (
        wrong(
            "The fruit head learns twice as fast.",
            "Plain SGD would make its steps twice as large. AdamW divides each gradient by its own "
            "size, so a factor of 2 cancels.",
        ),
        wrong(
            "The backbone learns more for fruit and less for freshness.",
            "The backbone is frozen: no parameter that both tasks share changes.",
        ),
        wrong(
            "The freshness head learns half as fast.",
            "Its loss still has the weight 1, and none of its parameters gets a gradient from the "
            "other loss.",
        ),
        right(
            "Practically nothing.",
            "Each parameter gets a gradient from one task only, and AdamW cancels a factor on it. "
            "In the lesson the two runs differ by about 0.000002.",
        ),
    ),
)

COSINE = Question(
    "You put two new, untrained heads on a backbone. In the last shared layer, the cosine "
    "similarity of the gradients of the two tasks is 0.01. What does that show?",
    (
        wrong(
            "The two tasks do not disturb each other.",
            "Two untrained heads for the *same* task give a value near 0 as well. Train the heads "
            "first, then compare.",
        ),
        wrong(
            "One of the two gradients is zero.",
            "Cosine similarity compares directions. Both gradients can be long and still be at a "
            "right angle.",
        ),
        wrong(
            "The two tasks conflict.",
            "A conflict would give a negative value: then a step for one task makes the loss of "
            "the other larger.",
        ),
        right(
            "Nothing about the tasks yet.",
            "Each untrained head multiplies the error by its own random parameters. So even two "
            "heads for one task have gradients at nearly a right angle.",
        ),
    ),
)

TOTALS = Question(
    "Three runs end with these total validation losses: loss weights 1 and 1: 0.45; 2 and 1: 0.60; "
    "learned loss weights: -0.30. Which run is best?",
    (
        wrong(
            "The one with learned loss weights: its loss is the lowest.",
            "Its total contains the terms + s, which can be negative. With other loss weights the "
            "total is another loss, so the totals cannot be compared.",
        ),
        wrong(
            "The one with 1 and 1: a loss cannot be negative.",
            "With learned loss weights the total can be negative, because it adds s. That makes "
            "the run neither better nor worse.",
        ),
        wrong(
            "The one with 2 and 1: 0.60 / 3 is less than 0.45 / 2.",
            "Dividing by the sum of the loss weights does not help: the tasks still have different "
            "shares in the two totals.",
        ),
        right(
            "These numbers cannot tell.",
            "Compare something that does not depend on the loss weights, such as the validation "
            "accuracy of each task.",
        ),
    ),
)

QUESTIONS = (DEAD_HEAD, FIRST_LOSS, FROZEN_ADAMW, COSINE, TOTALS)

__all__ = ["KINDS", "QUESTIONS"]
