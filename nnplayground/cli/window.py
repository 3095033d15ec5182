"""Opening the window, and saying in one sentence what keeps it from opening."""

from __future__ import annotations

import ctypes.util
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from types import TracebackType

from nnplayground.cli.projects import complain
from nnplayground.log import log_file

_log = logging.getLogger(__name__)

_PACKAGES = {
    "libEGL": "libegl1",
    "libGL": "libgl1",
    "libOpenGL": "libopengl0",
    "libxkbcommon-x11": "libxkbcommon-x11-0",
    "libxkbcommon": "libxkbcommon0",
    "libdbus-1": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
    "libfreetype": "libfreetype6",
    "libglib-2.0": "libglib2.0-0",
    "libxcb-cursor": "libxcb-cursor0",
    "libxcb-icccm": "libxcb-icccm4",
    "libxcb-image": "libxcb-image0",
    "libxcb-keysyms": "libxcb-keysyms1",
    "libxcb-randr": "libxcb-randr0",
    "libxcb-render-util": "libxcb-render-util0",
    "libxcb-shape": "libxcb-shape0",
    "libxcb-xinerama": "libxcb-xinerama0",
    "libxcb-xkb": "libxcb-xkb1",
    "libX11": "libx11-6",
    "libX11-xcb": "libx11-xcb1",
    "libz": "zlib1g",
}
"""Debian's package of each library that Qt loads."""

_X11_LIBRARIES = (
    ("xcb-cursor", "libxcb-cursor"),
    ("xcb-icccm", "libxcb-icccm"),
    ("xcb-keysyms", "libxcb-keysyms"),
    ("xcb-image", "libxcb-image"),
    ("xcb-render-util", "libxcb-render-util"),
    ("xkbcommon-x11", "libxkbcommon-x11"),
)


def open_window(arguments: Sequence[str], *, start: bool = False) -> int:
    """Open the window and stay until it is closed. start: press Run at once. Status 1 where it cannot open."""
    problem = display_problem()
    if problem is not None:
        complain(problem)
        return 1
    try:
        from nnplayground.app import create_app

        app, window = create_app(list(arguments))
    except ImportError as error:
        complain(library_problem(error))
        return 1
    interrupted = False

    def on_interrupt(number: int, frame: object) -> None:
        nonlocal interrupted
        window.close_soon(ask=not interrupted)
        interrupted = True

    def on_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log.error("Something went wrong in the window.", exc_info=(kind, error, trace))
        window.show_unexpected(error, log_file())

    signal.signal(signal.SIGINT, on_interrupt)
    sys.excepthook = on_unexpected
    threading.excepthook = lambda failed: _log.error(
        "Something went wrong in the thread %s.", failed.thread, exc_info=failed.exc_value
    )
    window.show()
    if start:
        window.start_when_ready()
    status = app.exec()
    return 130 if interrupted else status


def display_problem() -> str | None:
    """Why no window can be shown here, in one sentence; None where it can."""
    if not sys.platform.startswith("linux"):
        return None
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform and platform.partition(":")[0] not in ("xcb", "wayland"):
        return None
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    if not os.environ.get("DISPLAY"):
        return (
            "There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set); use "
            "'nnplayground train PROJECT.nnp' to train without one."
        )
    for library, name in _X11_LIBRARIES:
        if ctypes.util.find_library(library) is None:
            return f"Qt needs the system library {name}, which is missing; {_install(name)}."
    return None


def library_problem(error: ImportError) -> str:
    """One sentence for a failed import of Qt: which package to install."""
    match = re.search(r"(lib[\w.+-]+?)\.so", str(error))
    if match:
        return f"Qt needs the system library {match[1]}, which is missing; {_install(match[1])}."
    return f"Qt cannot be loaded ({error}); reinstall it with 'pip install --force-reinstall PySide6-Essentials'."


def _install(library: str) -> str:
    package = _PACKAGES.get(library)
    if package is None:
        return f"install the package of your system that holds {library}.so"
    return f"on Debian or Ubuntu, 'apt-get install {package}' installs it"
