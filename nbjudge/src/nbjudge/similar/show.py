"""The command `nbjudge similar`: pairs in the terminal, and the page."""

from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.unwritable import told_where_to_make_room
from nbjudge.display import print_finding
from nbjudge.similar import course, page
from nbjudge.terminal import page_wide_console


def show_similar(settings: Settings, assignment: str) -> bool:
    """Print the pairs of answers that are closer than the class explains, and write the page.

    Returns whether all submissions could be read. Raises CourseError where there is nothing to
    compare, or the page cannot be written.
    """
    console = page_wide_console()
    compared = course.compare_class(settings, assignment)
    for finding in compared.findings:
        print_finding(console, ("Not compared: ", "red"), str(finding))
    console.print(f"{page.summary(compared)}.", soft_wrap=True, markup=False, highlight=False)
    page.print_pairs(console, compared)
    path = course.page_path(settings, assignment)
    with told_where_to_make_room(settings.root):
        page.write_page(compared, path)
    console.print(f"Page: {path}", soft_wrap=True, markup=False, emoji=False)
    return not compared.findings
