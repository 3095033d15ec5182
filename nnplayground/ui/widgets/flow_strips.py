"""Gradient flow as a picture: for each layer a strip of colours over time, and how many of its units are idle."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from nnplayground.training.events import LayerFlow
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.colormaps import table, to_rgb
from nnplayground.ui.widgets.flow_history import Figure, FlowHistory, norm_text
from nnplayground.ui.widgets.pictures import image_from_array

_LEAST_ROW, _MOST_ROW = 1.05, 2.8
"""Height of a row, in lines of text."""
_GAP = 10.0
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class FlowStrips(QAbstractScrollArea):
    """A row for each layer: norm of its gradient and of its updates over time, dead and saturated units now."""

    described = Signal(str)
    """What is under the mouse, in one line; empty where there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gradients.strips")
        self.setAccessibleName("Gradient flow")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().setMouseTracking(True)
        self._history = FlowHistory()
        self._pointer: QPointF | None = None

    def show_history(self, history: FlowHistory) -> None:
        """Show it as it is now; it is not copied."""
        self._history = history
        self._lay_out()
        lines = [self._sentence(layer_id) for layer_id in history.layers]
        self.setAccessibleDescription("\n".join(lines))
        self.viewport().update()
        self._tell()

    # Places

    @property
    def _line(self) -> float:
        return QFontMetricsF(self.font()).height()

    @property
    def _top(self) -> float:
        """Height of the titles of the columns."""
        return self._line + 2

    @property
    def _bottom(self) -> float:
        """Height of the scales."""
        return self._line + 4

    @property
    def row_height(self) -> float:
        room = self.viewport().height() - self._top - self._bottom
        wished = room / max(len(self._history.layers), 1)
        return float(int(min(max(wished, _LEAST_ROW * self._line), _MOST_ROW * self._line)))

    def _columns(self) -> dict[str, QRectF]:
        """Where the columns are, across; their height is that of one row."""
        small = QFontMetricsF(small_font(self.font()))
        width = float(self.viewport().width()) - 6
        name = min(
            max((QFontMetricsF(self.font()).horizontalAdvance(each) for each in self._history.layers), default=60.0),
            width * 0.22,
        )
        value = small.horizontalAdvance("1.0×10⁻¹⁰")
        idle = min(small.horizontalAdvance("100 % saturated") + 10, width * 0.24)
        strip = max((width - name - 2 * value - idle - 4.6 * _GAP) / 2, 24.0)
        columns: dict[str, QRectF] = {}
        x = 4.0
        for key, room in (
            ("name", name),
            ("gradient", strip),
            ("gradient value", value),
            ("update", strip),
            ("update value", value),
            ("idle", idle),
        ):
            columns[key] = QRectF(x, 0, room, self.row_height)
            x += room + (_GAP * 0.4 if key in ("gradient", "update") else _GAP)
        return columns

    def strip_rect(self, layer_id: str, figure: Figure) -> QRectF:
        """Where the strip of a layer is, in the viewport."""
        row = self._history.layers.index(layer_id)
        top = self._top + row * self.row_height - self.verticalScrollBar().value()
        return self._columns()[figure].translated(0, top).adjusted(0, 1, 0, -1)

    def _lay_out(self) -> None:
        bar = self.verticalScrollBar()
        room = self.viewport().height() - self._top - self._bottom
        needed = len(self._history.layers) * self.row_height
        bar.setSingleStep(round(self.row_height))
        bar.setPageStep(max(round(room), 1))
        bar.setRange(0, max(0, round(needed - room)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        history, theme = self._history, colors(self)
        if history.latest is None:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        columns, scrolled = self._columns(), self.verticalScrollBar().value()
        room = QRectF(0, self._top, self.viewport().width(), self.viewport().height() - self._top - self._bottom)
        painter.save()
        painter.setClipRect(room)
        for figure in ("gradient", "update"):
            self._paint_strips(painter, theme, figure, columns[figure])
        for row, layer_id in enumerate(history.layers):
            top = self._top + row * self.row_height - scrolled
            if top < room.bottom() and top + self.row_height > room.top():
                self._paint_row(
                    painter, theme, layer_id, {key: area.translated(0, top) for key, area in columns.items()}
                )
        painter.restore()
        self._paint_titles(painter, theme, columns)
        for figure in ("gradient", "update"):
            self._paint_scale(painter, theme, figure, columns[figure])
        painter.end()

    def _paint_titles(self, painter: QPainter, theme: Colors, columns: dict[str, QRectF]) -> None:
        painter.setFont(small_font(self.font()))
        painter.setPen(QColor(theme.muted))
        span = self._history.updates
        reach = f"updates {span[0]:,}–{span[-1]:,}" if len(span) > 1 else f"update {span[0]:,}"
        for key, title in (("gradient", "gradient norm"), ("update", "update norm"), ("idle", "idle units now")):
            area = QRectF(columns[key].left(), 0, columns[key].width(), self._top)
            if key != "idle":
                area.setRight(columns[f"{key} value"].right())
            full = f"{title} · {reach}" if key == "gradient" else title
            fits = QFontMetricsF(painter.font()).horizontalAdvance(full) <= area.width()
            painter.drawText(area, _LEFT, full if fits else title)

    def _paint_strips(self, painter: QPainter, theme: Colors, figure: Figure, column: QRectF) -> None:
        history, scrolled = self._history, self.verticalScrollBar().value()
        pixels = max(round(column.width()), 1)
        logs = history.strips(figure, pixels)
        shades = to_rgb(logs, "sequential", limits=history.limits(figure))
        image = image_from_array(np.ascontiguousarray(shades))
        for row, layer_id in enumerate(history.layers):
            if not len(history.logs(layer_id, figure)):
                continue
            top = self._top + row * self.row_height - scrolled
            area = column.translated(0, top).adjusted(0, 1, 0, -1)
            painter.drawImage(area, image, QRectF(0, row, pixels, 1))

    def _paint_row(self, painter: QPainter, theme: Colors, layer_id: str, areas: dict[str, QRectF]) -> None:
        assert self._history.latest is not None
        flow = self._history.latest.layers[layer_id]
        font = self.font()
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        name = areas["name"]
        shown = QFontMetricsF(font).elidedText(layer_id, Qt.TextElideMode.ElideMiddle, name.width())
        painter.drawText(name, _LEFT, shown)
        painter.setFont(small_font(font))
        for key, value in (("gradient value", flow.gradient), ("update value", flow.update)):
            painter.setPen(QColor(theme.text if value is not None else theme.muted))
            painter.drawText(areas[key], _LEFT, norm_text(value) if value is not None else "no weights")
        self._paint_idle(painter, theme, flow, areas["idle"])

    def _paint_idle(self, painter: QPainter, theme: Colors, flow: LayerFlow, area: QRectF) -> None:
        share, word = idle_share(flow)
        if share is None:
            painter.setPen(QColor(theme.muted))
            painter.drawText(area, _LEFT, "–")
            return
        bar = QRectF(area.left(), area.top() + 2, area.width(), area.height() - 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(bar, 3, 3)
        if share > 0:
            fill = QColor(theme.warning)
            fill.setAlpha(110)
            painter.setBrush(fill)
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(bar.width() * share, 3), bar.height()), 3, 3)
        painter.setPen(QColor(theme.text))
        painter.drawText(bar.adjusted(5, 0, -2, 0), _LEFT, f"{share:.0%} {word}".replace("%", " %"))

    def _paint_scale(self, painter: QPainter, theme: Colors, figure: Figure, column: QRectF) -> None:
        """The colours with the powers of ten at their ends."""
        low, high = (f"10{_raised(power)}" for power in self._history.limits(figure))
        font: QFont = small_font(self.font())
        metrics = QFontMetricsF(font)
        # Right below the rows, or below the view where there are more of them.
        rows = self._top + len(self._history.layers) * self.row_height
        area = QRectF(column.left(), min(rows, self.viewport().height() - self._bottom), column.width(), self._bottom)
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        painter.drawText(area, _LEFT, low)
        painter.drawText(area, _RIGHT, high)
        left, right = metrics.horizontalAdvance(low) + 5, metrics.horizontalAdvance(high) + 5
        bar = QRectF(area.left() + left, area.center().y() - 3, max(area.width() - left - right, 0.0), 6)
        painter.drawImage(bar, image_from_array(table("sequential")[None]))

    # Mouse

    def _layer_at(self, y: float) -> str | None:
        if not self._top <= y < self.viewport().height() - self._bottom:
            return None
        row = int((y - self._top + self.verticalScrollBar().value()) // self.row_height)
        layers = self._history.layers
        return layers[row] if 0 <= row < len(layers) else None

    def _sentence(self, layer_id: str) -> str:
        assert self._history.latest is not None
        flow = self._history.latest.layers[layer_id]
        said = [
            f"{name} {norm_text(value)}"
            for name, value in (("gradient", flow.gradient), ("update", flow.update))
            if value is not None
        ]
        share, word = idle_share(flow)
        if share is not None:
            said.append(f"{share:.0%} of its units are {word}")
        return f"{layer_id}: {', '.join(said)}"

    def _describe(self, position: QPointF) -> str:
        layer_id = self._layer_at(position.y())
        if layer_id is None:
            return ""
        for figure in ("gradient", "update"):
            area = self.strip_rect(layer_id, figure)
            if area.left() <= position.x() < area.right():
                found = self._history.value_at(layer_id, figure, (position.x() - area.left()) / area.width())
                if found is not None:
                    return f"{layer_id} at update {found[0]:,}: norm of the {figure} {norm_text(found[1])}"
        return self._sentence(layer_id)

    def _tell(self) -> None:
        self.described.emit(self._describe(self._pointer) if self._pointer is not None else "")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self._tell()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._pointer = None
            self._tell()
        return super().viewportEvent(event)


def idle_share(flow: LayerFlow) -> tuple[float | None, str]:
    """The share of units that take no part, and why: dead or saturated."""
    return (flow.dead, "dead") if flow.dead is not None else (flow.saturated, "saturated")


def _raised(power: float) -> str:
    return f"{power:.0f}".translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
