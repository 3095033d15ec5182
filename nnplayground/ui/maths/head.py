"""The head of the maths panel: what is looked at, which sample it is, and the buttons that go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QToolButton, QWidget

from nnplayground.formulas.steps import Explanation
from nnplayground.training.events import Catalog, Snapshot
from nnplayground.ui.maths.choices import FocusFields
from nnplayground.ui.maths.view import FormulaView
from nnplayground.ui.widgets.labels import ElidedLabel, describe
from nnplayground.ui.widgets.picture_menu import install_picture_menu

_ROOM_FOR_WORDS = 70


class MathsHead(QWidget):
    """One line of controls where there is room for it, else two or more."""

    phase_requested = Signal()
    step_requested = Signal(str)
    """"update" or "epoch"."""

    def __init__(self, view: FormulaView) -> None:
        """view: whose formulas the buttons copy."""
        super().__init__()
        self._view = view
        self.fields = FocusFields()
        self._caption = ElidedLabel()
        self._caption.setObjectName("maths.caption")
        self._caption.setProperty("muted", "true")
        phase = _button(
            "Phase", "maths.phase", "Go on to the next step of this update; after its last one, make the next update"
        )
        phase.clicked.connect(self.phase_requested)
        update = _button("Update", "maths.update", "Make one update, and show its numbers")
        update.clicked.connect(lambda: self.step_requested.emit("update"))
        epoch = _button("Epoch", "maths.epoch", "Train to the end of the epoch, and show the last update")
        epoch.clicked.connect(lambda: self.step_requested.emit("epoch"))
        self._steps = (update, epoch)
        self._latex = _button("LaTeX", "maths.latex", "Copy what is selected as LaTeX; all of it where nothing is")
        self._latex.setProperty("flat_look", "true")
        self._latex.clicked.connect(view.copy_latex)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(5)
        self._buttons.addWidget(self._caption, 1)
        for button in (phase, update, epoch, self._latex):
            self._buttons.addWidget(button)
        self._buttons.addWidget(install_picture_menu(view, name="formulas", extra=self._actions()))
        # At first the narrow way: the other one would keep the panel from becoming narrow.
        self._lines = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(4)
        self._lines.addWidget(self.fields)
        self._lines.addLayout(self._buttons, 1)

    def _actions(self) -> Sequence[QAction]:
        view = self._view
        entries: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("Copy", "Copy what is selected as plain text; all of it where nothing is", view.copy),
            ("Copy as LaTeX", "Copy what is selected as LaTeX; all of it where nothing is", view.copy_latex),
            ("Select all", "Select all formulas", view.select_all),
            ("Write more terms", "Write more terms of sums that are cut short (+)", view.ask_for_more),
            ("Write fewer terms", "Cut long sums short again (−)", view.ask_for_fewer),
        )
        actions: list[QAction] = []
        for title, tip, act in entries:
            action = QAction(title, self)
            action.setStatusTip(tip)
            action.triggered.connect(act)
            actions.append(action)
        return actions

    def show_explanation(self, explanation: Explanation | None) -> None:
        """Offer what there is to choose from; None: there is nothing."""
        self.fields.show_explanation(explanation)
        self._latex.setEnabled(explanation is not None)
        self._arrange()

    def show_caption(self, text: str) -> None:
        """Which sample and update it is."""
        self._caption.show_text(text)

    def set_running(self, running: bool) -> None:
        """While the training goes on by itself, there is no single step to make."""
        for button in self._steps:
            button.setEnabled(not running)

    def minimumSizeHint(self) -> QSize:
        """As narrow as several lines are, even while there is one."""
        fields, buttons = self.fields.minimumSizeHint(), self._buttons.minimumSize()
        return QSize(max(fields.width(), buttons.width()), super().minimumSizeHint().height())

    def _arrange(self) -> None:
        needed = self.fields.sizeHint().width() + self._buttons.minimumSize().width() + _ROOM_FOR_WORDS
        across = needed <= self.width()
        self._lines.setDirection(QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_lines"):
            self._arrange()


def caption(explanation: Explanation, snapshot: Snapshot, catalog: Catalog | None) -> str:
    """The name of the sample, its class or number, and which update of the optimizer it was."""
    assert snapshot.trace is not None
    said = [f"update {snapshot.trace.count:,}"]
    index = int(snapshot.trace.samples[explanation.focus.sample])
    ids = catalog.ids.get("training", ()) if catalog is not None else ()
    if catalog is not None and index < len(ids):
        name = f"point {ids[index]}" if ids[index].isdecimal() else ids[index]
        said = [name, _class_name(catalog, index), *said]
    return " · ".join(said)


def _class_name(catalog: Catalog, index: int) -> str:
    label, names = catalog.labels["training"][index], catalog.facts.class_names
    if label.ndim == 0 and names and 0 <= int(label) < len(names):
        name = names[int(label)]
        return f"class {name}" if name.isdecimal() else name
    return f"target {float(label.ravel()[0]):.3g}"


def _button(text: str, name: str, help_text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setObjectName(name)
    button.setProperty("compact", "true")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    describe(button, text, help_text)
    return button
