"""What all plots share: colours, marks, their parts, and how a figure is displayed.

A plot is drawn in dark ink on white, so that it can be read on every page. On a dark page of
JupyterLab a stylesheet turns it into light ink on nearly black, and keeps the hues. All text is
ink, with a contrast of at least 10 : 1. Lines and boxes have at least 3 : 1. Their colours are
those of Okabe and Ito ("Color universal design", 2008), which colour-blind readers can tell apart
(two of them darker here), and never the only sign.
"""

import base64
import html
import io
import itertools
from collections.abc import Sequence

import matplotlib
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

INK = "#333333"
PAPER = "white"
DPI = 110  # pixels of the page for an inch of a figure
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b67e00", "#3c97c9")
LINE_STYLES = ("-", "--", ":", "-.")
MARKERS = "osD^v"
STYLE = {
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlecolor": INK,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 11,
    "axes.titlesize": 11,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}

INVERTED = 0.93  # white becomes the dark page's own #121212
DARK_PAGE = (
    '<style>body[data-jp-theme-light="false"] img.plot '
    f"{{ filter: invert({INVERTED}) hue-rotate(180deg); }}</style>"
)
LABEL_HEIGHT = 0.085  # of a line of text beside the axes, as a share of their height

styled = matplotlib.rc_context(STYLE)  # a decorator: the function draws and shows in this style


def show(figure: Figure, alt: str) -> None:
    """Display a matplotlib figure with alt text, as an <img> that every notebook page can read.

    It has two pixels for each of the page's, for screens of high resolution. nbgrader's pages give
    each image a red border, which is turned off.
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=2 * DPI)
    width = round(figure.get_figwidth() * DPI)
    image = (
        f'{DARK_PAGE}<img class="plot" src="{as_url(file)}" alt="{html.escape(alt)}" '
        f'width="{width}" style="max-width: 100%; border: 0">'
    )
    display({"text/html": image, "text/plain": alt}, raw=True)


def grouped(count: int) -> str:
    """A count as all pictures write it: 1000 as in the code and the text, and 11,689,512."""
    return f"{count:,}" if count >= 10_000 else str(count)


def as_url(png: io.BytesIO) -> str:
    """A PNG as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def finish(figure: Figure, axis: Axes, title: str, facts: list[str], pad: float = 6) -> None:
    """Give the only axes of a figure their title and show it; title and facts are its alt text.

    pad: the distance, in points, of the title from the axes.
    """
    axis.set_title(title, loc="left", pad=pad)
    listed = "; ".join(facts)
    show(figure, f"{title}: {listed}")


def one_axis(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of this size in inches with one pair of axes."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def line_style(number: int) -> dict:
    """Colour, width and dashes of line `number` in a plot."""
    return {
        "color": COLOURS[number],
        "linewidth": 2,
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
    }


def marker(number: int) -> str:
    """The marker of line `number` in a plot."""
    return MARKERS[number % len(MARKERS)]


def note(axis: Axes, text: str, point: tuple, shift: tuple, **look) -> None:
    """Write a text beside a point of the plot, shifted by (x, y) in typographic points."""
    axis.annotate(text, point, shift, textcoords="offset points", **look)


def legend_below(figure: Figure) -> None:
    """Name the lines and marks of a figure below it, where no line runs through the names."""
    figure.legend(loc="outside lower left", ncols=4)


def end_labels(axis: Axes, ends: Sequence[tuple[float, float, str]]) -> None:
    """Write a text for the end (x, y) of each line, to the right of the axes.

    Labels whose ends are close are moved apart. A thin line runs from each label to its end.
    The limits of the axes must be set before.
    """
    bottom, top = axis.get_ylim()
    wanted = [(y - bottom) / (top - bottom) for _, y, _ in ends]
    heights = [LABEL_HEIGHT * (1 + text.count("\n")) for *_, text in ends]
    for (x, y, text), place in zip(ends, apart(wanted, heights), strict=True):
        axis.annotate(
            text,
            (x, y),
            (1.03, place),
            textcoords="axes fraction",
            va="center",
            arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.7, "shrinkA": 0},
        )


def apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Middles near the `wanted` ones at which labels of these heights do not overlap.

    Labels keep their order. Where there is room they stay at or below 1.
    """
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    places = list(wanted)
    for below, number in itertools.pairwise(order):
        gap = (heights[below] + heights[number]) / 2
        places[number] = max(places[number], places[below] + gap)
    places[order[-1]] = min(places[order[-1]], 1)
    for above, number in itertools.pairwise(reversed(order)):
        gap = (heights[above] + heights[number]) / 2
        places[number] = min(places[number], places[above] - gap)
    return places


def lighter(colour: str, share: float) -> tuple[float, ...]:
    """A mixture of white and a share, from 0 to 1, of a colour: opaque, for dark text on it."""
    rgb = matplotlib.colors.to_rgb(colour)
    return tuple(1 - share * (1 - part) for part in rgb)


def arrow(axis: Axes, start: tuple, end: tuple, gap: float = 0, **look) -> None:
    """Draw an arrow between two points of the plot that leaves a gap, in points, at both ends."""
    properties = {
        "arrowstyle": "-|>",
        "color": INK,
        "shrinkA": gap,
        "shrinkB": gap,
        **look,
    }
    axis.annotate("", end, start, arrowprops=properties)


def box(axis: Axes, corner: tuple, width: float, height: float, **look) -> None:
    """Draw a rectangle from its lower left corner."""
    axis.add_patch(matplotlib.patches.Rectangle(corner, width, height, **look))


def in_percent(axis: Axis) -> None:
    """Label the ticks of an x or y axis, which holds shares, as percentages."""
    axis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")
