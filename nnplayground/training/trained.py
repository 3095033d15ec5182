"""A built model, however far it has been trained, and what one can ask it. Owned by the thread of its session."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from nnplayground.data import LoadedData
from nnplayground.engine.base import Engine
from nnplayground.layers.activations import activation
from nnplayground.samples import Array, Samples
from nnplayground.spec.feature_maps import map_layers
from nnplayground.spec.frozen import inner_ids
from nnplayground.spec.objective import MADE_OR_REAL, counts_from_minus_one, resolved_loss
from nnplayground.spec.project import Project, project_shapes
from nnplayground.training.events import SamplePrediction, Snapshot, SnapshotWants
from nnplayground.training.feeding import plane, vocabularies
from nnplayground.training.language import make_translator, make_writer, translated_sample, translated_text
from nnplayground.training.progress import Progress
from nnplayground.training.questions import NotTrained
from nnplayground.training.sequences import SequenceLens
from nnplayground.training.snapshots import Viewer
from nnplayground.training.translating import Translation, Translator
from nnplayground.training.writing import Writer


class TrainedModel(msgspec.Struct, eq=False):
    """An engine with what it was built for. The questions raise NotTrained where this model has no answer."""

    engine: Engine
    project: Project
    loaded: LoadedData
    splits: Mapping[str, Samples]
    viewer: Viewer
    progress: Progress
    translator: Translator | None
    learned: frozenset[str]
    """Layers whose weights come from the training of another engine."""
    run_id: str = ""

    def set_weight(self, name: str, index: tuple[int | slice, ...], value: float | Array) -> float | Array:
        """Change a part of a weight ("<layer id>/<name>"); what was there.

        index: as numpy takes it, with an entry for each axis.
        """
        weights = self.engine.weights()
        if name not in weights or len(index) != weights[name].ndim:
            raise NotTrained(f"The model that is there has no weight {name}.")
        changed = weights[name].copy()
        before = np.array(changed[index])
        changed[index] = value
        self.engine.set_weights({name: changed})
        self.progress.by_hand = True
        return before if before.ndim else float(before)

    def snapshot(self, wants: SnapshotWants, *, run_id: str) -> Snapshot:
        """What panels want to see of the model as it is now."""
        return self.viewer.snapshot(wants, run_id=run_id, epoch=self.progress.epoch, update=self.progress.update)

    def prediction(self, sample_id: str) -> SamplePrediction:
        """What the model says about one sample."""
        return self._viewer_of(sample_id).prediction(sample_id)

    def occlusion(self, sample_id: str) -> Array:
        """Where the model looks: see Viewer.occlusion."""
        return self._viewer_of(sample_id).occlusion(sample_id)

    def influence(self, sample_id: str) -> Array:
        """Which tokens of a text matter: see Viewer.influence."""
        influence = self._viewer_of(sample_id).influence(sample_id)
        if influence is None:
            raise NotTrained("This model tells no class of a text, so no token speaks for one.")
        return influence

    def heat(self, sample_id: str, layer_id: str = "") -> Array:
        """Grad-CAM of one picture: (height, width) float32, 0 and more, of the maps of a layer.

        layer_id: also of one inside a Pretrained block; empty: the last convolutional one.
        """
        viewer = self._viewer_of(sample_id)
        layers = map_layers(self.project.model, project_shapes(self.project, self.loaded.facts))
        if not layers:
            raise NotTrained("Grad-CAM needs feature maps, and this model has no convolutional layer.")
        return viewer.heat(sample_id, layer_id or layers[-1])

    @property
    def writer(self) -> Writer | None:
        """Of a model that goes on with texts."""
        return make_writer(self.engine, self.project, self.loaded, self.splits, run_id=self.run_id)

    def continuation(self, prompt: str, temperature: float = 0.7, length: int = 200, seed: int = 0) -> str:
        """What the model writes behind a prompt, `length` tokens; the same for the same seed."""
        writer = self.writer
        if writer is None:
            raise NotTrained("This model has not learned to go on with a text.")
        return writer.continuation(prompt, temperature=temperature, length=length, seed=seed)

    def translation(self, sample_id: str) -> Translation:
        """What the model writes for the source of a sample."""
        return translated_sample(self._own_translator, sample_id, self.loaded, self.splits)

    def translation_of(self, text: str) -> Translation:
        """The same for a source of one's own, of characters that the model knows."""
        return translated_text(self._own_translator, text, self.project, self.loaded)

    @property
    def _own_translator(self) -> Translator:
        if self.translator is None:
            raise NotTrained("This model has not learned to write anything from a source.")
        return self.translator

    def _viewer_of(self, sample_id: str) -> Viewer:
        if not self.viewer.knows(sample_id):
            raise NotTrained(f"{sample_id} is not among the samples of this run.")
        return self.viewer


def trained_model(
    engine: Engine,
    project: Project,
    loaded: LoadedData,
    splits: Mapping[str, Samples],
    *,
    progress: Progress,
    learned: frozenset[str],
) -> TrainedModel:
    """An engine with all that looks into it."""
    shapes = project_shapes(project, loaded.facts)
    viewer = Viewer(
        engine,
        splits,
        loss=resolved_loss(project, loaded.facts),
        shapes={layer_id: known.output for layer_id, known in shapes.items() if known.output},
        activations={block.id: activation(block.layer.outer_activation) for block in project.model.blocks},
        inner=inner_ids(project.model, shapes),
        plane=plane(project),
        from_minus_one=counts_from_minus_one(project, loaded.facts),
        sequences=SequenceLens(engine, project.model, vocabularies(project, loaded.facts)),
        class_names=MADE_OR_REAL if project.takes_turns else (),
        traces=not project.takes_turns,
    )
    translator = make_translator(engine, project, loaded)
    return TrainedModel(engine, project, loaded, splits, viewer, progress, translator, learned)
