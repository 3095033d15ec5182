"""What the window remembers between starts: layout, theme, text size, recent projects; nothing of a project."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from PySide6.QtCore import QByteArray, QSettings

from nnplayground.ui.theme import ThemeName

RECENT_COUNT = 8
LARGER_TEXT = 1.25
LAYOUT_VERSION = 1


class Preferences:
    """Typed access to the settings of the user."""

    def __init__(self) -> None:
        self._settings = QSettings()

    @property
    def theme(self) -> ThemeName:
        stored = str(self._settings.value("theme", "system"))
        return stored if stored in get_args(ThemeName) else "system"  # type: ignore[return-value]

    @theme.setter
    def theme(self, name: ThemeName) -> None:
        self._settings.setValue("theme", name)

    @property
    def larger_text(self) -> bool:
        return self._settings.value("larger_text", "false") in (True, "true")

    @larger_text.setter
    def larger_text(self, larger: bool) -> None:
        self._settings.setValue("larger_text", "true" if larger else "false")

    @property
    def text_scale(self) -> float:
        return LARGER_TEXT if self.larger_text else 1.0

    @property
    def recent(self) -> list[Path]:
        """Projects that were open lately and still exist, the latest first."""
        stored = self._settings.value("recent", [])
        names = [stored] if isinstance(stored, str) else list(stored or [])  # type: ignore[arg-type]
        return [path for path in map(Path, names) if path.is_file()]

    def add_recent(self, path: Path) -> None:
        others = [each for each in self.recent if each != path]
        self._settings.setValue("recent", [str(each) for each in [path, *others][:RECENT_COUNT]])

    def layout(self, name: str) -> QByteArray | None:
        value = self._settings.value(f"layout/{LAYOUT_VERSION}/{name}")
        return value if isinstance(value, QByteArray) else None

    def set_layout(self, name: str, state: QByteArray) -> None:
        self._settings.setValue(f"layout/{LAYOUT_VERSION}/{name}", state)

    @property
    def last_folder(self) -> str:
        """Where the last file dialog was, so that the next one begins there."""
        return str(self._settings.value("last_folder", str(Path.home())))

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self._settings.setValue("last_folder", folder)
