"""Sheets of images, bars and lines."""

import html
import io
from collections.abc import Mapping, Sequence

import torch
from IPython.display import display
from matplotlib.ticker import MaxNLocator
from PIL import Image

from course.notebook.plots.style import (
    COLOURS,
    INK,
    arrow,
    as_url,
    finish,
    in_percent,
    line_style,
    marker,
    note,
    one_axis,
    styled,
)


def images(
    images: torch.Tensor,
    titles: Sequence[str] | None = None,
    alt: str = "",
    columns: int = 10,
) -> None:
    """A sheet of images, uint8 (N, 3, S, S), with a title each if given.

    Each pixel is shown as a square of two by two, or one by one for images of more than 100 pixels:
    a fraction would blur them.
    """
    listed = f": {', '.join(titles)}" if titles else ""
    side = images.shape[-1] * (2 if images.shape[-1] <= 100 else 1)
    shown = []
    for number, image in enumerate(images):
        title = html.escape(titles[number]) if titles else ""
        words = title or f"image {number + 1}"
        shown.append(
            f'<div><img src="{as_png(image)}" alt="{words}" width="{side}" height="{side}" '
            f'style="image-rendering: pixelated; border: 0; max-width: none; display: block">'
            f"{title}</div>"
        )
    grid = (
        f"display: grid; grid-template-columns: repeat(auto-fill, {side}px); gap: 8px; "
        f"max-width: {columns * (side + 8)}px; font-size: 12px; line-height: 1.3"
    )
    told = alt or f"{len(images)} images{listed}"
    label = html.escape(told)
    page = f'<div role="group" aria-label="{label}" style="{grid}">{"".join(shown)}</div>'
    display({"text/html": page, "text/plain": told}, raw=True)


def as_png(image: torch.Tensor) -> str:
    """An image, uint8 (3, H, W), as a data URL."""
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, format="png", optimize=True)
    return as_url(file)


@styled
def bars(
    values: Mapping[str, float | Sequence[float]],
    title: str = "",
    limit: float = 1.0,
    line: tuple[float, str] | None = None,
) -> None:
    """Horizontal bars of {label: share, or shares over seeds}; the mean is the bar, a seed a dot.

    limit: where the axis ends. line: (value, label) of a vertical mark, such as a threshold.
    """
    figure, axis = one_axis(8, 0.5 * len(values) + 1.1)
    told = []
    for row, (label, shares) in enumerate(values.items()):
        shares = list(shares) if isinstance(shares, list | tuple) else [shares]
        mean = sum(shares) / len(shares)
        axis.barh(row, mean, color=COLOURS[row % len(COLOURS)], height=0.6)
        if len(shares) > 1:
            rows = [row] * len(shares)
            axis.plot(
                shares,
                rows,
                "o",
                color=INK,
                markersize=5,
                markerfacecolor="white",  # seen on the bar and on both pages
            )
        note(axis, f"{mean:.0%}", (max([mean, *shares]), row), (8, 0), va="center")
        told.append(f"{label} {mean:.0%}")
    axis.set_yticks(range(len(values)), values)
    axis.invert_yaxis()
    axis.set_xlim(0, limit)
    in_percent(axis.xaxis, decimals=None)
    if line:
        place, name = line
        axis.axvline(place, color=INK, linestyle="--", linewidth=1)
        axis.text(
            place,
            -0.6,
            name,
            ha="center",
            va="bottom",
            fontsize=9,
        )
    finish(figure, axis, title, told)


@styled
def curves(
    lines: Mapping[str, Sequence[float]],
    title: str = "",
    xlabel: str = "epoch",
    ylabel: str = "accuracy",
) -> None:
    """Lines {label: values}, counted from 1 and labelled at their ends."""
    figure, axis = one_axis(8, 3.2)
    told = []
    for number, (label, values) in enumerate(lines.items()):
        axis.plot(range(1, len(values) + 1), values, **line_style(number))
        end = (len(values), values[-1])
        axis.plot(*end, marker(number), color=COLOURS[number])
        note(axis, f"{label} {values[-1]:.3g}", end, (8, 0), va="center")
        told.append(f"{label} from {values[0]:.3g} to {values[-1]:.3g}")
    longest = max(map(len, lines.values()))
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.set_xlim(1 - 0.02 * longest, longest + 0.3 * max(longest - 1, 1))  # labels at the ends
    axis.set_xticks([tick for tick in whole_ticks(longest) if 1 <= tick <= longest])
    finish(figure, axis, title, told)


def whole_ticks(last: int) -> list[float]:
    """Ticks at whole numbers from 1 to `last`, at most seven."""
    return [1, *MaxNLocator(nbins=6, integer=True).tick_values(1, last)]


@styled
def before_after(pairs: Mapping[str, tuple[float, float]], title: str = "") -> None:
    """Shares that changed, {label: (before, after)}.

    Each is an open dot, an arrow, a filled dot, and the difference in percentage points.
    """
    figure, axis = one_axis(8, 0.4 * len(pairs) + 1.1)
    told = []
    for row, (label, (before, after)) in enumerate(pairs.items()):
        arrow(axis, (before, row), (after, row), gap=5)
        axis.plot(
            before,
            row,
            "o",
            color=COLOURS[0],
            markersize=9,
            markerfacecolor="none",
            markeredgewidth=2,
        )
        axis.plot(after, row, "o", color=COLOURS[1], markersize=9)
        difference = f"{100 * (after - before):+.1f} points"
        if after < before:
            note(
                axis,
                difference,
                (after, row),
                (-12, 0),
                ha="right",
                va="center",
            )
        else:
            note(
                axis,
                difference,
                (after, row),
                (12, 0),
                ha="left",
                va="center",
            )
        told.append(f"{label} from {before:.0%} to {after:.0%}")
    axis.set_yticks(range(len(pairs)), pairs)
    axis.set_ylim(len(pairs) - 0.5, -0.9)
    first_pair = next(iter(pairs.values()))
    for place, name in zip(first_pair, ("before", "after"), strict=True):
        note(axis, name, (place, 0), (0, 9), ha="center", fontsize=9)
    axis.margins(x=0.35)
    in_percent(axis.xaxis)
    finish(figure, axis, title, told)


@styled
def depths(lines: Mapping[str, Mapping[str, float]], title: str = "") -> None:
    """Accuracy against how much is frozen: lines {label: {stage: share}}.

    The first line names all stages, in order.
    """
    stages = list(next(iter(lines.values())))
    figure, axis = one_axis(8, 3.4)
    told = []
    for number, (label, shares) in enumerate(lines.items()):
        x = [stages.index(stage) for stage in shares]
        y = list(shares.values())
        axis.plot(
            x,
            y,
            marker=marker(number),
            markersize=7,
            **line_style(number),
        )
        ends = f"{label}\n{y[0]:.0%} to {y[-1]:.0%}"
        note(
            axis,
            ends,
            (x[-1], y[-1]),
            (10, 0),
            va="center",
        )
        listed = ", ".join(f"{stage} {share:.0%}" for stage, share in shares.items())
        told.append(f"{label}: {listed}")
    axis.set_xticks(range(len(stages)), stages)
    axis.set_xlabel("last frozen stage: further right, more may move", loc="left")
    last = len(stages) - 1
    axis.set_xlim(-0.2, last + 0.55 * last)  # room for the labels at the ends
    axis.margins(y=0.15)
    in_percent(axis.yaxis)
    finish(figure, axis, title, told)
