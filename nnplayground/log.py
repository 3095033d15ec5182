"""The log: warnings and the details of what went wrong, in a file of bounded size in the user's log folder."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

from platformdirs import user_log_path

LOGGER = "nnplayground"


def log_file() -> Path:
    """Where the log lies."""
    return user_log_path("nnplayground") / "nnplayground.log"


def log_to_file() -> None:
    """Send what is logged to the file, and nothing of it to the terminal, which is for sentences to the user."""
    root = logging.getLogger(LOGGER)
    if root.handlers:
        return
    handler: logging.Handler = logging.NullHandler()
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.access(path if path.exists() else path.parent, os.W_OK):
            handler = _FileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True)
    except OSError:
        # No place for a log: the program works without.
        pass
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)


class _FileHandler(logging.handlers.RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk: nothing is written. The inherited method would print a traceback on the terminal."""
