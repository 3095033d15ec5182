"""The output panel: what a model makes or writes, for objectives that go beyond a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from nnplayground.spec.project import Project
from nnplayground.spec.training import Adversarial, NextToken, TeacherForcing
from nnplayground.training.events import Catalog, Made, Written
from nnplayground.training.mailbox import Frame
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.empty_state import EmptyState

if TYPE_CHECKING:
    from nnplayground.training.translating import Translation
    from nnplayground.ui.panels.made_page import MadePage
    from nnplayground.ui.panels.translation_page import TranslationPage
    from nnplayground.ui.panels.written_page import WrittenPage

_NOTHING = (
    "What a model makes or writes appears here: images of a generator, or texts. This model predicts, so its curves "
    "and its mistakes tell how well."
)
_SOON = "Press Run (F5): what the generator makes of noise appears here, and changes as it learns."
_EXAMPLES = 200


class OutputPanel(QWidget):
    """A page for each kind of output, made when it is first seen."""

    run_pause_requested = Signal()
    continuation_requested = Signal(str, float)
    """(prompt, temperature): the model is to go on with the prompt."""
    translation_requested = Signal(str)
    """A source, of which the model is to write the target."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("output")
        self.setAccessibleName("Output")
        self._document = document
        self._made: MadePage | None = None
        self._written: WrittenPage | None = None
        self._translation: TranslationPage | None = None
        self._examples: tuple[str, ...] = ()
        self._empty = EmptyState("image", _NOTHING)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(self._pages)
        document.changed.connect(self._on_changed)

    @property
    def made(self) -> MadePage | None:
        """The page of made images, once there are some."""
        return self._made

    @property
    def written(self) -> WrittenPage | None:
        """The page of a model that goes on with texts, once it was seen."""
        return self._written

    @property
    def translation(self) -> TranslationPage | None:
        """The page of a model that makes one text of another, once it was seen."""
        return self._translation

    def show_frame(self, frame: Frame) -> None:
        """What a run has brought forth since the last time."""
        if frame.made is not None:
            self._show_made(frame.made)
        if frame.written is not None:
            self._show_written(frame.written)

    def show_catalog(self, catalog: Catalog) -> None:
        """Which samples there are: their sources are examples to try."""
        split = "validation" if catalog.ids.get("validation") else "training"
        pairs = bool(catalog.target_texts)
        ids = catalog.ids.get(split, ())[:_EXAMPLES] if pairs else ()
        self._examples = tuple(catalog.texts[each] for each in ids if each in catalog.texts)
        if self._translation is not None:
            self._translation.show_examples(self._examples)

    def show_continuation(self, prompt: str, text: str) -> None:
        """What the model writes behind a prompt."""
        self._writer().show_continuation(prompt, text)

    def show_translation(self, translation: Translation) -> None:
        """What the model writes for a source."""
        self._translator().show_translation(translation)

    def show_problem(self, problem: str) -> None:
        """Why the model writes nothing of what it was asked for, in one sentence."""
        for page in (self._written, self._translation):
            if page is not None and page is self._pages.currentWidget():
                page.show_problem(problem)

    def clear(self) -> None:
        """Forget what was shown, as after another project was opened."""
        for page in (self._made, self._written, self._translation):
            if page is not None:
                page.clear()
        self._choose_page()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._pages.currentWidget() is self._empty:
            self._choose_page()

    def _show_made(self, made: Made) -> None:
        if self._made is None:
            from nnplayground.ui.panels.made_page import MadePage

            self._made = MadePage()
            self._made.run_pause_requested.connect(self.run_pause_requested)
            self._pages.addWidget(self._made)
        self._made.show_made(made)
        self._pages.setCurrentWidget(self._made)

    def _show_written(self, written: Written) -> None:
        self._writer().show_written(written)
        self._pages.setCurrentWidget(self._writer())

    def _writer(self) -> WrittenPage:
        if self._written is None:
            from nnplayground.ui.panels.written_page import WrittenPage

            self._written = WrittenPage()
            self._written.continuation_requested.connect(self.continuation_requested)
            self._pages.addWidget(self._written)
        return self._written

    def _translator(self) -> TranslationPage:
        if self._translation is None:
            from nnplayground.ui.panels.translation_page import TranslationPage

            self._translation = TranslationPage()
            self._translation.show_examples(self._examples)
            self._translation.translation_requested.connect(self.translation_requested)
            self._pages.addWidget(self._translation)
        return self._translation

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.training.objective != after.training.objective:
            self._choose_page()

    def _choose_page(self) -> None:
        """One can write as soon as the model is one that writes; of what is made there is nothing to see yet."""
        objective = self._document.project.training.objective
        self._empty.say(_SOON if isinstance(objective, Adversarial) else _NOTHING)
        page: QWidget = self._empty
        if isinstance(objective, NextToken) and (self._written is not None or self.isVisible()):
            page = self._writer()
        elif isinstance(objective, TeacherForcing) and (self._translation is not None or self.isVisible()):
            page = self._translator()
        self._pages.setCurrentWidget(page)
