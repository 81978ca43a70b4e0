"""The zip that learners get who do not clone the repository.

It holds the released lessons, the installer, and the code that these reach by their imports. That
is most of the engine `nbjudge`, because "Check all" grades the learner's own notebook with it; the
engine is public and holds no secret. Solutions, hidden tests, the answer bank and the seed of the
hidden images are secrets, and nothing is written if one of them is found in what is packed.
"""

import ast
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from course.authoring import UsageError
from course.authoring.build import build_release, lessons, source_notebook, stale
from course.authoring.released import release_path
from course.paths import ANSWERS, ROOT

FOR_LEARNERS = ROOT / "course" / "authoring" / "for_learners"
PACKAGES = {"course": ROOT, "nbjudge": ROOT / "nbjudge" / "src"}  # and where they lie
# What runs without being imported by a lesson: the command, JupyterLab's extension, its process.
STARTED = ("course.learner", "course.notebook.server_extension", "course.notebook.check_process")
AS_THEY_ARE = ("bootstrap.py", "locked/course.txt", "nbgrader_config.py", "LICENSE")
JUDGE = "course/lessons/lesson08/weights_judge.py"
SEED = re.compile(r"^HIDDEN_SEED = (.*)$", re.MULTILINE)
OTHER_SEED = "HIDDEN_SEED = {}  # not the one that decides marks: that is in the copy that grades"
SECRET = re.compile(
    r"^[ \t]*#+ BEGIN (SOLUTION|HIDDEN TESTS)[^\n]*\n(.*?)^[ \t]*#+ END \1",
    re.MULTILINE | re.DOTALL,
)
PROJECT_PARTS = ("[build-system]", "[project]", "[project.scripts]", "[tool.setuptools")


def write_bundle(folder: Path) -> str:
    """Write new-heads-VERSION.zip into a folder, and return what to tell the instructor.

    Released notebooks that are older than their text are made again first. The same files always
    give the same bytes. Raises UsageError if a secret would be given away.
    """
    for lesson in lessons():
        if stale(lesson, release_path(lesson)):
            build_release(lesson)
    files = bundled()
    found = leaks(files)
    if found:
        raise UsageError("No bundle was written. " + "\n".join(found))
    name = f"new-heads-{version()}"
    path = folder / f"{name}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    pack(part, name, files)
    os.replace(part, path)  # nobody finds half of one
    return (
        f"{path}: {len(files)} files, {path.stat().st_size / 1e6:.0f} MB, without solutions, "
        "hidden tests and answer bank.\nThe hidden images of lesson 08 have another seed there. "
        f"Those that decide marks are drawn with HIDDEN_SEED in {JUDGE}: the seed of the public "
        "repository is known, so change it in the copy that grades."
    )


def bundled() -> dict[str, bytes]:
    """Return {relative name: content} of all files that learners get."""
    files = {name: (ROOT / name).read_bytes() for name in AS_THEY_ARE}
    for path in sorted(FOR_LEARNERS.iterdir()):
        files[path.name] = path.read_bytes()
    for lesson in lessons():
        path = release_path(lesson)
        files[str(path.relative_to(ROOT).as_posix())] = path.read_bytes()
    for path in [*modules(), *package_data()]:
        files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    files[JUDGE] = with_another_seed(files[JUDGE].decode()).encode()
    for name in ("pyproject.toml", "nbjudge/pyproject.toml"):
        files[name] = project_for_learners((ROOT / name).read_text(encoding="utf-8")).encode()
    return files


def modules() -> list[Path]:
    """The modules of both packages that the lessons reach, in any number of steps."""
    waiting = list(STARTED)
    for lesson in lessons():
        for cell in cells_of(release_path(lesson).read_bytes()):
            if cell["cell_type"] == "code":
                waiting += names_in("".join(cell["source"]))
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        path = None if name in found else module_path(name)
        if path:
            found[name] = path
            waiting += names_in(path.read_text(encoding="utf-8"))
            waiting.append(name.rpartition(".")[0])  # a package is imported before what is in it
    return sorted(set(found.values()))


def names_in(text: str) -> Iterator[str]:
    """Names in Python code that could be those of modules: what it imports, and whole strings.

    A string is one where a module is started by its name, in a process of its own.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def module_path(name: str) -> Path | None:
    """The file of a module of the two packages; None if the name is that of something else."""
    parts = name.split(".")
    if parts[0] not in PACKAGES or not all(part.isidentifier() for part in parts):
        return None
    path = PACKAGES[parts[0]].joinpath(*parts)
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if candidate.exists():
            return candidate
    return None


def package_data() -> list[Path]:
    """The files of `course` that are no code, as pyproject.toml lists them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    patterns = ast.literal_eval(re.search(r"^course = (\[[^]]*\])", text, re.MULTILINE)[1])
    found = [path for pattern in patterns for path in (ROOT / "course").glob(pattern)]
    return [path for path in found if path.is_file() and path.suffix not in (".part", ".pyc")]


def with_another_seed(judge: str) -> str:
    """Return the judge's text with another seed. Raises UsageError if the line is not there."""
    seeds = SEED.findall(judge)
    if len(seeds) != 1:
        raise UsageError(f"{JUDGE} must have one line `HIDDEN_SEED = NUMBER`, so that it is kept")
    other = 1 if value_of(seeds[0]) == 0 else 0
    return SEED.sub(OTHER_SEED.format(other), judge)


def value_of(code: str) -> object:
    """What a piece of code for a plain value means. Raises UsageError where it is no such code."""
    try:
        return ast.literal_eval(code.strip())
    except (ValueError, SyntaxError):
        raise UsageError(f"{JUDGE}: HIDDEN_SEED must be a plain number; got {code}") from None


def project_for_learners(text: str) -> str:
    """Return a pyproject.toml without what only developers need, and with the learner's command."""
    parts = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    text = "".join(part for part in parts if part.startswith(PROJECT_PARTS))
    text = re.sub(r"^nbjudge = \"nbjudge\.cli:app\"\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^readme = .*\n", "", text, flags=re.MULTILINE)
    return text.replace('"course.cli:app"', '"course.learner:main"')


def version() -> str:
    """The course's version."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^version = "([^"]+)"', text, re.MULTILINE)[1]


def pack(path: Path, top: str, files: Mapping[str, bytes]) -> None:
    """Write a zip of files, {relative name: content}, in a folder `top`, all of the same date."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{top}/{name}")  # its date is that of 1980
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])


def leaks(files: Mapping[str, bytes]) -> list[str]:
    """Return a sentence for each secret in {name: content} that learners must not get."""
    texts = {name: list(texts_of(name, content)) for name, content in files.items()}
    found = []
    for whose, secret in secrets():
        for name, parts in texts.items():
            if any(f"\n{secret}\n" in part for part in parts):
                remedy = "make it again" if name.endswith(".ipynb") else "take it out"
                found.append(f"{name} holds {whose}: {remedy}.")
    for name, content in files.items():
        if name.endswith(".ipynb") and SECRET.search("\n".join(texts_of(name, content, False))):
            found.append(f"{name} has marks of a solution or of hidden tests.")
        if re.match(r"(source|solutions|tests|submitted|autograded|feedback|gradebook)\b", name):
            found.append(f"{name} is not for learners.")
    real = value_of(SEED.findall((ROOT / JUDGE).read_text(encoding="utf-8"))[0])
    given = [value_of(code) for code in SEED.findall(files.get(JUDGE, b"").decode())]
    if real in given:
        found.append(f"{JUDGE} holds the seed of the hidden images.")
    return found


def secrets() -> Iterator[tuple[str, str]]:
    """Yield (what it is, its lines as `lines_of` joins them) of all that learners must not see."""
    for lesson in lessons():
        for cell in source_notebook(lesson).cells:
            for kind, text in SECRET.findall(cell.source):
                if lines_of(text):
                    yield f"the {kind.lower()} of {lesson}, {cell.id}", lines_of(text)
    for path in sorted(ANSWERS.glob("**/*.py")):
        yield f"the bank's answer {path.relative_to(ROOT)}", lines_of(path.read_text("utf-8"))


def texts_of(name: str, content: bytes, joined: bool = True) -> Iterator[str]:
    """Yield the texts of a file: each cell of a notebook, or the whole, as `lines_of` joins them.

    joined: False for the text as it stands.
    """
    if name.endswith(".ipynb"):
        texts = ["".join(cell["source"]) for cell in cells_of(content)]
    elif name.endswith((".py", ".md")):
        texts = [content.decode()]
    else:
        return
    for text in texts:
        yield f"\n{lines_of(text)}\n" if joined else text


def lines_of(text: str) -> str:
    """The lines of a piece of code without indents, empty lines and comments."""
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def cells_of(notebook: bytes) -> list[dict]:
    """The cells of a notebook."""
    return json.loads(notebook)["cells"]
