"""The misconceptions that the checks of lesson 00 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "tensors-not-numbers": Entry(
        "A tensor is not one parameter: count the numbers inside it",
        "00-start-here: An answer and its check",
    ),
    "answer-from-memory": Entry(
        "A number that is right for one model is not an answer for every model",
        "00-start-here: An answer and its check",
    ),
}
