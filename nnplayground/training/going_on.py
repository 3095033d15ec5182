"""What of a trained model goes on after an edit, and what starts anew."""

from __future__ import annotations

import msgspec

from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block
from nnplayground.spec.project import Project, project_shapes
from nnplayground.spec.training import Training
from nnplayground.training.live import still_layer, without_live_values
from nnplayground.training.stages import frozen_layer


def engine_relevant(project: Project) -> Project:
    """The project without what an engine does not ask for when it is built."""
    still = without_live_values(project)
    neutral = Training()
    training = msgspec.structs.replace(
        still.training,
        schedule=neutral.schedule,
        batch_size=neutral.batch_size,
        epochs=neutral.epochs,
        early_stopping=neutral.early_stopping,
    )
    return msgspec.structs.replace(still, training=training)


def transfer(before: Project, after: Project, facts: DataFacts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(layers that keep their weights, layers that start anew): kept is what is untouched and gets the same shapes."""
    old, new = project_shapes(before, facts), project_shapes(after, facts)
    kept: list[str] = []
    anew: list[str] = []
    for block in after.model.blocks:
        if not new[block.id].parameters:
            continue
        untouched = _same_weights(before.model.by_id.get(block.id), block)
        if untouched and old[block.id].inputs == new[block.id].inputs:
            kept.append(block.id)
        else:
            anew.append(block.id)
    return tuple(kept), tuple(anew)


def _same_weights(before: Block | None, after: Block) -> bool:
    """Whether the layer is the same; how much of a Pretrained block is trained makes no difference."""
    return before is not None and frozen_layer(still_layer(before.layer)) == frozen_layer(still_layer(after.layer))
