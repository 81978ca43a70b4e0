"""The scripts of an answer bank that make files, each in a process of its own.

All are forked from one process that has imported what they import, because an import of a large
library takes longer than most of the scripts.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from nbjudge.errors import AnswerBankError
from nbjudge.planning.imports import imported_modules


class Script(NamedTuple):
    """A script, and the folder in which it runs."""

    name: str  # said if it fails
    text: str
    folder: Path


def run_scripts(scripts: Sequence[Script]) -> None:
    """Run scripts one after the other, each in its folder and in a process of its own.

    Raises AnswerBankError with the last line of the traceback of the first that fails.
    """
    if not scripts:
        return
    handed = json.dumps([[name, text, str(folder)] for name, text, folder in scripts])
    command = [sys.executable, "-m", "nbjudge.bank_scripts"]
    done = subprocess.run(command, input=handed, capture_output=True, text=True)
    if done.returncode:
        name = done.stdout.strip().splitlines()[-1:] or [scripts[0].name]
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise AnswerBankError(f"{name[0]}: its script failed ({said[0]}); correct it")


def main() -> int:
    """Run the scripts that stand on stdin; return the status of the first that fails, or 0."""
    scripts = [Script(name, text, Path(folder)) for name, text, folder in json.load(sys.stdin)]
    if sys.path[0] == os.getcwd():
        del sys.path[0]  # it is there because of -m; `run` puts the script's folder there
    for name in dict.fromkeys(name for script in scripts for name in modules_of(script.text)):
        with suppress(Exception):  # a name that is no module; the script itself says what is wrong
            importlib.import_module(name)
    for script in scripts:
        child = os.fork()
        if child == 0:
            run(script)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            print(script.name)
            return 1
    return 0


def modules_of(text: str) -> tuple[str, ...]:
    """Return what a script imports, nothing if it is not Python."""
    try:
        return imported_modules(text, inside_functions=False)
    except SyntaxError:
        return ()


def run(script: Script) -> None:
    """Run a script in its folder and end this process."""
    status = 1
    try:
        os.chdir(script.folder)
        sys.path.insert(0, str(script.folder))
        sys.stdout = sys.stderr  # stdout belongs to `main`
        exec(compile(script.text, script.name, "exec"), {"__name__": "__main__"})
        status = 0
    except SystemExit as ended:
        status = int(bool(ended.code))
    except BaseException:
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
