"""A table of labels (CSV) becomes an album: one task for each column of labels."""

import csv
import io
import math
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from course.vision.photos.album import MISSING, Album
from course.vision.photos.folders import expect_folder, files_below
from course.vision.photos.scanning import scan_all


class Row(NamedTuple):
    """A row of the table: where it is, the file's name, and a cell for each task."""

    line: int
    name: str
    cells: dict[str, str]  # {task: text}; "" where the label is missing


def read_csv(
    table: Path | str, images: Path | str | None = None, values: Collection[str] = ()
) -> Album:
    """Read a table of labels: the first column names the files, each other column is a task.

    images: the folder that the names start from; by default the table's own folder.
    values: columns of whole numbers to predict as numbers (regression), such as an age. A column
    in which a number has decimals, such as 3.5, is one by itself. All others hold classes.

    An empty cell is a missing label. Columns are separated by commas, semicolons or tabs; after
    semicolons a comma may be the decimal point. A row whose file is missing or cannot be read is
    skipped, and album.problems says why.

    Raises FileNotFoundError or NotADirectoryError for a wrong path, ValueError for a table that
    has no labels or whose files are all missing.
    """
    table = Path(table).expanduser()
    folder = expect_folder(table.parent if images is None else images)
    problems: list[str] = []
    tasks, rows = _rows(table, problems)
    for column in values:
        if column not in tasks:
            raise ValueError(f"{table}: expected a column {column!r}, got {', '.join(tasks)}.")
    merged = _merged(rows, tasks, table, problems)
    files = _found(merged, folder, table, problems)
    scanned = scan_all(files)
    names = list(scanned.scans)
    if not names:
        raise ValueError(
            f"{table}: none of its {len(files)} photos can be read. {scanned.problems[0]}"
        )
    kept = [merged[name].cells for name in names]
    classes, labels, numbers = {}, {}, {}
    for task in tasks:
        cells = [row[task] for row in kept]
        if task in values or _are_values(cells):
            numbers[task] = torch.tensor([_number(cell, task, table) for cell in cells])
        else:
            classes[task], labels[task] = _as_classes(cells)
            problems += _odd_classes(task, classes[task], table)
    return Album(
        names=tuple(names),
        files=tuple(files[name] for name in names),
        classes=classes,
        labels=labels,
        values=numbers,
        scans=tuple(scanned.scans.values()),
        problems=scanned.problems + problems,
    )


# --- the table's text


def _rows(table: Path, problems: list[str]) -> tuple[list[str], list[Row]]:
    """Return the names of the tasks, and the rows that can be used."""
    text = _text(table, problems)
    header_line = text.split("\n", 1)[0]
    separator = max(",;\t", key=header_line.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    header = [cell.strip() for cell in next(lines, [])]
    _expect_header(table, header)
    rows = []
    for cells in lines:
        cells = [cell.strip() for cell in cells]
        where = f"{table.name}, line {lines.line_num}"
        if not any(cells):
            continue
        if not cells[0]:
            problems.append(f"{where} was skipped: it names no file.")
        elif len(cells) > len(header):
            problems.append(
                f"{where} ({cells[0]}) was skipped: expected {len(header)} cells, got "
                f"{len(cells)}. Put a cell that holds a separator between double quotes."
            )
        else:
            cells += [""] * (len(header) - len(cells))
            rows.append(Row(lines.line_num, cells[0], dict(zip(header[1:], cells[1:]))))
    if not rows:
        raise ValueError(f"{table}: expected a row for each photo below the header, got none.")
    return header[1:], rows


def _text(table: Path, problems: list[str]) -> str:
    """Return the text of a table, whatever program wrote it."""
    if not table.exists():
        raise FileNotFoundError(
            f"there is no file {table}. Paths begin at {Path.cwd()}; check the name."
        )
    if table.is_dir():
        raise ValueError(
            f"expected a CSV file, got the folder {table}. "
            "For a folder per class use photos.read_folder."
        )
    data = table.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        raise ValueError(f"{table}: expected a CSV file, got an Excel or zip file. Save it as CSV.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise ValueError(f"{table}: expected a CSV file, got a file that is not text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(f"{table.name} is not UTF-8: it was read as Windows text (cp1252).")
        return data.decode("cp1252", errors="replace")


def _expect_header(table: Path, header: Sequence[str]) -> None:
    """Raise ValueError unless the first line names a column of files and columns of labels."""
    if len(header) < 2:
        got = f"got {header[0]!r}" if header else "got nothing"
        raise ValueError(
            f"{table}: expected a first line that names the columns, files first and then labels, "
            f"such as file,class; {got}."
        )
    for number, name in enumerate(header, 1):
        if not name:
            raise ValueError(
                f"{table}: expected a name for each column, got none for column {number}. "
                "If pandas wrote the table, write it again with index=False."
            )
    for name in header:
        if header.count(name) > 1:
            raise ValueError(
                f"{table}: expected a name of its own for each column, got {name!r} twice."
            )


# --- its rows


def _merged(
    rows: Sequence[Row], tasks: Sequence[str], table: Path, problems: list[str]
) -> dict[str, Row]:
    """Return one row for each name. Where two rows disagree on a label, it is missing."""
    merged: dict[str, Row] = {}
    for row in rows:
        first = merged.setdefault(row.name, row)
        if first is row:
            continue
        where = f"{row.name} is in lines {first.line} and {row.line} of {table.name}"
        problems.append(f"{where}: it was used once.")
        for task in tasks:
            before, now = first.cells[task], row.cells[task]
            if before and now and before != now:
                problems.append(
                    f"{where} with two labels for {task}, {before} and {now}: "
                    "this label is now missing. Correct the table."
                )
                first.cells[task] = ""
            elif now:
                first.cells[task] = now
    return merged


def _found(rows: dict[str, Row], folder: Path, table: Path, problems: list[str]) -> dict[str, Path]:
    """Return {name: path} of the rows whose file is there."""
    finder = _Finder(folder)
    files, used = {}, {}
    for name, row in rows.items():
        path = finder.find(name)
        if path is None:
            problems.append(
                f"{name} was skipped: {table.name}, line {row.line}, names it, "
                f"and {folder} has no such file."
            )
        elif path.resolve() in used:
            problems.append(f"{name} was skipped: it is the same file as {used[path.resolve()]}.")
        else:
            used[path.resolve()] = name
            files[name] = path
    if not files:
        raise ValueError(
            f"{table}: {folder} has none of the {len(rows)} files that the first column names; "
            f"the first one is {next(iter(rows))!r}. Put the file names into the first column, "
            'and say where the photos are: photos.read_csv(..., images="folder").'
        )
    return files


class _Finder:
    """Finds a file by the name in a table, which may lack its ending or have another case."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.similar: dict[str, list[Path]] | None = None

    def find(self, name: str) -> Path | None:
        """Return the path of a file, or None where no file or more than one has the name."""
        for spelling in (name, name.replace("\\", "/")):
            if (self.folder / spelling).is_file():
                return self.folder / spelling
        if self.similar is None:
            self.similar = defaultdict(list)
            for path in files_below(self.folder):
                relative = path.relative_to(self.folder)
                for known in {_plain(relative), _plain(relative.with_suffix(""))}:
                    self.similar[known].append(path)
        candidates = self.similar.get(_plain(name.replace("\\", "/")), [])
        return candidates[0] if len(candidates) == 1 else None


def _plain(name: Path | str) -> str:
    text = name.as_posix() if isinstance(name, Path) else name.removeprefix("./")
    return unicodedata.normalize("NFC", text).casefold()


# --- its columns


def _are_values(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers to predict: all are numbers, and one has decimals.

    pandas writes whole labels as 0.0 and 1.0 where others are missing: these are classes.
    """
    numbers = [_as_number(cell) for cell in cells if cell]
    return None not in numbers and any(not number.is_integer() for number in numbers)


def _as_number(cell: str) -> float | None:
    """Return a cell as a finite number, if it is one."""
    try:
        number = float(cell.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _number(cell: str, task: str, table: Path) -> float:
    """Return a cell as a number; NaN where it is empty."""
    number = _as_number(cell) if cell else math.nan
    if number is None:
        raise ValueError(f"{table}: expected numbers in column {task!r}, got {cell!r}.")
    return number


def _as_classes(cells: Sequence[str]) -> tuple[list[str], torch.Tensor]:
    """Return the names of the classes in order, and the labels, int64 (N,)."""
    cells = [_class_name(cell) for cell in cells]
    names = sorted({cell for cell in cells if cell}, key=_in_order)
    numbers = {name: number for number, name in enumerate(names)} | {"": MISSING}
    return names, torch.tensor([numbers[cell] for cell in cells], dtype=torch.int64)


def _class_name(cell: str) -> str:
    """Return the name of a class; 1.0 is 1."""
    return cell.removesuffix(".0") if _as_number(cell) is not None else cell


def _in_order(name: str) -> tuple[int, float, str]:
    """Numbers in their order, 2 before 10, then words in theirs."""
    number = _as_number(name)
    return (1, 0.0, name) if number is None else (0, number, name)


def _odd_classes(task: str, names: Sequence[str], table: Path) -> Iterator[str]:
    """Yield sentences about classes that are hardly what was meant."""
    spellings = defaultdict(list)
    for name in names:
        spellings[name.casefold()].append(name)
    for same in spellings.values():
        if len(same) > 1:
            yield f"{table.name}, column {task}: {' and '.join(same)} are different classes."
    if len(names) < 2:
        got = f"only the class {names[0]}" if names else "no label"
        yield f"{table.name}, column {task}, holds {got}: a classifier needs two classes or more."
    if len(names) > 20 and all(_in_order(name)[0] == 0 for name in names):
        yield (
            f"{table.name}, column {task}: its {len(names)} whole numbers were read as classes. "
            f'To predict them as numbers: photos.read_csv(..., values=["{task}"]).'
        )
