"""What authors and instructors run: building lessons, new exercises, JupyterLab, a demo."""

from nbjudge.errors import NbjudgeError


class UsageError(NbjudgeError):
    """A command was given something that it cannot work with; str() says what to do."""
