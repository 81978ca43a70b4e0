"""nbgrader's Validate of one notebook, in a process of its own.

It prints what nbgrader's own request handler would answer, as JSON. nbgrader's handler runs all
cells before it returns, and while it does, the server answers nobody. It also changes the working
folder and the environment of its process, so a thread of the server would not do.
"""

import json
import logging
import os
import sys
from types import SimpleNamespace

from nbgrader.server_extensions.validate_assignment.handlers import ValidateAssignmentHandler
from tornado.web import HTTPError


def main(root: str, path: str) -> None:
    """Print {"answer": nbgrader's answer}, or {"refused": [status, reason]}.

    root: the server's folder. path: the notebook's, relative to it.
    """
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a kernel prints is no answer
    handler = SimpleNamespace(
        root_dir=root,
        log=logging.getLogger("validate"),
        load_config=lambda: ValidateAssignmentHandler.load_config(handler),
    )
    with answer:
        try:
            found = {"answer": ValidateAssignmentHandler.validate_notebook(handler, path)}
        except HTTPError as problem:
            found = {"refused": [problem.status_code, problem.log_message]}
        json.dump(found, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
