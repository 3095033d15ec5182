"""What is known about a model over the plane of points: the latest maps, and what it says about the points."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nnplayground.samples import Array
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.training.events import EpochDone, Mistakes, Snapshot
from nnplayground.training.mailbox import Frame
from nnplayground.ui.widgets.plane_maps import PlaneMap
from nnplayground.ui.widgets.plane_outputs import output_map


class PlaneState:
    """Collects what a run tells. Plain data; whoever shows it asks."""

    def __init__(self) -> None:
        self.output: PlaneMap | None = None
        """The map of the model's output; None while there is none."""
        self.losses: Mapping[str, float] = {}
        """The metrics of the epoch that was done last."""
        self._large: dict[str, Array] = {}
        self._small: Mapping[str, Array] = {}
        self._output_id = ""
        self._update = -1
        self._mistakes: Mistakes | None = None
        self._done: EpochDone | None = None
        self._ended = False

    def take_snapshot(self, snapshot: Snapshot, project: Project, facts: DataFacts | None) -> bool:
        """Keep what it shows of the plane. facts: about the data. True where there is another map of the output."""
        plane, layer_id = snapshot.plane, snapshot.wants.plane.large
        if plane is None:
            return False
        self._small = plane.small
        if plane.large is None or layer_id is None:
            return False
        self._large[layer_id] = plane.large
        if (layer_id,) != project.model.outputs:
            return False
        self._output_id, self._update = layer_id, snapshot.update
        self.make_output(project, facts)
        return True

    def make_output(self, project: Project, facts: DataFacts | None) -> None:
        """Read the map of the output anew: what it stands for follows from the project and the data."""
        values = self._large.get(self._output_id)
        fits = values is not None and (self._output_id,) == project.model.outputs
        self.output = output_map(values, project, facts) if values is not None and fits else None

    def take_frame(self, frame: Frame) -> None:
        """Keep which epochs are done."""
        if frame.started is not None:
            self._ended = False
            if frame.started.update == 0:
                self._done = self._mistakes = None
                self.losses = {}
        if frame.epochs:
            self._done = frame.epochs[-1]
            self.losses = self._done.metrics
        if frame.ended is not None:
            self._ended = True
            self.losses = frame.ended.metrics or self.losses

    def take_mistakes(self, mistakes: Mistakes | None) -> None:
        """What the model says about each point of a split; None: of other points than there are now."""
        self._mistakes = mistakes

    @property
    def mistakes(self) -> Mistakes | None:
        """What was said about points themselves, which is exact. None where the map of the output has come after it."""
        said, done = self._mistakes, self._done
        if said is None:
            return None
        as_new = done is not None and done.epoch == said.epoch and done.update >= self._update
        return said if as_new or self._ended or self.output is None else None

    def values(self, layer_id: str) -> Array | None:
        """(units, side, side), in full resolution once it has come, before that as the neuron view has it."""
        return self._large.get(layer_id, self._small.get(layer_id))

    def keep(self, layer_ids: Collection[str]) -> None:
        """Forget the maps of layers that are not among these: the model has been changed."""
        self._large = {layer_id: values for layer_id, values in self._large.items() if layer_id in layer_ids}
        self._small = {layer_id: values for layer_id, values in self._small.items() if layer_id in layer_ids}
