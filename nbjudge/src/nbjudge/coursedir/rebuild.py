"""The graded notebook: the instructor's source with only the learner's answers put in.

Pure functions on notebooks; nothing here reads or writes a file. Metadata, tests, points, tags, ids and the order of cells
come from the source, never from the submission.
"""

import ast
import copy
from collections import defaultdict
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager, leading_indent
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from nbgrader.utils import is_locked, is_solution

from nbjudge.planning.syntax import parse

EXPERIMENT = "experiment"  # the tag of cells that are not run for marks


class Piece(NamedTuple):
    """A cell of the submission, reduced to what may be used of it."""

    place: int | None  # index of the source cell it is; None: the learner added it
    kind: str  # code, markdown or raw
    text: str
    attachments: dict  # pictures pasted into a written answer


def rebuild(source, submitted, given=None):
    """Return (notebook, findings): the notebook to grade, and a sentence for whatever was not as it should be.

    `given`: released(source), for who has it already.
    Both notebooks are in format 4. Cells the learner added stay where they stood, behind the same source cell as before.
    Raises ValueError where the submission holds none of the lesson's answer or check cells.
    """
    given = given or released(source)
    pieces = read_pieces(given, submitted)
    answers = [place for place, cell in enumerate(given.cells) if is_solution(cell)]
    locked = [place for place, cell in enumerate(given.cells) if is_locked(cell)]
    if not {piece.place for piece in pieces} & {*answers, *locked}:
        raise ValueError("holds none of the lesson's answer or check cells")

    findings = compare_editions(source, submitted)
    for place in answers:
        pieces, said = settle(pieces, place, given.cells[place])
        findings += said
    findings += look_at_given_cells(given, pieces, locked)

    notebook = copy.deepcopy(source)
    added, written, place = defaultdict(list), {}, -1
    for piece in pieces:
        if piece.place is None:
            added[place].append(piece)
        else:
            place = piece.place
            written[place] = piece
    cells = [new_cell(piece, f"added-{number}") for number, piece in enumerate(added[-1])]
    for place, cell in enumerate(notebook.cells):
        if place in answers:
            answer = written.get(place, Piece(place, cell.cell_type, given.cells[place].source, {}))
            cell.source = answer.text
            if cell.cell_type == "markdown" and answer.attachments:
                cell["attachments"] = answer.attachments
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cells += [
            cell,
            *(
                new_cell(piece, f"added-{place}-{number}")
                for number, piece in enumerate(added[place])
            ),
        ]
    notebook.cells = cells
    return notebook, findings


def released(source):
    """What the learner was given: solutions replaced by nbgrader's stub, hidden tests gone."""
    notebook = copy.deepcopy(source)
    for clear in (ClearSolutions(), ClearHiddenTests(), ClearMarkScheme()):
        notebook, _ = clear.preprocess(notebook, {})
    return notebook


def read_pieces(given, submitted):
    """The submission's cells, each with the source cell it is: by grade_id, else by cell id, else by its text.

    Text is what is left where an older format or another front end has lost the ids. Left out: empty cells the learner added,
    and copies of experiments.
    """
    by_grade_id = {
        cell.metadata.nbgrader.grade_id: place
        for place, cell in enumerate(given.cells)
        if "nbgrader" in cell.metadata
    }
    by_id = {cell["id"]: place for place, cell in enumerate(given.cells) if "id" in cell}
    places = [
        by_grade_id.get(
            cell.metadata.get("nbgrader", {}).get("grade_id"), by_id.get(cell.get("id"))
        )
        for cell in submitted.cells
    ]
    by_text = {
        (cell.cell_type, cell.source.strip()): place
        for place, cell in enumerate(given.cells)
        if place not in places
    }
    pieces = []
    for cell, place in zip(submitted.cells, places, strict=True):
        if place is None:
            place = by_text.pop((cell.cell_type, cell.source.strip()), None)
        if place is not None or (
            cell.source.strip() and EXPERIMENT not in cell.metadata.get("tags", [])
        ):
            pieces.append(Piece(place, cell.cell_type, cell.source, cell.get("attachments", {})))
    return pieces


def settle(pieces, place, stub):
    """Return (pieces, findings) with at most one piece left at an answer's place.

    `stub` is the answer cell as it was given out. Nothing a learner wrote is dropped: what is not the answer stays as an
    ordinary cell where it stood, as it ran on the learner's machine.
    """
    name, findings = stub.metadata.nbgrader.grade_id, []
    found = [k for k, piece in enumerate(pieces) if piece.place == place]
    written = [k for k in found if pieces[k].text.strip() not in ("", stub.source.strip())]

    if not any(pieces[k].text.strip() for k in found):
        return adopt(pieces, place, stub, "is empty" if found else "is missing")
    if len(found) > 1:
        if not written:
            pieces, how = (
                without(pieces, found[:-1]),
                "all as given out, so it counts as not answered",
            )
        elif len(written) == 1:
            pieces, how = (
                without(pieces, set(found) - set(written)),
                "the copy that differs from the release is graded",
            )
        else:
            pieces, how = join_or_choose(pieces, place, written)
        findings.append(
            f"the answer cell `{name}` is there {len(found)} times: {how}, look at it if the points surprise you"
        )

    at = next(k for k, piece in enumerate(pieces) if piece.place == place)
    if pieces[at].kind != stub.cell_type:
        findings.append(
            f"the answer cell `{name}` was turned into a {pieces[at].kind} cell: it is graded as a {stub.cell_type} cell, "
            "nothing to do"
        )
        pieces[at] = pieces[at]._replace(kind=stub.cell_type)
    if stub.cell_type == "code":
        pieces, said = join_lost_half(pieces, at, name)
        findings += said
    return pieces, findings


def without(pieces, dropped):
    return [piece for k, piece in enumerate(pieces) if k not in dropped]


def join_or_choose(pieces, place, written):
    """Several versions of one answer, at the indices `written`: return (pieces, what was done).

    JupyterLab copies an answer cell's metadata to every part when the cell is split, and to the copy when it is pasted.
    """
    texts, last = [pieces[k].text for k in written], written[-1]
    if pieces[last].kind != "code" or (not all(map(parses, texts)) and parses("\n".join(texts))):
        separator = "\n" if pieces[last].kind == "code" else "\n\n"
        attachments = {
            name: picture for k in written for name, picture in pieces[k].attachments.items()
        }
        joined = pieces[last]._replace(text=separator.join(texts), attachments=attachments)
        others = [k for k, piece in enumerate(pieces) if piece.place == place and k != last]
        return without(
            [*pieces[:last], joined, *pieces[last + 1 :]], others
        ), "the parts are graded as one answer, joined in their order"
    answer = max((k for k in written if parses(pieces[k].text)), default=last)
    demoted = [
        piece._replace(place=None) if k in written and k != answer else piece
        for k, piece in enumerate(pieces)
    ]
    untouched = [k for k, piece in enumerate(demoted) if piece.place == place and k != answer]
    return without(
        demoted, untouched
    ), "the last version that is Python is graded and the others run as ordinary cells"


def adopt(pieces, place, stub, lack):
    """No answer where it should be: take the added cell that defines what the answer defines, if there is just one."""
    name, wanted = stub.metadata.nbgrader.grade_id, defined(stub.source)
    pieces = [piece for piece in pieces if piece.place != place]
    able = [
        k
        for k, piece in enumerate(pieces)
        if piece.place is None and piece.kind == "code" and wanted <= defined(piece.text)
    ]
    if not wanted or len(able) != 1:
        return pieces, [
            f"the answer cell `{name}` {lack}: it counts as not answered, ask the learner if that was not meant"
        ]
    pieces[able[0]] = pieces[able[0]]._replace(place=place)
    return pieces, [
        f"the answer cell `{name}` {lack}: the added cell that defines `{'`, `'.join(sorted(wanted))}` is graded instead, "
        "look at it if the points surprise you"
    ]


def join_lost_half(pieces, at, name):
    """Where a split has left one half without its metadata, the half that is no Python by itself belongs to its neighbour."""
    for first in (at, at - 1):
        pair = pieces[max(first, 0) : first + 2]
        if (
            len(pair) == 2
            and all(piece.kind == "code" for piece in pair)
            and {piece.place for piece in pair} == {pieces[at].place, None}
        ):
            joint = "\n".join(piece.text for piece in pair)
            if not all(parses(piece.text) for piece in pair) and parses(joint):
                return [*pieces[:first], pieces[at]._replace(text=joint), *pieces[first + 2 :]], [
                    f"the answer cell `{name}` was split: the halves are graded as one answer, look at it if the points surprise you"
                ]
    return pieces, []


def look_at_given_cells(given, pieces, locked):
    """Findings on cells that are not the learner's to change. Experiments are there to be changed."""
    findings, texts = [], defaultdict(list)
    for piece in pieces:
        texts[piece.place].append(piece.text.strip())
    for place in locked:
        cell = given.cells[place]
        if place not in texts:
            findings.append(
                f"the locked cell `{cell.metadata.nbgrader.grade_id}` was deleted; it is put back and graded, nothing to do"
            )
        elif set(texts[place]) != {cell.source.strip()}:
            findings.append(
                f"the locked cell `{cell.metadata.nbgrader.grade_id}` was edited; the original is graded, "
                "tell the learner that checks are not theirs to change"
            )
    edited = [
        cell.get("id", str(place))
        for place, cell in enumerate(given.cells)
        if cell.cell_type == "code"
        and "nbgrader" not in cell.metadata
        and EXPERIMENT not in cell.metadata.get("tags", [])
        and place in texts
        and cell.source.strip() not in texts[place]
    ]
    if edited:
        findings.append(
            f"given code was edited in `{'`, `'.join(edited)}`; the lesson's own is run, look if an answer needs the edit"
        )
    return findings


def compare_editions(source, submitted):
    """Findings on the notebook as a whole: another kernel, another edition of the lesson."""
    findings = []
    kernel, ours = (
        notebook.metadata.get("kernelspec", {}).get("name") for notebook in (submitted, source)
    )
    if kernel and kernel != ours:
        findings.append(
            f"the notebook names the kernel `{kernel}`; it is graded with `{ours}`, nothing to do"
        )
    edition, current = (notebook.metadata.get("made_from") for notebook in (submitted, source))
    if edition and edition != current:
        findings.append(
            "the notebook was made from another edition of the lesson; the answers are graded with the present tests, "
            "compare the two editions if the points surprise you"
        )
    return findings


def new_cell(piece, cell_id):
    """An added cell without any of its metadata, so that it can neither be graded nor skip anything."""
    if piece.kind == "code":
        return new_code_cell(piece.text, id=cell_id)
    cell = new_markdown_cell(piece.text, id=cell_id)
    if piece.attachments:
        cell["attachments"] = piece.attachments
    return cell


def parses(text):
    return tree(text) is not None


def defined(text):
    """Names of the functions and classes a cell defines at its top level."""
    nodes = getattr(tree(text), "body", [])
    return {
        node.name
        for node in nodes
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }


def tree(text):
    """The syntax tree of a cell, magics allowed; None where it is not Python. IPython forgives an indented cell, this does not."""
    magic = TransformerManager()
    magic.cleanup_transforms = [
        transform for transform in magic.cleanup_transforms if transform is not leading_indent
    ]
    try:
        return parse(magic.transform_cell(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
