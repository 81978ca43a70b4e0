"""One picture of a network, the same in all lessons: image, stages, features, heads, logits."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from course.notebook.plots.style import COLOURS, INK, arrow, box, finish, grouped, one_axis, styled

RESNET18 = ("conv1", "layer1", "layer2", "layer3", "layer4")
HALF = 0.38  # half the width of a box; the columns are 1 apart
HIGH = 0.36  # half its height; the rows are 1 apart


@styled
def schematic(
    heads: Mapping[str, int],
    title: str = "",
    trained: Sequence[str] = (),
    replaced: Sequence[str] = (),
    stages: Sequence[str] = RESNET18,
    own: int = 0,
    width: int = 512,
    below: str = "",
) -> None:
    """How an image becomes logits, and which parts are frozen, trained or replaced.

    heads: {name: number of its logits}. trained, replaced: names of stages and heads; all others
    are frozen. stages: what the image runs through. own: of how many of the last stages each head
    has one of its own, in the head's state. width: how many features a head takes. below: a note
    under each stage that all heads share.
    """
    shared = list(stages[: len(stages) - own])
    middle = (len(heads) - 1) / 2
    last = len(stages)  # the column of the last stage; the image is in column 0
    figure, axis = one_axis(0.95 * (last + 4), 0.75 * len(heads) + 0.9)

    def state_of(name: str) -> str:
        if name in replaced:
            return "replaced"
        return "trained" if name in trained else "frozen"

    _plain(axis, 0, middle, "image")
    for column, stage in enumerate(shared, 1):
        _flow(axis, column - 1, middle, middle)
        _part(axis, column, middle, stage, state_of(stage))
        note_below = below.replace(" ", "\n")
        axis.text(column, middle + 0.45, note_below, fontsize=9, va="top", ha="center")
    if not own:
        _flow(axis, last, middle, middle)
        _plain(axis, last + 1, middle, f"{grouped(width)}\nfeatures")
    for row, (head, logits) in enumerate(heads.items()):
        state = state_of(head)
        if own:
            for column in range(len(shared) + 1, last + 1):
                _flow(axis, column - 1, middle if column == len(shared) + 1 else row, row)
                _part(axis, column, row, stages[column - 1], state)
            _flow(axis, last, row, row)
            _plain(axis, last + 1, row, f"{grouped(width)}\nfeatures")
        _part(axis, last + 2, row, head, state)
        if state != "replaced":
            _flow(axis, last + 1, row if own else middle, row)
            _flow(axis, last + 2, row, row)
            _plain(axis, last + 3, row, f"{grouped(logits)}\nlogits" if logits > 1 else "1\nlogit")
    lowest = len(heads) - 0.4 if not below else max(len(heads) - 0.4, middle + 1.1)
    axis.set(xlim=(-0.5, last + 3.5), ylim=(lowest, -0.5))
    axis.axis("off")
    finish(figure, axis, title, _told(heads, shared, stages[len(shared) :], state_of, width, below))


def _told(heads, shared, branch, state_of, width, below) -> list[str]:
    """The alt text of the picture: a fact for each part, in the order of the forward pass."""
    told = ["an image goes through " + ", ".join(f"{part} ({state_of(part)})" for part in shared)]
    if below:
        told.append(f"below each of them: {below}")
    if branch:
        told.append(f"each head has its own {' and '.join(branch)}")
    told.append(f"a head takes {grouped(width)} features")
    for head, logits in heads.items():
        number = f"{grouped(logits)} logit{'s' if logits > 1 else ''}"
        told.append(f"{head} ({state_of(head)}): {number}")
    return told


def _flow(axis: Axes, column: float, row: float, to_row: float) -> None:
    """An arrow from the right side of a box to the left side of the next."""
    arrow(axis, (column + HALF, row), (column + 1 - HALF, to_row), mutation_scale=9)


def _plain(axis: Axes, column: float, row: float, text: str) -> None:
    """Data between the parts: words without a box."""
    axis.text(column, row, text, ha="center", va="center")


def _part(axis: Axes, column: float, row: float, name: str, state: str) -> None:
    """A box with a part's name and state, which its band shows too: hatched, filled or none."""
    edge, line, band = {
        "frozen": (COLOURS[0], "-", {"facecolor": "none", "hatch": "////"}),
        "trained": (COLOURS[1], "-", {"facecolor": COLOURS[1]}),
        "replaced": (INK, "--", None),
    }[state]
    corner = (column - HALF, row - HIGH)
    if band:
        box(axis, corner, 2 * HALF, 0.16, edgecolor=edge, linewidth=0, **band)
    look = {"fill": False, "edgecolor": edge, "linestyle": line, "linewidth": 1.8}
    box(axis, corner, 2 * HALF, 2 * HIGH, **look)
    axis.text(column, row + 0.08, f"{name}\n{state}", ha="center", va="center", fontsize=9)
