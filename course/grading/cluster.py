"""Jobs on workers: processes of this machine, or of a Dask cluster. Workers get notebooks and give back outputs; none sees the gradebook."""
import contextlib

POOL = None  # this worker's warm parent, for as long as the worker lives


def work(job):
    """On a worker: run a job and return its list of Done."""
    global POOL
    from course.grading.execute import Pool
    from course.grading.ordinary import run_in_kernel

    if job.kernel:
        return run_in_kernel(job)
    POOL = POOL or Pool()
    return POOL.run(job)


@contextlib.contextmanager
def workers_of(workers, scheduler):
    """Yield a Dask client: of the cluster at `scheduler` (tcp://...), else of `workers` processes that end with the block.

    Raises ValueError where no scheduler answers at that address.
    """
    import dask
    from distributed import Client, LocalCluster

    dask.config.set({"distributed.scheduler.work-stealing": False,
                     "distributed.comm.timeouts.connect": "10s",
                     "distributed.admin.large-graph-warning-threshold": "1GiB", "distributed.admin.tick.limit": "1h"})
    if scheduler:
        try:
            client = Client(scheduler, timeout=10, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise ValueError(f"no scheduler answers at {scheduler} ({problem}): start one with `dask scheduler`, or leave --scheduler out") from None
        with client:
            yield client
        return
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50, memory_limit=0) as cluster, \
            Client(cluster, set_as_default=False) as client:
        yield client


def run_jobs(client, jobs):
    """Yield (name, list of Done or the exception that kept it from running) as jobs end; `jobs` yields (name, Job).

    Only as many as keep the workers busy are read ahead, so a class of a thousand does not lie in memory.
    """
    from distributed import as_completed

    jobs, running = iter(jobs), {}
    ended = as_completed(loop=client.loop)

    def feed():
        for name, job in jobs:
            future = client.submit(work, job, pure=False, retries=0)
            running[future] = name
            ended.add(future)
            return True
        return False

    ahead = 2 * max(1, len(client.scheduler_info()["workers"]))
    while len(running) < ahead and feed():
        pass
    while running:
        future = next(ended)
        name = running.pop(future)
        problem = future.exception()
        yield name, problem or future.result()
        future.release()
        feed()
