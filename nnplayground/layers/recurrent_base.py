"""What all recurrent layers have in common: parameters, shapes, weights, and what lies around their loop over steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from msgspec import Meta

from nnplayground.layers import initializers, regularizers
from nnplayground.layers.base import (
    Layer,
    Shape,
    ShapeError,
    WeightSpec,
    counted,
    expect_sequence,
    parts,
    shape_text,
    shown_regularizer,
)
from nnplayground.layers.initializers import AnyInitializer, RecurrentInitializer
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.parameters import (
    BiasInitializer,
    BiasRegularizer,
    KernelInitializer,
    KernelRegularizer,
    Units,
    UseBias,
)
from nnplayground.layers.regularizers import Regularizer

StepActivation = Literal[
    "linear",
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "softmax",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "hard_sigmoid",
]
InnerActivation = Annotated[
    StepActivation,
    Meta(title="Activation", description="What is applied at every step; tanh keeps the state between −1 and 1."),
]
GateActivation = Annotated[
    Literal["sigmoid", "hard_sigmoid", "tanh", "relu", "linear"],
    Meta(
        title="Recurrent activation",
        description="What opens and closes the gates; a sigmoid gives a share between 0 and 1.",
    ),
]
ReturnSequences = Annotated[
    bool,
    Meta(
        title="Return sequences",
        description="Gives the state after every step, which another recurrent layer needs; else only the last one.",
    ),
]
GoBackwards = Annotated[
    bool, Meta(title="Go backwards", description="Reads the sequence from its end, and gives it out reversed.")
]
InputDropout = Annotated[
    float,
    Meta(
        title="Dropout",
        description="The share of input channels that are dropped at each update, the same ones at every step.",
        ge=0,
        le=0.99,
    ),
]
RecurrentDropout = Annotated[
    float,
    Meta(
        title="Recurrent dropout",
        description="The share of the state that is dropped on its way to the next step; slow in the Keras engine.",
        ge=0,
        le=0.99,
    ),
]
RecurrentInitializerParameter = Annotated[
    RecurrentInitializer,
    Meta(
        title="Recurrent initializer",
        description="How the weights from state to state start; orthogonal ones keep its size over many steps.",
    ),
]
RecurrentRegularizer = Annotated[
    Regularizer | None,
    Meta(title="Recurrent regularizer", description="A penalty on large weights from the state to the next state."),
]


class Given(NamedTuple):
    """What a recurrent layer goes through. rows: (T · n, channels), the inputs of all steps; counts, kept and first: as
    in `recurrence`.
    """

    rows: Array
    steps: int
    samples: int
    weights: Mapping[str, Array]
    counts: Array | None
    kept: Array | None
    first: Array | None


class Steps(NamedTuple):
    """All steps of a recurrent layer, by step first. T: steps, u: units; states: (T + 1, n, u), 0 before the first.

    looked_into: what is worth seeing at each step, by name, (T, n, u) each. for_later: what the way back needs.
    """

    hidden: Array
    looked_into: Mapping[str, Array]
    for_later: tuple[Array, ...]


class Recurrent(Layer, frozen=True):
    family: ClassVar[str] = "sequence"
    essential: ClassVar[tuple[str, ...]] = ("units", "return_sequences", "dropout", "recurrent_dropout")
    activates_inside: ClassVar[bool] = True
    output_ports: ClassVar[tuple[str, ...]] = ("states",)
    input_ports: ClassVar[tuple[str, ...]] = ("initial_state",)
    gate_count: ClassVar[int] = 1
    """How many values are computed of each input for a unit: gates, and what they let pass."""
    state_count: ClassVar[int] = 1
    """How many values a unit carries from step to step."""

    units: Units = 32
    activation: InnerActivation = "tanh"
    return_sequences: ReturnSequences = False
    go_backwards: GoBackwards = False
    dropout: InputDropout = 0.0
    recurrent_dropout: RecurrentDropout = 0.0
    use_bias: UseBias = True
    kernel_initializer: KernelInitializer = "glorot_uniform"
    recurrent_initializer: RecurrentInitializerParameter = "orthogonal"
    bias_initializer: BiasInitializer = "zeros"
    kernel_regularizer: KernelRegularizer = None
    recurrent_regularizer: RecurrentRegularizer = None
    bias_regularizer: BiasRegularizer = None

    @property
    def draws(self) -> bool:
        return self.dropout > 0 or self.recurrent_dropout > 0

    def output_shape(self, *inputs: Shape) -> Shape:
        steps, _ = expect_sequence(self.type, inputs)
        return (steps, self.units) if self.return_sequences else (self.units,)

    def port_shape(self, port: str, *inputs: Shape) -> Shape:
        """The state after the last step: h, and for an LSTM its cell c behind it."""
        return self.state_count, self.units

    def check_port(self, port: str, shape: Shape, *inputs: Shape) -> None:
        expected = (self.state_count, self.units)
        if shape == expected:
            return
        if len(shape) == 2 and shape[0] != self.state_count:
            raise ShapeError(
                f"The initial state of {self.type} is {counted(expected[0], 'row')} of values, but {shape[0]} arrive; "
                f"take it from a layer of the same type."
            )
        raise ShapeError(
            f"The initial state of {self.type} must be {shape_text(expected)}, but receives {shape_text(shape)}; give "
            f"both layers the same number of units."
        )

    @property
    def _bias_shape(self) -> Shape:
        return (self.gate_count * self.units,)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        width = self.gate_count * self.units
        kernel = WeightSpec("kernel", (inputs[0][-1], width), self.kernel_initializer, self.kernel_regularizer)
        recurrent = WeightSpec(
            "recurrent_kernel", (self.units, width), self.recurrent_initializer, self.recurrent_regularizer
        )
        if not self.use_bias:
            return kernel, recurrent
        return kernel, recurrent, WeightSpec("bias", self._bias_shape, self._first_bias(), self.bias_regularizer)

    def _first_bias(self) -> AnyInitializer:
        return self.bias_initializer

    def regularizer_name(self, weight: str) -> str:
        return super().regularizer_name("recurrent" if weight == "recurrent_kernel" else weight)

    def caption(self) -> str:
        return parts(
            counted(self.units, "unit"),
            self.activation if self.activation != "tanh" else None,
            "sequence" if self.return_sequences else None,
            "backwards" if self.go_backwards else None,
            f"dropout {self.dropout:g}" if self.dropout else None,
            f"recurrent dropout {self.recurrent_dropout:g}" if self.recurrent_dropout else None,
            shown_regularizer(self.kernel_regularizer),
        )

    def explain(self, *inputs: Shape) -> str:
        biases = sum(spec.size for spec in self.weights(*inputs)[2:]) // (self.gate_count * self.units)
        added = f" + {biases}" if biases else ""
        times = f"{self.gate_count} · " if self.gate_count > 1 else ""
        return (
            f"{self.parameter_count(*inputs):,} parameters = {times}({inputs[0][-1]:,} + {self.units:,}{added}) · "
            f"{self.units:,}, the same at each of {counted(inputs[0][0], 'step')}"
        )

    def working_values(self, *inputs: Shape) -> int:
        steps, channels = inputs[0]
        return steps * (channels + (3 * self.gate_count + 2 * self.state_count + 1) * self.units)

    def mask(self, inputs: tuple[Array, ...], masks: tuple[Array | None, ...]) -> Array | None:
        return masks[0] if self.return_sequences and masks else None

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """x W + b of all steps is one product; what goes from step to step is in `recurrence`, as are its equations.

        There, the derivative dU by x W + b of every step is found, from the last step to the first (backpropagation
        through time). Then, over all steps and samples, dW = Xᵀ dU, db = Σ dU, dX = dU Wᵀ, and dR = Hᵀ dU with the
        state H before each step. While training, dropout multiplies the input, and the state before R, by 0 for what
        is dropped and else by 1 / (1 − rate), the same at every step of a sample.
        """
        (x,) = inputs
        input_kept = _kept(now, self.dropout, (len(x), 1, x.shape[2]))
        state_kept = _kept(now, self.recurrent_dropout, (len(x), self.units))
        given = self.given(x if input_kept is None else x * input_kept, weights, mask=now.mask, kept=state_kept)
        went = self.run(given)
        hidden = went.hidden

        def backward(dz: Array) -> Gradients:
            d_hidden = dz.transpose(1, 0, 2) if self.return_sequences else dz.reshape(1, *dz.shape)
            d_input, d_recurrent = self.run_back(d_hidden, went, given)
            du = d_input.reshape(-1, self.gate_count * self.units)
            earlier = hidden[:-1] if state_kept is None else hidden[:-1] * state_kept
            gradients = {
                "kernel": given.rows.T @ du,
                "recurrent_kernel": self._d_recurrent(earlier, d_recurrent, went),
            }
            if self.use_bias:
                gradients["bias"] = self._d_bias(du, d_recurrent)
            dx = (du @ weights["kernel"].T).reshape(given.steps, given.samples, x.shape[2])
            dx = self.in_order(dx.transpose(1, 0, 2))
            return Gradients((dx if input_kept is None else dx * input_kept,), gradients)

        return Maths(hidden[1:].transpose(1, 0, 2) if self.return_sequences else hidden[-1], backward)

    def given(
        self,
        x: Array,
        weights: Mapping[str, Array],
        *,
        mask: Array | None,
        kept: Array | None = None,
        first: Array | None = None,
    ) -> Given:
        """x: (n, steps, channels), mask: (n, steps)."""
        samples, steps, channels = x.shape
        rows = self.in_order(x).transpose(1, 0, 2).reshape(steps * samples, channels)
        counts = None if mask is None else self.in_order(mask).T.reshape(steps, samples, 1)
        return Given(rows, steps, samples, weights, counts, kept, first)

    def in_order(self, sequence: Array) -> Array:
        """(batch, steps, …), in the order in which the layer goes through it, and back again."""
        return sequence[:, ::-1] if self.go_backwards else sequence

    def run(self, given: Given) -> Steps:
        """From the first step to the last."""
        raise NotImplementedError

    def run_back(self, d_hidden: Array, went: Steps, given: Given) -> tuple[Array, Array]:
        """The derivatives by x W + b and by h R (+ b′), (T, n, gates · u) each."""
        raise NotImplementedError

    def _from_input(self, given: Given) -> Array:
        """x W + b: (T, n, gates · u)."""
        product = given.rows @ given.weights["kernel"]
        if self.use_bias:
            product = product + self._input_bias(given.weights["bias"])
        return product.reshape(given.steps, given.samples, self.gate_count * self.units)

    def _input_bias(self, bias: Array) -> Array:
        return bias

    def _d_recurrent(self, earlier: Array, d_recurrent: Array, went: Steps) -> Array:
        """earlier: (T, n, u), the state before each step, as R sees it."""
        width = self.gate_count * self.units
        return earlier.reshape(-1, self.units).T @ d_recurrent.reshape(-1, width)

    def _d_bias(self, du: Array, d_recurrent: Array) -> Array:
        return du.sum(axis=0)

    def _keras_parameters(self, keras: Any, *, name: str, seed: int) -> dict[str, Any]:
        return {
            "name": name,
            "activation": self.activation,
            "return_sequences": self.return_sequences,
            "go_backwards": self.go_backwards,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.to_keras(keras, self.kernel_initializer, seed=seed),
            "recurrent_initializer": initializers.to_keras(keras, self.recurrent_initializer, seed=seed + 2),
            "bias_initializer": initializers.to_keras(keras, self.bias_initializer, seed=seed + 1),
            "kernel_regularizer": regularizers.to_keras(keras, self.kernel_regularizer),
            "recurrent_regularizer": regularizers.to_keras(keras, self.recurrent_regularizer),
            "bias_regularizer": regularizers.to_keras(keras, self.bias_regularizer),
            "seed": seed,
        }

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return getattr(keras.layers, self.type)(self.units, **self._keras_parameters(keras, name=name, seed=seed))


def _kept(now: Pass, rate: float, shape: tuple[int, ...]) -> Array | None:
    """What dropout multiplies by: 0 with probability `rate`, else 1 / (1 − rate); None where there is no dropout."""
    if not now.training or not rate:
        return None
    drawn = now.uniform(shape)
    return (drawn >= rate).astype(drawn.dtype) * (1 / (1 - rate))
