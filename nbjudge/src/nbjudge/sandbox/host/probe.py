"""Whether this system lets a sandbox be built."""

import subprocess
import sys
from functools import cache


@cache
def trial() -> subprocess.Popen[str]:
    """Start to build a sandbox in a process of its own, once, and return at once."""
    command = [sys.executable, "-m", "nbjudge.sandbox.guest.probe"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@cache
def missing() -> str:
    """Return why no sandbox can be built here, in a few words, "" if one can."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    said, _ = trial().communicate()
    if said == "ok":
        return ""
    return said or "the trial ended without a message"
