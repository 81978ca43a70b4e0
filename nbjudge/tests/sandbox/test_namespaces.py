"""The namespaces around a submission."""

from pathlib import Path

import pytest

from nbjudge.job import Job, Step
from nbjudge.sandbox.guest import namespaces
from nbjudge.sandbox.host.fork_server import ForkServer

PID_MAX = "/proc/sys/kernel/pid_max"


@pytest.mark.skipif(not namespaces.has_own_pid_max(), reason="a Linux older than 6.14")
def test_the_kernel_limits_the_processes_of_a_sandbox_and_of_nothing_else():
    before = int(Path(PID_MAX).read_text())
    look = Step("look", f"print(open('{PID_MAX}').read())", "answer")
    with ForkServer() as server:
        (result,) = server.run(Job((look,), {}, (), (), {}))
    inside = int(result.outputs[0]["text"])
    assert inside < 1000 < before == int(Path(PID_MAX).read_text())
