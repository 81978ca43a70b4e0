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
from torch.nn.modules.batchnorm import _BatchNorm

INK = "#767676"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
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


def show(figure, alt):
    """Display a matplotlib figure with alt text, as an <img> that every notebook page can read."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, transparent=True)
    data = base64.b64encode(file.getvalue()).decode()
    image = (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" style="max-width: 100%">'
    )
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
        show(
            figure, alt or f"{len(images)} pictures" + (f": {', '.join(titles)}" if titles else "")
        )


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
                axis.plot(
                    runs, [row] * len(runs), "o", color=INK, markersize=4, markerfacecolor="none"
                )
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
            axis.plot(
                x, values, color=COLOURS[i], linewidth=2, linestyle=("-", "--", ":", "-.")[i % 4]
            )
            axis.annotate(
                f" {label} {values[-1]:.2f}",
                (len(values), values[-1]),
                color=COLOURS[i],
                va="center",
            )
        axis.set(xlabel=xlabel, ylabel=ylabel)
        axis.margins(x=0.18)
        axis.set_title(title, loc="left")
        show(
            figure,
            f"{title}: "
            + "; ".join(f"{label} from {v[0]:.2f} to {v[-1]:.2f}" for label, v in lines.items()),
        )


def before_after(pairs, title=""):
    """Shares that changed, {label: (before, after)}: an open dot, an arrow, a filled dot, and the difference in points."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 0.4 * len(pairs) + 1.1))
        axis = figure.subplots()
        told = []
        for row, (label, (before, after)) in enumerate(pairs.items()):
            axis.annotate(
                "",
                (after, row),
                (before, row),
                arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 5, "shrinkB": 5},
            )
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
            axis.annotate(
                f"{100 * (after - before):+.1f} points",
                (after, row),
                (-12 if after < before else 12, 0),
                textcoords="offset points",
                ha="right" if after < before else "left",
                va="center",
            )
            told.append(f"{label} from {before:.0%} to {after:.0%}")
        axis.set_yticks(range(len(pairs)), pairs)
        axis.set_ylim(len(pairs) - 0.5, -0.9)
        for place, name in zip(next(iter(pairs.values())), ("before", "after"), strict=True):
            axis.annotate(
                name, (place, 0), (0, 9), textcoords="offset points", ha="center", fontsize=9
            )
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
            axis.plot(
                x,
                y,
                color=COLOURS[i],
                marker="osD^v"[i % 5],
                markersize=7,
                linewidth=2,
                linestyle=("-", "--", ":", "-.")[i % 4],
            )
            axis.annotate(
                f"{label}\n{y[0]:.0%} to {y[-1]:.0%}",
                (x[-1], y[-1]),
                (10, 0),
                textcoords="offset points",
                va="center",
                color=COLOURS[i],
            )
            told.append(
                f"{label}: " + ", ".join(f"{stage} {share:.0%}" for stage, share in runs.items())
            )
        axis.set_xticks(range(len(stages)), stages)
        axis.set_xlabel("last frozen stage: further right, more may move", loc="left")
        axis.set_xlim(-0.2, len(stages) - 1 + 0.55 * (len(stages) - 1))
        axis.margins(y=0.15)
        axis.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=0))
        axis.set_title(title, loc="left")
        show(figure, f"{title}: {'; '.join(told)}")


def module_graph(graphs, title=""):
    """Which parts of a model serve which targets: {model: {part: {(targets): numbers}}}, the parts in the order of the forward.

    A column for each part, a row for each target; weights that several targets use are one box over all their rows.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5 * len(graphs), 3.6))
        told = []
        for axis, (model, parts) in zip(
            figure.subplots(1, len(graphs), squeeze=False)[0], graphs.items(), strict=True
        ):
            targets = sorted(
                {target for boxes in parts.values() for users in boxes for target in users}
            )
            for column, (part, boxes) in enumerate(parts.items()):
                axis.text(column, min(targets) - 0.7, part, ha="center", va="bottom")
                for users, count in boxes.items():
                    top, bottom = min(users) - 0.4, max(users) + 0.4
                    axis.add_patch(
                        matplotlib.patches.Rectangle(
                            (column - 0.33, top),
                            0.66,
                            bottom - top,
                            facecolor="none",
                            linewidth=2,
                            edgecolor=COLOURS[column % len(COLOURS)],
                        )
                    )
                    axis.text(
                        column,
                        (top + bottom) / 2,
                        f"{count:,}",
                        ha="center",
                        va="center",
                        fontsize=9,
                    )
                    who = (
                        f"targets {min(users)} to {max(users)}"
                        if len(users) > 1
                        else f"target {users[0]}"
                    )
                    told.append(f"{model}, {part}: {count:,} numbers for {who}")
            for target in targets:
                for column in range(len(parts)):
                    axis.annotate(
                        "",
                        (column + 0.66, target),
                        (column + 0.34, target),
                        arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0},
                    )
                axis.text(len(parts) - 0.3, target, f"target {target}", va="center", fontsize=9)
            axis.set(xlim=(-0.45, len(parts) + 0.25), ylim=(max(targets) + 0.6, min(targets) - 1.1))
            axis.set_title(model, loc="left", fontweight="bold")
            axis.axis("off")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        show(figure, f"{title}. {'; '.join(told)}")


def gradient_flow(flows, title=""):
    """Which loss reaches which branch: {model: rows of gradient lengths, one row a loss, one column a branch}.

    A line from each loss to each branch that it sends a gradient to; a branch says the length of what arrives from how many.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5 * len(flows), 3.2))
        told = []
        for axis, (model, rows) in zip(
            figure.subplots(1, len(flows), squeeze=False)[0], flows.items(), strict=True
        ):
            for loss, row in enumerate(rows):
                colour, style = (
                    COLOURS[loss % len(COLOURS)],
                    ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))[loss % 5],
                )
                reached = [branch for branch, length in enumerate(row) if length > 0]
                for branch in reached:
                    axis.plot([1, 0], [loss, branch], color=colour, linestyle=style, linewidth=2)
                axis.text(
                    1.04, loss, f"loss {loss + 1}: length {max(row):.1f}", color=INK, va="center"
                )
                told.append(
                    f"{model}: loss {loss + 1} reaches {'branch' if len(reached) == 1 else 'branches'} "
                    f"{', '.join(str(branch + 1) for branch in reached)}"
                )
            for branch in range(len(rows[0])):
                pulls = sum(row[branch] > 0 for row in rows)
                axis.plot(0, branch, "s", color=INK, markersize=7)
                axis.text(
                    -0.04,
                    branch,
                    f"branch {branch + 1}: {pulls} pull{'s' if pulls != 1 else ''}",
                    ha="right",
                    va="center",
                )
            axis.set(xlim=(-0.6, 1.7), ylim=(len(rows) - 0.6, -0.6))
            axis.set_title(model, loc="left", fontweight="bold")
            axis.axis("off")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        show(figure, f"{title}. {'; '.join(told)}")


def confusion(matrix, names, title=""):
    """A confusion matrix (K, K), true classes down, guessed ones across: counts in cells, shaded by their share of the row."""
    count = len(names)
    side = max(2.6, 0.62 * count)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(side + 2.2, side + 0.8))
        axis = figure.subplots()
        told = []
        for row, numbers in enumerate(matrix.tolist()):
            for column, number in enumerate(numbers):
                share = number / max(sum(numbers), 1)
                right = row == column
                corner = column - 0.46, row - 0.46
                fill = {
                    "facecolor": COLOURS[0 if right else 1],
                    "alpha": 0.3 * share,
                    "edgecolor": "none",
                }
                axis.add_patch(matplotlib.patches.Rectangle(corner, 0.92, 0.92, **fill))
                axis.add_patch(
                    matplotlib.patches.Rectangle(
                        corner, 0.92, 0.92, fill=False, edgecolor=INK, linewidth=2 if right else 0.5
                    )
                )
                if number or count < 4:
                    axis.text(
                        column,
                        row,
                        f"{number}",
                        ha="center",
                        va="center",
                        fontsize=15 if count < 4 else 11,
                        weight="bold",
                    )
                if number and (right or count < 4):
                    told.append(f"{number} {names[row]} called {names[column]}")
        axis.set(
            xlim=(-0.55, count - 0.45),
            ylim=(count - 0.45, -0.55),
            xticks=range(count),
            yticks=range(count),
        )
        axis.set_xticklabels(
            names, rotation=0 if count < 4 else 40, ha="center" if count < 4 else "right"
        )
        axis.set_yticklabels(names)
        axis.set(xlabel="guessed", ylabel="true")
        axis.tick_params(length=0)
        for spine in axis.spines.values():
            spine.set_visible(False)
        axis.set_title(title, loc="left")
        show(figure, f"{title or 'Confusion matrix'}: {'; '.join(told)}")


def precision_recall(lines, title="", marks=None, prevalence=None):
    """Precision against recall: lines {label: (recalls, precisions)}, marks {label: (recall, precision)}, and the level of flagging all."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 3.8))
        axis = figure.subplots()
        told = []
        for i, (label, (recalls, precisions)) in enumerate(lines.items()):
            axis.plot(
                recalls,
                precisions,
                color=COLOURS[i],
                linewidth=2,
                linestyle=("-", "--", ":", "-.")[i % 4],
                label=label,
            )
        for i, (label, (recall, precision)) in enumerate((marks or {}).items()):
            axis.plot(recall, precision, "osD^v"[i % 5], color=INK, markersize=8)
            axis.annotate(
                label, (recall, precision), (8, 6), textcoords="offset points", va="bottom"
            )
            told.append(f"{label} at recall {recall:.2f}, precision {precision:.2f}")
        if prevalence is not None:
            axis.axhline(prevalence, color=INK, linestyle="--", linewidth=1)
            axis.annotate(
                f"flag everything: {prevalence:.2f}",
                (0, prevalence),
                (4, 3),
                textcoords="offset points",
                fontsize=9,
            )
        axis.set(
            xlim=(0, 1.02),
            ylim=(0, 1.04),
            xlabel="recall: share of the positives that is found",
            ylabel="precision",
        )
        axis.legend(loc="upper right")
        axis.set_title(title, loc="left")
        show(figure, f"{title}: {', '.join(lines)}" + (f"; {'; '.join(told)}" if told else ""))


def calibration(lines, title=""):
    """What was promised against what came: lines {label: [(mean probability, share that was positive, how many), ...]}."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 4))
        axis = figure.subplots()
        axis.plot((0, 1), (0, 1), color=INK, linestyle="--", linewidth=1)
        axis.annotate(
            "kept promises",
            (0.72, 0.74),
            rotation=27,
            rotation_mode="anchor",
            fontsize=9,
            va="bottom",
        )
        told = []
        for i, (label, groups) in enumerate(lines.items()):
            promised, came, _ = zip(*groups)
            style = {"linestyle": ("-", "--", ":", "-.")[i % 4], "marker": "osD^v"[i % 5]}
            axis.plot(promised, came, color=COLOURS[i], linewidth=2, label=label, **style)
            told.append(
                f"{label}: "
                + ", ".join(f"{p:.2f} promised, {c:.2f} came ({n} pictures)" for p, c, n in groups)
            )
        axis.set(
            xlim=(0, 1.02),
            ylim=(0, 1.04),
            xlabel="probability that the head gives",
            ylabel="share that is rotten",
        )
        axis.legend(loc="upper left")
        axis.set_title(title, loc="left")
        show(figure, f"{title}: {'; '.join(told)}")


def trade_off(curve, marks, corner, title="", xlabel="", ylabel=""):
    """Two shares against each other, {threshold: (x, y)}; `marks` are thresholds to point out, `corner` the lowest shares allowed."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 3.8))
        axis = figure.subplots()
        axis.plot(*zip(*curve.values(), strict=True), color=COLOURS[0], linewidth=2)
        axis.fill_between(
            [corner[0], 1.02], corner[1], 1.02, color=COLOURS[2], alpha=0.15, linewidth=0
        )
        axis.annotate(
            "what the brief allows",
            (1.01, 1.0),
            (0, -6),
            textcoords="offset points",
            ha="right",
            fontsize=9,
        )
        told = []
        for mark in marks:
            x, y = curve[min(curve, key=lambda threshold: abs(threshold - mark))]
            axis.plot(x, y, "o", color=COLOURS[1], markersize=8)
            axis.annotate(f"{mark:g}", (x, y), (-8, -14), textcoords="offset points", ha="right")
            told.append(f"at {mark:g} {x:.0%} and {y:.0%}")
        axis.set(
            xlabel=xlabel, ylabel=ylabel, xlim=(0, 1.02), ylim=(min(0.4, corner[1] - 0.1), 1.02)
        )
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=0))
        axis.set_title(title, loc="left")
        show(
            figure,
            f"{title}: {xlabel} and {ylabel}, {'; '.join(told)}; allowed from {corner[0]:.0%} and {corner[1]:.0%} on",
        )


def task_gradients(arrows, names, weights=(1, 1), title=""):
    """Two tasks' gradients, {when: (g1, g2)}, in the plane that they span, and the sum of `weights` times them; one panel each.

    The panels share their scale. The first gradient points to the right; how far the second leans to it is their cosine.
    """
    label = " + ".join(
        name if w == 1 else f"{w} × {name}" for w, name in zip(weights, names, strict=True)
    )
    panels, told, ends = {}, [], []
    for when, (g1, g2) in arrows.items():
        right = g1 / g1.norm()
        along = float(g2 @ right)
        one, other = (float(g1.norm()), 0.0), (along, float((g2 - along * right).norm()))
        first, second = ([w * x for x in g] for w, g in zip(weights, (one, other), strict=True))
        total = [a + b for a, b in zip(first, second, strict=True)]
        panels[when] = one, other, first, second, total
        ends += panels[when]
        told.append(
            f"{when}: {names[0]} {g1.norm():.2f} long, {names[1]} {g2.norm():.2f}, cosine {along / float(g2.norm()):.2f}, "
            f"the sum leans towards {names[0 if total[0] > total[1] else 1]}"
        )
    wide, high = (max(values) for values in zip(*ends, strict=True))
    with matplotlib.rc_context({**STYLE, "figure.constrained_layout.use": False}):
        figure = Figure(figsize=(10, 1.3 + 4.3 * 1.6 * high / (1.4 * wide)), layout="compressed")
        for axis, (when, (one, other, first, second, total)) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            axis.plot(
                [first[0], total[0], second[0]],
                [first[1], total[1], second[1]],
                color=INK,
                linewidth=1,
                linestyle=":",
            )
            beside = total[0] < 0.5 * wide
            for end, colour, style, text, shift, side in (
                (first, 0, ":", "", (0, 0), "center"),
                (one, 0, "-", names[0], (0, -15), "center"),
                (other, 1, "-", names[1], (-6, -4), "right"),
                (
                    total,
                    2,
                    "--",
                    label,
                    (6, -4) if beside else (0, 6),
                    "left" if beside else "right",
                ),
            ):
                axis.annotate(
                    "",
                    end,
                    (0, 0),
                    arrowprops={
                        "arrowstyle": "-|>",
                        "color": COLOURS[colour],
                        "linewidth": 2,
                        "linestyle": style,
                        "shrinkA": 0,
                        "shrinkB": 0,
                    },
                )
                axis.annotate(
                    text, end, shift, textcoords="offset points", color=COLOURS[colour], ha=side
                )
            axis.set(
                xlim=(-0.3 * wide, 1.1 * wide), ylim=(-0.35 * high, 1.25 * high), aspect="equal"
            )
            axis.set_title(when, loc="left")
        figure.suptitle(title, fontsize=11, color=INK)
        show(figure, f"{title}: {'; '.join(told)}")


def freeze_map(model, title=""):
    """What may move in a model: a box for each of its parts that has weights, and below it what its BatchNorm statistics do.

    The band of a frozen part is hatched, of a trainable one filled; a box says how many numbers it holds.
    """
    parts = {
        name: part
        for name, part in model.named_children()
        if next(part.parameters(), None) is not None
    }
    looks = {
        "frozen": (COLOURS[0], "///", "none"),
        "trains": (COLOURS[1], "", COLOURS[1]),
        "partly": (COLOURS[2], "..", "none"),
    }
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.35 * len(parts), 1.9))
        axis = figure.subplots()
        told = []
        for column, (name, part) in enumerate(parts.items()):
            free = [p.requires_grad for p in part.parameters()]
            state = "trains" if all(free) else "partly" if any(free) else "frozen"
            moves = [
                layer.training and layer.track_running_stats
                for layer in part.modules()
                if isinstance(layer, _BatchNorm)
            ]
            statistics = ("statistics\nmove" if any(moves) else "statistics\nrest") if moves else ""
            edge, hatch, face = looks[state]
            band = {
                "edgecolor": edge,
                "facecolor": face,
                "hatch": hatch,
                "linewidth": 0,
                "alpha": 0.8,
            }
            axis.add_patch(matplotlib.patches.Rectangle((column - 0.45, 0.7), 0.9, 0.3, **band))
            axis.add_patch(
                matplotlib.patches.Rectangle(
                    (column - 0.45, 0), 0.9, 1, fill=False, edgecolor=edge, linewidth=2
                )
            )
            count = sum(p.numel() for p in part.parameters())
            axis.text(column, 1.1, name, ha="center", va="bottom", fontweight="bold")
            axis.text(column, 0.35, f"{state}\n{count:,}", ha="center", va="center")
            axis.text(column, -0.1, statistics, ha="center", va="top", fontsize=9)
            told.append(
                f"{name} {state}" + (f", its {' '.join(statistics.split())}" if statistics else "")
            )
        axis.set(xlim=(-0.55, len(parts) - 0.45), ylim=(-0.75, 1.5))
        axis.set_title(title, loc="left")
        axis.axis("off")
        show(figure, f"{title}: {'; '.join(told)}")
