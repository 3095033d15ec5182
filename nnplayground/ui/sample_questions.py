"""Questions about single samples: the large view of one of them, answered by the model in the engine thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from nnplayground.spec.dataset import ImageFolder
from nnplayground.training.events import SnapshotWants
from nnplayground.training.questions import Refusal
from nnplayground.ui.document import Document
from nnplayground.ui.panels.sample_detail import SampleDetail
from nnplayground.ui.runner import Runner
from nnplayground.ui.workspace import Workspace

if TYPE_CHECKING:
    from nnplayground.training.session import Session


class SampleQuestions(QObject):
    """Opens the large view of a sample and brings it what the model says."""

    def __init__(self, runner: Runner, document: Document, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._document = document
        self._workspace = workspace
        self._view: SampleDetail | None = None

    def show_detail(self, sample_id: str) -> None:
        """Show a sample large, with all that the model says about it."""
        catalog = self._workspace.catalog
        if catalog is None:
            return
        if self._view is None:
            self._view = SampleDetail(
                self._workspace.pictures, self._workspace, plane=self._workspace.boundary.pictures
            )
            self._view.details_wanted.connect(self._answer_details)
            view = self._view
            view.occlusion_requested.connect(
                self._answering(lambda session, each: session.model.occlusion(each), view.show_occlusion)
            )
            view.heat_requested.connect(self._answering(lambda session, each: session.model.heat(each), view.show_heat))
            view.influence_requested.connect(
                self._answering(lambda session, each: session.model.influence(each), view.show_influence)
            )
            view.translation_requested.connect(
                self._answering(lambda session, each: session.model.translation(each), view.show_translation)
            )
        dataset = self._document.project.dataset
        resize = dataset.resize if isinstance(dataset, ImageFolder) else "stretch"
        self._view.show_catalog(catalog, resize=resize)
        self._view.open_sample(sample_id, self._workspace.mistakes.sample_ids())

    def _answer_details(self, sample_id: str) -> None:
        view = self._view
        assert view is not None
        layer_id = self._workspace.activation_layer

        def show_prediction(answer: Any) -> None:
            if isinstance(answer, Refusal):
                view.show_problem(sample_id, answer.message)
            else:
                view.show_prediction(answer)

        def show_activations(answer: Any) -> None:
            if not isinstance(answer, Refusal) and layer_id in answer.activations:
                view.show_activations(
                    sample_id,
                    layer_id,
                    answer.activations[layer_id],
                    gates=answer.gates.get(layer_id, {}),
                    tokens=answer.tokens.get(layer_id, ()),
                    looked_at=answer.looked_at.get(layer_id, ()),
                )

        self._runner.ask(lambda session: session.model.prediction(sample_id), show_prediction)
        if layer_id:
            wants = SnapshotWants(sample_id=sample_id, layer_ids=(layer_id,))
            self._runner.ask(lambda session: session.model.snapshot(wants, run_id=""), show_activations)

    def _answering(
        self, question: Callable[[Session, str], Any], show: Callable[[str, Any], None]
    ) -> Callable[[str], None]:
        """What asks a question about a sample and shows the answer, or why there is none."""
        view = self._view
        assert view is not None

        def ask(sample_id: str) -> None:
            def answered(answer: Any) -> None:
                if isinstance(answer, Refusal):
                    view.show_problem(sample_id, answer.message)
                else:
                    show(sample_id, answer)

            self._runner.ask(lambda session: question(session, sample_id), answered)

        return ask

    def close(self) -> None:
        if self._view is not None:
            self._view.close()
