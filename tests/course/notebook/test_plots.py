"""Plots that can be read: no label on another, no label or mark cut off, contrast enough."""

import base64
import io
import itertools
import re
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from PIL import Image
from torch import nn

from course.notebook import plots
from course.notebook.plots import charts, style
from course.notebook.plots.schematic import RESNET18

WHITE = (1.0, 1.0, 1.0)
shares = st.integers(0, 10_000).map(lambda number: number / 10_000)
names = st.text("abcdefghijklmnop, ", min_size=1, max_size=24).filter(str.strip)


def labelled(values, least=1, most=5):
    """Dicts of values with drawn labels."""
    return st.dictionaries(names, values, min_size=least, max_size=most)


def matrices():
    """Confusion matrices with the names of their classes."""
    counts = st.integers(0, 500)

    def of_size(size):
        row = st.lists(counts, min_size=size, max_size=size)
        rows = st.lists(row, min_size=size, max_size=size).map(torch.tensor)
        classes = st.text("abcdefghij", min_size=1, max_size=10)
        return st.tuples(rows, st.lists(classes, min_size=size, max_size=size))

    return st.integers(2, 10).flatmap(of_size)


def vectors():
    """Pairs of gradients of length above 0."""
    numbers = st.lists(st.floats(0.05, 3), min_size=3, max_size=3)
    signs = st.lists(st.sampled_from([-1, 1]), min_size=3, max_size=3)
    vector = st.tuples(numbers, signs).map(
        lambda both: torch.tensor(both[0]) * torch.tensor(both[1])
    )
    return st.tuples(vector, vector)


def small_network(frozen):
    """A network of some stages, of which those whose bit is set are frozen."""
    model = nn.Sequential()
    for number, is_frozen in enumerate(frozen):
        stage = nn.Sequential(nn.Conv2d(64, 999, 3), nn.BatchNorm2d(999))
        model.add_module(f"layer{number}", stage.requires_grad_(not is_frozen))
    return model


def graphs(count):
    """One model whose branches are shared and one whose branches are copied."""
    targets = range(1, count + 1)
    heads = {(target,): 1025 * target for target in targets}
    sliced = {"trunk": {(*targets,): 4_793_728}, "branches": {(*targets,): 2_160_128}}
    copied = {"trunk": {(*targets,): 4_793_728}, "branches": dict.fromkeys(heads, 2_160_128)}
    return {"sliced": {**sliced, "heads": heads}, "copied": {**copied, "heads": heads}}


def curve(points):
    """A curve {threshold: (x, y)} that falls."""
    x, y = sorted(first for first, _ in points), sorted((second for _, second in points))
    return {(n + 1) / 40: both for n, both in enumerate(zip(x, reversed(y), strict=True))}


pairs = st.tuples(shares, shares)
flows = st.lists(st.lists(st.floats(0, 99), min_size=5, max_size=5), min_size=5, max_size=5)
several = st.lists(shares, min_size=1, max_size=10)
DRAWN = {
    plots.bars: st.tuples(
        labelled(shares | several, most=6),
        st.just("Test accuracy on random labels"),
        st.just(1.0),
        st.none() | st.tuples(shares, st.sampled_from(["guessing", "required"])),
    ),
    plots.curves: st.tuples(
        labelled(st.lists(shares.map(lambda share: 1e3 * share), min_size=1, max_size=400), most=4),
        st.just("Drift of the running mean (in standard deviations) and variance"),
        st.sampled_from(["epoch", "batch"]),
        st.sampled_from(["drift", None]),
    ),
    plots.before_after: st.tuples(
        labelled(pairs), st.just("Old head, validation accuracy before and after the training")
    ),
    plots.depths: st.tuples(
        labelled(st.lists(shares, min_size=4, max_size=4), most=4).map(
            lambda lines: {
                name: dict(zip(("layer4", "layer3", "layer2", "layer1"), values, strict=True))
                for name, values in lines.items()
            }
        )
    ),
    plots.confusion: matrices(),
    plots.precision_recall: st.tuples(
        labelled(st.just(([0, 0.5, 1], [1, 0.7, 0.2])), most=3), st.just("Rotten fruit"), shares
    ),
    plots.calibration: st.tuples(
        labelled(st.lists(st.tuples(shares, shares, st.integers(1, 99)), min_size=1), most=3)
    ),
    plots.trade_off: st.tuples(
        st.lists(pairs, min_size=2, max_size=40).map(curve),
        st.lists(shares, min_size=1, max_size=3),
        st.just((0.7, 0.7)),
        st.just("Every threshold, on the validation images"),
        st.just("rotten images found"),
        st.just("fresh images kept"),
    ),
    plots.module_graph: st.tuples(st.integers(2, 6).map(graphs), st.just("Which targets")),
    plots.gradient_flow: st.tuples(st.fixed_dictionaries({"sliced": flows, "copied": flows})),
    plots.task_gradients: st.tuples(
        st.fixed_dictionaries({"at the start": vectors(), "heads trained": vectors()}),
        st.just(("fruit", "freshness")),
        st.tuples(st.sampled_from([1, 2]), st.sampled_from([1, 2])),
        st.just("Last shared layer"),
    ),
    plots.freeze_map: st.tuples(
        st.lists(st.booleans(), min_size=3, max_size=7).map(small_network), st.just("Frozen up to")
    ),
}


heads = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=9), st.integers(1, 1000), min_size=1
)
DRAWN[plots.schematic] = heads.filter(lambda drawn: len(drawn) < 6).flatmap(
    lambda heads: st.tuples(
        st.just(heads),
        st.just("Lesson 04: a branch for each target; one is trained"),
        st.lists(st.sampled_from(["layer4", "layer3", *heads])),
        st.lists(st.sampled_from([*heads])),
        st.just(RESNET18),
        st.integers(0, 1),
        st.just(512),
        st.sampled_from(["", "with BatchNorm"]),
    )
)


def drawn(plot, *arguments, **options):
    """The figure that a plot shows, and its texts as they were painted."""
    figures, texts = [], []
    paint = Text.draw

    def keep(figure, *_, **__):
        figures.append(figure)
        with mock.patch.object(Text, "draw", note_text):
            FigureCanvasAgg(figure).draw()

    def note_text(text, renderer, *rest, **named):
        if text.get_text().strip() and text.get_visible():
            texts.append(text)
        paint(text, renderer, *rest, **named)

    with mock.patch.object(Figure, "savefig", keep), mock.patch.object(style, "display"):
        plot(*arguments, **options)
    return figures[0], texts


def outline(text):
    """The rectangle, perhaps turned, that a text fills."""
    angle = text.get_rotation()
    turn = Affine2D()
    if angle % 90:  # else the text fills its extent
        text.set_rotation(0)
        turn.rotate_deg_around(*text.get_transform().transform(text.get_unitless_position()), angle)
    corners = Text.get_window_extent(text).padded(-1).corners()[[0, 1, 3, 2, 0]]
    text.set_rotation(angle)
    return Path(turn.transform(corners))


def readable(figure, texts):
    """Assert that no text lies on another and that none is cut off."""
    outlines = [(text.get_text(), outline(text)) for text in texts]
    for (one, first), (other, second) in itertools.combinations(outlines, 2):
        assert not first.intersects_path(second), f"{one!r} lies on {other!r}"
    whole = figure.bbox
    for words, path in outlines:
        box = path.get_extents()
        inside = (
            box.x0 >= whole.x0 and box.x1 <= whole.x1 and box.y0 >= whole.y0 and box.y1 <= whole.y1
        )
        assert inside, f"{words!r} is cut off"


def marks_are_whole(figure):
    """Assert that the edge of the axes cuts no mark, and that none is outside."""
    for axis in figure.axes:
        for line in axis.lines:
            if line.get_marker() in ("", "None", None):
                continue
            radius = line.get_markersize() / 2 * figure.dpi / 72
            half = 0 if line.get_clip_on() is False else radius
            room = axis.get_window_extent().padded(1 - half)
            for point in line.get_transform().transform(line.get_xydata()):
                assert room.contains(*point), f"a mark at {point} of {room} is cut off"


def on_paper(colour, below=WHITE):
    """A colour as it looks on what is below it."""
    *rgb, alpha = to_rgba(colour)
    return tuple(alpha * part + (1 - alpha) * under for part, under in zip(rgb, below, strict=True))


def on_dark_page(rgb):
    """What the stylesheet for dark pages makes of a colour (CSS Filter Effects, section 12)."""
    inverted = [part + style.INVERTED * (1 - 2 * part) for part in rgb]
    half_turn = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])
    return tuple(np.clip(half_turn @ inverted, 0, 1))


def luminance(rgb):
    """WCAG's relative luminance."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return np.dot(linear, (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    """WCAG's contrast ratio, the lower one of the light and the dark page."""
    ratios = []
    for page in (tuple, on_dark_page):
        low, high = sorted((luminance(page(one)), luminance(page(other))))
        ratios.append((high + 0.05) / (low + 0.05))
    return min(ratios)


def under(figure, text):
    """The colour that a text is written on."""
    middle = Text.get_window_extent(text).get_points().mean(0)
    paint = WHITE
    for box in seen(figure, Rectangle):
        if box.get_fill() and box.get_window_extent().contains(*middle):
            paint = on_paper(box.get_facecolor(), paint)
    return paint


def has_contrast(figure, texts):
    """Assert 4.5 : 1 for texts, and 3 : 1 for lines, marks and boxes."""
    for text in texts:
        ratio = contrast(on_paper(text.get_color()), under(figure, text))
        assert ratio >= 4.5, f"{text.get_text()!r} has {ratio:.1f}"
    for line in seen(figure, Line2D):
        colours = [on_paper(line.get_color())]
        if line.get_marker() not in ("", "None", None):
            colours = [on_paper(line.get_markerfacecolor()), on_paper(line.get_markeredgecolor())]
            ratio = contrast(*colours)
            assert ratio == 1 or ratio >= 3, f"a mark's face and edge have {ratio:.1f}"
        if colours != [WHITE]:  # a white line parts a dashed one from the bars
            assert max(contrast(colour, WHITE) for colour in colours) >= 3, line
    for patch in seen(figure, Patch):
        colours = {on_paper(patch.get_edgecolor())}
        if patch.get_fill():
            colours.add(on_paper(patch.get_facecolor()))
        if colours != {WHITE}:
            assert max(contrast(colour, WHITE) for colour in colours) >= 3, patch


def seen(figure, kind):
    """The parts of a figure of this kind that are visible."""
    return [part for part in figure.findobj(kind) if part.get_visible()]


@pytest.mark.parametrize("plot", DRAWN, ids=lambda plot: plot.__name__)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_a_plot_can_be_read(plot, data):
    figure, texts = drawn(plot, *data.draw(DRAWN[plot]))
    readable(figure, texts)
    marks_are_whole(figure)
    has_contrast(figure, texts)


@pytest.mark.parametrize(("side", "shown"), [(64, 128), (224, 224)])
def test_an_image_is_enlarged_by_a_whole_factor_and_not_blurred(monkeypatch, side, shown):
    pages = []
    monkeypatch.setattr(charts, "display", lambda bundle, raw: pages.append(bundle["text/html"]))
    plots.images(torch.zeros(2, 3, side, side, dtype=torch.uint8), ["apple", "pear, rotten"])
    assert pages[0].count(f'width="{shown}" height="{shown}"') == 2
    assert pages[0].count("image-rendering: pixelated") == 2


def test_a_plot_is_sharp_on_screens_of_high_resolution(monkeypatch):
    pages = []
    monkeypatch.setattr(style, "display", lambda bundle, raw: pages.append(bundle["text/html"]))
    plots.bars({"a": 0.5}, "One bar")
    encoded, width = re.search(r'base64,([^"]+)".* width="(\d+)"', pages[0]).groups()
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).width == 2 * int(width)


@given(st.integers(1, 1000))
def test_epochs_are_whole_and_start_at_1(last):
    ticks = charts.whole_ticks(last)
    assert ticks[0] == 1 and ticks[-1] <= last and len(ticks) <= 8
    assert all(isinstance(tick, int) for tick in ticks) and sorted(set(ticks)) == ticks


@pytest.mark.parametrize(
    ("values", "expected"),
    [((35.2, 3.42), ["35.2", "3.4"]), ((0.0444, 0.0), ["0.0444", "0.0000"]), ((1200,), ["1200"])],
)
def test_all_values_of_a_plot_have_the_same_decimals(values, expected):
    assert list(map(charts.same_decimals(values), values)) == expected


@pytest.mark.parametrize("logits", [10, 999, 1000, 1024, 9999, 10_000, 11_689_512])
def test_a_count_is_written_alike_everywhere_in_a_picture(logits):
    """Without a comma up to four digits, as shapes in code are written."""
    _, texts = drawn(plots.schematic, {"head": logits}, "", width=logits)
    words = [text.get_text() for text in texts]
    written = {text.split()[0] for text in words if text[0].isdigit()}
    assert written == {f"{logits:,}" if logits >= 10_000 else str(logits)}
