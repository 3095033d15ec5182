"""What becomes of texts: some of them token by token, and which share of all is cut off or unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from nnplayground.ui.widgets.labels import IconButton, muted
from nnplayground.ui.widgets.token_chips import TokenChips

if TYPE_CHECKING:
    from nnplayground.data.previews import TokenLook, TokenStatistics

_WAITING = "Looking at the texts…"


class TokenPreviewer(QWidget):
    """Steps through the texts of a TokenLook, with the tokens of each of their arrays."""

    def __init__(self, *, most_lines: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: TokenLook | None = None
        self._place = 0
        self._position = QLabel()
        self._position.setProperty("muted", "true")
        self._previous = IconButton("chevron-left", "The text before")
        self._next = IconButton("chevron-right", "The next text")
        self._previous.setObjectName("tokens.previous")
        self._next.setObjectName("tokens.next")
        self._previous.clicked.connect(lambda: self._step(-1))
        self._next.clicked.connect(lambda: self._step(1))
        self._figures = muted()
        self._figures.setObjectName("tokens.figures")
        self._arrays: list[tuple[QLabel, TokenChips]] = []
        for _ in range(2):
            heading = muted()
            self._arrays.append((heading, TokenChips(most_lines=most_lines)))
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self._position, 1)
        head.addWidget(self._previous)
        head.addWidget(self._next)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        for heading, chips in self._arrays:
            layout.addWidget(heading)
            layout.addWidget(chips)
        layout.addWidget(self._figures)
        self.wait()

    def wait(self) -> None:
        """The texts are being looked at; those of before turn pale."""
        if self._look is None:
            self._figures.setText(_WAITING)
            self._show_parts(False)
        self.setEnabled(False)

    def say(self, text: str) -> None:
        """There is nothing to show, and why."""
        self._look = None
        self._figures.setText(text)
        self._show_parts(False)
        self.setEnabled(True)

    def show_look(self, look: TokenLook) -> None:
        """Texts and figures."""
        self._look = look
        self.setEnabled(True)
        self._figures.setText("\n".join(figures(each, several=len(look.statistics) > 1) for each in look.statistics))
        self._show_parts(True)
        self._place = min(self._place, max(0, self._count - 1))
        self._show()

    @property
    def _count(self) -> int:
        look = self._look
        return len(look.samples) // max(1, len(look.statistics)) if look is not None else 0

    def _show_parts(self, shown: bool) -> None:
        for widget in (self._position, self._previous, self._next):
            widget.setVisible(shown)
        for heading, chips in self._arrays:
            heading.hide()
            chips.setVisible(False)

    def _step(self, offset: int) -> None:
        if self._count:
            self._place = (self._place + offset) % self._count
            self._show()

    def _show(self) -> None:
        look = self._look
        if look is None or not self._count:
            return
        arrays = len(look.statistics)
        shown = look.samples[self._place * arrays : (self._place + 1) * arrays]
        self._position.setText(f"Example {self._place + 1} of {self._count}")
        for place, (heading, chips) in enumerate(self._arrays):
            there = place < len(shown)
            chips.setVisible(there)
            heading.setVisible(there and arrays > 1)
            if there:
                heading.setText(shown[place].array.capitalize())
                chips.show_preview(shown[place])


def figures(statistics: TokenStatistics, *, several: bool) -> str:
    """One line about all texts of an array."""
    lead = f"{statistics.array.capitalize()}: " if several else ""
    vocabulary = f"{lead}{len(statistics.vocabulary):,} tokens in the vocabulary"
    unknown = f"unknown: {share(statistics.unknown)} of tokens"
    longest = int(statistics.lengths.max()) if len(statistics.lengths) else 0
    if not statistics.cut and (statistics.lengths == statistics.limit).all():
        # Stretches of one text are all as long as they may be.
        return f"{vocabulary} · {unknown}"
    return f"{vocabulary} · cut off: {share(statistics.cut)} of texts (longest: {longest:,}) · {unknown}"


def share(part: float) -> str:
    """A share in per cent; a little is never called nothing."""
    if 0 < part < 0.001:
        return "< 0.1 %"
    return f"{100 * part:.1f} %" if part < 0.1 and part else f"{100 * part:.0f} %"
