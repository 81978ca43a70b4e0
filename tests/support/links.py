"""The links and headings of Markdown text, without what stands in code."""

import re

BLOCK = re.compile(r"^(```+).*?^\1", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)|\b(?:href|src|srcset)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links_in(text):
    """The addresses that a text links to, in order."""
    text = SPAN.sub("", BLOCK.sub("", text))
    return [match[1] or match[2] for match in LINK.finditer(text)]


def headings_in(text):
    """The words of a text's headings, in order."""
    return HEADING.findall(BLOCK.sub("", text))


def github_address(heading):
    """The address of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
