"""Stages of a run: first the head behind a frozen network is trained, then more and more of the network too."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from nnplayground.layers import Layer
from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.model import Block, LayerShapes, Model
from nnplayground.spec.project import Project
from nnplayground.training.events import Stage
from nnplayground.training.live import without_live_values
from nnplayground.training.progress import Progress


def next_stage(before: Project, after: Project, progress: Progress) -> Progress | None:
    """Where a run stands that goes on with another share of its Pretrained blocks being trained; else None.

    progress: where it stood. Everything but what is trained must be the same in both models.
    """
    if not progress.update or before.model == after.model:
        return None
    old, new = (without_live_values(project).model for project in (before, after))
    if with_all_frozen(old) != with_all_frozen(new) or old == new:
        return None
    what = " and ".join(
        _words(block) for block in new.blocks if isinstance(block.layer, Pretrained) and block != old.by_id[block.id]
    )
    return msgspec.structs.replace(
        progress,
        history=list(progress.history),
        live={},
        stages=[*progress.stages, Stage(progress.epoch, progress.update, what)],
    )


def with_all_frozen(model: Model) -> Model:
    """The same for models that differ in nothing but what is trained in their Pretrained blocks."""
    return msgspec.structs.replace(
        model, blocks=tuple(Block(block.id, frozen_layer(block.layer)) for block in model.blocks)
    )


def frozen_layer(layer: Layer) -> Layer:
    """A Pretrained block with nothing trained in it; any other layer as it is."""
    return msgspec.structs.replace(layer, trainable="frozen") if isinstance(layer, Pretrained) else layer


def _words(block: Block) -> str:
    layer = block.layer
    assert isinstance(layer, Pretrained)
    if layer.is_frozen:
        return f"{block.id} frozen"
    return f"{block.id} trained" if layer.trainable == "all" else f"fine-tuning from {layer.trainable}"


def unready_heads(
    model: Model, shapes: dict[str, LayerShapes], learned: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """(a Pretrained block that is trained, the layers behind it that have learned nothing); ("", ()) for none.

    learned: layers whose weights come from training. Of a block with random weights there is nothing to spoil.
    """
    for block in model.blocks:
        layer = block.layer
        if not isinstance(layer, Pretrained) or layer.is_frozen or layer.weights_from == "none":
            continue
        behind = model.downstream(block.id) - {block.id}
        unready = tuple(each for each in model.order if each in behind - set(learned) and shapes[each].parameters)
        if unready:
            return block.id, unready
    return "", ()


def unready_sentence(block_id: str, heads: tuple[str, ...]) -> str:
    names = heads[0] if len(heads) == 1 else f"{', '.join(heads[:-1])} and {heads[-1]}"
    return (
        f"{block_id} is being trained while {names} behind it {'has' if len(heads) == 1 else 'have'} learned nothing "
        f"yet, so that the first, large gradients spoil what {block_id} knows; train with it frozen first, then "
        f"fine-tune."
    )
