"""The maths of every layer as a program, and within a model: what the battery of plain arrays does not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.engine.scratch.compiler import Room, compiled
from nnplayground.engine.scratch.recorder import Recorder, run
from nnplayground.layers.maths import Array, Pass
from tests.unit.layers.cases import CASES, Case, Numbers, numbers


def _results(given: Numbers) -> dict[str, Any]:
    maths = given.maths()
    gradients = maths.backward(given.dz)
    inputs = {f"input {number}": gradient for number, gradient in enumerate(gradients.inputs)}
    return {"before": maths.before, **inputs, **gradients.weights, **maths.following}


class Program:
    """The maths of a case on arrays that are filled later."""

    def __init__(self, case: Case, room: Room, *, dtype: Any) -> None:
        shapes = numbers(case, dtype)
        self._places = {name: np.zeros_like(array) for name, array in _named(shapes).items()}
        recorder = Recorder(dtype)
        recorded: dict[str, Any] = {name: recorder.array(place) for name, place in self._places.items()}
        count = len(case.inputs)

        def filled(operands: Any, out: Array) -> Any:
            return (lambda: np.copyto(out, shapes.now().uniform(out.shape))), ()

        now = Pass(
            True,
            lambda shape: recorder.add(shape, [], filled),  # type: ignore[arg-type, return-value]
            lambda name: recorder.constant(getattr(case.layer, name)),  # type: ignore[arg-type, return-value]
            (recorded.get("mask"), *(None for _ in case.inputs[1:])),
        )
        maths = case.layer.maths(tuple(recorded[str(number)] for number in range(count)), recorded, now)
        assert maths is not None
        gradients = maths.backward(recorded["dz"])
        values: dict[str, Any] = {"before": maths.before}
        values |= {f"input {number}": gradient for number, gradient in enumerate(gradients.inputs)}
        values |= {**gradients.weights, **maths.following}
        self.found = {name: np.zeros(value.shape, dtype) for name, value in values.items()}
        for name, value in values.items():
            recorder.store(value, self.found[name])
        self._calls = compiled(recorder, room).each

    def run(self, given: Numbers) -> None:
        for name, array in _named(given).items():
            self._places[name][...] = array
        run(self._calls)


def _named(given: Numbers) -> dict[str, Array]:
    inputs = {str(number): array for number, array in enumerate(given.inputs)}
    mask = {} if given.mask is None else {"mask": given.mask}
    return {**inputs, **given.weights, **mask, "dz": given.dz}


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_every_layer_computes_as_a_program_what_it_computes_at_once(dtype: Any, tolerance: float) -> None:
    """All programs share their memory, as the batches of a training do."""
    room = Room()
    programs = {case: Program(case, room, dtype=dtype) for case in CASES}
    for case, program in [*programs.items(), *programs.items()]:
        program.run(numbers(case, dtype))
    for case, program in programs.items():
        expected = _results(numbers(case, dtype))
        assert program.found.keys() == expected.keys()
        for name, value in expected.items():
            difference = np.linalg.norm(program.found[name] - value)
            # The bias of the keys in an attention has no gradient but rounding.
            size = max(np.linalg.norm(value), 1 if name == "key_bias" else 0)
            assert difference <= tolerance * size, f"{name} of {case} differs by {difference:.2g}"
