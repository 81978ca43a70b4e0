"""Try to build a sandbox, and print "ok" or the step that failed.

python -m nbjudge.sandbox.guest.probe
"""

import os
import socket
import sys
import tempfile

from nbjudge.sandbox.guest.namespaces import SYSTEM, enter, user_outside
from nbjudge.sandbox.wire import Limits


def main() -> None:
    """Try it in a fork, and print what came of it."""
    with tempfile.TemporaryDirectory() as base:
        child = os.fork()
        if not child:
            os.write(sys.stdout.fileno(), try_in(base).encode())
            os._exit(0)
        os.waitpid(child, 0)


def try_in(base: str) -> str:
    """Return "ok" in a new sandbox, or in this process why there is none."""
    visible = [path for path in SYSTEM if os.path.exists(path)]
    nobody, report = socket.socketpair()
    try:
        enter(base, visible, [], {}, Limits(), user_outside(visible, {}), report.fileno())
    except BaseException as problem:
        return str(problem)
    finally:
        nobody.close()
        report.close()
    return "ok"


if __name__ == "__main__":
    main()
