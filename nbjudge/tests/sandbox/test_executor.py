"""Running cells and checks inside."""

from nbjudge.job import Job, Step
from nbjudge.sandbox.host.fork_server import ForkServer


def test_partial_credit_is_a_plain_number_and_nothing_else():
    values = {
        "0.5": 0.5,
        "1": 1.0,
        "True": None,
        "-1": None,
        "float('nan')": None,
        "None": None,
        "'2'": None,
    }
    steps = tuple(Step(f"check-{k}", source, "check", True) for k, source in enumerate(values))
    with ForkServer() as server:
        results = server.run(Job(steps, {}, (), (), {}))
    assert [result.score for result in results] == list(values.values())
    assert all(result.well for result in results)
