"""Whether this system lets a sandbox be built."""

import subprocess
import sys
from functools import cache


@cache
def missing() -> str:
    """Return why no sandbox can be built here, in a few words, "" if one can."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    command = [sys.executable, "-m", "nbjudge.sandbox.guest.probe"]
    trial = subprocess.run(command, capture_output=True, text=True)
    if trial.stdout == "ok":
        return ""
    return trial.stdout or "the trial ended without a message"
