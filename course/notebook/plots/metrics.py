"""How good a classifier is: confusion matrices, precision and recall, calibration, trade-offs."""

from collections.abc import Mapping, Sequence

import torch

from course.notebook.plots.style import (
    COLOURS,
    INK,
    box,
    finish,
    in_percent,
    legend_below,
    lighter,
    line_style,
    marker,
    one_axis,
    show,
    styled,
)

DARK = "#1a1a1a"  # text on a light cell


@styled
def confusion(matrix: torch.Tensor, names: Sequence[str], title: str = "") -> None:
    """A confusion matrix (K, K), true classes down, predicted ones across.

    A cell holds a count and is shaded by its share of the row.
    """
    count = len(names)
    is_small = count < 4
    has_short_names = count * max(map(len, names)) < 25  # they fit side by side
    side = max(2.6, 0.62 * count)
    figure, axis = one_axis(side + 2.2, side + 0.8)
    told = []
    for row, numbers in enumerate(matrix.tolist()):
        for column, number in enumerate(numbers):
            right = row == column
            share = number / max(sum(numbers), 1)
            _cell(axis, row, column, right, share)
            if number or is_small:
                size = 15 if is_small else 11
                centre = {"ha": "center", "va": "center"}
                axis.text(
                    column,
                    row,
                    f"{number}",
                    fontsize=size,
                    weight="bold",
                    color=DARK,
                    **centre,
                )
            if number and (right or is_small):
                told.append(f"{number} {names[row]} predicted as {names[column]}")
    axis.set(
        xlim=(-0.55, count - 0.45),
        ylim=(count - 0.45, -0.55),
        xticks=range(count),
        yticks=range(count),
    )
    if has_short_names:
        axis.set_xticklabels(names)
    else:
        axis.set_xticklabels(names, rotation=40, ha="right", va="top", rotation_mode="anchor")
    axis.set_yticklabels(names)
    axis.set(xlabel="predicted class", ylabel="true class")
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set_title(title, loc="left")
    show(figure, f"{title or 'Confusion matrix'}: {'; '.join(told)}")


def _cell(axis, row, column, right, share):
    look = {
        "facecolor": lighter(COLOURS[0 if right else 1], 0.1 + 0.4 * share),
        "edgecolor": INK,
        "linewidth": 2 if right else 0.5,
    }
    box(axis, (column - 0.46, row - 0.46), 0.92, 0.92, **look)


@styled
def precision_recall(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str = "",
    prevalence: float | None = None,
) -> None:
    """Precision against recall: lines {label: (recalls, precisions)}.

    prevalence: the precision of flagging everything, as a horizontal line.
    """
    figure, axis = one_axis(8, 3.8)
    told = list(lines)
    for number, (label, (recalls, precisions)) in enumerate(lines.items()):
        axis.plot(recalls, precisions, label=label, **line_style(number))
    if prevalence is not None:
        label = f"flag everything: {prevalence:.2f}"
        axis.axhline(prevalence, color=INK, linestyle="--", linewidth=1, label=label)
        told.append(label)
    axis.set(
        xlim=(0, 1.02),
        ylim=(0, 1.04),
        xlabel="recall: share of the positives that is found",
        ylabel="precision",
    )
    legend_below(figure)
    finish(figure, axis, title, told)


@styled
def calibration(
    lines: Mapping[str, Sequence[tuple[float, float, int]]],
    title: str = "",
) -> None:
    """A reliability diagram: the probabilities of a head against what was positive.

    lines: {label: [(mean probability, share that was positive, number of images), ...]}.
    """
    figure, axis = one_axis(8, 4)
    axis.plot((0, 1), (0, 1), color=INK, linestyle="--", linewidth=1, label="calibrated")
    told = []
    for number, (label, groups) in enumerate(lines.items()):
        probabilities, shares, _ = zip(*groups, strict=True)
        axis.plot(
            probabilities,
            shares,
            label=label,
            marker=marker(number),
            clip_on=False,  # a mark is whole at 0, too
            **line_style(number),
        )
        listed = [f"probability {p:.2f}, share {s:.2f} ({n} images)" for p, s, n in groups]
        told.append(f"{label}: {', '.join(listed)}")
    axis.set(
        xlim=(0, 1.02),
        ylim=(0, 1.04),
        xlabel="probability that the head gives",
        ylabel="share that is rotten",
    )
    legend_below(figure)
    finish(figure, axis, title, told)


@styled
def trade_off(
    curve: Mapping[float, tuple[float, float]],
    marks: Sequence[float],
    corner: tuple[float, float],
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
) -> None:
    """Two shares against each other over the thresholds of a curve, {threshold: (x, y)}.

    marks: thresholds to point out, each at the nearest of the curve. corner: the lowest shares
    (x, y) that are allowed; the area above them is shaded.
    """
    figure, axis = one_axis(8, 3.8)
    axis.plot(*zip(*curve.values(), strict=True), color=COLOURS[0], linewidth=2)
    lowest_x, lowest_y = corner
    axis.fill_between(
        [lowest_x, 1.02],
        lowest_y,
        1.02,
        facecolor=lighter(COLOURS[2], 0.2),
        edgecolor=COLOURS[2],
        label="allowed",
    )
    told, heights = [], [0.4, lowest_y - 0.1]
    for number, mark in enumerate(marks):
        nearest = min(curve, key=lambda threshold: abs(threshold - mark))
        x, y = curve[nearest]
        label = f"threshold {mark:.3g}"
        dot = {"color": COLOURS[1], "markersize": 8, "linestyle": "", "label": label}
        axis.plot(x, y, marker(number), clip_on=False, **dot)
        heights.append(y)
        told.append(f"at {mark:g} {x:.0%} and {y:.0%}")
    axis.set(
        xlabel=xlabel,
        ylabel=ylabel,
        xlim=(0, 1.02),
        ylim=(min(heights), 1.02),
    )
    in_percent(axis.xaxis)
    in_percent(axis.yaxis)
    legend_below(figure)
    told.append(f"allowed from {lowest_x:.0%} and {lowest_y:.0%} on")
    finish(figure, axis, title, [f"{xlabel} and {ylabel}", *told])
