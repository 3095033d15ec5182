"""The log takes the details of what went wrong; the terminal is for sentences to the user."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from nnplayground import log


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No handlers from other tests, and a folder of its own."""
    monkeypatch.setattr(log, "user_log_path", lambda name: tmp_path / "logs")
    root = logging.getLogger(log.LOGGER)
    before, root.handlers = root.handlers, []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers = before


def fail() -> None:
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError:
        logging.getLogger("nnplayground.training").exception("A run failed.")


def test_details_go_to_the_file_and_not_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    log.log_to_file()
    fail()
    text = log.log_file().read_text()
    assert "A run failed." in text
    assert "Traceback" in text
    assert capsys.readouterr().err == ""


def test_without_a_place_for_it_the_terminal_stays_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    log.log_to_file()
    fail()
    assert capsys.readouterr().err == ""


def test_a_disk_that_is_full(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    log.log_to_file()
    (handler,) = logging.getLogger(log.LOGGER).handlers

    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(handler, "format", refuse)
    fail()
    assert capsys.readouterr().err == ""
