"""The same hub on your own machine, to try it: no root, no local users, one password for all.

    COURSE_PASSWORD=... .venv/bin/jupyterhub -f deploy/try_out_config.py

All servers run as you, so nothing keeps one learner from another's files: never for a class.
"""

import os
import sys
from pathlib import Path

from course.authoring.lab import is_root

HERE = Path(__file__).resolve().parent

load_subconfig(str(HERE / "jupyterhub_config.py"))  # noqa: F821
c = get_config()  # noqa: F821

password = os.environ.get("COURSE_PASSWORD", "")
if len(password) < 8:
    sys.exit(
        "Set COURSE_PASSWORD to 8 or more characters: everybody logs in with it, each with their "
        "own user name."
    )
prepare_as_for_a_class = c.Spawner.pre_spawn_hook


def prepare(spawner) -> None:
    """As for a class; but a learner's name is the hub's, because all servers run as one user."""
    prepare_as_for_a_class(spawner)
    if not spawner.notebook_dir:  # an instructor's is the course's folder
        places = [str(HERE / "jupyter" / "try-out"), spawner.environment["JUPYTER_CONFIG_PATH"]]
        spawner.environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(places)


c.Spawner.pre_spawn_hook = prepare
c.JupyterHub.ip = "127.0.0.1"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = password
c.JupyterHub.spawner_class = "simple"
if is_root():  # as in many containers
    c.Spawner.args = ["--allow-root"]
homes = Path(os.environ.get("COURSE_HOMES", "homes")).resolve()
c.SimpleLocalProcessSpawner.home_dir_template = f"{homes}/{{username}}"
