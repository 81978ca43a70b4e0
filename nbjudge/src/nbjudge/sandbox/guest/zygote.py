"""The zygote: a process that has imported what the assignments import, and forks.

    worker -- starts --> zygote -- forks --> template process -- forks --> submission

A template process has run the given cells of an assignment before the first answer; every
submission is a fork of it. Importing PyTorch takes seconds, forking takes milliseconds. No code of
a submission runs in the zygote or in a template process.
"""

import contextlib
import gc
import json
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from nbjudge import libraries
from nbjudge.sandbox import wire
from nbjudge.sandbox.guest import executor, fork_hooks, memory, namespaces, privileges, snapshot
from nbjudge.sandbox.guest import shell as shell_module
from nbjudge.sandbox.guest.shell import Shell
from nbjudge.sandbox.guest.system_calls import adopt_orphans, die_with_parent

# The folder of the package nbjudge. Its code is visible and trusted wherever it is installed.
ENGINE = str(Path(__file__).resolve().parents[2])
# After so many submissions, a template moves its memory into large pages: it takes 0.4 s, and each
# check's fork then takes 5 ms less.
SUBMISSIONS_BEFORE_COLLAPSE = 6


class Template(NamedTuple):
    """What a template process has made ready for the submissions that are forked from it."""

    shell: Shell
    snapshot: snapshot.Snapshot
    settings: Any  # of libraries
    lesson: wire.OfLesson
    given: dict[str, Any]
    visible: list[str]  # paths that the sandbox shows
    user: int  # of the host, to whom the sandbox's processes belong
    random_state: tuple[Any, ...]


def main(descriptor: int) -> None:
    """Serve forks on the socket that the worker has passed on, until it is closed.

    The packages to import come on stdin, as a JSON list.
    """
    die_with_parent()
    packages = json.load(sys.stdin)
    silence_standard_streams()
    with memory.in_one_stretch() if packages else contextlib.nullcontext():
        shell = executor.make_shell(packages)
    memory.use_large_pages()
    prefixes = trusted_prefixes(namespaces.visible_paths(sys.modules))
    fork_hooks.replace_register_at_fork(prefixes)
    executor.hide_engine()

    def become_template(order: wire.TemplateOrder, sock: socket.socket) -> None:
        run_template(order, sock, shell)

    serve_forks(socket.socket(fileno=descriptor), become_template)


def silence_standard_streams() -> None:
    """Connect stdin, stdout and stderr to /dev/null."""
    with open(os.devnull, "r+b") as nothing:
        for standard in range(3):
            os.dup2(nothing.fileno(), standard)


def serve_forks(
    sock: socket.socket,
    handle: Callable[[Any, socket.socket], None],
    collapse_after: int | None = None,
) -> None:
    """For each socket that comes: fork, say the child's pid, and let the child serve the socket.

    After `collapse_after` forks, this process moves its memory into large pages, once.

    The child gets its order on that socket, and answers there. So this process never holds what one
    submission consists of, and no other submission can find it in the memory of its own fork.
    """
    for number in count():
        if number == collapse_after:
            memory.use_large_pages()
        reap_children()
        try:
            descriptor = wire.receive_socket(sock)
        except IndexError:  # the other end is closed
            return
        # Without this, the first garbage collection in a child would write to all of our memory,
        # and so copy it.
        gc.freeze()
        child = os.fork()
        if not child:
            sock.close()
            handle_in_child(handle, socket.socket(fileno=descriptor))
        os.close(descriptor)
        wire.send_answer(sock, {"pid": child})


def handle_in_child(handle: Callable[[Any, socket.socket], None], answers: socket.socket) -> None:
    """Handle the order that comes on a socket, and end the process.

    If there is an error, it is sent on the socket.
    """
    try:
        die_with_parent()
        handle(wire.receive_order(answers), answers)
    except BaseException as problem:
        with contextlib.suppress(OSError):
            wire.send_answer(answers, {"problem": f"{type(problem).__name__}: {problem}"})
    os._exit(0)


def reap_children() -> None:
    """Wait for the children that have ended, so that they do not stay as zombies."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def run_template(order: wire.TemplateOrder, sock: socket.socket, shell: Shell) -> None:
    """Become a template: run the given cells, report, then fork a process for each submission.

    If a cell failed or wrote files, the report says that the template cannot be used. The files
    would be missing from the submission's sandbox.
    """
    folder = tempfile.mkdtemp(prefix="template-", dir=os.environ["HOME"])
    namespaces.place_files(folder, order["files"])
    shell.prepare_process()
    executor.import_all(order["imports"], order["beside"])
    executor.forget(order["beside"], shell)
    snapshot.fill_caches(order["own"])
    executor.reseed(order["seed"])
    report = run_given_cells(order["cells"], shell)
    report["folder"] = folder
    if remove_files(folder) != set(order["files"]):
        report["well"] = False
    # A notebook can reach one module of the engine, shell.py, so it is in the snapshot.
    names = {**shell.user_ns, "": shell_module}
    visible = sorted({*namespaces.visible_paths(sys.modules), ENGINE})
    template = Template(
        shell=shell,
        snapshot=snapshot.take_snapshot(
            names, order["own"], order["lesson"], trusted_prefixes(visible), order["imports"]
        ),
        settings=libraries.take_settings(),
        lesson=order["lesson"],
        given=fixed_names(shell.user_ns),
        visible=visible,
        user=namespaces.user_outside(visible, sys.modules),
        random_state=random.getstate(),
    )
    wire.send_answer(sock, report)

    def become_submission(order: wire.SessionOrder, sock: socket.socket) -> None:
        run_submission(order, sock, template)

    serve_forks(sock, become_submission, SUBMISSIONS_BEFORE_COLLAPSE)


def run_given_cells(sources: tuple[str, ...], shell: Shell) -> wire.TemplateReport:
    """Run the cells and return a report on them, in which the folder is still missing."""
    report = wire.TemplateReport(outputs=[], seconds=[], well=True, folder="")
    for source in sources:
        started = time.perf_counter()
        well, outputs = shell.run(source)
        report["well"] = report["well"] and well
        report["outputs"].append(outputs)
        report["seconds"].append(time.perf_counter() - started)
    return report


def remove_files(folder: str) -> set[str]:
    """Remove all files below a folder; return their relative names."""
    removed = set()
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            os.unlink(path)
            removed.add(os.path.relpath(path, folder))
    return removed


def fixed_names(names: dict[str, Any]) -> dict[str, Any]:
    """Return the functions, classes and modules among a notebook's names."""
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and isinstance(value, snapshot.FIXED)
    }


def run_submission(order: wire.SessionOrder, sock: socket.socket, template: Template) -> None:
    """Enter a sandbox with a submission and run its cells."""
    limits = order["limits"]
    base, files = order["base"], order["files"]
    report = wire.receive_socket(sock)
    os.setsid()
    if order["confined"]:
        namespaces.enter(
            base, template.visible, order["hidden"], files, limits, template.user, report
        )
    else:
        adopt_orphans()
        child = os.fork()
        if child:
            namespaces.watch_over(child, base, files, limits, report)
        die_with_parent()
        adopt_orphans()
        namespaces.place_files(base, files)
        privileges.limit_resources(limits)
    close_all_but(sock.fileno(), *template.shell.prepare_process())
    executor.forget(order["beside"], template.shell)
    random.setstate(template.random_state)  # Python seeds it anew in every fork
    if order["seed"] is not None:
        executor.reseed(order["seed"])
    wire.send_answer(sock, {"ready": True})
    notebook = executor.Notebook(
        template.shell,
        template.snapshot,
        template.settings,
        template.lesson,
        template.given,
        trusted_prefixes(template.visible),
        [],
        [],
    )
    executor.serve_cells(sock, order["key"], notebook)


def trusted_prefixes(visible: list[str]) -> tuple[str, ...]:
    """Return how the file names of code begin that is not the student's."""
    return (*visible, "<frozen ", "<check ")


def close_all_but(*kept: int) -> None:
    """Close all files but the standard streams and these."""
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, 1024)


if __name__ == "__main__":
    main(int(sys.argv[1]))
