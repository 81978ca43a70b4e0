"""Where workers run: in this process, or in others."""

THREADS = 4  # workers of one process, at most


def is_inside(workers: int, scheduler: str | None) -> bool:
    """Return whether `workers_of` would run its workers as threads of this process.

    Ordinary kernels run in other processes all the same: those can be ended at once.
    """
    return not scheduler and threads_of(workers) == workers


def threads_of(workers: int) -> int:
    """Return how many workers share a process."""
    return max(count for count in range(1, THREADS + 1) if workers % count == 0)
