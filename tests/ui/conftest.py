"""What tests with widgets share: isolated settings, the dark theme, and nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from nnplayground.ui.theme import apply_theme


@pytest.fixture(autouse=True)
def themed_app(qapp: QApplication, tmp_path: Path) -> Iterator[QApplication]:
    """The application in the dark theme, with settings of its own; fails on threads that a test leaves behind."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    qapp.setOrganizationName("nnplayground-tests")
    qapp.setApplicationName("nnplayground-tests")
    apply_theme(qapp, "dark")
    before = set(threading.enumerate())
    yield qapp
    left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert not left, f"Threads left behind: {left}"
