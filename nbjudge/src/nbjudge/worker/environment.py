"""The software of this process, on which every result depends."""

import importlib.metadata
import platform
import re
from functools import cache
from typing import Any

# The fields of an installed package's metadata that say what it is: packaging.python.org, "Core
# metadata specifications".
FIELD = re.compile(r"^(Name|Version):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


@cache
def environment() -> dict[str, Any]:
    """Return the version of Python, the kind of machine, and {installed package: version}."""
    packages = {}
    for distribution in importlib.metadata.distributions():
        name, version = name_and_version(distribution)
        if name:
            packages[name] = version
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": dict(sorted(packages.items())),
    }


def name_and_version(distribution: importlib.metadata.Distribution) -> tuple[str | None, str]:
    """Return a package's name, None where its metadata have none, and its version.

    Both stand at the head of the file METADATA. `distribution.metadata` parses the long description
    below it as well, which takes five times as long; older kinds of packages have other files.
    """
    head = (distribution.read_text("METADATA") or "").partition("\n\n")[0]
    fields = dict(FIELD.findall(head))
    if {"Name", "Version"} <= fields.keys():
        return fields["Name"], fields["Version"]
    return distribution.metadata["Name"], distribution.version
