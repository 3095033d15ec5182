"""What an empty canvas offers: how to begin, and ready-made models at one click."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMoveEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.templates import TEMPLATES
from nnplayground.ui.canvas.view import CanvasView
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.labels import describe

_WITHOUT_DATA = frozenset({"convolutional", "dense", "linear"})
_IN_THE_MENU_ONLY = frozenset({"classic"})
_MARGIN = 12


def starting_templates(project: Project, facts: DataFacts | None) -> frozenset[str]:
    """Names of the templates that are for the data, or of a few while there is none."""
    if project.dataset is None:
        return _WITHOUT_DATA
    return frozenset(each.name for each in TEMPLATES if each.suits(project, facts)) - _IN_THE_MENU_ONLY


class StarterCard(QWidget):
    """Lies over the view, below the Input, as long as there is no other layer. Layers can be dropped on it, too."""

    template_requested = Signal(str)
    """Name of a template that is to become the model."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view.viewport())
        self._view = view
        self._offered = False
        self.setObjectName("starters")
        self.setAccessibleName("Ways to begin")
        hint = QLabel("Drag a layer here, double-click one in the list, or press / to add one. Or start with:")
        hint.setProperty("muted", "true")
        hint.setWordWrap(True)
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 14)
        layout.setSpacing(7)
        layout.addWidget(hint)
        self._buttons: dict[str, QPushButton] = {}
        for template in TEMPLATES:
            button = QPushButton(template.title)
            button.setObjectName(f"starter.{template.name}")
            describe(button, f"Start with: {template.title}", template.about)
            button.clicked.connect(lambda checked=False, name=template.name: self.template_requested.emit(name))
            layout.addWidget(button)
            self._buttons[template.name] = button
        view.viewport().installEventFilter(self)
        self.hide()

    def offer(self, names: Collection[str]) -> None:
        """Show it with these templates."""
        self._offered = True
        for name, button in self._buttons.items():
            button.setVisible(name in names)
        self._place()
        self.show()

    def withdraw(self) -> None:
        """There is a model now."""
        self._offered = False
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """It makes way for a layer that is being dragged, whose place is shown on the canvas."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        elif event.type() == QEvent.Type.DragEnter:
            self.hide()
        elif event.type() in (QEvent.Type.DragLeave, QEvent.Type.Drop):
            self.setVisible(self._offered)
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._place()

    def moveEvent(self, event: QMoveEvent) -> None:
        """A view that scrolls takes along what lies over it."""
        super().moveEvent(event)
        self._place()

    def _place(self) -> None:
        """In the middle of the view, or as low as it must be to leave the Input free."""
        room = self._view.viewport().rect()
        width = min(room.width() - 2 * _MARGIN, 26 * self.fontMetrics().averageCharWidth() * 2)
        layout = self.layout()
        height = layout.totalHeightForWidth(width) if layout is not None else 0
        below_input = self._view.mapFromScene(self._view.content.bottomLeft()).y() + _MARGIN
        top = max(min((room.height() - height) // 2, room.height() - height - _MARGIN), below_input)
        self.setGeometry((room.width() - width) // 2, top, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
