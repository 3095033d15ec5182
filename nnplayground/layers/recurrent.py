"""Layers that go through a sequence step by step and carry a state along."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta

from nnplayground.layers.activations import activation
from nnplayground.layers.base import Layer, Shape, ShapeError, WeightSpec, expect_sequence, parts
from nnplayground.layers.initializers import AnyInitializer, ForgetGateOpen
from nnplayground.layers.maths import Array, Gradients, Maths, Pass, computed
from nnplayground.layers.recurrence import (
    gru_backward,
    gru_forward,
    lstm_backward,
    lstm_forward,
    simple_backward,
    simple_forward,
)
from nnplayground.layers.recurrent_base import GateActivation, Given, Recurrent, Steps


class SimpleRNN(Recurrent, frozen=True):
    """h ← g(x W + h R + b), from step to step."""

    about: ClassVar[str] = (
        "Reads a sequence step by step: its new state comes from the input and its last state. Forgets within a few "
        "steps; LSTM and GRU remember longer."
    )

    def run(self, given: Given) -> Steps:
        steps, samples = given.steps, given.samples
        hidden, z = computed(
            partial(simple_forward, activation=activation(self.activation)),
            [(steps + 1, samples, self.units), (steps, samples, self.units)],
            self._from_input(given),
            given.weights["recurrent_kernel"],
            given.counts,
            given.kept,
            given.first,
        )
        return Steps(hidden, {"hidden": hidden[1:]}, (z,))

    def run_back(self, d_hidden: Array, went: Steps, given: Given) -> tuple[Array, Array]:
        (z,) = went.for_later
        function = partial(simple_backward, activation=activation(self.activation))
        (du,) = computed(
            function, [z.shape], d_hidden, given.weights["recurrent_kernel"], given.counts, given.kept, went.hidden, z
        )
        return du, du


class LSTM(Recurrent, frozen=True):
    """Long short-term memory; the equations are at `recurrence.lstm_forward`."""

    about: ClassVar[str] = (
        "Reads a sequence step by step and keeps a cell for what is worth remembering; three gates decide what is "
        "written into it, kept and shown."
    )
    gate_count: ClassVar[int] = 4
    state_count: ClassVar[int] = 2

    recurrent_activation: GateActivation = "sigmoid"
    unit_forget_bias: Annotated[
        bool,
        Meta(
            title="Unit forget bias",
            description="Starts the biases of the forget gate at 1, so that the cell remembers at first.",
        ),
    ] = True

    def _first_bias(self) -> AnyInitializer:
        return ForgetGateOpen(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer

    def run(self, given: Given) -> Steps:
        steps, samples = given.steps, given.samples
        states, each = (steps + 1, samples, self.units), (steps, samples, self.units)
        every = (steps, samples, 4 * self.units)
        hidden, cell, shown, z, gates = computed(
            partial(lstm_forward, activation=activation(self.activation), gate=activation(self.recurrent_activation)),
            [states, states, each, every, every],
            self._from_input(given),
            given.weights["recurrent_kernel"],
            given.counts,
            given.kept,
            given.first,
        )
        names = ("input_gate", "forget_gate", "candidate", "output_gate")
        looked_into = {"hidden": hidden[1:], "cell": cell[1:], **_side_by_side(gates, names, self.units)}
        return Steps(hidden, looked_into, (cell, shown, z, gates))

    def run_back(self, d_hidden: Array, went: Steps, given: Given) -> tuple[Array, Array]:
        _, _, z, _ = went.for_later
        function = partial(
            lstm_backward, activation=activation(self.activation), gate=activation(self.recurrent_activation)
        )
        recurrent = given.weights["recurrent_kernel"]
        (du,) = computed(function, [z.shape], d_hidden, recurrent, given.counts, given.kept, *went.for_later)
        return du, du

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.LSTM(
            self.units,
            recurrent_activation=self.recurrent_activation,
            unit_forget_bias=self.unit_forget_bias,
            **self._keras_parameters(keras, name=name, seed=seed),
        )


class GRU(Recurrent, frozen=True):
    """Gated recurrent unit; the equations are at `recurrence.gru_forward`."""

    about: ClassVar[str] = (
        "Reads a sequence step by step like an LSTM, with two gates and no separate cell: fewer weights, often as good."
    )
    gate_count: ClassVar[int] = 3

    recurrent_activation: GateActivation = "sigmoid"
    reset_after: Annotated[
        bool,
        Meta(
            title="Reset after",
            description="Applies the reset gate after the product with the state, which then has a bias of its own.",
        ),
    ] = True

    @property
    def _bias_shape(self) -> Shape:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self, bias: Array) -> Array:
        return bias[0] if self.reset_after else bias

    def run(self, given: Given) -> Steps:
        steps, samples = given.steps, given.samples
        every = (steps, samples, 3 * self.units)
        hidden, inner, before, gates = computed(
            partial(
                gru_forward,
                activation=activation(self.activation),
                gate=activation(self.recurrent_activation),
                reset_after=self.reset_after,
            ),
            [(steps + 1, samples, self.units), every, every, every],
            self._from_input(given),
            given.weights["recurrent_kernel"],
            given.weights["bias"][1] if self.use_bias and self.reset_after else None,
            given.counts,
            given.kept,
            given.first,
        )
        names = ("update_gate", "reset_gate", "candidate")
        looked_into = {"hidden": hidden[1:], **_side_by_side(gates, names, self.units)}
        return Steps(hidden, looked_into, (inner, before, gates))

    def run_back(self, d_hidden: Array, went: Steps, given: Given) -> tuple[Array, Array]:
        _, before, _ = went.for_later
        function = partial(
            gru_backward,
            activation=activation(self.activation),
            gate=activation(self.recurrent_activation),
            reset_after=self.reset_after,
        )
        du, d_recurrent = computed(
            function,
            [before.shape, before.shape],
            d_hidden,
            given.weights["recurrent_kernel"],
            given.counts,
            given.kept,
            went.hidden,
            *went.for_later,
        )
        return du, d_recurrent

    def _d_recurrent(self, earlier: Array, d_recurrent: Array, went: Steps) -> Array:
        if self.reset_after:
            return super()._d_recurrent(earlier, d_recurrent, went)
        # The candidate saw r · h.
        gates, units = 2 * self.units, self.units
        reset = went.looked_into["reset_gate"] * earlier
        return np.concatenate(
            [
                earlier.reshape(-1, units).T @ d_recurrent[:, :, :gates].reshape(-1, gates),
                reset.reshape(-1, units).T @ d_recurrent[:, :, gates:].reshape(-1, units),
            ],
            axis=1,
        )

    def _d_bias(self, du: Array, d_recurrent: Array) -> Array:
        if not self.reset_after:
            return du.sum(axis=0)
        width = 3 * self.units
        both = [du.sum(axis=0).reshape(1, width), d_recurrent.reshape(-1, width).sum(axis=0).reshape(1, width)]
        return np.concatenate(both, axis=0)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.GRU(
            self.units,
            recurrent_activation=self.recurrent_activation,
            reset_after=self.reset_after,
            **self._keras_parameters(keras, name=name, seed=seed),
        )


def _side_by_side(gates: Array, names: tuple[str, ...], units: int) -> dict[str, Array]:
    return {name: gates[:, :, place * units : (place + 1) * units] for place, name in enumerate(names)}


RecurrentLayer = SimpleRNN | LSTM | GRU

_MERGES = {"concat": "side by side", "sum": "sum", "mul": "product", "ave": "mean"}


class Bidirectional(Layer, frozen=True):
    """Two copies of a recurrent layer, one of which reads the sequence from its end."""

    family: ClassVar[str] = "sequence"
    about: ClassVar[str] = (
        "Reads a sequence with two copies of a recurrent layer, from the beginning and from the end, so that each step "
        "knows what comes before and after it."
    )
    essential: ClassVar[tuple[str, ...]] = ("layer", "merge_mode")

    layer: Annotated[
        RecurrentLayer, Meta(title="Layer", description="The recurrent layer that reads in both directions.")
    ] = LSTM()
    merge_mode: Annotated[
        Literal["concat", "sum", "mul", "ave"],
        Meta(
            title="Merge mode", description="How both readings become one: side by side, or their sum, product, mean."
        ),
    ] = "concat"

    @property
    def draws(self) -> bool:
        return self.layer.draws

    @property
    def directions(self) -> dict[str, RecurrentLayer]:
        """The two copies, by the first part of the names of their weights."""
        return {"forward": self.layer, "backward": msgspec.structs.replace(self.layer, go_backwards=True)}

    def output_shape(self, *inputs: Shape) -> Shape:
        expect_sequence(self.type, inputs)
        if self.layer.go_backwards:
            raise ShapeError(
                "Bidirectional reads in both directions by itself; turn off go backwards of the layer inside it."
            )
        *steps, units = self.layer.output_shape(*inputs)
        return (*steps, 2 * units if self.merge_mode == "concat" else units)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        return tuple(
            spec._replace(name=f"{direction}_{spec.name}")
            for direction, layer in self.directions.items()
            for spec in layer.weights(*inputs)
        )

    def regularizer_name(self, weight: str) -> str:
        return f"layer.{self.layer.regularizer_name(weight.partition('_')[2])}"

    def bare(self) -> Bidirectional:
        return msgspec.structs.replace(self, layer=self.layer.bare())

    def without_chance(self) -> Bidirectional:
        return msgspec.structs.replace(self, layer=self.layer.without_chance())

    def caption(self) -> str:
        merged = _MERGES[self.merge_mode] if self.merge_mode != "concat" else None
        return parts(self.layer.type, self.layer.caption(), merged)

    def explain(self, *inputs: Shape) -> str:
        return f"{self.parameter_count(*inputs):,} parameters = 2 · {self.layer.parameter_count(*inputs):,}"

    def working_values(self, *inputs: Shape) -> int:
        return 2 * self.layer.working_values(*inputs)

    def mask(self, inputs: tuple[Array, ...], masks: tuple[Array | None, ...]) -> Array | None:
        return self.layer.mask(inputs, masks)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """F reads forward, B backward, and each step of B is put where it belongs; then Z is both side by side, F + B,
        F · B or (F + B) / 2. In a sequence, steps that do not count are 0.
        """
        each = {
            direction: layer.maths(inputs, weights_of(weights, direction), now)
            for direction, layer in self.directions.items()
        }
        sequence, units = self.layer.return_sequences, self.layer.units
        counts = now.mask[:, :, np.newaxis] if sequence and now.mask is not None else None

        def counted_only(values: Array) -> Array:
            return values if counts is None else values * counts

        def turned(values: Array) -> Array:
            return values[:, ::-1] if sequence else values

        f, b = counted_only(each["forward"].before), counted_only(turned(each["backward"].before))

        def backward(dz: Array) -> Gradients:
            if self.merge_mode == "concat":
                df, db = dz[..., :units], dz[..., units:]
            elif self.merge_mode == "mul":
                df, db = dz * b, dz * f
            else:
                df = db = dz * 0.5 if self.merge_mode == "ave" else dz
            flows = {
                "forward": each["forward"].backward(counted_only(df)),
                "backward": each["backward"].backward(turned(counted_only(db))),
            }
            gradients = {
                f"{direction}_{name}": gradient
                for direction, flow in flows.items()
                for name, gradient in flow.weights.items()
            }
            return Gradients((flows["forward"].inputs[0] + flows["backward"].inputs[0],), gradients)

        match self.merge_mode:
            case "concat":
                z = np.concatenate([f, b], axis=f.ndim - 1)
            case "mul":
                z = f * b
            case "ave":
                z = (f + b) * 0.5
            case _:
                z = f + b
        return Maths(z, backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        # Keras would copy the seeds of the layer too, and both would start with the same weights.
        forward, backward = (
            layer.to_keras(keras, name=f"{direction}_{name}", seed=seed + 7 * number)
            for number, (direction, layer) in enumerate(self.directions.items())
        )
        return keras.layers.Bidirectional(forward, merge_mode=self.merge_mode, backward_layer=backward, name=name)


def weights_of(weights: Mapping[str, Array], direction: str) -> dict[str, Array]:
    """The weights of one direction, by their names in the layer inside."""
    prefix = f"{direction}_"
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def gates(
    layer: Layer,
    weights: Mapping[str, Array],
    inputs: Array,
    mask: Array | None = None,
    initial_state: Array | None = None,
) -> dict[str, Array]:
    """What happens inside a recurrent layer at each step, as when the model is used: (n, steps, units) by name.

    hidden is the state after each step, whether or not the layer returns them all; beside it an LSTM has cell,
    input_gate, forget_gate, candidate and output_gate, and a GRU update_gate, reset_gate and candidate. Of a
    Bidirectional layer, each name begins with forward_ or backward_. Steps are in the order of the input, also where
    the layer goes backwards.

    weights: by the names that the layer declares, as both engines give them. inputs: (n, steps, channels). mask: (n,
    steps), 1 where a step counts; elsewhere the state stays what it was. initial_state: (n, states, units), as it
    arrives at the port of that name. Raises TypeError for a layer of another kind.
    """
    if isinstance(layer, Bidirectional):
        return {
            f"{direction}_{name}": values
            for direction, each in layer.directions.items()
            for name, values in gates(each, weights_of(weights, direction), inputs, mask).items()
        }
    if not isinstance(layer, SimpleRNN | LSTM | GRU):
        raise TypeError(f"{layer.type} has no steps to look into.")
    first = None if initial_state is None else initial_state.transpose(1, 0, 2)
    went = layer.run(layer.given(inputs, weights, mask=mask, first=first))
    return {name: layer.in_order(values.transpose(1, 0, 2)) for name, values in went.looked_into.items()}
