"""What authors and instructors run: building lessons, new exercises, JupyterLab, a demo."""


class UsageError(Exception):
    """A command was given something that it cannot work with; str() says what to do."""
