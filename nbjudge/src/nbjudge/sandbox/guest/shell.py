"""The shell that a notebook's cells run in: IPython, with its outputs kept on a page.

This module is all that student code can reach of the grading engine. It therefore judges nothing,
knows no secret, and imports nothing of the engine but output.py.

The snapshot includes the objects that this module's names refer to. The module typing must not be
one of them: typing_extensions patches it, so every notebook that imports PyTorch would be reported.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from nbjudge.sandbox.output import OutputBudget, shorten

if TYPE_CHECKING:
    from typing import Any


class Page:
    """The outputs of the cell that runs, in nbformat's form, cut beyond their budget."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.budget = OutputBudget()
        self.clear_before_next = False

    def print(self, name: str, text: str) -> None:
        """Keep text that the cell has written to the stream `name`, stdout or stderr."""
        self._clear_if_asked()
        kept = self.budget.text(text)
        if kept is None:
            return
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += kept
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": kept})

    def show(self, kind: str, data: dict[str, Any], metadata: Any, **more: Any) -> None:
        """Keep a display of the kind `kind`, with more fields of nbformat's if given."""
        self._clear_if_asked()
        plain = {}
        for key, value in data.items():
            plain[key] = value if isinstance(value, (str, dict, list)) else str(value)
        kept = self.budget.data(plain)
        if kept is not plain:
            metadata = {}
        output = {"output_type": kind, "data": kept, "metadata": metadata or {}, **more}
        self.outputs.append(output)

    def fail(self, name: str, message: str, lines: list[str]) -> None:
        """Keep an error: its exception's name and message, and its traceback as lines."""
        self.outputs.append(
            {
                "output_type": "error",
                "ename": name,
                "evalue": shorten(message),
                "traceback": [shorten(line) for line in lines],
            }
        )

    def _clear_if_asked(self) -> None:
        if self.clear_before_next:
            self.outputs = []
            self.clear_before_next = False


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr, written to the page. Closing it has no effect."""

    encoding = "utf-8"

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = f"<{name}>"

    def write(self, text: str) -> int:
        """Write a text to the page; return its length."""
        self.page.print(self.name[1:-1], text)
        return len(text)

    def writable(self) -> bool:
        """Return True: one can always write."""
        return True

    def close(self) -> None:
        """Stay open."""


class Publisher(DisplayPublisher):
    """IPython's `display`, written to the page."""

    page: Page

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Keep a display, or with `update` replace the data of earlier ones with the same id."""
        name = (transient or {}).get("display_id")
        if update:
            for output in self.page.outputs:
                if name and output.get("display_id") == name:
                    output |= {"data": {**data}, "metadata": metadata or {}}
        else:
            more = {"display_id": name} if name else {}
            self.page.show("display_data", data, metadata, **more)

    def clear_output(self, wait: bool = False) -> None:
        """Remove all outputs; with `wait`, only when the next one comes."""
        self.page.clear_before_next = wait
        if not wait:
            self.page.outputs = []


class Displays(DisplayHook):
    """The value of a cell's last expression, written to the page."""

    page: Page

    def write_output_prompt(self) -> None:
        """Write no `Out[1]:`."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Keep the value's representations by MIME type."""
        count = self.prompt_count
        self.page.show("execute_result", format_dict, md_dict, execution_count=count)


class Shell(InteractiveShell):
    """IPython as a notebook knows it, with its outputs on a page."""

    page: Page
    display_pub_class = Type(Publisher)
    displayhook_class = Type(Displays)

    def __init__(self, **options: Any) -> None:
        fresh_page(self)
        config = Config(
            HistoryManager={"enabled": False, "hist_file": ":memory:"},
            InteractiveShell={"colors": "NoColor"},
        )
        super().__init__(config=config, **options)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = stb if isinstance(stb, list) else [str(stb)]
        self.page.fail(getattr(etype, "__name__", str(etype)), message_of(evalue), lines)

    def run(self, source: str) -> tuple[bool, list[dict[str, Any]]]:
        """Run a cell as a notebook would; return (well, outputs)."""
        page = fresh_page(self)
        before = sys.stdout, sys.stderr
        try:
            well = self.run_cell(source, store_history=True).success
        except BaseException as problem:  # a second interrupt, or hooks that the student broke
            well = False
            page.fail(type(problem).__name__, message_of(problem), [])
        finally:
            sys.stdout, sys.stderr = before
        return well, page.outputs


def fresh_page(shell: Shell) -> Page:
    """An empty page, which takes all outputs from now on."""
    page = Page()
    shell.page = Publisher.page = Displays.page = page
    sys.stdout, sys.stderr = Stream(page, "stdout"), Stream(page, "stderr")
    return page


def message_of(problem: BaseException) -> str:
    """Return str(problem), or a note where the student's own __str__ fails."""
    try:
        return str(problem)
    except BaseException as second:
        return f"(its message cannot be shown: {type(second).__name__})"
