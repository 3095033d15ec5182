"""What all tests share. Nothing here needs Qt or TensorFlow unless a test asks for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture
def themed_app(qapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The application in the dark theme, with settings, cache and data folders of its own.

    Fails on threads that a test leaves behind.
    """
    from PySide6.QtCore import QEvent, QSettings

    from nnplayground.ui.theme import apply_theme

    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    qapp.setOrganizationName("nnplayground-tests")
    qapp.setApplicationName("nnplayground-tests")
    apply_theme(qapp, "dark")
    before = set(threading.enumerate())
    yield qapp
    # Without a running event loop nobody else does: windows of earlier tests would be styled with every later one.
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    # Decoding that was cancelled ends with the file it was at.
    for thread in left:
        thread.join(5.0)
    still = [thread for thread in left if thread.is_alive()]
    assert not still, f"Threads left behind: {still}"
