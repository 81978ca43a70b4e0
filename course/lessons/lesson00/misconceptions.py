"""The misconceptions that the checks of lesson 00 can name."""

from course.checking.entry import Entry

MISCONCEPTIONS = {
    "tensors-not-numbers": Entry(
        "A tensor holds many numbers: count the numbers, not the tensors",
        "00-start-here: An answer and its check",
    ),
    "answer-from-memory": Entry(
        "Compute the number from the model that you get: another model has another number",
        "00-start-here: An answer and its check",
    ),
    "frozen-not-counted": Entry(
        "A frozen parameter is still a parameter: also count those with requires_grad=False",
        "00-start-here: An answer and its check",
    ),
    "biases-not-counted": Entry(
        "Biases are parameters too: a layer's weight and its bias both count",
        "00-start-here: An answer and its check",
    ),
    "buffers-counted": Entry(
        "Buffers, such as BatchNorm's running statistics, are not parameters: do not count them",
        "00-start-here: An answer and its check",
    ),
}
