"""The two chains of a model whose objective is adversarial."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nnplayground.layers.base import Layer
from nnplayground.layers.core import Dense, Flatten, Input, Reshape
from nnplayground.spec.adversarial import Chains, chains
from nnplayground.spec.model import Block, Model, Wire

GENERATOR = (("noise", Input(shape=(4,))), ("making", Dense(units=4)), ("made", Reshape(target_shape=(2, 2, 1))))
DISCRIMINATOR = (("image", Input()), ("row", Flatten()), ("verdict", Dense(units=1, activation="sigmoid")))


def model(*parts: tuple[tuple[str, Layer], ...]) -> Model:
    """Chains beside each other."""
    blocks = [Block(name, layer) for part in parts for name, layer in part]
    wires = [Wire(first[0], second[0]) for part in parts for first, second in pairwise(part)]
    return Model(tuple(blocks), tuple(wires))


def ids(part: Model) -> tuple[str, ...]:
    return tuple(part.by_id)


@pytest.mark.parametrize("parts", [(GENERATOR, DISCRIMINATOR), (DISCRIMINATOR, GENERATOR)])
def test_the_noise_tells_which_of_two_chains_is_the_generator(parts: tuple[tuple[tuple[str, Layer], ...], ...]) -> None:
    found = chains(model(*parts))
    assert isinstance(found, Chains)
    assert ids(found.generator) == ("noise", "making", "made")
    assert ids(found.discriminator) == ("image", "row", "verdict")
    assert found.generator.wires == (Wire("noise", "making"), Wire("making", "made"))


def test_what_is_missing_is_named() -> None:
    assert "one generator" in str(chains(model(DISCRIMINATOR)))
    assert "one discriminator" in str(chains(model(GENERATOR)))
    assert "one generator" in str(chains(Model()))
    two = (("noise_2", Input(shape=(4,))), ("more", Dense(units=4)))
    assert "there are 2" in str(chains(model(GENERATOR, DISCRIMINATOR, two)))


def test_chains_that_are_wired_together_are_one() -> None:
    joined = model(GENERATOR, DISCRIMINATOR)
    joined = Model(joined.blocks, (*joined.wires, Wire("made", "row")))
    assert "one discriminator" in str(chains(joined))


def test_a_chain_with_two_ends_is_no_chain() -> None:
    forked = model(GENERATOR, (*DISCRIMINATOR, ("more", Dense(units=1))))
    forked = Model(forked.blocks, (*forked.wires[:-1], Wire("row", "more")))
    assert "The discriminator needs one Input and one end, but has 1 and 2" in str(chains(forked))
