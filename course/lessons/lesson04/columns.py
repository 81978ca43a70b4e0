"""Whether columns are in the order that was given, with their gradients: exercise 6."""

from collections.abc import Callable, Iterable

import torch

from course.checking.check import expect
from course.checking.misconception import Misconception, expect_something, wrong_result
from course.checking.values import all_near
from course.lessons.lesson04.fixtures import Order, Sizes


def expect_columns(answer: Callable, sizes: Sizes, order: Order, count: int) -> None:
    """Raise Misconception unless the answer puts the columns in order and lets gradients through.

    `count` is the number of rows.
    """
    logits = distinct_logits(sizes, count)
    expected = torch.stack([logits[branch - 1][:, column] for branch, column in order], 1)
    rows = "1 row" if count == 1 else f"{count} rows"
    columns = "1 column" if len(order) == 1 else f"{len(order)} columns"
    where = f"in_order for sizes {list(sizes)}, {columns} and {rows}"
    found = answer(list(logits), list(order))
    expect_something(found, where)
    expect(found, torch.Tensor, f"a tensor ({count}, {len(order)})")
    if not all_near(found, expected, 1e-3):
        raise why_wrong_order(found, expected, logits, order, where)
    if not found.requires_grad:
        raise Misconception(
            "columns-detached", f"{where}: the values are right, but requires_grad is False"
        )
    # another factor for each element, so that each gradient shows where it comes from
    factors = torch.arange(1.0, found.numel() + 1).view(found.shape)
    gradients = torch.autograd.grad(
        found, logits, factors.to(found.dtype), allow_unused=True, retain_graph=True
    )
    correct = torch.autograd.grad(expected, logits, factors, allow_unused=True)
    for i, (gradient, right) in enumerate(zip(gradients, correct, strict=True), 1):
        wanted = torch.zeros(count, sizes[i - 1]) if right is None else right
        got = torch.zeros(count, sizes[i - 1]) if gradient is None else gradient
        if not all_near(got, wanted, 1e-3):
            column = int((got - wanted).abs().sum(0).argmax())
            raise Misconception(
                "columns-detached",
                f"{where}: the values are right, but the gradient of branch {i}, column {column} "
                f"is {got[0, column]:g}; expected {wanted[0, column]:g}",
            )


def distinct_logits(sizes: Sizes, count: int) -> list[torch.Tensor]:
    """Logits (count, size) for each branch; branch 2, column 3, row 4 is 203.4, and so on."""
    rows = torch.arange(count).view(-1, 1) / 10  # (count, 1)
    logits = []
    for branch, size in enumerate(sizes, 1):
        values = 100 * branch + torch.arange(size) + rows  # (count, size)
        logits.append(values.requires_grad_())
    return logits


def why_wrong_order(
    found: torch.Tensor,
    expected: torch.Tensor,
    logits: list[torch.Tensor],
    order: Order,
    where: str,
) -> Misconception:
    """Return the Misconception behind wrong columns; expected are (count, len(order))."""
    side_by_side = torch.cat(logits, 1)
    if found.shape != expected.shape:
        observed = f"{where}: expected shape {tuple(expected.shape)}; got {tuple(found.shape)}"
        if all_near(found, side_by_side, 1e-3):
            return Misconception("columns-not-reordered", observed)
        once = list(dict.fromkeys(order))
        if len(once) < len(order) and all_near(found, columns_in(once, logits), 1e-3):
            observed += ": each output stands in it once, but `order` repeats some"
        if all_near(found.T, expected, 1e-3):
            observed += ": each entry of `order` has become a row"
        if len(expected) == 1 and all_near(found, expected[0], 1e-3):
            return Misconception("batch-dimension-lost", observed)
        return wrong_result(observed)
    wrong = [k for k in range(len(order)) if not all_near(found[:, k], expected[:, k], 1e-3)]
    k = wrong[0]
    branch, column = order[k]
    count = "1 column is" if len(wrong) == 1 else f"{len(wrong)} columns are"
    observed = (
        f"{where}: {count} wrong; expected branch {branch}, column {column} as "
        f"column {k}; got {column_in_words(found[:, k], logits)}"
    )
    by_branch = sorted(order, key=lambda pair: pair[0])  # a stable sort: columns as in `order`
    if all_near(found, columns_in(by_branch, logits), 1e-3):
        return Misconception("columns-not-reordered", observed)
    thoughts = {
        "columns-not-reordered": sorted(order),
        "order-inverted": inverted(order),
        "branches-count-from-one": [(branch + 1, column) for branch, column in order],
        "columns-count-from-zero": [
            (branch, (column - 1) % logits[branch - 1].shape[1]) for branch, column in order
        ],
    }
    for code, other_order in thoughts.items():
        if other_order and all_near(found, columns_in(other_order, logits), 1e-3):
            return Misconception(code, observed)
    if all_near(found, columns_in(order[::-1], logits), 1e-3):
        observed += ". Your columns are in the opposite order"
    elif all_near(found, expected[:1].expand_as(expected), 1e-3):
        observed += ". Each of your rows is the first one"
    return wrong_result(observed)


def columns_in(order: Iterable[tuple[int, int]], logits: list[torch.Tensor]) -> torch.Tensor:
    """Return the columns (count, len(order)) that these pairs (branch, column) name.

    A column that does not exist is all NaN.
    """
    columns = []
    for branch, column in order:
        exists = branch <= len(logits) and column < logits[branch - 1].shape[1]
        columns.append(
            logits[branch - 1][:, column] if exists else torch.full((len(logits[0]),), torch.nan)
        )
    return torch.stack(columns, 1)


def inverted(order: Order) -> list[tuple[int, int]]:
    """Return the order that an answer follows which takes order[k] as where output k goes.

    The list is empty where the order leaves outputs out or repeats one.
    """
    outputs = sorted(set(order))
    if len(outputs) != len(order):
        return []
    result = [(0, 0)] * len(order)
    for k, pair in enumerate(order):
        result[outputs.index(pair)] = outputs[k]
    return result


def column_in_words(values: torch.Tensor, logits: list[torch.Tensor]) -> str:
    """Say which output these values (count,) are, or what number they begin with."""
    for branch, tensor in enumerate(logits, 1):
        for column in range(tensor.shape[1]):
            if all_near(values, tensor[:, column], 1e-3):
                return f"branch {branch}, column {column}"
    return f"{values[0].item():g} in the first row"
