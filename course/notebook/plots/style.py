"""What all plots share: colours, marks, their parts, and how a figure is displayed.

Backgrounds are transparent, and ink is a grey of contrast 4.5 : 1 on white and 4 : 1 on the dark
page of JupyterLab. Colours are those of Okabe and Ito ("Color universal design", 2008), which
colour-blind readers can tell apart, and never the only sign.
"""

import base64
import html
import io

import matplotlib
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

INK = "#767676"
DPI = 110  # pixels of the page for an inch of a figure
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
LINE_STYLES = ("-", "--", ":", "-.")
MARKERS = "osD^v"
STYLE = {
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlecolor": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 11,
    "axes.titlesize": 11,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}

styled = matplotlib.rc_context(STYLE)  # a decorator: the function draws and shows in this style


def show(figure: Figure, alt: str) -> None:
    """Display a matplotlib figure with alt text, as an <img> that every notebook page can read.

    It has two pixels for each of the page's, for screens of high resolution. nbgrader's pages give
    each image a red border, which is turned off.
    """
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=2 * DPI, transparent=True)
    width = round(figure.get_figwidth() * DPI)
    image = (
        f'<img src="{as_url(file)}" alt="{html.escape(alt)}" width="{width}" '
        'style="max-width: 100%; border: 0">'
    )
    display({"text/html": image, "text/plain": alt}, raw=True)


def as_url(png: io.BytesIO) -> str:
    """A PNG as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def finish(figure: Figure, axis: Axes, title: str, facts: list[str]) -> None:
    """Give the only axes of a figure their title and show it; title and facts are its alt text."""
    axis.set_title(title, loc="left")
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


def in_percent(axis: Axis, decimals: int | None = 0) -> None:
    """Label the ticks of an x or y axis, which holds shares, as percentages."""
    axis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=decimals))
