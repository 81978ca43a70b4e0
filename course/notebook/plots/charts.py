"""Sheets of images, bars and lines."""

import html
import io
import math
from collections.abc import Callable, Mapping, Sequence

import torch
from IPython.display import display
from matplotlib.ticker import MaxNLocator
from PIL import Image

from course.notebook.plots.style import (
    COLOURS,
    INK,
    PAPER,
    arrow,
    as_url,
    end_labels,
    finish,
    in_percent,
    legend_below,
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
    columns: int = 5,
) -> None:
    """A sheet of images, uint8 (N, 3, S, S), with a title each if given.

    Each pixel is shown as a square of two by two, or one by one for images of more than 100 pixels:
    a fraction would blur them. Five images of 128 pixels fit beside JupyterLab's file browser.
    Where there is no room for an even number of columns, a row breaks in its middle.
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
    half, odd = divmod(columns, 2)
    width = (columns if odd else half) * (side + 8) - 8
    grid = (
        f"display: grid; grid-template-columns: repeat(auto-fill, {side}px); gap: 8px; "
        f"flex: 0 1 {width}px"
    )
    together = len(shown) if odd else half
    groups = [shown[i : i + together] for i in range(0, len(shown), together)]
    inner = "".join(f'<div style="{grid}">{"".join(group)}</div>' for group in groups)
    sheet = (
        f"display: flex; flex-wrap: wrap; gap: 8px; max-width: {columns * (side + 8)}px; "
        "font-size: 12px; line-height: 1.3; overflow-wrap: anywhere"
    )
    told = alt or f"{len(images)} images{listed}"
    label = html.escape(told)
    page = f'<div role="group" aria-label="{label}" style="{sheet}">{inner}</div>'
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
            dots = {"color": INK, "markersize": 5, "markerfacecolor": PAPER}
            axis.plot(shares, rows, "o", clip_on=False, zorder=3, **dots)  # whole at 0 and at limit
        note(axis, f"{mean:.0%}", (max([mean, *shares]), row), (8, 0), va="center")
        told.append(f"{label} {mean:.0%}")
    axis.set_yticks(range(len(values)), values)
    axis.invert_yaxis()
    axis.set_xlim(0, limit)
    in_percent(axis.xaxis)
    if line:
        place, name = line
        axis.axvline(place, color=PAPER, linewidth=2)  # seen between the dashes, on the bars
        axis.axvline(place, color=INK, linestyle="--", linewidth=1)
        top = axis.get_xaxis_transform()
        axis.text(place, 1.01, name, ha="center", va="bottom", fontsize=9, transform=top)
        told.append(f"{name} {place:.0%}")
    finish(figure, axis, title, told, pad=20 if line else 6)


@styled
def curves(
    lines: Mapping[str, Sequence[float]],
    title: str = "",
    xlabel: str = "epoch",
    ylabel: str | None = None,
) -> None:
    """Lines {label: values}, counted from 1 and labelled at their ends.

    ylabel: what the values are. Without it they are accuracies and are shown as percentages.
    """
    figure, axis = one_axis(8, 3.2)
    last_values = [values[-1] for values in lines.values()]
    written = as_share if ylabel is None else same_decimals(last_values)
    told, ends = [], []
    for number, (label, values) in enumerate(lines.items()):
        axis.plot(range(1, len(values) + 1), values, **line_style(number))
        axis.plot(len(values), values[-1], marker(number), color=COLOURS[number])
        ends.append((len(values), values[-1], f"{label} {written(values[-1])}"))
        told.append(f"{label} from {written(values[0])} to {written(values[-1])}")
    longest = max(map(len, lines.values()))
    axis.set(xlabel=xlabel, ylabel=ylabel or "accuracy")
    axis.set_xlim(1 - 0.02 * longest, longest + 0.02 * longest)
    axis.set_xticks(whole_ticks(longest))
    if ylabel is None:
        in_percent(axis.yaxis)
    end_labels(axis, ends)
    finish(figure, axis, title, told)


def as_share(value: float) -> str:
    """A share as a whole percentage."""
    return f"{value:.0%}"


def same_decimals(values: Sequence[float]) -> Callable[[float], str]:
    """How to write these values: with the decimals that give the largest three digits."""
    largest = max(map(abs, values))
    decimals = max(0, 2 - math.floor(math.log10(largest))) if largest else 0
    return lambda value: f"{value:.{decimals}f}"


def whole_ticks(last: int) -> list[int]:
    """Whole numbers from 1 to `last` to label, at most eight."""
    ticks = MaxNLocator(nbins=6, integer=True).tick_values(1, last)
    return [1, *(int(tick) for tick in ticks if 1 < tick <= last)]


@styled
def before_after(pairs: Mapping[str, tuple[float, float]], title: str = "") -> None:
    """Shares that changed, {label: (before, after)}.

    Each is an open dot, an arrow, a filled dot, and the difference in percentage points.
    """
    figure, axis = one_axis(8, 0.4 * len(pairs) + 1.4)
    told = []
    open_dot = {"markersize": 9, "markerfacecolor": "none", "markeredgewidth": 2}
    for row, (label, (before, after)) in enumerate(pairs.items()):
        arrow(axis, (before, row), (after, row), gap=5)
        (before_dot,) = axis.plot(before, row, "o", color=COLOURS[0], **open_dot)
        (after_dot,) = axis.plot(after, row, "o", color=COLOURS[1], markersize=9)
        difference = f"{100 * (after - before):+.1f} points"
        axis.text(1.02, row, difference, va="center", transform=axis.get_yaxis_transform())
        told.append(f"{label} from {before:.0%} to {after:.0%}")
    axis.set_yticks(range(len(pairs)), pairs)
    axis.set_ylim(len(pairs) - 0.5, -0.5)
    before_dot.set_label("before")
    after_dot.set_label("after")
    legend_below(figure)
    in_percent(axis.xaxis)
    finish(figure, axis, title, told)


@styled
def depths(lines: Mapping[str, Mapping[str, float]], title: str = "") -> None:
    """Accuracy against how much is frozen: lines {label: {stage: share}}.

    The first line names all stages, in order.
    """
    stages = list(next(iter(lines.values())))
    figure, axis = one_axis(8, 3.4)
    told, ends = [], []
    for number, (label, shares) in enumerate(lines.items()):
        x = [stages.index(stage) for stage in shares]
        y = list(shares.values())
        axis.plot(x, y, marker=marker(number), markersize=7, **line_style(number))
        ends.append((x[-1], y[-1], f"{label}\n{y[0]:.0%} to {y[-1]:.0%}"))
        listed = ", ".join(f"{stage} {share:.0%}" for stage, share in shares.items())
        told.append(f"{label}: {listed}")
    axis.set_xticks(range(len(stages)), stages)
    axis.set_xlabel("last frozen stage: further right, more may move", loc="left")
    axis.margins(x=0.05, y=0.15)
    in_percent(axis.yaxis)
    end_labels(axis, ends)
    finish(figure, axis, title, told)
