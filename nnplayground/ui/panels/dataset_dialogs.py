"""The dialogs of the data panel: settings, and the files that were skipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from nnplayground.spec.facts import SkippedFile
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.column_fields import ColumnField, ColumnsField
from nnplayground.ui.widgets.form import Form
from nnplayground.ui.widgets.labels import describe, muted, section
from nnplayground.ui.widgets.soon import Soon

Groups: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Headings, and the parameters below each."""

_MOST_MEASURED = 300
"""With more rows than this, finding the height of each would keep the window waiting."""


class DataSettings(QDialog):
    """The settings of a dataset. Everything takes effect as it is changed, and can be undone."""

    def __init__(
        self,
        document: Document,
        parent: QWidget,
        *,
        groups: Groups,
        running: bool = False,
        beside: QWidget | None = None,
    ) -> None:
        """beside: what becomes of the data with these settings."""
        super().__init__(parent)
        self._groups = groups
        self._columns: Sequence[str] = ()
        self.setObjectName("dataset.settings_dialog")
        self.setWindowTitle("Settings of the data")
        self._forms: list[Form] = []
        self._running = running
        area = _scroll_area()
        unit = self.fontMetrics().height()
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(area, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 12)
        layout.addLayout(row, 1)
        layout.addWidget(_close_buttons(self))
        if beside is not None:
            area.setFixedWidth(unit * 23)
            row.setStretch(0, 0)
            preview = _scroll_area()
            inside = QWidget()
            column = QVBoxLayout(inside)
            column.setContentsMargins(16, 14, 16, 14)
            column.addWidget(section("What the model gets"))
            column.addWidget(beside)
            column.addStretch(1)
            preview.setWidget(inside)
            row.addWidget(preview, 1)
        self._forms_made = Soon(self, lambda: self._make(document, area), after_painting=True)
        self.resize(unit * (26 if beside is None else 52), unit * 34)

    def showEvent(self, event: QShowEvent) -> None:
        self._forms_made.now()
        super().showEvent(event)

    def _make(self, document: Document, area: QScrollArea) -> None:
        content = QWidget()
        area.setWidget(content)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(16, 14, 16, 14)
        inner.setSpacing(6)
        for number, (title, names) in enumerate(self._groups):
            heading = section(title)
            heading.setContentsMargins(0, 10 if number else 0, 0, 0)
            inner.addWidget(heading)
            form = Form(document, "dataset", names=names)
            form.set_running(self._running)
            self._forms.append(form)
            inner.addWidget(form)
        inner.addStretch(1)
        self.offer_columns(self._columns)

    def offer_columns(self, names: Sequence[str]) -> None:
        """The columns of the file, for the fields that choose some."""
        self._columns = names
        for field in self.findChildren(QWidget):
            if isinstance(field, ColumnField | ColumnsField):
                field.offer(names)

    def set_running(self, running: bool) -> None:
        self._running = running
        for form in self._forms:
            form.set_running(running)


class SkippedFiles(QDialog):
    """Which files, or lines of a file, were skipped, and why."""

    def __init__(self, skipped: Sequence[SkippedFile], parent: QWidget, *, what: str = "file") -> None:
        """what: "file" or "line"."""
        super().__init__(parent)
        self.setObjectName("dataset.skipped_dialog")
        self.setWindowTitle(f"Skipped {what}s")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._skipped = skipped
        table = QTableView()
        table.setModel(_SkippedModel(skipped, what.capitalize(), table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setWordWrap(True)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        table.horizontalHeader().setStretchLastSection(True)
        unit = self.fontMetrics().height()
        table.setColumnWidth(0, unit * 17)
        if len(skipped) <= _MOST_MEASURED:  # as high as the reason needs at the width that the column has by then
            table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        describe(table, f"Skipped {what}s", f"{what.capitalize()}s that are not used, and the reasons")
        buttons = _close_buttons(self)
        copy = QPushButton("Copy list")
        copy.setObjectName("dataset.copy_skipped")
        describe(copy, "Copy list", f"Copy all {what}s and reasons as text")
        copy.clicked.connect(self._on_copy_clicked)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 14, 0, 12)
        explanation = muted(f"These {what}s are left out; all others are used. Nothing was changed on the disk.")
        explanation.setContentsMargins(16, 0, 16, 0)
        layout.addWidget(explanation)
        layout.addWidget(table, 1)
        layout.addWidget(buttons)
        self.resize(unit * 46, unit * 24)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(f"{each.path}\t{each.reason}" for each in self._skipped))


class _SkippedModel(QAbstractTableModel):
    def __init__(self, skipped: Sequence[SkippedFile], what: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._skipped = skipped
        self._headings = (what, "Reason")

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._skipped)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 2

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        skipped = self._skipped[index.row()]
        return skipped.path if index.column() == 0 else skipped.reason

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        return None


def _scroll_area() -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def _close_buttons(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.setContentsMargins(16, 4, 16, 0)
    # Enter belongs to the field that is being filled in.
    close = buttons.button(QDialogButtonBox.StandardButton.Close)
    close.setAutoDefault(False)
    close.setDefault(False)
    buttons.rejected.connect(dialog.reject)
    return buttons
