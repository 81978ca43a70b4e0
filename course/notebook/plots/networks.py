"""What a network is made of and what happens in it: parts, frozen stages, gradients."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from course.notebook.plots.style import (
    COLOURS,
    INK,
    LINE_STYLES,
    STYLE,
    arrow,
    box,
    finish,
    grouped,
    note,
    one_axis,
    show,
    styled,
)


@styled
def module_graph(
    graphs: Mapping[str, Mapping[str, Mapping[tuple[int, ...], int]]],
    title: str = "",
) -> None:
    """Which parts of a model serve which targets.

    graphs: {model: {part: {targets: numbers}}}, the parts in the order of the forward pass. A panel
    for each model, in it a column for each part and a row for each target; weights that several
    targets use are one box over all their rows.
    """
    figure = Figure(figsize=(5 * len(graphs), 3.6))
    axes = figure.subplots(1, len(graphs), squeeze=False)[0]
    told = []
    for axis, (model, parts) in zip(axes, graphs.items(), strict=True):
        for part, users, count in _draw_parts(axis, parts):
            who = f"target {users[0]}"
            if len(users) > 1:
                who = f"targets {min(users)} to {max(users)}"
            told.append(f"{model}, {part}: {grouped(count)} numbers for {who}")
        axis.set_title(model, loc="left", fontweight="bold")
        axis.axis("off")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    show(figure, f"{title}. {'; '.join(told)}")


def _draw_parts(axis: Axes, parts: Mapping) -> list[tuple]:
    """Draw one model's boxes and arrows; a list of what each box is: (part, targets, numbers)."""
    drawn = []
    for part, boxes in parts.items():
        for users, count in boxes.items():
            drawn.append((part, users, count))
    targets = sorted({target for _, users, _ in drawn for target in users})
    columns = {part: column for column, part in enumerate(parts)}
    for part, column in columns.items():
        axis.text(
            column,
            min(targets) - 0.7,
            part,
            ha="center",
            va="bottom",
        )
    for part, users, count in drawn:
        column = columns[part]
        top, bottom = min(users) - 0.4, max(users) + 0.4
        edge = COLOURS[column % len(COLOURS)]
        look = {"facecolor": "none", "linewidth": 2, "edgecolor": edge}
        box(axis, (column - 0.33, top), 0.66, bottom - top, **look)
        middle = (top + bottom) / 2
        axis.text(
            column,
            middle,
            grouped(count),
            ha="center",
            va="center",
            fontsize=9,
        )
    for target in targets:
        for column in range(len(parts)):
            arrow(axis, (column + 0.34, target), (column + 0.66, target))
        axis.text(
            len(parts) - 0.3,
            target,
            f"target {target}",
            va="center",
            fontsize=9,
        )
    axis.set(
        xlim=(-0.45, len(parts) + 0.25),
        ylim=(max(targets) + 0.6, min(targets) - 1.1),
    )
    return drawn


@styled
def gradient_flow(flows: Mapping[str, Sequence[Sequence[float]]], title: str = "") -> None:
    """Which loss reaches which branch.

    flows: {model: rows of gradient lengths, a row for each loss, a column for each branch}. A line
    runs from each loss to each branch that it sends a gradient to; a branch says from how many
    losses it gets one.
    """
    figure = Figure(figsize=(5 * len(flows), 3.2))
    axes = figure.subplots(1, len(flows), squeeze=False)[0]
    told = []
    for axis, (model, rows) in zip(axes, flows.items(), strict=True):
        for loss, lengths in enumerate(rows):
            reached = _draw_loss(axis, loss, lengths)
            branches = "branch" if len(reached) == 1 else "branches"
            numbers = ", ".join(str(branch + 1) for branch in reached)
            told.append(f"{model}: loss {loss + 1} reaches {branches} {numbers}")
        for branch in range(len(rows[0])):
            count = sum(lengths[branch] > 0 for lengths in rows)
            axis.plot(0, branch, "s", color=INK, markersize=7)
            name = f"branch {branch + 1}: {count} gradient{'s' if count != 1 else ''}"
            note(axis, name, (0, branch), (-8, 0), ha="right", va="center")
        axis.set(xlim=(-0.75, 1.7), ylim=(len(rows) - 0.6, -0.6))
        axis.set_title(model, loc="left", fontweight="bold")
        axis.axis("off")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    show(figure, f"{title}. {'; '.join(told)}")


def _draw_loss(axis: Axes, loss: int, lengths: Sequence[float]) -> list[int]:
    """Draw the lines from one loss to the branches that it reaches; the list of these branches."""
    styles = (*LINE_STYLES, (0, (5, 1, 1, 1, 1, 1)))  # five losses are told apart
    reached = [branch for branch, length in enumerate(lengths) if length > 0]
    for branch in reached:
        axis.plot(
            [1, 0],
            [loss, branch],
            color=COLOURS[loss % len(COLOURS)],
            linestyle=styles[loss % len(styles)],
            linewidth=2,
        )
    longest = f"loss {loss + 1}: length {max(lengths):.1f}"
    note(axis, longest, (1, loss), (8, 0), va="center")
    return reached


class _Panel(NamedTuple):
    """The gradients of two tasks as arrows (x, y) in the plane that they span."""

    first: tuple[float, float]
    second: tuple[float, float]
    weighted_first: list[float]
    weighted_second: list[float]
    total: list[float]


@matplotlib.rc_context({**STYLE, "figure.constrained_layout.use": False})
def task_gradients(
    arrows: Mapping[str, tuple[torch.Tensor, torch.Tensor]],
    names: tuple[str, str],
    weights: tuple[float, float] = (1, 1),
    title: str = "",
) -> None:
    """Two tasks' gradients in the plane that they span, and the sum of `weights` times them.

    arrows: {when: (g1, g2)}, vectors (D,), one panel each. The panels share their scale. The first
    gradient points to the right; the cosine of the angle between both is their cosine similarity.
    """
    panels = {}
    told = []
    for when, (g1, g2) in arrows.items():
        panel = _panel(g1, g2, weights)
        panels[when] = panel
        cosine = panel.second[0] / float(g2.norm())
        leader = names[0 if panel.total[0] > panel.total[1] else 1]
        told.append(
            f"{when}: {names[0]} {g1.norm():.2f} long, {names[1]} {g2.norm():.2f}, "
            f"cosine similarity {cosine:.2f}, the sum is closer to {leader}"
        )
    ends = [end for panel in panels.values() for end in panel]
    left = min(0, *(x for x, _ in ends))
    right = max(x for x, _ in ends)
    wide = right - left
    high = max(0.2 * wide, *(y for _, y in ends))

    height = 1.6 + 4.3 * min(1.3 * high / (1.2 * wide), 1)
    figure = Figure(figsize=(10, height), layout="compressed")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (when, panel) in zip(axes, panels.items(), strict=True):
        _draw_gradients(axis, panel, names, weights)
        axis.set(
            xlim=(left - 0.1 * wide, right + 0.1 * wide),
            ylim=(-0.15 * high, 1.15 * high),
            aspect="equal",
        )
        axis.set_title(when, loc="left")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    show(figure, f"{title}: {'; '.join(told)}")


def _panel(g1: torch.Tensor, g2: torch.Tensor, weights: tuple[float, float]) -> _Panel:
    right = g1 / g1.norm()  # (D,), the direction of the first gradient
    along = float(g2 @ right)
    first = (float(g1.norm()), 0.0)
    second = (along, float((g2 - along * right).norm()))
    weighted_first = [weights[0] * part for part in first]
    weighted_second = [weights[1] * part for part in second]
    total = [a + b for a, b in zip(weighted_first, weighted_second, strict=True)]
    return _Panel(first, second, weighted_first, weighted_second, total)


def _draw_gradients(axis, panel, names, weights):
    """The arrows of one panel: both gradients, the weighted ones, and their sum."""
    parallelogram = [panel.weighted_first, panel.total, panel.weighted_second]
    x = [end[0] for end in parallelogram]
    y = [end[1] for end in parallelogram]
    axis.plot(x, y, color=INK, linewidth=1, linestyle=":")
    terms = []
    ends = (panel.weighted_first, panel.weighted_second)
    for number, (name, weight, end) in enumerate(zip(names, weights, ends, strict=True)):
        terms.append(name if weight == 1 else f"{weight} × {name}")
        if weight != 1:
            _gradient(axis, end, number, ":", terms[-1])
    _gradient(axis, panel.first, 0, "-", names[0])
    _gradient(axis, panel.second, 1, "-.", names[1])
    _gradient(axis, panel.total, 2, "--", " + ".join(terms))


def _gradient(axis, end, number, style, name):
    look = {"color": COLOURS[number], "linewidth": 2, "linestyle": style}
    arrow(axis, (0, 0), end, **look)
    axis.plot([], [], label=name, **look)  # for the legend, which does not know arrows


@styled
def freeze_map(model: nn.Module, title: str = "") -> None:
    """What may move in a model: a box for each of its parts that has parameters.

    The band of a frozen part is hatched, of a trainable one filled. A box says how many numbers it
    holds, and below it stands what its BatchNorm statistics do.
    """
    parts = {}
    for name, part in model.named_children():
        if next(part.parameters(), None) is not None:
            parts[name] = part
    figure, axis = one_axis(1.35 * len(parts), 1.9)
    told = []
    for column, (name, part) in enumerate(parts.items()):
        state = _state(part)
        statistics = _statistics(part)
        _draw_part(axis, column, state)
        count = sum(parameter.numel() for parameter in part.parameters())
        axis.text(
            column,
            1.1,
            name,
            ha="center",
            va="bottom",
            fontweight="bold",
        )
        axis.text(
            column,
            0.35,
            f"{state}\n{grouped(count)}",
            ha="center",
            va="center",
        )
        below = statistics.replace(" ", "\n")
        axis.text(
            column,
            -0.1,
            below,
            ha="center",
            va="top",
            fontsize=9,
        )
        told.append(f"{name} {state}" + (f", its {statistics}" if statistics else ""))
    axis.set(xlim=(-0.55, len(parts) - 0.45), ylim=(-0.75, 1.5))
    axis.axis("off")
    finish(figure, axis, title, told)


def _state(part: nn.Module) -> str:
    """Whether all, some or none of a part's parameters require a gradient."""
    free = [parameter.requires_grad for parameter in part.parameters()]
    if all(free):
        return "trains"
    return "partly" if any(free) else "frozen"


def _statistics(part: nn.Module) -> str:
    """Whether a forward pass moves the BatchNorm statistics of a part; empty if it has none."""
    moves = [
        layer.training and layer.track_running_stats
        for layer in part.modules()
        if isinstance(layer, _BatchNorm)
    ]
    if not moves:
        return ""
    return "statistics move" if any(moves) else "statistics rest"


def _draw_part(axis, column, state):
    edge, hatch, face = {
        "frozen": (COLOURS[0], "///", "none"),
        "trains": (COLOURS[1], "", COLOURS[1]),
        "partly": (COLOURS[2], "..", "none"),
    }[state]
    box(
        axis,
        (column - 0.45, 0.7),
        0.9,
        0.3,
        edgecolor=edge,
        facecolor=face,
        hatch=hatch,
        linewidth=0,
    )
    box(
        axis,
        (column - 0.45, 0),
        0.9,
        1,
        fill=False,
        edgecolor=edge,
        linewidth=2,
    )
