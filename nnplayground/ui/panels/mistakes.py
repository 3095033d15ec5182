"""The gallery of mistakes: what the model gets wrong on the validation split, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from nnplayground.training.events import Catalog, Mistakes
from nnplayground.ui.panels.mistake_list import MistakeList, Order, Outcomes, mistake_list, outcomes_of
from nnplayground.ui.sample_index import TILE_SHAPES, SampleIndex, short_name
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.picture_menu import install_picture_menu
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.plane_pictures import PlanePictures
from nnplayground.ui.widgets.tiles import TileView

_CLASS_ORDERS: tuple[tuple[Order, str, str], ...] = (
    ("loss", "loss", "The worst loss first"),
    ("most_confident", "most confident", "Where the model was surest first"),
    ("least_confident", "least confident", "Where the model was least sure first"),
    ("class", "class", "By true class, then by predicted class"),
)
_NUMBER_ORDERS: tuple[tuple[Order, str, str], ...] = (
    ("loss", "largest error", "The largest error first"),
    ("too_high", "too high", "Only predictions above the true number, the largest error first"),
    ("too_low", "too low", "Only predictions below the true number, the largest error first"),
)
_TOKEN_ORDERS: tuple[tuple[Order, str, str], ...] = (
    ("loss", "loss", "Wrong ones first, the worst loss before others"),
    ("earliest", "earliest", "Wrong ones first, those that go wrong earliest before others"),
)
_NEXT_TOKEN = (
    "A model that goes on with a text makes no mistakes one could list: after most tokens, several others may follow. "
    "The loss tells how well it guesses, and Output shows what it writes."
)
_ROOMY_LINES = 29
"""Heights of a line that the header must be wide for the words before its choices."""
_LEAST_HEADER = 240
"""Pixels."""
_BEFORE = "Mistakes appear here after the first epoch. Press Run to start training."


class MistakesPanel(QWidget):
    """Pictures with what the model said and what is true."""

    sample_chosen = Signal(str)
    """The mouse or the keyboard has moved to another sample."""
    detail_requested = Signal(str)
    """A sample was clicked, or Enter pressed on it."""

    def __init__(
        self, loader: PictureLoader, parent: QWidget | None = None, *, plane: PlanePictures | None = None
    ) -> None:
        """plane: has the pictures of samples that are points."""
        super().__init__(parent)
        self._plane = plane
        self.setObjectName("mistakes")
        self.setAccessibleName("Mistakes")
        self._index: SampleIndex | None = None
        self._makes_none = False
        self._outcomes: Outcomes | None = None
        self._list: MistakeList | None = None
        self._order: Order = "loss"
        self._true_class: int | None = None
        self._cell: tuple[int, int] | None = None
        self._outdated = False

        self._heading = QLabel("Mistakes")
        self._heading.setObjectName("mistakes.heading")
        self._heading.setProperty("heading_small", "true")
        self._count = QLabel()
        self._count.setObjectName("mistakes.count")
        self._count.setProperty("muted", "true")
        self._sort = _menu_button("mistakes.sort", "Order of the mistakes")
        self._sort_menu = QMenu(self._sort)
        self._sort.setMenu(self._sort_menu)
        self._class = _menu_button("mistakes.class", "Show the mistakes of one true class only")
        self._class_menu = QMenu(self._class)
        self._class_menu.setStyleSheet("QMenu { menu-scrollable: 1; }")
        self._class.setMenu(self._class_menu)
        self._chip = QPushButton()
        self._chip.setObjectName("mistakes.chip")
        self._chip.setToolTip("Show all mistakes again")
        self._chip.setStatusTip("Show all mistakes again")
        self._chip.clicked.connect(self._on_chip_clicked)

        self._view = TileView(loader, lines=2, smallest=98, aspect=0.65, parent=self)
        self._view.setObjectName("mistakes.gallery")
        self._view.setAccessibleName("Gallery of mistakes")
        self._view.setStatusTip("Click a picture, or press Enter, to see why the model got it wrong")
        self._view.current_changed.connect(self.sample_chosen)
        self._view.picked.connect(self.detail_requested)
        if plane is not None:
            plane.changed.connect(self._view.viewport().update)
        self._empty = EmptyState("image", _BEFORE)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._view)

        self.header = QWidget()
        """Heading and filters, in one row; a dock may take it as its title."""
        # Its words do not make the window wider; they are chosen to fit.
        self.header.setMinimumWidth(_LEAST_HEADER)
        header = QHBoxLayout(self.header)
        header.setContentsMargins(12, 2, 4, 1)
        header.setSpacing(4)
        header.addWidget(self._heading)
        header.addWidget(self._count)
        header.addSpacing(6)
        header.addWidget(self._sort)
        header.addWidget(self._class)
        header.addWidget(self._chip)
        header.addStretch()
        header.addWidget(install_picture_menu(self._view, name="mistakes"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 4, 4)
        layout.setSpacing(2)
        layout.addWidget(self.header)
        layout.addWidget(self._stack)
        self._stack.setContentsMargins(10, 0, 0, 0)
        self._fill_menus()
        self._show()

    def show_catalog(self, catalog: Catalog) -> None:
        """Other data: what was said about the data before is forgotten."""
        self.clear()
        self._index = SampleIndex(catalog, self._plane)
        smallest, aspect = TILE_SHAPES.get(self._index.kind, (98, 0.65))
        self._view.set_tiles(smallest=smallest, aspect=aspect)
        self._makes_none = catalog.facts.target == "tokens" and not catalog.target_texts
        self._refresh()

    def clear(self) -> None:
        """Forget the samples and what was said about them, as after another project was opened."""
        self._index = None
        self._makes_none = False
        self._outcomes = self._list = None
        self._true_class = self._cell = None
        self._fill_menus()
        self._refresh()

    def show_mistakes(self, mistakes: Mistakes) -> None:
        """The outcomes of an epoch, in the place of those before."""
        before = (self._outcomes.mistakes.class_names, self._outcomes.tokens) if self._outcomes is not None else None
        self._outcomes = outcomes_of(mistakes)
        if (mistakes.class_names, self._outcomes.tokens) != before:
            self._order, self._true_class, self._cell = "loss", None, None
            self._fill_menus()
        self._refresh()

    def show_cell(self, true_index: int, predicted_index: int) -> None:
        """Show the samples of a cell of the confusion matrix; those on its diagonal are right."""
        self._cell = (true_index, predicted_index)
        self._refresh()

    def sample_ids(self) -> tuple[str, ...]:
        """The samples in the gallery, in their order."""
        self._catch_up()
        return self._list.sample_ids if self._list is not None else ()

    def select_sample(self, sample_id: str) -> None:
        """Mark a sample in the gallery, where it is there. Tells nobody."""
        self._catch_up()
        row = self._list.row_of(sample_id) if self._list is not None else None
        if row is not None:
            self._view.set_current_row(row, scroll=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def _refresh(self) -> None:
        self._outdated = True
        if self.isVisible():
            self._catch_up()

    def _catch_up(self) -> None:
        if self._outdated:
            self._outdated = False
            self._show()

    def _show(self) -> None:
        outcomes = self._outcomes
        for control in (self._sort, self._count):
            control.setVisible(outcomes is not None)
        if outcomes is None:
            self._class.hide()
            self._chip.hide()
            self._list = None
            self._heading.setText("Mistakes")
            self._empty.say(_NEXT_TOKEN if self._makes_none else _BEFORE, icon="info" if self._makes_none else "image")
            self._stack.setCurrentWidget(self._empty)
            return
        self._list = mistake_list(
            outcomes, self._index, order=self._order, true_class=self._true_class, cell=self._cell
        )
        self._show_header(outcomes, len(self._list))
        self._view.show_source(self._list)
        if len(self._list):
            self._stack.setCurrentWidget(self._view)
        else:
            self._explain_emptiness(outcomes)
            self._stack.setCurrentWidget(self._empty)

    def _show_header(self, outcomes: Outcomes, shown: int) -> None:
        names = outcomes.mistakes.class_names
        right = self._cell is not None and self._cell[0] == self._cell[1]
        total, wrong = len(outcomes), int(outcomes.wrong.sum())
        self._heading.setText("Largest errors" if outcomes.numbers else "Correct" if right else "Mistakes")
        if outcomes.numbers:
            count = f"{shown:,} of {total:,}"
        elif right:
            count = f"{total - wrong:,} of {total:,}"
        else:
            count = f"{wrong:,} of {total:,}"
        narrowed = self._cell is not None or self._true_class is not None
        self._count.setText(f"{count} · {shown:,} shown" if narrowed else count)
        self._count.setToolTip(f"On the {outcomes.mistakes.split} split, after epoch {outcomes.mistakes.epoch}")
        orders = _orders(outcomes)
        roomy = self.header.width() >= _ROOMY_LINES * self.fontMetrics().height()
        order_title = next(title for order, title, _ in orders if order == self._order)
        self._sort.setText(f"{'Sort: ' if roomy else ''}{order_title} ▾")
        self._class.setVisible(self._cell is None and not outcomes.numbers and not outcomes.tokens)
        class_title = "all" if self._true_class is None else short_name(names[self._true_class])
        self._class.setText(f"{'Class: ' if roomy else ''}{class_title} ▾")
        self._chip.setVisible(self._cell is not None)
        if self._cell is not None:
            true, predicted = (names[number] for number in self._cell)
            self._chip.setText(f"{short_name(true)} → {short_name(predicted)}  ×")
            self._chip.setAccessibleName(f"True {true}, predicted {predicted}: show all mistakes again")

    def _explain_emptiness(self, outcomes: Outcomes) -> None:
        names, split = outcomes.mistakes.class_names, outcomes.mistakes.split
        if self._cell is not None:
            true, predicted = (names[number] for number in self._cell)
            self._empty.say(f"No sample of {true} was predicted as {predicted} in this epoch.", icon="check")
        elif outcomes.numbers:
            self._empty.say("No prediction errs on this side.", icon="check")
        elif self._true_class is not None and outcomes.wrong.any():
            self._empty.say(f"No mistakes on {names[self._true_class]}.", icon="check", happy=True)
        elif not len(outcomes):
            self._empty.say(f"There are no {split} samples, so mistakes cannot be told.", icon="info")
        else:
            self._empty.say(
                f"No mistakes on the {split} split: all {len(outcomes):,} samples are right "
                f"after epoch {outcomes.mistakes.epoch}.",
                icon="check",
                happy=True,
            )

    def _fill_menus(self) -> None:
        outcomes = self._outcomes
        orders = _orders(outcomes)
        _fill(self._sort_menu, [(title, tip, order) for order, title, tip in orders], self._order, self._on_sorted)
        names = outcomes.mistakes.class_names if outcomes is not None else ()
        classes: list[tuple[str, str, object]] = [("all", "Mistakes of all classes", None)]
        classes += [(name, f"Only mistakes whose true class is {name}", number) for number, name in enumerate(names)]
        _fill(self._class_menu, classes, self._true_class, self._on_class_chosen)

    def _on_sorted(self, action: QAction) -> None:
        self._order = action.data()
        self._refresh()
        self._view.scrollToTop()

    def _on_class_chosen(self, action: QAction) -> None:
        self._true_class = action.data()
        self._refresh()
        self._view.scrollToTop()

    def _on_chip_clicked(self) -> None:
        self._cell = None
        self._refresh()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)


def _orders(outcomes: Outcomes | None) -> tuple[tuple[Order, str, str], ...]:
    if outcomes is not None and outcomes.tokens:
        return _TOKEN_ORDERS
    return _NUMBER_ORDERS if outcomes is not None and outcomes.numbers else _CLASS_ORDERS


def _menu_button(name: str, explanation: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setProperty("flat_look", "true")
    button.setProperty("tiny", "true")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(explanation)
    button.setStatusTip(explanation)
    button.setAccessibleName(explanation)
    return button


def _fill(
    menu: QMenu, entries: Sequence[tuple[str, str, object]], chosen: object, then: Callable[[QAction], None]
) -> None:
    """Entries: title, explanation, data. One of them is marked."""
    menu.clear()
    for old in menu.findChildren(QActionGroup):
        old.deleteLater()
    group = QActionGroup(menu)
    for title, explanation, data in entries:
        action = menu.addAction(title.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(data == chosen)
        action.setData(data)
        action.setStatusTip(explanation)
        group.addAction(action)
    group.triggered.connect(then)
