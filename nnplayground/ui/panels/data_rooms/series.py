"""A series in the data panel: a small plot of its target with the split, and its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog

from nnplayground.spec.dataset import Series
from nnplayground.spec.facts import DataFacts
from nnplayground.ui.document import Document
from nnplayground.ui.lookup import Lookup
from nnplayground.ui.panels.data_rooms.room import DataRoom, RoomTools
from nnplayground.ui.panels.dataset_dialogs import DataSettings
from nnplayground.ui.widgets.labels import muted
from nnplayground.ui.widgets.series_plot import SeriesPlot

if TYPE_CHECKING:
    from nnplayground.data.series import SeriesLook

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Series", ("file", "columns", "target")),
    ("What the model sees and tells", ("window", "horizon")),
    ("Split", ("split",)),
)


class SeriesRoom(DataRoom):
    """A file with rows of numbers in the order of time."""

    def __init__(self, document: Document, tools: RoomTools) -> None:
        super().__init__(document, tools)
        self._lookup = Lookup(self)
        self._lookup.found.connect(self._on_found)
        self._looked_at: object = None
        self._found: tuple[SeriesLook, tuple[str, ...]] | None = None
        self._plot = SeriesPlot()
        self._plot.setObjectName("dataset.series")
        self._caption = muted()
        self._beside: SeriesPlot | None = None
        self.below = (self._plot, self._caption)

    def summary(self, dataset: Series, facts: DataFacts) -> str:
        shape = facts.input_shape or (dataset.window, len(dataset.columns))
        ahead = "the next row" if dataset.horizon == 1 else f"the row {dataset.horizon:,} ahead"
        columns = f"{shape[-1]} column{'' if shape[-1] == 1 else 's'}"
        windows = f"{sum(facts.splits.values()):,} windows · a number as target"
        return f"{windows}\n{dataset.window:,} rows of {columns} → {ahead}"

    def show_data(self, dataset: Series, facts: DataFacts | None) -> None:
        for widget in self.below:
            widget.setVisible(facts is not None)
        if facts is None:
            self._lookup.cancel()
            self._looked_at = None
            return
        if dataset != self._looked_at:
            self._looked_at = dataset
            self._lookup.look(lambda cancelled: _look(dataset, cancelled))

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        if isinstance(self.dialog, DataSettings):
            self.dialog.set_running(running)

    def make_dialog(self) -> QDialog:
        self._beside = SeriesPlot(lines=14)
        dialog = DataSettings(
            self.document, self.tools.panel, groups=_GROUPS, running=self.running, beside=self._beside
        )
        self._show_found(dialog)
        return dialog

    def close(self) -> None:
        self._lookup.cancel()
        self._beside = None
        super().close()

    def shutdown(self) -> None:
        self._lookup.shutdown()

    def _on_found(self, found: tuple[SeriesLook, tuple[str, ...]]) -> None:
        self._found = found
        self._show_found(self.dialog)

    def _show_found(self, dialog: QDialog | None) -> None:
        if self._found is None:
            return
        look, names = self._found
        dataset = self.document.project.dataset
        assert isinstance(dataset, Series)
        for plot in (self._plot, self._beside):
            if plot is not None:
                plot.show_rows(look, window=dataset.window, horizon=dataset.horizon)
        self._caption.setText(f"“{look.columns[look.target]}”, {len(look.values):,} rows, oldest at the left")
        if isinstance(dialog, DataSettings):
            dialog.offer_columns(names)


def _look(dataset: Series, cancelled: Callable[[], bool]) -> tuple[SeriesLook, tuple[str, ...]]:
    from nnplayground.data.guessing import column_names
    from nnplayground.data.series import look_at_rows

    return look_at_rows(dataset, Path.cwd(), cancelled=cancelled), column_names(dataset, Path.cwd())
