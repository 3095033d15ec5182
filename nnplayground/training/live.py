"""The numbers of a project that can be changed while it trains, by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from nnplayground.layers import Layer
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.spec.model import Block
from nnplayground.spec.project import Project

_OPTIMIZER_NUMBERS = ("learning_rate", "momentum")


def live_values(project: Project) -> dict[str, float]:
    """Every live number: learning rate and momentum, clipping limits, dropout rates, strengths of regularizers."""
    return dict(_values(project))


def _values(project: Project) -> Iterator[tuple[str, float]]:
    training = project.training
    for name in _OPTIMIZER_NUMBERS:
        value = getattr(training.optimizer, name, None)
        if value is not None:
            yield f"training.optimizer.{name}", value
    for name in training.clip.__struct_fields__:
        limit = getattr(training.clip, name)
        if limit is not None:
            yield f"training.clip.{name}", limit
    for block in project.model.blocks:
        yield from _layer_values(f"model.{block.id}", block.layer)


def _layer_values(path: str, layer: Layer) -> Iterator[tuple[str, float]]:
    """Those of a layer, and of one inside it."""
    if isinstance(layer, Dropout):
        yield f"{path}.rate", layer.rate
    for name in layer.__struct_fields__:
        value = getattr(layer, name)
        if isinstance(value, L1 | L2 | L1L2):
            for strength in value.__struct_fields__:
                yield f"{path}.{name}.{strength}", getattr(value, strength)
        elif isinstance(value, Layer):
            yield from _layer_values(f"{path}.{name}", value)


def live_changes(before: Project, after: Project) -> Mapping[str, float]:
    """The live numbers that differ between two projects and exist in both."""
    old, new = live_values(before), live_values(after)
    changed = {path: value for path, value in new.items() if path in old and old[path] != value}
    if type(before.training.optimizer) is not type(after.training.optimizer):
        # Another optimizer comes with the next run; its rate is not meant for the one that is at work.
        changed = {path: value for path, value in changed.items() if not path.startswith("training.optimizer.")}
    return {path: value for path, value in changed.items() if _same_kind(before, after, path)}


def _same_kind(before: Project, after: Project, path: str) -> bool:
    """Whether a number belongs to the same type of layer and, if so, of regularizer: others come with the next run."""
    head, *names = path.split(".")
    if head != "model":
        return True
    old, new = (project.model.layer(names[0]) for project in (before, after))
    return type(old) is type(new) and type(getattr(old, names[1])) is type(getattr(new, names[1]))


def without_live_values(project: Project) -> Project:
    """The project with its live numbers set to one value: equal for two projects that need the same engine."""
    training = project.training
    optimizer = msgspec.structs.replace(
        training.optimizer,
        **{name: 0.0 for name in _OPTIMIZER_NUMBERS if name in training.optimizer.__struct_fields__},
    )
    clip = msgspec.structs.replace(
        training.clip,
        **{name: 1.0 for name in training.clip.__struct_fields__ if getattr(training.clip, name) is not None},
    )
    blocks = tuple(Block(block.id, still_layer(block.layer)) for block in project.model.blocks)
    return msgspec.structs.replace(
        project,
        model=msgspec.structs.replace(project.model, blocks=blocks),
        training=msgspec.structs.replace(training, optimizer=optimizer, clip=clip),
    )


def still_layer(layer: Layer) -> Layer:
    """The layer with its live numbers set to one value."""
    changes: dict[str, object] = {}
    if isinstance(layer, Dropout):
        changes["rate"] = 0.5
    for name in layer.__struct_fields__:
        value = getattr(layer, name)
        if isinstance(value, L1 | L2 | L1L2):
            changes[name] = type(value)()
        elif isinstance(value, Layer):
            changes[name] = still_layer(value)
    return msgspec.structs.replace(layer, **changes) if changes else layer
