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


ASYNC_ANSWER = """
import asyncio, decimal
decimal.getcontext().prec = 7
loop = asyncio.get_running_loop()
task = asyncio.create_task(asyncio.sleep(0.01, 5))
async def later():
    return await asyncio.sleep(0, 6)
"""
ASYNC_CHECKS = {
    "a task of the answer's": "assert await task == 5",
    "the answer's coroutine": "assert await later() == 6",
    "the same loop": "assert asyncio.get_running_loop() is loop",
    "a task of its own": "mine = asyncio.create_task(later())\nassert await mine == 6",
    "context variables": "assert decimal.getcontext().prec == 7",
    "run again": """
coroutine = later()
try:
    asyncio.run(coroutine)
except RuntimeError as problem:
    assert "running event loop" in str(problem)
else:
    raise AssertionError("a loop in a loop")
await coroutine""",
}


def test_checks_run_in_the_loop_that_cells_run_in():
    """Each check runs in a fork, so the task that it ends is still there for the next one."""
    steps = [Step("answer", ASYNC_ANSWER, "answer")]
    steps += [Step(name, source, "check", True) for name, source in ASYNC_CHECKS.items()]
    with ForkServer() as server:
        results = server.run(Job(tuple(steps), {}, (), (), {}))
    failed = [
        (step.name, result.outputs) for step, result in zip(steps, results) if not result.well
    ]
    assert not failed


def test_a_failed_await_shows_the_lines_of_the_check_alone():
    source = "async def wrong():\n    raise ValueError('here')\nx = 1\nawait wrong()"
    with ForkServer() as server:
        (result,) = server.run(Job((Step("check", source, "check", True),), {}, (), (), {}))
    (error,) = result.outputs
    assert error["evalue"] == "here"
    assert [line.strip() for line in "\n".join(error["traceback"]).splitlines()] == [
        "<check check>, line 4, in <module>",
        "await wrong()",
        "<check check>, line 2, in wrong",
        "raise ValueError('here')",
        "ValueError: here",
    ]


def test_a_check_that_imports_a_file_in_the_place_of_an_installed_module_is_told():
    """iniconfig comes with pytest; the sandbox imports it nowhere else."""
    answer = "with open('iniconfig.py', 'w') as file:\n    file.write('x = 1')"
    steps = (
        Step("answer", answer, "answer"),
        Step("another", "import wave", "check", True),
        Step("check", "import iniconfig\nassert iniconfig.x == 1", "check", True),
    )
    with ForkServer() as server:
        _, another, result = server.run(Job(steps, {}, (), (), {}))
    assert another.well and not another.notes
    assert result.well
    assert result.notes == ["its file `iniconfig.py` took the place of an installed module"]
