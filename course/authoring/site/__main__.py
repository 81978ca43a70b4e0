"""`python -m course.authoring.site`: build the site into build/site/html, and say how it went."""

import sys
import time

from course.authoring import UsageError
from course.paths import ROOT


def main() -> int:
    """Build the site; return the exit status for the shell."""
    try:
        from course.authoring.site.build import build
    except ModuleNotFoundError as missing:
        print(f"{missing.name} is not installed: run `make site`, which installs it.")
        return 1
    start = time.perf_counter()
    try:
        html = build(quiet=not sys.stdout.isatty())
    except UsageError as problem:
        print(problem)
        return 1
    size = sum(path.stat().st_size for path in html.rglob("*") if path.is_file())
    took = time.perf_counter() - start
    page = (html / "index.html").relative_to(ROOT)
    print(f"{page}: open it in a browser. {size / 1e6:.0f} MB, built in {took:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
