"""Questions to a model that writes: what follows on a prompt, and what becomes of a source."""

from __future__ import annotations

import random
from typing import Any

from PySide6.QtCore import QObject

from nnplayground.spec.dataset import Text
from nnplayground.training.questions import Refusal
from nnplayground.ui.document import Document
from nnplayground.ui.panels.output import OutputPanel
from nnplayground.ui.runner import Runner

_LENGTH = {"character": 300, "word": 60}


class WritingQuestions(QObject):
    """Brings the output panel what the model answers, while it trains and afterwards."""

    def __init__(self, runner: Runner, document: Document, output: OutputPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._document = document
        self._output = output
        output.continuation_requested.connect(self._continue)
        output.translation_requested.connect(self._translate)

    def _continue(self, prompt: str, temperature: float) -> None:
        dataset = self._document.project.dataset
        length = _LENGTH[dataset.level] if isinstance(dataset, Text) else _LENGTH["character"]
        seed = random.randrange(2**31)

        def show(answer: Any) -> None:
            if isinstance(answer, Refusal):
                self._output.show_problem(answer.message)
            else:
                self._output.show_continuation(prompt, answer)

        self._runner.ask(lambda session: session.model.continuation(prompt, temperature, length, seed), show)

    def _translate(self, source: str) -> None:
        def show(answer: Any) -> None:
            if isinstance(answer, Refusal):
                self._output.show_problem(answer.message)
            else:
                self._output.show_translation(answer)

        self._runner.ask(lambda session: session.model.translation_of(source), show)
