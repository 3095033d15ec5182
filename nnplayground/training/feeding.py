"""Which arrays of the data come in at which Input, and what panels are told about the samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import numpy as np

from nnplayground.data import LoadedData
from nnplayground.data.loaded import TARGET
from nnplayground.data.points import plane_grid
from nnplayground.samples import Array, Arrays, Preparation, Samples
from nnplayground.spec.dataset import Points, input_shapes
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import input_sources
from nnplayground.spec.project import Project
from nnplayground.training.events import Catalog, SeriesWindows


def plane(project: Project) -> Callable[[int], Arrays] | None:
    """Inputs all over the plane, under the ids of the model's Inputs, where the data are points."""
    dataset = project.dataset
    if not isinstance(dataset, Points):
        return None
    features = dataset.features
    fed = input_sources(project.model, tuple(input_shapes(dataset)))
    return lambda side: dict.fromkeys(fed, plane_grid(features, side))


def vocabularies(project: Project, facts: DataFacts) -> dict[str, tuple[str, ...]]:
    """The tokens of each Input that takes some, by its id."""
    assert project.dataset is not None
    fed = input_sources(project.model, tuple(input_shapes(project.dataset)))
    return {layer_id: facts.vocabularies[name] for layer_id, name in fed.items() if name in facts.vocabularies}


def bound(splits: Mapping[str, Samples], project: Project) -> dict[str, Samples]:
    """The samples under the ids of the model's Input and output layers, each Input with the array that feeds it."""
    assert project.dataset is not None
    sources = input_sources(project.model, tuple(input_shapes(project.dataset)))
    real = project.takes_turns
    return {
        name: msgspec.structs.replace(
            samples,
            inputs={layer_id: samples.inputs[source] for layer_id, source in sources.items()},
            targets=dict.fromkeys(
                project.model.outputs, np.ones(len(samples), np.int32) if real else samples.targets[TARGET]
            ),
            preparation={
                layer_id: samples.preparation.get(source, Preparation()) for layer_id, source in sources.items()
            },
        )
        for name, samples in splits.items()
    }


def catalog_of(loaded: LoadedData) -> Catalog:
    """Which samples there are, for panels."""
    labels: dict[str, Array] = {}
    for split, samples in loaded.splits.items():
        target = samples.targets[TARGET]
        labels[split] = target if target.ndim == 1 or loaded.facts.target == "tokens" else target[:, 0]
    return Catalog(
        loaded.facts,
        {split: samples.ids for split, samples in loaded.splits.items()},
        labels,
        loaded.files,
        loaded.texts,
        loaded.target_texts,
        _series(loaded),
    )


def _series(loaded: LoadedData) -> SeriesWindows | None:
    scaling = loaded.fitted.get("scaling")
    windows = {name: samples.inputs.get("series") for name, samples in loaded.splits.items()}
    if scaling is None or any(each is None for each in windows.values()):
        return None
    columns = tuple(scaling["columns"])
    target = columns.index(scaling["target"])
    return SeriesWindows(
        {name: np.asarray(each) for name, each in windows.items()},
        columns,
        target,
        scaling["horizon"],
        scaling["mean"][target],
        scaling["deviation"][target],
    )
