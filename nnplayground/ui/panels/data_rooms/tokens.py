"""What texts and pairs of texts have in common in the data panel: their tokens, looked at in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QDialog

from nnplayground.spec.facts import DataFacts
from nnplayground.ui.document import Document
from nnplayground.ui.lookup import Lookup
from nnplayground.ui.panels.data_rooms.room import DataRoom, RoomTools
from nnplayground.ui.panels.dataset_dialogs import DataSettings, Groups
from nnplayground.ui.widgets.token_preview import TokenPreviewer

if TYPE_CHECKING:
    from nnplayground.data.previews import TokenLook

_EXAMPLES = 12
_LINES = 3
"""Lines of chips in the panel; the dialog shows all."""


class TokenRoom(DataRoom):
    """Shows the tokens in the panel and, at length, beside the settings."""

    def __init__(self, document: Document, tools: RoomTools, groups: Groups) -> None:
        super().__init__(document, tools)
        self._groups = groups
        self._lookup = Lookup(self)
        self._lookup.found.connect(self._on_found)
        self._lookup.failed.connect(self._on_failed)
        self._looked_at: object = None
        self._found: tuple[TokenLook, tuple[str, ...]] | None = None
        self._problem = ""
        self.tokens = TokenPreviewer(most_lines=_LINES)
        self.tokens.setObjectName("dataset.tokens")
        self._beside: TokenPreviewer | None = None

    def show_data(self, dataset: Any, facts: DataFacts | None) -> None:
        self.tokens.setVisible(facts is not None)
        if facts is None:
            self._lookup.cancel()
            self._looked_at = None
            return
        if dataset != self._looked_at:
            self._looked_at = dataset
            for previewer in self._previewers:
                previewer.wait()
            self._lookup.look(lambda cancelled: _look(dataset, cancelled))

    @property
    def _previewers(self) -> list[TokenPreviewer]:
        return [self.tokens, *([self._beside] if self._beside is not None else [])]

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        if isinstance(self.dialog, DataSettings):
            self.dialog.set_running(running)

    def make_dialog(self) -> QDialog:
        self._beside = TokenPreviewer()
        dialog = DataSettings(
            self.document, self.tools.panel, groups=self._groups, running=self.running, beside=self._beside
        )
        self._show_found(dialog)
        return dialog

    def close(self) -> None:
        self._lookup.cancel()
        self._beside = None
        super().close()

    def shutdown(self) -> None:
        self._lookup.shutdown()

    def _on_found(self, found: tuple[TokenLook, tuple[str, ...]]) -> None:
        self._found, self._problem = found, ""
        self._show_found(self.dialog)

    def _on_failed(self, problem: str) -> None:
        self._found, self._problem = None, problem
        self._show_found(self.dialog)

    def _show_found(self, dialog: QDialog | None) -> None:
        for previewer in self._previewers:
            if self._found is not None:
                previewer.show_look(self._found[0])
            elif self._problem:
                previewer.say(self._problem)
        if isinstance(dialog, DataSettings) and self._found is not None:
            dialog.offer_columns(self._found[1])


def _look(dataset: Any, cancelled: Any) -> tuple[TokenLook, tuple[str, ...]]:
    from nnplayground.data.guessing import column_names
    from nnplayground.data.previews import look_at_tokens

    return look_at_tokens(dataset, Path.cwd(), _EXAMPLES, cancelled=cancelled), column_names(dataset, Path.cwd())
