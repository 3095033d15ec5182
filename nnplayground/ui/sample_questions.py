"""Questions about single samples: the large view of one of them, answered by the model in the engine thread."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from nnplayground.training.events import SnapshotWants
from nnplayground.training.worker import Refusal
from nnplayground.ui.panels.sample_detail import SampleDetail
from nnplayground.ui.runner import Runner
from nnplayground.ui.workspace import Workspace


class SampleQuestions(QObject):
    """Opens the large view of a sample and brings it what the model says."""

    def __init__(self, runner: Runner, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._workspace = workspace
        self._view: SampleDetail | None = None

    def show_detail(self, sample_id: str) -> None:
        """Show a sample large, with all that the model says about it."""
        view = self._view
        if view is None:
            view = self._view = SampleDetail(self._workspace.pictures, self._workspace)
            view.details_wanted.connect(self._answer_details)
            view.occlusion_requested.connect(self._answer_occlusion)
        view.show_catalog(self._workspace.catalog)
        view.show_order(self._workspace.mistakes.shown_ids())
        view.show_sample(sample_id)
        view.show()
        view.raise_()

    def _answer_details(self, sample_id: str) -> None:
        view = self._view
        if view is None:
            return
        layer_id = self._workspace.activation_layer

        def show_prediction(answer: Any) -> None:
            if not isinstance(answer, Refusal):
                view.show_prediction(answer)

        self._runner.ask(lambda session: session.prediction(sample_id), show_prediction)
        if layer_id:
            wants = SnapshotWants(sample_id=sample_id, layer_ids=(layer_id,))

            def show_activations(answer: Any) -> None:
                if not isinstance(answer, Refusal) and layer_id in answer.activations:
                    view.show_activations(layer_id, answer.activations[layer_id])

            self._runner.ask(lambda session: session.snapshot(wants, run_id=""), show_activations)

    def _answer_occlusion(self, sample_id: str) -> None:
        view = self._view
        if view is None:
            return

        def show(answer: Any) -> None:
            if not isinstance(answer, Refusal):
                view.show_occlusion(sample_id, answer)

        self._runner.ask(lambda session: session.occlusion(sample_id), show)

    def close(self) -> None:
        if self._view is not None:
            self._view.close()
