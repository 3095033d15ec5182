from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from nnplayground.data import ImageError
from nnplayground.samples import Array
from nnplayground.ui.widgets import pictures
from nnplayground.ui.widgets.pictures import PictureLoader, side_for
from tests.ui.picture_data import write_picture

A, B, C, D = (Path(name) for name in ("a.png", "b.png", "c.png", "d.png"))


class SlowDecoder:
    """Decodes nothing before it may; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Path] = []
        self.begun = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, path: Path, side: int) -> Array:
        self.asked.append(path)
        self.begun.set()
        assert self.may_go_on.wait(10)
        return np.zeros((2, 3, 3), np.uint8)


@pytest.fixture
def slow() -> SlowDecoder:
    return SlowDecoder()


@pytest.fixture
def slow_loader(qapp: object, slow: SlowDecoder) -> Iterator[PictureLoader]:
    loader = PictureLoader(decode=slow, threads=1)
    yield loader
    slow.may_go_on.set()
    loader.shutdown()


def next_turn(qtbot: QtBot, loader: PictureLoader) -> None:
    """Until what was requested so far has been handed to the threads."""
    timer = loader.findChild(QTimer)
    assert timer is not None
    with qtbot.waitSignal(timer.timeout):
        pass


def test_decodes_a_file_at_its_aspect_ratio(qtbot: QtBot, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "wide.png", size=(300, 100), color=(10, 20, 250))
    loader = PictureLoader()
    assert loader.pixmap(path, 96) is None
    with qtbot.waitSignal(loader.loaded) as arrived:
        loader.request(path, 96)
    assert arrived.args == [path, 96]
    pixmap = loader.pixmap(path, 96)
    assert pixmap is not None
    assert (pixmap.width(), pixmap.height()) == (96, 32)
    assert pixmap.toImage().pixelColor(5, 5).name() == "#0a14fa"
    assert loader.pixmap(path, 128) is None
    loader.shutdown()


def test_large_pictures_are_decoded_too(qtbot: QtBot, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "large.png", size=(900, 600))
    loader = PictureLoader()
    with qtbot.waitSignal(loader.loaded):
        loader.request(path, 768)
    pixmap = loader.pixmap(path, 768)
    assert pixmap is not None
    assert pixmap.width() == 768
    loader.shutdown()


def test_a_broken_file_is_told_once_and_not_decoded_again(qtbot: QtBot) -> None:
    calls: list[Path] = []

    def decode(path: Path, side: int) -> Array:
        calls.append(path)
        if path == B:
            raise ImageError("It is damaged.")
        return np.zeros((2, 2, 3), np.uint8)

    loader = PictureLoader(decode=decode, threads=1)
    with qtbot.waitSignal(loader.loaded):
        loader.request(B, 64)
    assert loader.pixmap(B, 64) is None
    assert loader.failure(B, 64) == "It is damaged."
    loader.request(B, 64)
    with qtbot.waitSignal(loader.loaded):
        loader.request(A, 64)
    assert calls == [B, A]
    assert loader.failure(A, 64) is None
    loader.shutdown()


def test_the_latest_turn_comes_first_and_keeps_its_order(
    qtbot: QtBot, slow_loader: PictureLoader, slow: SlowDecoder
) -> None:
    slow_loader.request(A, 64)
    qtbot.waitUntil(slow.begun.is_set)
    slow_loader.request(B, 64)
    next_turn(qtbot, slow_loader)
    slow_loader.request(C, 64)
    slow_loader.request(D, 64)
    next_turn(qtbot, slow_loader)
    slow.may_go_on.set()
    qtbot.waitUntil(lambda: slow_loader.pixmap(B, 64) is not None)
    assert slow.asked == [A, C, D, B]


def test_a_cancelled_request_is_not_decoded(qtbot: QtBot, slow_loader: PictureLoader, slow: SlowDecoder) -> None:
    slow_loader.request(A, 64)
    qtbot.waitUntil(slow.begun.is_set)
    slow_loader.request(B, 64)
    next_turn(qtbot, slow_loader)
    slow_loader.cancel(B, 64)
    slow_loader.request(C, 64)
    slow_loader.cancel(C, 64)
    slow_loader.request(D, 64)
    slow.may_go_on.set()
    qtbot.waitUntil(lambda: slow_loader.pixmap(D, 64) is not None)
    assert slow.asked == [A, D]


def test_asking_twice_decodes_once(qtbot: QtBot, slow_loader: PictureLoader, slow: SlowDecoder) -> None:
    slow_loader.request(A, 64)
    qtbot.waitUntil(slow.begun.is_set)
    slow_loader.request(A, 64)
    next_turn(qtbot, slow_loader)
    slow.may_go_on.set()
    qtbot.waitUntil(lambda: slow_loader.pixmap(A, 64) is not None)
    slow_loader.request(B, 64)
    qtbot.waitUntil(lambda: slow_loader.pixmap(B, 64) is not None)
    assert slow.asked == [A, B]


def test_the_oldest_pictures_leave_a_full_cache(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_CACHE_BYTES", 2 * 10 * 10 * 4)
    loader = PictureLoader(decode=lambda path, side: np.zeros((10, 10, 3), np.uint8), threads=1)
    for path in (A, B):
        with qtbot.waitSignal(loader.loaded):
            loader.request(path, 64)
    assert loader.pixmap(A, 64) is not None  # looked at, so it is younger than B now
    with qtbot.waitSignal(loader.loaded):
        loader.request(C, 64)
    assert loader.pixmap(B, 64) is None
    assert loader.pixmap(A, 64) is not None
    assert loader.pixmap(C, 64) is not None
    loader.shutdown()


def test_far_behind_the_oldest_requests_are_dropped(
    qtbot: QtBot, slow_loader: PictureLoader, slow: SlowDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_PENDING", 2)
    slow_loader.request(A, 64)
    qtbot.waitUntil(slow.begun.is_set)
    for path in (B, C, D):
        slow_loader.request(path, 64)
        next_turn(qtbot, slow_loader)
    slow.may_go_on.set()
    qtbot.waitUntil(lambda: slow_loader.pixmap(C, 64) is not None)
    assert slow.asked == [A, D, C]
    timer = slow_loader.findChild(QTimer)
    assert timer is not None
    qtbot.waitUntil(lambda: not timer.isActive())


def test_nothing_is_left_after_shutdown(qtbot: QtBot, slow_loader: PictureLoader, slow: SlowDecoder) -> None:
    slow_loader.request(A, 64)
    qtbot.waitUntil(slow.begun.is_set)
    slow.may_go_on.set()
    slow_loader.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pictures")]
    slow_loader.request(B, 64)
    timer = slow_loader.findChild(QTimer)
    assert timer is not None
    assert not timer.isActive()


def test_sides_are_sharp_and_few() -> None:
    assert side_for(90, 1.0) == 96
    assert side_for(90, 2.0) == 192
    assert side_for(100_000, 2.0) == 2048
