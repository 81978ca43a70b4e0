"""The pages of the API: the docstrings of what others may import, read by Sphinx's autodoc."""

import inspect
import re
from pathlib import Path
from pydoc import locate

from sphinx.application import Sphinx

from course.paths import ROOT

PACKAGES = {  # page: (title, package)
    "api/checking.md": ("What checks are made of", "course.checking"),
    "api/notebook.md": ("What notebooks show", "course.notebook"),
    "api/vision.md": ("Images and networks", "course.vision"),
}
ENGINE = """# nbjudge

```{eval-rst}
.. automodule:: nbjudge
   :members:
```
"""
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def pages() -> dict[str, str]:
    """{page: its Markdown}: the engine's public names, and the course's modules by package."""
    found = {"api/nbjudge.md": ENGINE}
    for page, (title, package) in PACKAGES.items():
        parts = [f"# {title}"]
        for module in modules(package):
            parts.append(
                f"## {module}\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```"
            )
        found[page] = "\n\n".join(parts) + "\n"
    return found


def modules(package: str) -> list[str]:
    """The modules of a package that have something to call, by their full names."""
    folder = ROOT / package.replace(".", "/")
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if has_public_names(path):
            found.append(".".join(parts))
    return found


def has_public_names(path: Path) -> bool:
    """Whether a module defines a function or class for others."""
    text = path.read_text(encoding="utf-8")
    return bool(re.search(r"^(?:def|class) [^_]", text, re.MULTILINE))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the docstrings' form with Sphinx's."""
    app.connect("autodoc-process-docstring", as_restructured_text)
    return {"parallel_read_safe": True}


def as_restructured_text(
    app: Sphinx, what: str, name: str, it: object, options: object, lines: list[str]
) -> None:
    """Change a docstring's lines in place: its code spans are Markdown's, and its signs are plain.

    In reStructuredText `*`, `_` and `|` would mark text, and an indented block needs a sign.
    """
    if lines and lines[0].startswith("Alias for field number"):  # Python's words for a field
        lines[:] = [comment_of(name)]
    changed: list[str] = []
    for line in lines:
        if line.startswith("    "):  # a block of code
            if changed and not changed[-1].strip() and not _in_block(changed):
                changed += ["::", ""]
            changed.append(line)
            continue
        parts = CODE.split(line)  # plain, code, plain, ...
        plain = [re.sub(r"([*_|\\])", r"\\\1", part) for part in parts[::2]]
        code = [f"``{part.strip()}``\\ " for part in parts[1::2]]
        joined = [*sum(zip(plain, code), ()), plain[-1]]
        changed.append("".join(joined))
    lines[:] = changed


def comment_of(field: str) -> str:
    """What the code says beside a field of a NamedTuple; "" where it says nothing."""
    owner, _, name = field.rpartition(".")
    found = re.search(
        rf"^    {name}:[^#\n]*# *(.+)$", inspect.getsource(locate(owner)), re.MULTILINE
    )
    return found[1] if found else ""


def _in_block(lines: list[str]) -> bool:
    """Whether the last line that is not blank belongs to a block of code."""
    full = [line for line in lines if line.strip()]
    return bool(full) and full[-1].startswith("    ")
