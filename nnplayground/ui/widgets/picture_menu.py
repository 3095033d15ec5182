"""The menu of a plot or gallery: copy it as a picture, save it as a picture, and what its panel adds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QStandardPaths, Qt
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFileDialog, QMenu, QMessageBox, QToolButton, QWidget

from nnplayground.ui import icons
from nnplayground.ui.theme import colors


class MoreButton(QToolButton):
    """The small ⋯ button that opens a menu."""

    def __init__(self, menu: QMenu, *, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name.replace(' ', '_')}.more")
        self.setProperty("flat_look", "true")
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        explanation = f"Copy or save the {name}"
        self.setToolTip(explanation)
        self.setStatusTip(explanation)
        self.setAccessibleName(f"More for the {name}")

    def showEvent(self, event: QShowEvent) -> None:
        self._paint_icon()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icon()
        super().changeEvent(event)

    def _paint_icon(self) -> None:
        self.setIcon(icons.icon("more", colors(self).muted))


def install_picture_menu(widget: QWidget, *, name: str, extra: Sequence[QAction] = ()) -> QToolButton:
    """Give a widget a context menu with "Copy picture", "Save picture…" and `extra` actions (after a separator).

    name: what it shows, as in "curves"; also the proposed file name. Returns a ⋯ button with the same menu, for the
    caller to put into a layout.
    """
    menu = QMenu(widget)
    menu.setObjectName(f"{name.replace(' ', '_')}.menu")
    copy = menu.addAction("Copy picture")
    copy.setStatusTip(f"Copy the {name} as a picture to the clipboard")
    copy.triggered.connect(lambda: QGuiApplication.clipboard().setPixmap(widget.grab()))
    save = menu.addAction("Save picture…")
    save.setStatusTip(f"Save the {name} as a PNG file")
    save.triggered.connect(lambda: save_picture(widget, name=name))
    if extra:
        menu.addSeparator()
        menu.addActions(list(extra))
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(lambda place: menu.popup(_on_screen(widget, place)))
    return MoreButton(menu, name=name)


def save_picture(widget: QWidget, *, name: str) -> None:
    """Ask for a file and write what the widget shows to it, as PNG. Says so where that fails."""
    picture = widget.grab()
    path = ask_path(widget, title="Save picture", name=f"{name}.png", kinds="PNG picture (*.png)")
    if path is not None and not picture.save(str(path), "PNG"):
        tell_unsaved(widget, path, "the folder is missing, full or read-only")


def ask_path(widget: QWidget, *, title: str, name: str, kinds: str) -> Path | None:
    """Where to save to: a path with the suffix of `name`, or None where the user thinks better of it."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    chosen, _ = QFileDialog.getSaveFileName(widget, title, str(Path(folder) / name.replace(" ", "-")), kinds)
    if not chosen:
        return None
    path = Path(chosen)
    return path if path.suffix else path.with_suffix(Path(name).suffix)


def tell_unsaved(widget: QWidget, path: Path, reason: str) -> None:
    """One sentence on why a file was not written."""
    QMessageBox.warning(
        widget, "Not saved", f"{path.name} could not be saved in {path.parent}: {reason}. Choose another place."
    )


def _on_screen(widget: QWidget, place: QPoint) -> QPoint:
    # Scroll areas report the place within their viewport.
    inner = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    return inner.mapToGlobal(place)
