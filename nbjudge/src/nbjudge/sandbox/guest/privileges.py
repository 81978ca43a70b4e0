"""What a submission's process gives up: privileges, and resources above its limits."""

import os
import resource
from pathlib import Path

from nbjudge.sandbox.guest import system_calls
from nbjudge.sandbox.guest.seccomp import filter_system_calls
from nbjudge.sandbox.guest.system_calls import prctl
from nbjudge.sandbox.wire import TASKS_PER_PROCESS, Limits

CAPABILITIES = 64  # more than there are: capabilities(7)


def give_up_privileges(user: int) -> None:
    """Become this user and group, and give up all capabilities for good.

    Without capabilities the sandbox's mounts cannot be changed.

    PR_SET_DUMPABLE keeps other processes from reading this one's memory; prctl(2).
    """
    prctl(system_calls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(CAPABILITIES):
        if prctl(system_calls.PR_CAPBSET_DROP, capability, 0, 0, 0) == -1:
            break  # there are no more
    if os.getuid() != user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    system_calls.set_no_capabilities()
    prctl(system_calls.PR_SET_DUMPABLE, 0, 0, 0, 0)
    filter_system_calls()


def limit_resources(limits: Limits) -> None:
    """Limit this process and each that it starts; getrlimit(2).

    Memory is counted from what the process has now, because a template's memory came with the fork.
    """
    size = own_memory()
    data = size.get("VmData", 1 << 30) + limits.memory
    address_space = size.get("VmSize", 8 << 30) + 2 * limits.memory
    lower(resource.RLIMIT_DATA, data)
    lower(resource.RLIMIT_AS, address_space)
    lower(resource.RLIMIT_CPU, limits.cpu)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, limits.disk)
    lower(resource.RLIMIT_NOFILE, 1024)
    lower(resource.RLIMIT_SIGPENDING, 1024)  # a waiting signal or a timer is the kernel's memory


def limit_processes(limits: Limits) -> None:
    """Limit the processes of this sandbox, where the kernel counts them by themselves.

    It does so since Linux 5.14, for each user namespace. Before, all processes of the user count,
    so the limit could be exceeded before the notebook has started one.
    """
    if system_calls.linux_is_at_least(5, 14):
        lower(resource.RLIMIT_NPROC, TASKS_PER_PROCESS * limits.processes)


def lower(which: int, most: int) -> None:
    """Set both limits to `most`, or to the hard limit where that is lower."""
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(which, (most, most))


def own_memory() -> dict[str, int]:
    """Return {name: bytes} of this process as proc(5) names them; {} where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return {}
    found = {}
    for line in status.read_text().splitlines():
        if line.endswith(" kB"):
            name, kilobytes, _ = line.split()
            found[name.rstrip(":")] = int(kilobytes) << 10
    return found
