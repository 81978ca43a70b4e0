"""What a cell of an executed notebook has shown, made fit for a page.

Images that are written into the output become files of their own: the page is small, and a browser
loads an image when it comes into view.
"""

import base64
import hashlib
import io
import re
from pathlib import Path

from docutils.nodes import make_id
from nbformat import NotebookNode
from PIL import Image

from course.authoring.site.places import slug

FIGURES = "figures"  # the folder of the files, beside the folder of the lessons
IMAGE = re.compile(r'<img\b([^>]*?) src="data:image/(png|jpeg);base64,([^"]+)"([^>]*)>')
WIDTH = re.compile(r'\bwidth="(\d+)"')
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
NOTEBOOK = re.compile(r'href="(?:\.\./[^/"]+/)?([\w-]+)\.ipynb(?:#([^"]*))?"')
WIDGET = "application/vnd.jupyter.widget-view+json"  # needs a kernel; its text stands beside it


class Figures:
    """The outputs of one lesson's cells. Images are written into `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.styles: set[str] = set()  # those that the page has already

    def fit(self, outputs: list[NotebookNode]) -> list[NotebookNode]:
        """The outputs as the page shows them, without those that need a kernel."""
        kept = []
        for output in outputs:
            data = output.get("data")
            if data is None:
                kept.append(output)
            elif "text/html" in data:
                output["data"] = {"text/html": self._page("".join(data["text/html"]))}
                kept.append(output)
            elif WIDGET not in data:
                kept.append(output)
        return kept

    def _page(self, text: str) -> str:
        text = STYLE.sub(self._once, text)
        return NOTEBOOK.sub(_as_page, IMAGE.sub(self._as_file, text))

    def _once(self, style: re.Match[str]) -> str:
        if style[0] in self.styles:
            return ""
        self.styles.add(style[0])
        return style[0]

    def _as_file(self, found: re.Match[str]) -> str:
        before, kind, content, after = found.groups()
        image = base64.b64decode(content)
        name = f"{hashlib.sha256(image).hexdigest()[:16]}.{kind}"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(image)
        if (shown := WIDTH.search(after)) and "height=" not in after:  # else the page would jump
            width, height = Image.open(io.BytesIO(image)).size
            after += f' height="{round(int(shown[1]) * height / width)}"'
        return f'<img{before} src="../{FIGURES}/{name}" loading="lazy"{after}>'


def _as_page(found: re.Match[str]) -> str:
    lesson, heading = found.groups()
    anchor = f"#{make_id(slug(heading))}" if heading else ""
    return f'href="{lesson}.html{anchor}"'
