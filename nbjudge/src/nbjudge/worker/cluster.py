"""Jobs on workers: of this machine, or of a Dask cluster. Workers get notebooks and give back outputs; none sees the gradebook.

A worker is a thread. Those of one process share its warm parent and the starts of its lessons, so that both are made once; they share
its Python, too, of which a submission takes a twentieth of a second. On one machine up to four are threads of this very process.
"""

import contextlib
import itertools
import os
import pickle

from nbjudge.worker.assess import work

THREADS = 4  # of a process, at most


@contextlib.contextmanager
def workers_of(workers, scheduler, packages):
    """Yield a Dask client: of the cluster at `scheduler` (tcp://...), else of `workers` threads, which end with the block.

    Their warm parents already import `packages`, if there are any. Raises ValueError where no scheduler answers at that address.
    """
    threads = max(count for count in range(1, THREADS + 1) if workers % count == 0)
    inside = (
        not scheduler and threads == workers and packages
    )  # ordinary kernels would take on this process's environment
    if inside:
        from nbjudge.sandbox.host.fork_server import cool_down, warm_up

        warm_up(packages)  # first, for it takes longest
    import dask
    from distributed import Client, LocalCluster

    dask.config.set(
        {
            "distributed.scheduler.work-stealing": False,
            "distributed.comm.timeouts.connect": "10s",
            "distributed.admin.large-graph-warning-threshold": "1GiB",
            "distributed.admin.tick.limit": "1h",
            # Dask looks at itself so often that each process takes 4 % of a core for that: less often, it is below 1 %
            "distributed.admin.tick.interval": "1s",
            "distributed.worker.profile.enabled": False,
            "distributed.admin.system-monitor.interval": "10s",
            "distributed.worker.memory.monitor-interval": "10s",
            "distributed.scheduler.active-memory-manager.start": False,
        }
    )
    if scheduler:
        try:
            client = Client(scheduler, timeout=10, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise ValueError(
                f"no scheduler answers at {scheduler} ({problem}): start one with `dask scheduler`, or leave --scheduler out"
            ) from None
        with client:
            yield warming(client, packages)
        return
    with (
        environment_kept(),
        LocalCluster(
            n_workers=workers // threads,
            threads_per_worker=threads,
            processes=not inside,
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
            memory_limit=0,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        try:
            yield client if inside else warming(client, packages)
        finally:
            if inside:
                cool_down()  # before the cluster ends, which would wait for what still runs


@contextlib.contextmanager
def environment_kept():
    """Dask leaves behind what it sets for its workers, such as one thread for all sums: what is started later would have it, too."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def warming(client, packages):
    if packages:
        from nbjudge.sandbox.host.fork_server import warm_up

        client.run(warm_up, packages, on_error="ignore")
    return client


def run_jobs(client, jobs):
    """Yield lists of (name, Assessed or the exception that kept it from running), of jobs that have ended together; `jobs` yields
    (name, (Lesson as a pickle, the other arguments of `work`)).

    Only as many as keep the workers busy are read ahead, so a class of a thousand does not lie in memory. A lesson goes to a worker
    once; where it is lost with one, Dask unpacks it again.
    """
    from distributed import as_completed

    jobs, running, lessons = iter(jobs), {}, {}
    ended = as_completed(loop=client.loop)

    def feed(count):
        taken = list(itertools.islice(jobs, count))
        for _, (packed, *_) in taken:
            if packed not in lessons:
                lessons[packed] = client.submit(pickle.loads, packed, pure=False)
        if taken:
            arguments = zip(*((lessons[packed], *others) for _, (packed, *others) in taken))
            futures = client.map(work, *arguments, pure=False, retries=0)
            running.update(zip(futures, (name for name, _ in taken)))
            ended.update(futures)

    for _ in range(2 * max(1, sum(client.nthreads().values()))):
        feed(1)
    while running:  # the more end at once, the fewer messages there are about each
        batch = ended.next_batch()
        results = results_of(client, batch)
        feed(len(batch))
        yield list(zip(map(running.pop, batch), results))
        for future in batch:
            future.release()


def results_of(client, futures):
    """What these came to, or the exception that ended them; all asked for at once where none has failed."""
    if all(future.status == "finished" for future in futures):
        with contextlib.suppress(Exception):  # one that is lost by now runs again, and may fail
            return client.gather(futures)
    return [
        future.result() if future.status == "finished" else future.exception() for future in futures
    ]
