"""A JupyterHub that a test starts from the configuration in deploy/, and its users."""

import contextlib
import importlib.util
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import requests
import websocket

from course.paths import ROOT

DEPLOY = ROOT / "deploy"
PROXY = DEPLOY / "node_modules" / ".bin" / "configurable-http-proxy"
PASSWORD = uuid.uuid4().hex
FIRST_UID = 61_000  # of the users that only a test's hub knows
PATIENCE = 90  # seconds; a busy machine is no bug


def why_no_hub() -> str:
    """Why no hub can be started here, "" if one can."""
    if not shutil.which("node"):
        return "no Node.js here: install Debian's nodejs and npm, then run `make classroom`"
    if not importlib.util.find_spec("jupyterhub"):
        return "JupyterHub is not installed: run `make classroom`"
    if not (PROXY.exists() or shutil.which(PROXY.name)):
        return "the hub's proxy is not installed: run `make classroom`"
    return ""


def why_no_local_users() -> str:
    """Why this machine cannot give a test users of its own, "" if it can."""
    if os.geteuid() != 0:
        return "local users need root: without it the hub runs all servers as one user"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        return "this machine allows no mount namespaces, in which a test could have its own users"
    return ""


class Hub:
    """A running hub: where it is, and whose server is whose."""

    def __init__(self, address: str, local_users: bool) -> None:
        self.address = address
        self.local_users = local_users

    def login(self, name: str) -> "User":
        """Log a user in with the page's own form, start their JupyterLab and return them."""
        session = requests.Session()
        url = f"{self.address}/hub/login"
        session.get(url)
        form = {"username": name, "password": PASSWORD, "_xsrf": session.cookies["_xsrf"]}
        told = session.post(url, data=form, allow_redirects=False)
        assert told.status_code == 302, told.text[:500]
        return User(self, name, session)


class User:
    """A user who has logged in, and their JupyterLab."""

    def __init__(self, hub: Hub, name: str, session: requests.Session) -> None:
        self.hub = hub
        self.name = name
        self.session = session
        xsrf = {"_xsrf": session.cookies.get("_xsrf", path="/hub/")}
        tokens = f"{hub.address}/hub/api/users/{name}/tokens"
        made = session.post(tokens, params=xsrf, headers={"Referer": tokens}, json={})
        assert made.ok, made.text
        self.token = made.json()["token"]
        self.start()

    def start(self) -> None:
        """Start this user's server, and wait until it answers."""
        server = f"{self.hub.address}/hub/api/users/{self.name}/server"
        started = requests.post(server, headers=self._headers())
        assert started.ok, started.text
        end = time.monotonic() + PATIENCE
        while not self.ask("GET", self.name, "api/status").ok:
            assert time.monotonic() < end, f"the server of {self.name} does not start"
            time.sleep(0.5)

    def ask(self, method: str, owner: str, path: str, **more: object) -> requests.Response:
        """What the server of `owner` answers to this user's request."""
        url = f"{self.hub.address}/user/{owner}/{path}"
        return requests.request(method, url, headers=self._headers(), timeout=PATIENCE, **more)

    def assignments(self, action: str = "", **what: str) -> list[dict]:
        """Do what the panel Assignment List does: list, or fetch, submit, fetch_feedback."""
        path = f"assignments/{action}" if action else "assignments"
        what = {"course_id": "new-heads", **what}
        if action:
            answer = self.ask("POST", self.name, path, data=what)
        else:
            answer = self.ask("GET", self.name, path, params=what)
        told = answer.json()
        assert answer.ok and told["success"], told
        return told["value"]

    def read(self, path: str) -> dict:
        """A notebook in this user's folder."""
        return self.ask("GET", self.name, f"api/contents/{path}").json()["content"]

    def save(self, path: str, notebook: dict) -> None:
        """Save a notebook in this user's folder, as JupyterLab does."""
        body = {"type": "notebook", "format": "json", "content": notebook}
        saved = self.ask("PUT", self.name, f"api/contents/{path}", json=body)
        assert saved.ok, saved.text

    def type(self, command: str) -> str:
        """Type a command into a terminal of this user's JupyterLab; return what it prints.

        Raises AssertionError if its exit status is not 0.
        """
        status, said = self.run(command)
        assert status == 0, f"{self.name} $ {command}\n{said}"
        return said

    def run(self, command: str) -> tuple[int, str]:
        """Type a command into a terminal; return its exit status and what it printed."""
        made = self.ask("POST", self.name, "api/terminals", json={"cwd": "."}).json()["name"]
        address = self.hub.address.replace("http://", "ws://")
        url = f"{address}/user/{self.name}/terminals/websocket/{made}"
        terminal = websocket.create_connection(url, header=self._headers(), timeout=PATIENCE)
        mark = uuid.uuid4().hex
        say = f"echo {mark[:16]}''{mark[16:]}"  # typed in two parts: the echo of it is no mark
        typed = f"stty cols 400; {say}; ( {command} ); {say}:$?"
        terminal.send(json.dumps(["stdin", f"{typed}\r"]))
        said = ""
        end = re.compile(mark + r"\r?\n(.*)" + mark + r":(\d+)", re.DOTALL)
        while not (found := end.search(said)):
            kind, *text = json.loads(terminal.recv())
            said += text[0] if kind == "stdout" else ""
        terminal.close()
        return int(found[2]), found[1].replace("\r\n", "\n")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}


@contextlib.contextmanager
def running_hub(
    folder: Path, course: Path, learners: list[str], instructor: str, local_users: bool
) -> Iterator[Hub]:
    """A hub for these users while the block runs; `folder` is empty and for its files.

    With `local_users` each has an account, in files that only the hub's processes see in place of
    /etc/passwd and /etc/group; else all servers run as the user who runs the test.
    """
    names = [instructor, *learners]
    students = course / "students.csv"
    students.write_text("\n".join(["id", *learners]) + "\n")
    exchange = folder / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    port, hub_port, proxy_port = free_ports(3)
    config = "jupyterhub_config.py" if local_users else "try_out_config.py"
    command = [sys.executable, "-m", "jupyterhub", "-f", str(DEPLOY / config), f"--port={port}"]
    command += ["--ip=127.0.0.1", f"--JupyterHub.hub_port={hub_port}"]
    command += [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy_port}"]
    if local_users:
        command += ["--JupyterHub.authenticator_class=shared-password"]
        command += [f"--SharedPasswordAuthenticator.user_password={PASSWORD}"]
        command = with_accounts(folder, names, command)
        own(course, FIRST_UID)
    environment = os.environ | {
        "COURSE_FOLDER": str(course),
        "COURSE_INSTRUCTORS": instructor,
        "COURSE_PASSWORD": PASSWORD,
        "COURSE_HOMES": str(folder / "homes"),
        "NBGRADER_EXCHANGE": str(exchange),
    }
    state = folder / "state"
    state.mkdir(mode=0o700)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=state, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(process, f"{address}/hub/health", folder / "log")
            yield Hub(address, local_users)
        finally:
            process.send_signal(signal.SIGTERM)  # it ends the servers of its users
            process.wait(60)


def with_accounts(folder: Path, names: list[str], command: list[str]) -> list[str]:
    """A command that runs `command` where these users have accounts and homes."""
    accounts = {"passwd": Path("/etc/passwd").read_text(), "group": Path("/etc/group").read_text()}
    for uid, name in enumerate(names, FIRST_UID):
        home = folder / "homes" / name
        home.mkdir(parents=True)
        own(home, uid)
        home.chmod(0o700)
        accounts["passwd"] += f"{name}:x:{uid}:{uid}::{home}:/bin/bash\n"
        accounts["group"] += f"{name}:x:{uid}:\n"
    mounts = []
    for name, text in accounts.items():
        (folder / name).write_text(text)
        mounts.append(f"mount --bind '{folder / name}' /etc/{name}")
    script = " && ".join([*mounts, *opened(folder), 'exec "$@"'])
    return ["unshare", "--mount", "sh", "-c", script, "sh", *command]


def opened(folder: Path) -> list[str]:
    """Commands by which other users reach Python and this repository, also below a closed folder.

    Such a folder, often /root, is covered by an empty one, and what is needed is put in there.
    """
    needed: dict[Path, list[Path]] = {}
    for path in (ROOT, Path(sys.base_prefix)):
        for above in reversed(path.parents):
            if not above.stat().st_mode & 0o001:
                needed.setdefault(above, []).append(path)
                break
    commands = []
    for closed, inside in needed.items():
        kept = {path: folder / f"kept-{number}" for number, path in enumerate(inside)}
        commands += [f"mkdir '{k}' && mount --bind '{path}' '{k}'" for path, k in kept.items()]
        commands.append(f"mount -t tmpfs -o mode=755 tmpfs '{closed}'")
        commands += [f"mkdir -p '{p}' && mount --bind '{k}' '{p}'" for p, k in kept.items()]
    return commands


def own(folder: Path, uid: int) -> None:
    """Give a folder and all that is in it to a user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid)


def wait_for(process: subprocess.Popen, url: str, log: Path) -> None:
    """Wait until the hub answers. Raises AssertionError with its log if it does not."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url).ok:
                return
        time.sleep(0.2)
    raise AssertionError(f"the hub did not start:\n{log.read_text()}")


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def user_of_this_process() -> str:
    """The name of the user who runs the test."""
    return pwd.getpwuid(os.geteuid()).pw_name
