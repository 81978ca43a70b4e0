"""The graded notebook: the instructor's source with only the student's answers put in.

Pure functions on notebooks; nothing here reads or writes a file. Metadata, tests, points, tags, ids
and the order of cells come from the source, never from the submission.
"""

import copy
from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from traitlets.config import Config

from nbjudge.coursedir.same_text import is_same_text
from nbjudge.errors import SubmissionError
from nbjudge.planning.syntax import cell_tree, functions_and_classes, is_python

EXPERIMENT = "experiment"  # the tag of cells that are not run for marks
IN_RELEASE = "in_release"  # metadata of a given cell: its text in release/, if it is another one
ADDED = "added-"  # how the ids of cells begin that the student added


class Piece(NamedTuple):
    """A cell of the submission, reduced to what may be used of it."""

    place: int | None  # index of the source cell it is; None: the student added it
    kind: str  # code, markdown or raw
    text: str
    attachments: dict[str, Any]  # pictures pasted into a written answer
    outputs: list[Any]  # as they were handed in, where that is wanted


Settled = tuple[list[Piece], list[str]]  # the pieces after a repair, and findings on it


def rebuild(
    source: NotebookNode,
    submitted: NotebookNode,
    given: NotebookNode | None = None,
    outputs: bool = False,
) -> tuple[NotebookNode, list[str]]:
    """Return (notebook, findings): the notebook to grade, and a sentence for whatever was odd.

    Both notebooks are in format 4; `given` is released(source), for who has it already. Cells that
    the student added stay where they stood, behind the same source cell as before. A notebook in
    which nothing is answered or checked is graded as the student left it. Outputs are dropped,
    unless `outputs` says that the submission's own are wanted. Raises SubmissionError where the
    submission holds none of the assignment's answer or check cells.
    """
    given = given or released(source)
    pieces = read_pieces(given, submitted, outputs)
    if not any(map(is_nbgraders, source.cells)):
        return as_left(source, pieces), compare_editions(source, submitted)
    answers = [place for place, cell in enumerate(given.cells) if is_solution(cell)]
    locked = [place for place, cell in enumerate(given.cells) if is_locked(cell)]
    found = {piece.place for piece in pieces}
    if found.isdisjoint(answers) and found.isdisjoint(locked):
        raise SubmissionError(
            "the notebook holds none of the lesson's answer or check cells, so nothing was graded: "
            "ask the learner for the right one"
        )
    findings = compare_editions(source, submitted)
    for place in answers:
        pieces, said = settle(pieces, place, given.cells[place])
        findings += said
    findings += look_at_given_cells(given, pieces, locked)
    return assemble(source, given, pieces), findings


def released(source: NotebookNode, config: Config | None = None) -> NotebookNode:
    """Return what students are given: solutions replaced by nbgrader's stub, hidden tests gone.

    `config` holds the course's settings, which can say how stub and regions are marked.
    """
    notebook = copy.deepcopy(source)
    for clear in (ClearSolutions, ClearHiddenTests, ClearMarkScheme):
        notebook, _ = clear(config=config).preprocess(notebook, {})
    return notebook


def is_nbgraders(cell: NotebookNode) -> bool:
    """Return whether a cell is of any concern to nbgrader.

    nbgrader's metadata alone do not say so: they stay, perhaps without a grade_id, on a cell that
    was an answer or a check once.
    """
    return any(kind(cell) for kind in (is_solution, is_grade, is_locked, is_task))


def is_students(cell: NotebookNode) -> bool:
    """Return whether a cell of a rebuilt notebook holds what the student wrote."""
    return is_solution(cell) or cell.get("id", "").startswith(ADDED)


def as_left(source: NotebookNode, pieces: list[Piece]) -> NotebookNode:
    """Return the pieces as a notebook; those that are as in the source keep their metadata."""
    notebook = copy.deepcopy(source)
    given = dict(enumerate(notebook.cells))
    cells = []
    for number, piece in enumerate(pieces):
        cell = given.pop(piece.place, None) if piece.place is not None else None
        if cell is None or (cell.cell_type, cell.source) != (piece.kind, piece.text):
            cell = new_cell(piece, f"{ADDED}{number}")
        elif cell.cell_type == "code":
            cell.outputs = piece.outputs
            cell.execution_count = None
        cells.append(cell)
    notebook.cells = cells
    return notebook


def assemble(
    source: NotebookNode,
    given: NotebookNode,
    pieces: list[Piece],
) -> NotebookNode:
    """Return the source with the pieces put in: one for each answer, the others as added cells.

    Given code that the student has edited runs as they left it, as in Jupyter. Such a cell is
    theirs, so it gets the id of an added one.
    """
    notebook = copy.deepcopy(source)
    written = {}
    added = defaultdict(list)  # {index of the source cell before them, -1 for none: pieces}
    before = -1
    for piece in pieces:
        if piece.place is None:
            added[before].append(piece)
        else:
            before = piece.place
            written[before] = piece
    cells = [new_cell(piece, f"{ADDED}{number}") for number, piece in enumerate(added[-1])]
    for place, cell in enumerate(notebook.cells):
        if is_solution(cell):
            put_answer(cell, written.get(place), given.cells[place].source)
        elif place in written and is_edited(given.cells[place], written[place]):
            cell = new_cell(written[place], f"{ADDED}{place}-edited")
        if cell.cell_type == "code":
            cell.outputs = written[place].outputs if place in written else []
            cell.execution_count = None
        cells.append(cell)
        for number, piece in enumerate(added[place]):
            cells.append(new_cell(piece, f"{ADDED}{place}-{number}"))
    notebook.cells = cells
    return notebook


def put_answer(
    cell: NotebookNode,
    answer: Piece | None,
    stub: str,
) -> None:
    """Put an answer into its cell, or the stub that was given out where there is no answer."""
    cell.source = stub if answer is None else answer.text
    if answer and answer.attachments and cell.cell_type == "markdown":
        cell["attachments"] = answer.attachments


def new_cell(
    piece: Piece,
    cell_id: str,
) -> NotebookNode:
    """Return an added cell without any of its metadata: it cannot be graded or skip anything."""
    if piece.kind == "code":
        return new_code_cell(piece.text, id=cell_id, outputs=piece.outputs)
    cell = new_markdown_cell(piece.text, id=cell_id)
    if piece.attachments:
        cell["attachments"] = piece.attachments
    return cell


# ---- which cell is which ---------------------------------------------------------------------


def read_pieces(
    given: NotebookNode,
    submitted: NotebookNode,
    outputs: bool = False,
) -> list[Piece]:
    """Return the submission's cells, each with the source cell it is.

    A cell is recognised by its grade_id, else by its cell id, else by its text: the text is what is
    left where an older format or another front end has lost the ids. Left out are empty cells that
    the student added, and copies of experiments.
    """
    places = places_by_id(given, submitted)
    by_text = {}
    for index, cell in enumerate(given.cells):
        if index not in places:
            by_text[cell.cell_type, cell.source.strip()] = index
    pieces = []
    for cell, place in zip(submitted.cells, places, strict=True):
        if place is None:
            place = by_text.pop((cell.cell_type, cell.source.strip()), None)
        useful = cell.source.strip() and EXPERIMENT not in cell.metadata.get("tags", [])
        if place is not None or useful:
            kept = cell.get("outputs", []) if outputs else []
            attachments = cell.get("attachments", {})
            pieces.append(Piece(place, cell.cell_type, cell.source, attachments, kept))
    return pieces


def places_by_id(
    given: NotebookNode,
    submitted: NotebookNode,
) -> list[int | None]:
    """Return, for each cell of the submission, the index of the given cell with the same id."""
    by_grade_id = {}
    by_id = {}
    for place, cell in enumerate(given.cells):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name and is_nbgraders(cell):
            by_grade_id[name] = place
        if "id" in cell:
            by_id[cell["id"]] = place
    found = []
    for cell in submitted.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        found.append(by_grade_id.get(grade_id, by_id.get(cell.get("id"))))
    return found


# ---- one piece for each answer ---------------------------------------------------------------


def settle(
    pieces: list[Piece],
    place: int,
    stub: NotebookNode,
) -> Settled:
    """Return (pieces, findings) with at most one piece left at an answer's place.

    `stub` is the answer cell as it was given out. Nothing that a student wrote is dropped: what is
    not the answer stays as an ordinary cell where it stood, as it ran on the student's machine.
    """
    name = stub.metadata.nbgrader.grade_id
    found = indices_at(pieces, place)
    if not any(pieces[k].text.strip() for k in found):
        lack = "is empty" if found else "is missing"
        return adopt(pieces, place, stub, lack)
    findings = []
    if len(found) > 1:
        pieces, how = choose(pieces, place, stub.source.strip())
        findings.append(
            f"the answer cell `{name}` is there {len(found)} times: {how}, "
            "look at it if the points surprise you"
        )
    (at,) = indices_at(pieces, place)
    if pieces[at].kind != stub.cell_type:
        findings.append(
            f"the answer cell `{name}` was turned into a {pieces[at].kind} cell: "
            f"it is graded as a {stub.cell_type} cell, nothing to do"
        )
        pieces[at] = pieces[at]._replace(kind=stub.cell_type)
    if stub.cell_type == "code":
        pieces, said = join_lost_half(pieces, at, name)
        findings += said
    return pieces, findings


def indices_at(
    pieces: list[Piece],
    place: int,
) -> list[int]:
    """Return the indices of the pieces that stand at an answer's place."""
    return [k for k, piece in enumerate(pieces) if piece.place == place]


def without(
    pieces: list[Piece],
    dropped: Collection[int],
) -> list[Piece]:
    """Return the pieces that do not have one of these indices."""
    return [piece for k, piece in enumerate(pieces) if k not in dropped]


def choose(
    pieces: list[Piece],
    place: int,
    stub: str,
) -> tuple[list[Piece], str]:
    """Return (pieces, what was done) with one of several cells at an answer's place left there.

    JupyterLab copies an answer cell's metadata to every part when the cell is split, and to the
    copy when it is pasted.
    """
    found = indices_at(pieces, place)
    written = [k for k in found if pieces[k].text.strip() not in ("", stub)]
    if not written:
        how = "all as given out, so it counts as not answered"
        return without(pieces, found[:-1]), how
    if len(written) == 1:
        how = "the copy that differs from the release is graded"
        others = set(found) - set(written)
        return without(pieces, others), how
    if are_parts(pieces, written):
        return join_parts(pieces, found, written)
    return take_last_python(pieces, found, written)


def are_parts(
    pieces: list[Piece],
    written: list[int],
) -> bool:
    """Return whether the cells `written` are one answer that was split."""
    if pieces[written[-1]].kind != "code":
        return True  # every part of a written answer counts
    texts = [pieces[k].text for k in written]
    if all(map(is_python, texts)):
        return False
    return is_python("\n".join(texts))


def join_parts(
    pieces: list[Piece],
    found: list[int],
    written: list[int],
) -> tuple[list[Piece], str]:
    """Join the cells `written` into the last of them; the other cells `found` go."""
    last = written[-1]
    texts = []
    attachments: dict[str, Any] = {}
    for k in written:
        texts.append(pieces[k].text)
        attachments |= pieces[k].attachments
    separator = "\n" if pieces[last].kind == "code" else "\n\n"
    answer = pieces[last]._replace(text=separator.join(texts), attachments=attachments)
    joined = list(pieces)
    joined[last] = answer
    others = [k for k in found if k != last]
    how = "the parts are graded as one answer, joined in their order"
    return without(joined, others), how


def take_last_python(
    pieces: list[Piece],
    found: list[int],
    written: list[int],
) -> tuple[list[Piece], str]:
    """Take the last version that is Python; the others of `written` become ordinary cells."""
    answer = written[-1]
    for k in written:
        if is_python(pieces[k].text):
            answer = k
    changed = list(pieces)
    for k in written:
        if k != answer:
            changed[k] = pieces[k]._replace(place=None)
    untouched = [k for k in found if k not in written]
    how = "the last version that is Python is graded and the others run as ordinary cells"
    return without(changed, untouched), how


def adopt(
    pieces: list[Piece],
    place: int,
    stub: NotebookNode,
    lack: str,
) -> Settled:
    """Take the added cell that defines what a missing answer defines, if there is just one.

    `lack` says in what way the answer is missing.
    """
    name = stub.metadata.nbgrader.grade_id
    wanted = definitions(stub.source)
    pieces = [piece for piece in pieces if piece.place != place]
    able = []
    for k, piece in enumerate(pieces):
        if piece.place is None and piece.kind == "code" and wanted <= definitions(piece.text):
            able.append(k)
    if not wanted or len(able) != 1:
        return pieces, [
            f"the answer cell `{name}` {lack}: it counts as not answered, "
            "ask the learner if that was not meant"
        ]
    pieces[able[0]] = pieces[able[0]]._replace(place=place)
    names = "`, `".join(sorted(wanted))
    return pieces, [
        f"the answer cell `{name}` {lack}: the added cell that defines `{names}` is graded "
        "instead, look at it if the points surprise you"
    ]


def definitions(text: str) -> set[str]:
    """Return the names of the functions and classes that a cell defines at its top level."""
    return functions_and_classes(cell_tree(text))


def join_lost_half(
    pieces: list[Piece],
    at: int,
    name: str,
) -> Settled:
    """Join an answer with its neighbour where a split has left that half without its metadata.

    Such a half is no Python by itself, and both together are.
    """
    for first in (at, at - 1):
        second = first + 1
        if first < 0 or second >= len(pieces):
            continue
        neighbour = pieces[second if first == at else first]
        if neighbour.place is not None or neighbour.kind != "code":
            continue
        halves = [pieces[first].text, pieces[second].text]
        joint = "\n".join(halves)
        if is_python(joint) and not all(map(is_python, halves)):
            answer = pieces[at]._replace(text=joint)
            joined = [*pieces[:first], answer, *pieces[second + 1 :]]
            return joined, [
                f"the answer cell `{name}` was split: the halves are graded as one answer, "
                "look at it if the points surprise you"
            ]
    return pieces, []


# ---- what is odd -----------------------------------------------------------------------------


def look_at_given_cells(
    given: NotebookNode,
    pieces: list[Piece],
    locked: list[int],
) -> list[str]:
    """Return findings on cells that are not the student's to change; experiments may be changed."""
    findings = []
    handed_in = defaultdict(list)
    for piece in pieces:
        handed_in[piece.place].append(piece)
    for place in locked:
        cell = given.cells[place]
        name = cell.metadata.nbgrader.grade_id
        if place not in handed_in:
            findings.append(
                f"the locked cell `{name}` was deleted, or it is newer than the submission; it is "
                "put back and graded, nothing to do"
            )
        elif not all(is_as_given(cell, piece) for piece in handed_in[place]):
            findings.append(
                f"the locked cell `{name}` was edited, or is of an older release; the original is "
                "graded, tell a learner who edited it that checks are not theirs to change"
            )
    return findings


def is_as_given(cell: NotebookNode, piece: Piece) -> bool:
    """Return whether a piece has a locked cell's text, as the course has it or as in release/."""
    texts = (cell.source, cell.metadata.get(IN_RELEASE, cell.source))
    return any(is_same_text(cell.cell_type, piece.text, text) for text in texts)


def is_edited(cell: NotebookNode, piece: Piece) -> bool:
    """Return whether a piece is given code that the student has edited."""
    if not is_given_code(cell) or piece.kind != "code":
        return False
    return not is_same_text("code", piece.text, cell.source)


def is_given_code(cell: NotebookNode) -> bool:
    """Return whether a cell of the release is code that students need not change."""
    if cell.cell_type != "code" or is_nbgraders(cell):
        return False
    return EXPERIMENT not in cell.metadata.get("tags", [])


def compare_editions(
    source: NotebookNode,
    submitted: NotebookNode,
) -> list[str]:
    """Return findings on the notebook as a whole: another kernel, an older edition."""
    findings = []
    kernel = submitted.metadata.get("kernelspec", {}).get("name")
    ours = source.metadata.get("kernelspec", {}).get("name")
    if kernel and kernel != ours:
        findings.append(
            f"the notebook names the kernel `{kernel}`; it is graded with `{ours}`, nothing to do"
        )
    edition = submitted.metadata.get("made_from")
    if edition and edition != source.metadata.get("made_from"):
        findings.append(
            "the notebook was made from another edition of the lesson; the answers are graded with "
            "the present tests, compare the two editions if the points surprise you"
        )
    return findings
