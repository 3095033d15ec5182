"""The canvas' actions: what its menus, its keys and the window's Edit menu share."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from nnplayground.ui import icons
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.soon import Soon

Key = QKeySequence.StandardKey


class _Entry(msgspec.Struct, frozen=True):
    name: str
    text: str
    tip: str
    keys: tuple[QKeySequence.StandardKey | str, ...] = ()
    icon: str = ""
    needs: str = ""
    """"layers": at least one block is selected; "any": a block or a wire; "": always possible."""


_GROUPS: tuple[tuple[_Entry, ...], ...] = (
    (
        _Entry("cut", "Cu&t", "Cut the selected layers and close the gap.", (Key.Cut,), "cut", "layers"),
        _Entry("copy", "&Copy", "Copy the selected layers.", (Key.Copy,), "copy", "layers"),
        _Entry("paste", "&Paste", "Paste the copied layers behind the selection.", (Key.Paste,), "paste"),
        _Entry(
            "duplicate", "D&uplicate", "Repeat the selected layers behind them.", ("Ctrl+D",), "duplicate", "layers"
        ),
        _Entry(
            "delete",
            "&Delete",
            "Remove what is selected; what was before and behind a layer is joined.",
            ("Del", "Backspace"),
            "delete",
            "any",
        ),
        _Entry("select_all", "Select &all", "Select all layers.", (Key.SelectAll,)),
    ),
    (
        _Entry(
            "add_layer", "Add &layer…", "Find a layer by typing and add it behind the selection.", ("/", "Ins"), "more"
        ),
        _Entry("edit_layer", "&Edit parameters", "Go to the parameters of the selected layer.", needs="layers"),
        _Entry(
            "move_up", "&Move up", "Move the selected layers towards the input.", ("Alt+Up",), "chevron-up", "layers"
        ),
        _Entry(
            "move_down",
            "Move dow&n",
            "Move the selected layers towards the end.",
            ("Alt+Down",),
            "chevron-down",
            "layers",
        ),
    ),
    (
        _Entry("fit", "&Fit model", "Show all of the model.", ("F", "Home"), "fit"),
        _Entry("zoom_in", "Zoom &in", "Show the model larger.", ("Ctrl++", "Ctrl+="), "zoom-in"),
        _Entry("zoom_out", "Zoom &out", "Show the model smaller.", ("Ctrl+-",), "zoom-out"),
        _Entry("actual_size", "Actual si&ze", "Show the model at 100 %.", ("Ctrl+0",)),
    ),
)
_ENTRIES: tuple[_Entry, ...] = tuple(entry for group in _GROUPS for entry in group)


class CanvasActions:
    """One QAction per entry, by name; its keys work while the canvas has the focus."""

    def __init__(self, owner: QWidget, doings: dict[str, Callable[[], object]]) -> None:
        self._owner = owner
        self.by_name: dict[str, QAction] = {}
        for entry in _ENTRIES:
            action = QAction(entry.text, owner)
            action.setObjectName(entry.name)
            action.setToolTip(entry.tip)
            action.setStatusTip(entry.tip)
            action.setShortcuts([QKeySequence(key) for key in entry.keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _checked=False, do=doings[entry.name]: do())
            owner.addAction(action)
            self.by_name[entry.name] = action
        # They are seen in menus only.
        Soon(owner, self.show_icons, after_painting=True)

    def show_icons(self) -> None:
        """In the colours of the theme in force."""
        theme = colors(self._owner)
        for entry in _ENTRIES:
            if entry.icon:
                self.by_name[entry.name].setIcon(icons.icon(entry.icon, theme.muted, disabled=theme.border))

    def follow_selection(self, *, layers: bool, wire: bool) -> None:
        """Enable what can be done with what is selected."""
        for entry in _ENTRIES:
            possible = not entry.needs or layers or (wire and entry.needs == "any")
            self.by_name[entry.name].setEnabled(possible)

    def grouped(self) -> list[QAction]:
        """All actions, with a separator between the groups."""
        result: list[QAction] = []
        for group in _GROUPS:
            if result:
                separator = QAction(self._owner)
                separator.setSeparator(True)
                result.append(separator)
            result.extend(self.by_name[entry.name] for entry in group)
        return result
