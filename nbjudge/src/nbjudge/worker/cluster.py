"""Submissions on workers: of this machine, or of a Dask cluster.

Workers get submissions and return what is to be written down; none of them uses the gradebook. A
worker is a thread. The workers of one process share its zygote and its template processes, so these
are made once. They also take turns in its Python interpreter (the GIL), but a submission needs that
for a twentieth of a second only. On one machine, up to four workers are threads of the
coordinator's own process (threads.py). More are in processes of Dask's, which talk over the
loopback interface with TLS.
"""

import contextlib
import itertools
import os
import pickle
import sys
from collections.abc import Collection, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from nbjudge.errors import SchedulerError
from nbjudge.temporary import temporary_folder
from nbjudge.worker.places import is_inside, threads_of
from nbjudge.worker.submission import Graded, grade_submission
from nbjudge.worker.threads import Task, Threads

DASK = {
    "distributed.scheduler.work-stealing": False,
    "distributed.comm.timeouts.connect": "10s",
    "distributed.admin.large-graph-warning-threshold": "1GiB",
    "distributed.admin.tick.limit": "1h",
    # By default each process of Dask spends 4 % of a core on monitoring itself; with these, 1 %.
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.memory.monitor-interval": "10s",
    "distributed.scheduler.active-memory-manager.start": False,
}


NO_TLS = (
    "the scheduler at {scheduler} asks nobody who they are, so whoever reaches its address can run "
    "code as you. Start it and its workers with TLS and give its tls:// address "
    "(distributed.dask.org, TLS/SSL); or, if you trust everybody who can reach it, say "
    "--scheduler-without-tls"
)
NO_TLS_FILES = (
    "Dask's configuration names no TLS files for {scheduler}: set distributed.comm.tls.ca-file, "
    "distributed.comm.tls.client.cert and distributed.comm.tls.client.key "
    "(distributed.dask.org, TLS/SSL)"
)


@contextlib.contextmanager
def workers_of(
    workers: int,
    scheduler: str | None,
    packages: Collection[str] | None,
    without_tls: bool = False,
) -> Iterator[Any]:
    """Yield what `run_tasks` hands tasks to: Threads of this process, else a Dask client.

    The client is that of the cluster at `scheduler` (tls://host:port), or of one that is started on
    this machine and ends with the block. The workers' zygotes already import `packages`; None
    starts no zygote, because ordinary kernels are used. Raises SchedulerError where no scheduler
    answers at that address, or where it is an address without TLS and `without_tls` does not allow
    that.
    """
    if scheduler and not scheduler.startswith("tls://") and not without_tls:
        raise SchedulerError(NO_TLS.format(scheduler=scheduler))
    if packages is not None and is_inside(workers, scheduler):
        with threads_here(workers, packages) as threads:
            yield threads
        return
    import dask

    dask.config.set(DASK)
    count = threads_of(workers)
    connection = connected(scheduler) if scheduler else local_cluster(workers // count, count)
    with connection as client:
        yield warming(client, packages)


@contextlib.contextmanager
def threads_here(workers: int, packages: Collection[str]) -> Iterator[Threads]:
    """Yield Threads of this process; when the block ends, so does what their sandboxes run."""
    from nbjudge.sandbox.host.fork_server import cool_down, warm_up

    warm_up(packages)
    threads = Threads(workers)
    try:
        yield threads
    finally:
        cool_down()  # before the threads end, which would wait for what still runs
        threads.end()


def connected(scheduler: str) -> Any:
    """Return a Dask client of a cluster, with the TLS files that Dask's own configuration names.

    Raises SchedulerError where no scheduler answers.
    """
    from distributed import Client

    try:
        return Client(scheduler, timeout=10, set_as_default=False)
    except TypeError:  # there are no TLS files, so there is no SSL context
        raise SchedulerError(NO_TLS_FILES.format(scheduler=scheduler)) from None
    except (OSError, ValueError) as problem:
        raise SchedulerError(
            f"no scheduler answers at {scheduler} ({problem}): start one with `dask scheduler`, "
            "or leave --scheduler out"
        ) from None


@contextlib.contextmanager
def local_cluster(processes: int, threads: int) -> Iterator[Any]:
    """Yield a Dask client of `processes` workers with `threads` each, on this machine."""
    from distributed import Client, SpecCluster

    with (
        environment_kept(),
        main_module_hidden(),
        temporary_folder("dask") as folder,
        SpecCluster(**specification(processes, threads, folder)) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def specification(processes: int, threads: int, folder: str) -> dict[str, Any]:
    """Return the arguments of SpecCluster for a cluster that only this process can use.

    `folder` is for the workers' files; by default they would lie in one that all users share.

    Processes talk with TLS and with keys that are made here and kept in memory, so other users of
    this machine cannot connect.
    """
    from distributed import Nanny, Security

    from nbjudge.worker.without_http import SilentScheduler, SilentWorker

    keys = Security.temporary()
    place = {"protocol": "tls://", "host": "127.0.0.1", "security": keys}
    scheduler = place | {"port": 0, "dashboard": False}
    worker = place | {
        "nthreads": threads,
        "memory_limit": 0,
        "silence_logs": 50,
        "dashboard": False,
        "local_directory": folder,
        "worker_class": SilentWorker,
    }
    return {
        "scheduler": {"cls": SilentScheduler, "options": scheduler},
        "workers": {key: {"cls": Nanny, "options": worker} for key in range(processes)},
        "security": keys,
        "silence_logs": 50,
    }


@contextlib.contextmanager
def environment_kept() -> Iterator[None]:
    """Restore the environment variables after the block.

    Dask leaves behind what it sets for its workers, such as OMP_NUM_THREADS=1, and whatever is
    started later would inherit that.
    """
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def main_module_hidden() -> Iterator[None]:
    """Keep the processes that are started in the block from running the caller's main module.

    multiprocessing runs it in each process that it spawns. A script that calls `nbjudge.grade`
    would so grade again in each of them, and what was typed or piped into Python has no file.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def warming(client: Any, packages: Collection[str] | None) -> Any:
    """Return the client, after its workers were asked to start zygotes with these packages.

    Each worker first imports what runs submissions, in one thread. If its first messages did that,
    in several threads at once, Python could find that these wait for each other, and raise an error
    (https://github.com/python/cpython/issues/83065).
    """
    load_on_workers(client, __name__)
    if packages is not None:
        from nbjudge.sandbox.host.fork_server import warm_up

        client.run(warm_up, packages, on_error="ignore")
    return client


def load_on_workers(client: Any, module: str) -> None:
    """Have each worker import a module."""
    client.run(import_module, module, on_error="ignore")


def run_here(
    tasks: Iterable[Task], packages: Collection[str] | None
) -> Iterator[list[tuple[Any, Graded | BaseException]]]:
    """Yield what `run_tasks` does, of tasks that this process runs itself, one after the other.

    `packages` as in `workers_of`. What the cells are forked from is kept when all have ended.
    """
    if packages is not None:
        from nbjudge.sandbox.host.fork_server import warm_up

        warm_up(packages)
    for task in tasks:
        try:
            yield [(task.name, grade_submission(pickle.loads(task.assignment), task.submission))]
        except Exception as problem:  # of this submission's; the others are graded
            yield [(task.name, problem)]


def run_tasks(
    client: Any, tasks: Iterable[Task]
) -> Iterator[list[tuple[Any, Graded | BaseException]]]:
    """Yield lists of (name, what came of it) of tasks that have ended together.

    `client` is what `workers_of` yields. If a task has failed, its exception takes the place of its
    Graded. Only as many tasks are taken ahead as keep the workers busy, so a class of a thousand is
    never in memory at once.
    """
    if isinstance(client, Threads):
        yield from client.run(tasks)
        return
    from distributed import as_completed

    queue = Queue(client, iter(tasks), as_completed(loop=client.loop))
    for _ in range(2 * max(1, sum(client.nthreads().values()))):
        queue.submit(1)
    while queue.running:
        yield queue.collect()


class Queue:
    """Tasks that are under way on a cluster."""

    def __init__(
        self,
        client: Any,
        tasks: Iterator[Task],
        ended: Any,
    ) -> None:
        self.client = client
        self.tasks = tasks
        self.ended = ended  # Dask's as_completed
        self.running: dict[Any, Any] = {}  # {future: name of its task}
        self.assignments: dict[bytes, Any] = {}  # {pickle: future of the Assignment}

    def submit(self, count: int) -> None:
        """Send the next tasks, at most `count`.

        An assignment goes to a worker once. If a worker is lost, Dask unpickles it once more.
        """
        taken = list(itertools.islice(self.tasks, count))
        for task in taken:
            if task.assignment not in self.assignments:
                future = self.client.submit(pickle.loads, task.assignment, pure=False)
                self.assignments[task.assignment] = future
        if not taken:
            return
        assignments = [self.assignments[task.assignment] for task in taken]
        submissions = [task.submission for task in taken]
        futures = self.client.map(grade_submission, assignments, submissions, pure=False, retries=0)
        for future, task in zip(futures, taken, strict=True):
            self.running[future] = task.name
        self.ended.update(futures)

    def collect(self) -> list[tuple[Any, Graded | BaseException]]:
        """Wait until tasks have ended, send as many others, and return what came of those."""
        futures = self.ended.next_batch()  # the more at once, the fewer messages about each
        results = results_of(self.client, futures)
        self.submit(len(futures))
        found = []
        for future, result in zip(futures, results, strict=True):
            found.append((self.running.pop(future), result))
            future.release()
        return found


def results_of(client: Any, futures: list[Any]) -> list[Graded | BaseException]:
    """Return the results of these futures, or the exceptions that ended them.

    If none has failed, one message asks for all of them.
    """
    if all(future.status == "finished" for future in futures):
        with contextlib.suppress(Exception):  # a result may have been lost with its worker since
            return client.gather(futures)
    results = []
    for future in futures:
        finished = future.status == "finished"
        results.append(future.result() if finished else future.exception())
    return results
