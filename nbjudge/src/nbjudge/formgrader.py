"""A server extension for JupyterLab: the formgrader shows the marks that the gradebook holds now.

nbgrader's formgrader keeps one session of the database as long as the server runs. It may show
what it has read once although `nbjudge grade` has changed it since. With this extension each
request reads anew. Enable it with `jupyter server extension enable nbjudge.formgrader`.
"""

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Return what Jupyter Server asks an extension for: the module that it loads."""
    return [{"module": "nbjudge.formgrader"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """End the formgrader's reading of the database with each request; called once by the server."""
    from nbgrader.server_extensions.formgrader.base import BaseHandler

    inherited = BaseHandler.on_finish

    def on_finish(handler: Any) -> None:
        if gradebook := handler.settings.get("nbgrader_gradebook"):
            gradebook.db.rollback()  # a handler commits what it writes, so nothing is lost
        inherited(handler)

    BaseHandler.on_finish = on_finish
