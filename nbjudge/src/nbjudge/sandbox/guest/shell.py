"""The shell that a notebook's cells run in: IPython with its outputs on a page.

All that a learner's code can reach of the grading engine is this module. It therefore judges nothing and knows no secret.
"""

import io
import sys

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from nbjudge.sandbox.wire import CUT, KEPT_PICTURES, KEPT_TEXT, shorten


class Page:
    """The outputs of the cell that runs, in nbformat's form, cut where they grow beyond what anybody reads."""

    def __init__(self):
        self.outputs, self.printed, self.shown, self.wait = [], 0, 0, False

    def print(self, name, text):
        self._make_way()
        room = KEPT_TEXT - self.printed
        self.printed += len(text)
        if room < 0:
            return
        if len(text) > room:
            text = f"{text[:room]}\n{CUT}the cell printed more than {KEPT_TEXT:,} characters.\n"
            self.printed += 1  # full exactly to the brim must not be reported twice
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def show(self, kind, data, metadata, **more):
        self._make_way()
        data = {
            key: value if isinstance(value, (str, dict, list)) else str(value)
            for key, value in data.items()
        }
        self.shown += sum(len(str(value)) for value in data.values())
        if self.shown > KEPT_PICTURES:
            data, metadata = (
                {"text/plain": f"{CUT}the cell displayed more than {KEPT_PICTURES:,} characters."},
                {},
            )
        self.outputs.append({"output_type": kind, "data": data, "metadata": metadata or {}, **more})

    def fail(self, name, message, lines):
        self.outputs.append(
            {
                "output_type": "error",
                "ename": name,
                "evalue": shorten(message),
                "traceback": [shorten(line) for line in lines],
            }
        )

    def _make_way(self):
        if self.wait:
            self.outputs, self.wait = [], False


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr: whatever is done to it, it writes on the page."""

    encoding = "utf-8"

    def __init__(self, page, name):
        self.page, self.name = page, f"<{name}>"

    def write(self, text):
        self.page.print(self.name[1:-1], text)
        return len(text)

    def writable(self):
        return True

    def close(self):
        pass


class Publisher(DisplayPublisher):
    page = None

    def publish(self, data, metadata=None, *, transient=None, update=False, **_):
        name = (transient or {}).get("display_id")
        if update:
            for output in self.page.outputs:
                if name and output.get("display_id") == name:
                    output |= {"data": {**data}, "metadata": metadata or {}}
        else:
            self.page.show("display_data", data, metadata, **({"display_id": name} if name else {}))

    def clear_output(self, wait=False):
        self.page.wait = wait
        if not wait:
            self.page.outputs = []


class Displays(DisplayHook):
    page = None

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.page.show("execute_result", format_dict, md_dict, execution_count=self.prompt_count)


class Shell(InteractiveShell):
    """IPython as a notebook knows it, with its outputs on a page."""

    display_pub_class = Type(Publisher)
    displayhook_class = Type(Displays)

    def __init__(self, **options):
        fresh_page(self)
        super().__init__(
            config=Config(
                HistoryManager={"enabled": False, "hist_file": ":memory:"},
                InteractiveShell={"colors": "NoColor"},
            ),
            **options,
        )

    def _showtraceback(self, etype, evalue, stb):
        lines = stb if isinstance(stb, list) else [str(stb)]
        self.page.fail(getattr(etype, "__name__", str(etype)), words_of(evalue), lines)

    def run(self, source):
        """Run a cell as a notebook would; return (well, outputs)."""
        page, before = fresh_page(self), (sys.stdout, sys.stderr)
        try:
            well = self.run_cell(source, store_history=True).success
        except BaseException as problem:  # a second interrupt, or hooks that the learner broke
            well = False
            page.fail(type(problem).__name__, words_of(problem), [])
        finally:
            sys.stdout, sys.stderr = before
        return well, page.outputs


def fresh_page(shell):
    """An empty page, on which from now on everything goes."""
    page = Page()
    shell.page = Publisher.page = Displays.page = page
    sys.stdout, sys.stderr = Stream(page, "stdout"), Stream(page, "stderr")
    return page


def door(name):
    """A function of ctypes that raises an audit event, so that `guard.watch` decides whether it is called, and calls it."""

    def call(*arguments):
        result = []
        sys.audit("ctypes.door", name, arguments, result)
        return result[0]

    return call


def words_of(problem):
    try:
        return str(problem)
    except BaseException as second:
        return f"(its message cannot be shown: {type(second).__name__})"
