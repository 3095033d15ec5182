"""The view of formulas: paints steps, tells what their parts mean, and lets them be selected and copied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QToolTip, QWidget

from nnplayground.formulas.nodes import Link, More, Node, Row
from nnplayground.formulas.pictures import Grid
from nnplayground.formulas.steps import PHASES, Step
from nnplayground.ui.maths.boxes import Look
from nnplayground.ui.maths.hits import about, clickable, phase_named_at
from nnplayground.ui.maths.layout import MARGIN, Found, Layout, lay_out
from nnplayground.ui.maths.selection import Mark, Span, selected, spans
from nnplayground.ui.maths.typeset import Typesetter
from nnplayground.ui.theme import colors


class FormulaView(QAbstractScrollArea):
    """Steps with their formulas. The mouse selects parts of them, a double click a single number."""

    link_clicked = Signal(str)
    """Key of a part that can be clicked."""
    cell_clicked = Signal(str, int, int)
    """Key, row and column of a cell of a grid that can be clicked."""
    phase_clicked = Signal(str)
    """The name of a step."""
    more_requested = Signal(bool)
    """More terms of all sums are asked for, or as few as at first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("maths.formulas")
        self.setAccessibleName("Formulas of one update")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().setMouseTracking(True)
        self._steps: tuple[Step, ...] = ()
        self._phase: str | None = None
        self._typesetter = Typesetter(self.font())
        self._layout = Layout((), 0.0, 0.0, 0.0)
        self._selection: list[Span] = []
        self._anchor: Mark | None = None
        self._pressed_at = QPoint()
        self._dragging = False
        self._pointed: Node | None = None
        self._since_double_click = QElapsedTimer()

    # Data

    @property
    def phase(self) -> str | None:
        """The step that is highlighted."""
        return self._phase

    @property
    def layout_now(self) -> Layout:
        """Where everything is, ahead of scrolling."""
        return self._layout

    def show_steps(self, steps: Sequence[Step], phase: str | None) -> None:
        """Show these steps, one of them highlighted. What is at the top of the view stays there."""
        top = self._top()
        if [len(step.lines) for step in steps] != [len(step.lines) for step in self._steps]:
            self._selection = []
        self._steps, self._phase = tuple(steps), phase
        self._lay_out()
        self._keep_selection()
        self._scroll_back(top)
        self._describe()
        self.viewport().update()

    def _describe(self) -> None:
        """Tell those who listen, while the keyboard is here: reading all of it out takes a while."""
        if self.hasFocus():
            self.setAccessibleDescription(self.text())

    def highlight(self, phase: str | None) -> None:
        """Highlight another step, and bring it into view."""
        self._phase = phase
        step = self._layout.step(phase) if phase is not None else None
        if step is not None:
            bar, height = self.verticalScrollBar(), self.viewport().height()
            if step.top < bar.value() or step.bottom - step.top > height:
                bar.setValue(int(step.top))
            elif step.bottom > bar.value() + height:
                bar.setValue(int(step.bottom - height) + 1)
        self.viewport().update()

    def ask_for_more(self) -> None:
        self.more_requested.emit(True)

    def ask_for_fewer(self) -> None:
        self.more_requested.emit(False)

    # Copying

    @property
    def selected_text(self) -> str:
        """What is selected, as plain text, a line for each formula."""
        return self._plain(selected(self._rows(), self._selection))

    def text(self) -> str:
        """All steps as plain text."""
        return "\n".join(f"{step.phase}: {line.plain()}" for step in self._steps for line in step.lines)

    def latex(self) -> str:
        """What is selected as LaTeX; all formulas where nothing is."""
        nodes = selected(self._rows(), self._selection) or self._rows()
        return "\n".join(node.latex().strip() for node in nodes)

    def copy(self) -> None:
        """What is selected, else all of it, to the clipboard as plain text."""
        QGuiApplication.clipboard().setText(self.selected_text or self.text())

    def copy_latex(self) -> None:
        QGuiApplication.clipboard().setText(self.latex())

    def select_all(self) -> None:
        self._selection = [Span(number, ()) for number in range(len(self._rows()))]
        self.viewport().update()

    def _rows(self) -> list[Row]:
        return [formula.row for formula in self._layout.formulas]

    @staticmethod
    def _plain(nodes: Sequence[Node]) -> str:
        return "\n".join(node.plain().strip() for node in nodes)

    def _keep_selection(self) -> None:
        """New numbers in the same formulas leave the selection where it is; other formulas end it."""
        rows = self._rows()
        try:
            selected(rows, self._selection)
        except IndexError:
            self._selection = []

    # Layout

    def _lay_out(self) -> None:
        titles = QFontMetricsF(self._title_font())
        column = max((titles.horizontalAdvance(phase) for phase in PHASES), default=0.0) + 18
        bar = self.verticalScrollBar()
        # With room for the bar, whether or not it is there: where it appears, nothing is set anew.
        width = self.contentsRect().width() - bar.sizeHint().width()
        self._layout = lay_out(self._steps, self._typesetter, width=float(width), column=column)
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(round(self._typesetter.line_height))
        bar.setRange(0, max(0, round(self._layout.height) - self.viewport().height()))
        across = self.horizontalScrollBar()
        across.setPageStep(self.viewport().width())
        across.setSingleStep(20)
        across.setRange(0, max(0, round(self._layout.width) - width))

    def _top(self) -> tuple[str, float] | None:
        """The step at the top of the view, and how much of it is scrolled away."""
        y = self.verticalScrollBar().value()
        step = next((step for step in self._layout.steps if step.bottom > y), None)
        return (step.phase, y - step.top) if step is not None else None

    def _scroll_back(self, top: tuple[str, float] | None) -> None:
        step = self._layout.step(top[0]) if top is not None else None
        if step is not None and top is not None:
            self.verticalScrollBar().setValue(round(step.top + top[1]))

    def _title_font(self) -> QFont:
        return self.font()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        top = self._top()
        self._lay_out()
        self._scroll_back(top)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_steps"):
            self._typesetter = Typesetter(self.font())
            self._lay_out()
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()

    # Painting

    def _offset(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, offset = colors(self), self._offset()
        painter.translate(-offset)
        seen = QRectF(event.rect()).translated(offset)
        look = Look(theme, self._pointed)
        for step in self._layout.steps:
            if step.bottom < seen.top() or step.top > seen.bottom():
                continue
            if step.phase == self._phase:
                self._paint_highlight(painter, step.top, step.bottom, offset.x())
            painter.setFont(self._title_font())
            painter.setPen(QColor(theme.text if step.phase == self._phase else theme.muted))
            painter.drawText(QPointF(MARGIN + 4, step.title_baseline), step.phase)
        selection = QColor(theme.accent)
        selection.setAlpha(70)
        for rect in self._layout.rects(self._selection):
            painter.fillRect(rect.adjusted(-2, -2, 2, 2), selection)
        for formula in self._layout.formulas:
            if formula.bottom < seen.top() or formula.top > seen.bottom():
                continue
            for box, place, line in formula.items():
                if formula.line_rect(line).intersects(seen.adjusted(-1e6, 0, 1e6, 0)):
                    box.paint(painter, place, look)
        if self.hasFocus():
            painter.translate(offset)
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.end()

    def _paint_highlight(self, painter: QPainter, top: float, bottom: float, left: float) -> None:
        theme = colors(self)
        area = QRectF(left + 2, top, self.viewport().width() - 4, bottom - top)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(area, 5, 5)
        painter.setBrush(QColor(theme.accent))
        painter.drawRoundedRect(QRectF(area.left(), area.top() + 3, 3, area.height() - 6), 1.5, 1.5)

    # Mouse

    def _found(self, position: QPointF, *, near: bool = False) -> Found | None:
        return self._layout.find(position + self._offset(), near=near)

    def about(self, position: QPointF) -> str:
        """What the part at a place in the viewport means; "" where there is nothing."""
        return about(self._layout, position + self._offset())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        found = self._found(event.position(), near=True)
        if found is not None and self._is_third_click():
            self._selection = [Span(found.mark.formula, ())]
            self._anchor = None
        else:
            self._anchor = found.mark if found is not None else None
            self._pressed_at, self._dragging = event.position().toPoint(), False
        self.viewport().update()

    def _is_third_click(self) -> bool:
        limit = QGuiApplication.styleHints().mouseDoubleClickInterval()
        return self._since_double_click.isValid() and not self._since_double_click.hasExpired(limit)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._found(event.position())
        self._since_double_click.restart()
        if found is not None and clickable(self._layout, event.position() + self._offset()) is None:
            self._selection = [Span(found.mark.formula, found.mark.path)]
            self._anchor = None
            self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if not event.buttons() & Qt.MouseButton.LeftButton or self._anchor is None:
            self._point_at(position)
            return
        moved = (position.toPoint() - self._pressed_at).manhattanLength()
        self._dragging = self._dragging or moved >= QApplication.startDragDistance()
        if not self._dragging:
            return
        self._scroll_towards(position)
        found = self._found(position, near=True)
        if found is not None:
            self._selection = spans(self._rows(), self._anchor, found.mark)
            self.viewport().update()

    def _scroll_towards(self, position: QPointF) -> None:
        bar = self.verticalScrollBar()
        if position.y() < 0:
            bar.setValue(bar.value() - bar.singleStep())
        elif position.y() > self.viewport().height():
            bar.setValue(bar.value() + bar.singleStep())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        was_click = self._anchor is not None and not self._dragging
        self._anchor, self._dragging = None, False
        if not was_click:
            return
        self._selection = []
        self.viewport().update()
        self._click(event.position())

    def _click(self, position: QPointF) -> None:
        place = position + self._offset()
        part = clickable(self._layout, place)
        if part is not None and isinstance(part.node, More | Link):
            self.link_clicked.emit(part.node.key)
        elif part is not None and part.cell is not None and isinstance(part.node, Grid):
            self.cell_clicked.emit(part.node.pick, *part.cell)
        elif (phase := phase_named_at(self._layout, place)) is not None:
            self.phase_clicked.emit(phase)

    def _point_at(self, position: QPointF) -> None:
        place = position + self._offset()
        part = clickable(self._layout, place)
        can_click = part is not None or phase_named_at(self._layout, place) is not None
        hand, beam = Qt.CursorShape.PointingHandCursor, Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(hand if can_click else beam)
        pointed = part.node if part is not None else None
        if pointed is not self._pointed:
            self._pointed = pointed
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.about(QPointF(event.pos())), self.viewport())
            return True
        if event.type() == QEvent.Type.Leave and self._pointed is not None:
            self._pointed = None
            self.viewport().update()
        return super().viewportEvent(event)

    # Keyboard

    def event(self, event: QEvent) -> bool:
        # Copying means what is selected here while the keyboard is here, and not a block on the canvas.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() == Qt.Key.Key_Escape and self._selection:
            self._selection = []
            self.viewport().update()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.ask_for_more()
        elif event.key() == Qt.Key.Key_Minus:
            self.ask_for_fewer()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._describe()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()


def _own(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.SelectAll)
