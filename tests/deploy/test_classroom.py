"""A class on a real JupyterHub: two learners, an instructor, nbgrader's exchange, our engine."""

import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from course.authoring import build
from course.paths import ROOT
from tests.support.hub import PASSWORD, running_hub, why_no_hub, why_no_local_users
from tests.support.lesson_page import CHROMIUM

pytestmark = [
    pytest.mark.classroom,
    pytest.mark.skipif(bool(why_no_hub()), reason=why_no_hub()),
]
LESSON = "00-start-here"
NOTEBOOK = f"{LESSON}/{LESSON}.ipynb"
RIGHT = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"
WRONG = "def count_parameters(model):\n    return len(list(model.parameters()))"
NO_USERS = why_no_local_users()


@pytest.fixture(
    scope="module",
    params=[
        "all as one user",
        pytest.param("local users", marks=pytest.mark.skipif(bool(NO_USERS), reason=NO_USERS)),
    ],
)
def room(request):
    """A running hub, the course's folder and three users whose servers run."""
    local_users = request.param == "local users"
    # pytest's own folders are closed to other users
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        course = folder / "course"
        build.save(build.source_notebook(LESSON), course / "source" / NOTEBOOK)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        course.chmod(0o700)
        (folder / "hub").mkdir()
        names = ["learner-01", "learner-02"]
        with running_hub(folder / "hub", course, names, "instructor", local_users) as hub:
            users = [hub.login(name) for name in ("instructor", *names)]
            yield SimpleNamespace(
                hub=hub, folder=folder, course=course, instructor=users[0], learners=users[1:]
            )


@pytest.fixture(scope="module")
def week(room):
    """The room after a week: handed out, worked on, handed in, collected, graded and returned."""
    for command in (
        f"nbgrader generate_assignment {LESSON}",
        f"nbgrader release_assignment {LESSON}",
    ):
        room.instructor.type(command)
    for learner, answer in zip(room.learners, (RIGHT, WRONG), strict=True):
        learner.assignments("fetch", assignment_id=LESSON)
        notebook = learner.read(NOTEBOOK)
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                cell["source"] = answer
        learner.save(NOTEBOOK, notebook)
        learner.assignments("submit", assignment_id=LESSON)
    room.instructor.type(f"nbgrader collect {LESSON}")
    room.graded = room.instructor.type(f'cd "$COURSE_FOLDER" && nbjudge grade {LESSON} --json')
    room.instructor.type(f'cd "$COURSE_FOLDER" && nbjudge feedback {LESSON}')
    room.instructor.type(f"nbgrader release_feedback {LESSON}")
    for learner in room.learners:
        learner.assignments("fetch_feedback", assignment_id=LESSON)
    return room


def test_the_instructor_sees_what_each_learner_got(week):
    marks = week.instructor.type('cd "$COURSE_FOLDER" && nbgrader export >&2 && cat grades.csv')
    rows = [line.split(",") for line in marks.splitlines() if line.startswith(LESSON)]
    score = {row[3]: float(row[9]) for row in rows}
    assert score == {"learner-01": 1, "learner-02": 0}


def test_each_learner_gets_their_own_feedback(week):
    for learner, said in zip(
        week.learners, ("Passed", "count the numbers, not the tensors"), strict=True
    ):
        pages = learner.type(f"find {LESSON}/feedback -name '*.html'").splitlines()
        assert len(pages) == 1
        assert said in learner.type(f"cat '{pages[0]}'")
        submitted = [entry for entry in learner.assignments() if entry["status"] == "submitted"]
        assert {entry["student_id"] for entry in submitted} == {learner.name}


def test_one_learner_cannot_reach_the_server_of_another(week):
    first, second = week.learners
    assert second.ask("GET", second.name, f"api/contents/{NOTEBOOK}").ok
    for method, path in (
        ("GET", f"api/contents/{NOTEBOOK}"),
        ("POST", "api/terminals"),
        ("GET", "assignments"),
    ):
        answer = first.ask(method, second.name, path)
        assert answer.status_code in (403, 404)
        assert "count_parameters" not in answer.text


def test_one_learner_cannot_read_the_files_of_another(week):
    if not week.hub.local_users:
        pytest.skip("all servers run as one user, so only the hub keeps learners apart")
    first, second = week.learners
    exchange = week.folder / "hub" / "exchange" / "new-heads"
    for path in (
        week.folder / "hub" / "homes" / second.name / NOTEBOOK,
        exchange / "inbound",
        exchange / "feedback",
        week.course / "gradebook.db",
        week.course / "source" / NOTEBOOK,
        week.course / "submitted" / second.name / NOTEBOOK,
    ):
        assert path.exists()
        for command in ("ls", "cat"):
            status, said = first.run(f"{command} '{path}'")
            assert status and "Permission denied" in said, f"{command} {path}: {said}"


def in_the_browser(room, new_page, user):
    """The page of a user who has logged in with the browser, and what the menu Nbgrader offers."""
    page = new_page()
    page.set_default_timeout(90_000)
    page.goto(f"{room.hub.address}/hub/login")
    page.fill("[name=username]", user.name)
    page.fill("[name=password]", PASSWORD)
    page.click("#login_submit")
    page.locator(".lm-MenuBar-item", has_text="Nbgrader").click()
    offered = page.locator(".lm-Menu-item[data-type=command]").all_inner_texts()
    return page, [words.strip() for words in offered if words.strip()]  # the others are hidden


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium or Chrome here")
def test_only_the_instructor_sees_the_panels_that_change_a_course(week, new_page):
    page, offered = in_the_browser(week, new_page, week.learners[0])
    assert offered == ["Assignment List"]
    page.locator(".lm-Menu-item", has_text="Assignment List").click()
    page.locator("#submitted_assignments_list").get_by_text(LESSON).first.wait_for()
    page, offered = in_the_browser(week, new_page, week.instructor)
    assert {"Assignment List", "Create assignment", "Formgrader"} <= set(offered)
