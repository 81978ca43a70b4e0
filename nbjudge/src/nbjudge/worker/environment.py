"""The software of this process, on which every result depends."""

import importlib.metadata
import platform
from functools import cache
from typing import Any


@cache
def environment() -> dict[str, Any]:
    """Return the version of Python, the kind of machine, and {installed package: version}."""
    packages = {}
    for distribution in importlib.metadata.distributions():
        if name := distribution.metadata["Name"]:
            packages[name] = distribution.version
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": dict(sorted(packages.items())),
    }
