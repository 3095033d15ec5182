"""The plot of the plane with what belongs to it, arranged for the room there is."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QVBoxLayout, QWidget

from nnplayground.ui.widgets.flow import FlowLayout
from nnplayground.ui.widgets.labels import describe
from nnplayground.ui.widgets.plane_caption import PlaneCaption
from nnplayground.ui.widgets.plane_figure import PlaneFrame
from nnplayground.ui.widgets.plane_plot import PlanePlot
from nnplayground.ui.widgets.plane_tools import PaintStrip

_GAP = 3
"""Pixels between the plot and its caption."""
_LEAST = (150, 230)
"""Pixels without which the page is of no use."""
_SIDE_LINES = 13
"""Heights of a line that the controls are wide where they stand beside the plot."""
_LOW_LINES = 21
"""Heights of a line below which the page has no room for the sliders under the plot."""
_ANY = 16777215
"""Pixels without a limit, for Qt."""
_BOX = 40
"""Pixels of a switch beside its words, and of the gap before it."""
_HELD_BACK, _HELD_BACK_SHORT = "Show validation points", "Validation points"


class PlanePage(QWidget):
    """Plot, caption, switches and tools: below each other, or beside the plot where the page is wide and low."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = PlanePlot()
        self.plot.setObjectName("boundary.plot")
        self.plot.setAccessibleName("The plane of points")
        self.caption = PlaneCaption()
        self.caption.setObjectName("boundary.caption")
        self.discrete = _switch("boundary.discrete", "Discretize", "Show regions without shades between them")
        self.held_back = _switch(
            "boundary.held_back", _HELD_BACK, "Show the points too that the model is not trained with, but checked"
        )
        self.strip = PaintStrip()
        self.picture = QWidget()
        """Plot and caption: what is copied and saved as a picture."""
        self._controls = QWidget()
        self._column = QVBoxLayout(self._controls)
        self._row = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._lay_out()

    def _lay_out(self) -> None:
        # Beside each other plot and controls need more width than below each other, and could never come back.
        self.setMinimumSize(*_LEAST)
        picture = QVBoxLayout(self.picture)
        picture.setContentsMargins(0, 0, 0, 0)
        picture.setSpacing(_GAP)
        picture.addWidget(self.plot, 1)
        picture.addWidget(self.caption)
        switches = FlowLayout(spacing=10)
        switches.addWidget(self.discrete)
        switches.addWidget(self.held_back)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        self._column.addLayout(switches)
        self._column.addWidget(self.strip)
        self._column.addStretch()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(5)
        self._row.addWidget(self.picture, 1)
        self._row.addWidget(self._controls)
        self._row.addStretch()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def _arrange(self) -> None:
        line = self.fontMetrics().height()
        side = _SIDE_LINES * line
        beside = self.width() >= self.height() + side
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._row.setStretch(0, 0 if beside else 1)
        self._row.setStretch(2, 1 if beside else 0)
        self._controls.setMaximumWidth(side if beside else _ANY)
        self.strip.set_compact(self.height() < _LOW_LINES * line and not beside)
        width = min(self.width() - side, self.height()) if beside else self.width()
        # What is left over is below everything, instead of between the plot and its caption.
        height = PlaneFrame.height_for(width, self.font())
        self.plot.setMaximumHeight(height)
        self.picture.setMaximumSize(width if beside else _ANY, height + _GAP + self.caption.sizeHint().height())
        in_full = self.fontMetrics().horizontalAdvance(_HELD_BACK) + self.discrete.sizeHint().width() + _BOX
        self.held_back.setText(_HELD_BACK if in_full <= (side if beside else self.width()) else _HELD_BACK_SHORT)
        # At once, or the first picture of the new size would still have the old places.
        self._column.invalidate()
        self._controls.updateGeometry()
        self._row.activate()


def _switch(name: str, text: str, help_text: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setObjectName(name)
    describe(box, text, help_text)
    return box
