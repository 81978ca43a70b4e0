"""The course's pictures: each from one call, with alt text, readable on light and on dark pages.

Backgrounds are transparent and ink is a grey of contrast 4.5 : 1 on white and 4 : 1 on JupyterLab's dark page; colours are
Okabe and Ito's, told apart by colour-blind readers, and never the only sign.
"""
import base64
import html
import io

import matplotlib
from IPython.display import display
from matplotlib.figure import Figure

INK = "#767676"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STYLE = {"text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlecolor": INK,
         "axes.facecolor": "none", "figure.facecolor": "none", "axes.spines.top": False, "axes.spines.right": False, "font.size": 11,
         "axes.titlesize": 11, "legend.frameon": False, "figure.constrained_layout.use": True}


def show(figure, alt):
    """Display a matplotlib figure with alt text, as an <img> that every notebook page can read."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, transparent=True)
    data = base64.b64encode(file.getvalue()).decode()
    image = f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" style="max-width: 100%">'
    display({"text/html": image, "text/plain": alt}, raw=True)


def pictures(images, titles=None, alt="", columns=10):
    """A sheet of images uint8 (N, 3, S, S), with a title each if given."""
    rows = -(-len(images) // columns)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, rows * (1.3 if titles else 1.0)))
        for i, axis in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
            axis.axis("off")
            if i < len(images):
                axis.imshow(images[i].permute(1, 2, 0).numpy(), interpolation="nearest")
                if titles:
                    axis.set_title(titles[i], fontsize=9, pad=2)
        show(figure, alt or f"{len(images)} pictures" + (f": {', '.join(titles)}" if titles else ""))


def bars(values, title="", limit=1.0, line=None):
    """Horizontal bars of {label: share or list of shares over seeds}; the mean is the bar, each seed a dot.

    line: (value, label) of a vertical mark, such as a threshold.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 0.5 * len(values) + 1.1))
        axis = figure.subplots()
        told = []
        for row, (label, runs) in enumerate(values.items()):
            runs = list(runs) if isinstance(runs, list | tuple) else [runs]
            mean = sum(runs) / len(runs)
            axis.barh(row, mean, color=COLOURS[row % len(COLOURS)], height=0.6)
            if len(runs) > 1:
                axis.plot(runs, [row] * len(runs), "o", color=INK, markersize=4, markerfacecolor="none")
            axis.text(max([mean, *runs]) + 0.01 * limit, row, f"{mean:.0%}", va="center")
            told.append(f"{label} {mean:.0%}")
        axis.set_yticks(range(len(values)), values)
        axis.invert_yaxis()
        axis.set_xlim(0, limit)
        axis.xaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
        axis.set_title(title, loc="left")
        if line:
            axis.axvline(line[0], color=INK, linestyle="--", linewidth=1)
            axis.text(line[0], -0.6, line[1], ha="center", va="bottom", fontsize=9)
        show(figure, f"{title}: {'; '.join(told)}")


def curves(lines, title="", xlabel="epoch", ylabel="accuracy"):
    """Lines {label: list of values}, labelled at their ends."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 3.2))
        axis = figure.subplots()
        for i, (label, values) in enumerate(lines.items()):
            x = range(1, len(values) + 1)
            axis.plot(x, values, color=COLOURS[i], linewidth=2, linestyle=("-", "--", ":", "-.")[i % 4])
            axis.annotate(f" {label} {values[-1]:.2f}", (len(values), values[-1]), color=COLOURS[i], va="center")
        axis.set(xlabel=xlabel, ylabel=ylabel)
        axis.margins(x=0.18)
        axis.set_title(title, loc="left")
        show(figure, f"{title}: " + "; ".join(f"{label} from {v[0]:.2f} to {v[-1]:.2f}" for label, v in lines.items()))


def before_after(pairs, title=""):
    """Shares that changed, {label: (before, after)}: an open dot, an arrow, a filled dot, and the difference in points."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 0.4 * len(pairs) + 1.1))
        axis = figure.subplots()
        told = []
        for row, (label, (before, after)) in enumerate(pairs.items()):
            axis.annotate("", (after, row), (before, row), arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 5, "shrinkB": 5})
            axis.plot(before, row, "o", color=COLOURS[0], markersize=9, markerfacecolor="none", markeredgewidth=2)
            axis.plot(after, row, "o", color=COLOURS[1], markersize=9)
            axis.annotate(f"{100 * (after - before):+.1f} points", (after, row), (-12 if after < before else 12, 0), textcoords="offset points",
                          ha="right" if after < before else "left", va="center")
            told.append(f"{label} from {before:.0%} to {after:.0%}")
        axis.set_yticks(range(len(pairs)), pairs)
        axis.set_ylim(len(pairs) - 0.5, -0.9)
        for place, name in zip(next(iter(pairs.values())), ("before", "after"), strict=True):
            axis.annotate(name, (place, 0), (0, 9), textcoords="offset points", ha="center", fontsize=9)
        axis.margins(x=0.35)
        axis.xaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=0))
        axis.set_title(title, loc="left")
        show(figure, f"{title}: {'; '.join(told)}")


def depths(lines, title=""):
    """Accuracy against how much is frozen: lines {label: {stage: share}}; the first line names all stages, in order."""
    stages = list(next(iter(lines.values())))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 3.4))
        axis = figure.subplots()
        told = []
        for i, (label, runs) in enumerate(lines.items()):
            x, y = [stages.index(stage) for stage in runs], list(runs.values())
            axis.plot(x, y, color=COLOURS[i], marker="osD^v"[i % 5], markersize=7, linewidth=2, linestyle=("-", "--", ":", "-.")[i % 4])
            axis.annotate(f"{label}\n{y[0]:.0%} to {y[-1]:.0%}", (x[-1], y[-1]), (10, 0), textcoords="offset points", va="center",
                          color=COLOURS[i])
            told.append(f"{label}: " + ", ".join(f"{stage} {share:.0%}" for stage, share in runs.items()))
        axis.set_xticks(range(len(stages)), stages)
        axis.set_xlabel("last frozen stage: further right, more may move", loc="left")
        axis.set_xlim(-0.2, len(stages) - 1 + 0.55 * (len(stages) - 1))
        axis.margins(y=0.15)
        axis.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=0))
        axis.set_title(title, loc="left")
        show(figure, f"{title}: {'; '.join(told)}")
