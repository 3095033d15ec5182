"""Two chains on one canvas: a generator that makes samples out of noise, and a discriminator that judges them."""

from __future__ import annotations

from typing import NamedTuple

from nnplayground.layers.core import Input
from nnplayground.spec.model import Model


class Chains(NamedTuple):
    """The two parts of a model, each a model of its own."""

    generator: Model
    discriminator: Model


def chains(model: Model) -> Chains | str:
    """The two chains of a model, or in one sentence why it does not have them.

    The generator begins with an Input that has a shape of its own, which is fed with noise; the discriminator with one
    that the data feeds. Nothing connects them on the canvas: training hands what the one makes to the other.
    """
    parts = _parts(model)
    generators = [part for part in parts if any(_is_noise(part, each) for each in part.inputs)]
    discriminators = [part for part in parts if part.inputs and part not in generators]
    if len(generators) != 1:
        return (
            f"There must be one generator, a chain from an Input with a shape of its own (the noise), but there are "
            f"{len(generators)}; give the Input of the chain that makes images a shape, such as 32."
        )
    if len(discriminators) != 1:
        return (
            f"There must be one discriminator, a chain from an Input that the data feeds, but there are "
            f"{len(discriminators)}; add an Input without a shape, and the layers that judge images behind it."
        )
    for name, part in (("generator", generators[0]), ("discriminator", discriminators[0])):
        if len(part.inputs) != 1 or len(part.outputs) != 1:
            return f"The {name} needs one Input and one end, but has {len(part.inputs)} and {len(part.outputs)}."
    return Chains(generators[0], discriminators[0])


def _is_noise(model: Model, layer_id: str) -> bool:
    layer = model.layer(layer_id)
    return isinstance(layer, Input) and layer.shape is not None


def _parts(model: Model) -> list[Model]:
    """The connected parts of a model, in the order of their first blocks."""
    part_of = {block.id: number for number, block in enumerate(model.blocks)}
    for wire in model.wires:
        first, second = sorted((part_of[wire.source_id], part_of[wire.target_id]))
        part_of = {layer_id: first if part == second else part for layer_id, part in part_of.items()}
    return [
        Model(
            tuple(block for block in model.blocks if part_of[block.id] == part),
            tuple(wire for wire in model.wires if part_of[wire.source_id] == part),
        )
        for part in sorted(set(part_of.values()))
    ]
