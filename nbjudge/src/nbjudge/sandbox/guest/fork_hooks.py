"""os.register_at_fork for notebooks: a student's hooks do not run in the fork of a check.

A check runs in a fork of the notebook's process. A hook of the student's there would run before the
check, with the check's text in the frames around it. In all other forks the hooks run as usual, and
those of libraries always do.

Student code can reach this module, so it holds nothing of the engine's.
"""

import os
import sys

register = os.register_at_fork
# Whether the fork that is being made is that of a check.
of_check = [False]


def replace_register_at_fork(trusted: tuple[str, ...]) -> None:
    """Replace os.register_at_fork.

    `trusted`: prefixes of the file names of code that is not the student's.
    """

    def register_at_fork(*, before=None, after_in_parent=None, after_in_child=None):  # type: ignore
        """Register callables to be called when forking a new process."""
        hooks = {
            "before": before,
            "after_in_parent": after_in_parent,
            "after_in_child": after_in_child,
        }
        given = {name: hook for name, hook in hooks.items() if hook is not None}
        if not sys._getframe(1).f_code.co_filename.startswith(trusted):
            given = {name: skipped_in_checks(hook) for name, hook in given.items()}
        register(**given)

    os.register_at_fork = register_at_fork
    sys.modules["posix"].register_at_fork = register_at_fork  # type: ignore[attr-defined]


def skipped_in_checks(hook):  # type: ignore
    """Return a hook that does what `hook` does, except in the fork of a check."""

    def run():  # type: ignore
        if not of_check[0]:
            hook()

    return run if callable(hook) else hook
