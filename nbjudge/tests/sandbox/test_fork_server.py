"""The fork server: what a submission finds does not depend on what has run before it."""

from nbjudge.job import Job, Step
from nbjudge.sandbox.host.fork_server import ForkServer

RANDOM_CELLS = (
    Step("given-0", "import random", "given"),
    Step("given-1", "x = random.random()", "given"),
    Step("f", "def f():\n    return random.random()", "answer"),
    Step("added", "print(x, f())", "added"),
)


def test_values_are_the_same_from_a_shared_template_and_from_scratch():
    job = Job(RANDOM_CELLS, {}, (), ("random",), {})
    with ForkServer() as server:
        first = server.run(job)
        second = server.run(job)
        scratch = server.run(job._replace(files={"mine.txt": b""}))
        prefixes = [key[0] for key in server.templates]
    assert prefixes == [("import random", "x = random.random()"), ()]
    assert first[0].seconds > 0 == second[0].seconds  # the given cells ran once
    assert first[-1].outputs == second[-1].outputs == scratch[-1].outputs
    assert first[-1].outputs[0]["text"].count("0.") == 2


def test_a_cell_that_ends_the_process_is_left_out_and_the_rest_runs():
    steps = (
        Step("a", "x = 1", "given"),
        Step("b", "import os\nos._exit(1)", "answer"),
        Step("c", "y = x + 1", "added"),
        Step("d", "assert y == 2", "check", True, ("y",)),
    )
    with ForkServer() as server:
        results = server.run(Job(steps, {}, (), (), {}))
    assert [(result.well, result.end) for result in results] == [
        (True, ""),
        (False, "died"),
        (True, ""),
        (True, ""),
    ]
