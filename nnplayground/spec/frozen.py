"""Which part of a model gives the same for a sample whatever training does, so that it need be computed only once.

A layer belongs to it that has nothing to learn (Flatten, pooling, Rescaling; a `Pretrained` block that is frozen), does
nothing at random, and receives from such layers only. A Pretrained block that is trained from an inner layer on belongs
to it with the inner layers before that one. `nnplayground.engine.keras.pretrained` runs these by themselves.
"""

from __future__ import annotations

from typing import NamedTuple

from nnplayground.layers import Layer
from nnplayground.layers.core import Input
from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.model import LayerShapes, Model
from nnplayground.spec.project import Project


class FrozenPart(NamedTuple):
    """whole: ids of the layers that belong to it, in the model's order, Inputs included.

    opened: ids of Pretrained blocks behind it whose first inner layers belong to it too.
    """

    whole: tuple[str, ...]
    opened: tuple[str, ...]


def frozen_part(model: Model, shapes: dict[str, LayerShapes]) -> FrozenPart:
    """The part of a model that is the same for a sample at every update. shapes: of the model's layers."""
    whole: list[str] = []
    opened: list[str] = []
    for layer_id in model.order:
        layer = model.layer(layer_id)
        if not set(model.sources(layer_id)) <= set(whole):
            continue
        if isinstance(layer, Input) or _is_fixed(layer, shapes[layer_id]):
            whole.append(layer_id)
        elif isinstance(layer, Pretrained) and _begins_frozen(layer, shapes[layer_id]):
            opened.append(layer_id)
    return FrozenPart(tuple(whole), tuple(opened))


class Extraction(NamedTuple):
    """Whether the output of the frozen part may be computed once for each sample. reason: why (not), one sentence."""

    on: bool
    reason: str


def feature_extraction(project: Project, shapes: dict[str, LayerShapes]) -> Extraction | None:
    """What becomes of the frozen part in training; None where there is no Pretrained block to be frozen.

    It pays where a Pretrained block is in it: all else that has nothing to learn costs next to nothing.
    """
    model = project.model
    blocks = [block.id for block in model.blocks if isinstance(block.layer, Pretrained)]
    if not blocks or any(shapes[block_id].output is None for block_id in blocks):
        return None
    part = frozen_part(model, shapes)
    inside = [block_id for block_id in blocks if block_id in part.whole or block_id in part.opened]
    if project.takes_turns:
        return Extraction(False, "Its pictures are made anew at every update, so nothing of it can be kept.")
    if not inside:
        return Extraction(False, _why_not(project, blocks[0], part))
    if isinstance(project.dataset, ImageFolder) and project.dataset.augmentation:
        return Extraction(
            False,
            "The augmentation changes the pictures anew in every epoch, so the frozen part has to be computed each "
            "time; without augmentation it would be computed only once.",
        )
    if any(output in part.whole for output in model.outputs):
        return Extraction(False, "Nothing in the model is trained.")
    ends = " and ".join(_end(model, block_id, part) for block_id in inside)
    return Extraction(
        True,
        f"The frozen part, up to {ends}, is computed once for each picture and kept on this computer; then an epoch "
        f"costs only what is behind it.",
    )


def _end(model: Model, block_id: str, part: FrozenPart) -> str:
    layer = model.layer(block_id)
    if isinstance(layer, Pretrained) and block_id in part.opened:
        return f"{layer.trainable} in {block_id}"
    return block_id


def _why_not(project: Project, block_id: str, part: FrozenPart) -> str:
    """Why a block does not belong to the frozen part, nor does anything in it."""
    model = project.model
    layer = model.layer(block_id)
    assert isinstance(layer, Pretrained)
    if not layer.is_frozen and set(model.sources(block_id)) <= set(part.whole):
        return f"{block_id} is trained from its beginning, so all of it is computed at every update."
    before = next(each for each in model.order if block_id in model.downstream(each) and each not in part.whole)
    if model.layer(before).training_only:
        return (
            f"{before} changes its input at random in every epoch, so {block_id} behind it has to be computed each "
            f"time; without {before} it would be computed only once."
        )
    return f"{before} comes before it and is trained, so {block_id} is computed at every update."


def frozen_blocks(model: Model) -> frozenset[str]:
    """Ids of the Pretrained blocks that training leaves as they are."""
    return frozenset(
        block.id for block in model.blocks if isinstance(block.layer, Pretrained) and block.layer.is_frozen
    )


def inner_ids(model: Model, shapes: dict[str, LayerShapes]) -> tuple[str, ...]:
    """Ids of all layers inside Pretrained blocks that work: vgg16_1/block5_conv1."""
    return tuple(
        f"{block.id}/{inner.name}"
        for block in model.blocks
        if isinstance(block.layer, Pretrained) and shapes[block.id].output is not None
        for inner in block.layer.inner(*shapes[block.id].inputs)
    )


def _begins_frozen(layer: Pretrained, shapes: LayerShapes) -> bool:
    """Whether there is something to compute in a block before what is trained in it."""
    if shapes.output is None or layer.trainable == "all":
        return False
    return any(each.shape.parameters and not each.trained for each in layer.inner(*shapes.inputs))


def _is_fixed(layer: Layer, shapes: LayerShapes) -> bool:
    if shapes.output is None or layer.training_only or layer.mixes_samples:
        return False
    if isinstance(layer, Pretrained):
        return layer.is_frozen
    return not shapes.parameters
