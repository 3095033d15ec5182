"""What the steps of an update show is true: it is what an independent computation in float64 gives."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from nnplayground.formulas.nodes import More, Node, Number, Script, Symbol
from nnplayground.formulas.steps import CannotExplain, explain
from nnplayground.formulas.subject import Focus
from nnplayground.layers import Layer
from nnplayground.layers.activations import ActivationField, Elu, LeakyRelu, activation
from nnplayground.layers.core import Activation, Dense, Flatten, Rescaling
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.samples import Array
from nnplayground.spec.edits import append_layer
from nnplayground.spec.training import SGD, Adagrad, Adam, Adamax, AdamW, Clip, Nadam, Optimizer, RMSprop
from tests.unit.formulas.updates import BATCH, Traced, read, results

OPTIMIZERS: tuple[Optimizer, ...] = (
    SGD(learning_rate=0.1),
    SGD(learning_rate=0.1, momentum=0.9),
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    RMSprop(learning_rate=0.01),
    RMSprop(learning_rate=0.01, momentum=0.5, centered=True),
    RMSprop(learning_rate=0.01, momentum=0.5),
    Adam(learning_rate=0.01),
    AdamW(learning_rate=0.01, weight_decay=0.1),
    Adagrad(learning_rate=0.01),
    Adamax(learning_rate=0.01),
    Nadam(learning_rate=0.01),
)


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


class Twin:
    """A second computation of one update of 2 inputs – tanh units – sigmoid, written for this test alone."""

    def __init__(self, traced: Traced) -> None:
        hidden, output = traced.trace.layers["layer_1"], traced.trace.layers["layer_2"]
        self.x = np.asarray(traced.trace.layers["input"].values, float)
        self.y = np.asarray(traced.trace.targets, float)
        w1, b1 = hidden.weights["kernel"], hidden.weights["bias"]
        w2, b2 = output.weights["kernel"], output.weights["bias"]
        self.z1 = np.array(
            [[sum(x[i] * w1[i, j] for i in range(2)) + b1[j] for j in range(w1.shape[1])] for x in self.x]
        )
        self.a1 = np.tanh(self.z1)
        self.z2 = np.array([[sum(a[j] * w2[j, 0] for j in range(len(a))) + b2[0]] for a in self.a1])
        self.a2 = sigmoid(self.z2)
        self.losses = -(self.y * np.log(self.a2) + (1 - self.y) * np.log(1 - self.a2))[:, 0]
        count = len(self.x)
        self.d_a2 = (self.a2 - self.y) / (self.a2 * (1 - self.a2)) / count
        self.delta2 = self.d_a2 * self.a2 * (1 - self.a2)
        self.d_a1 = self.delta2 * w2[:, 0]
        self.delta1 = self.d_a1 * (1 - self.a1**2)


def test_every_step_of_a_hidden_unit() -> None:
    traced = Traced(Dense(units=5, activation="tanh"), Dense(units=1, activation="sigmoid"))
    twin = Twin(traced)
    for unit, sample, weight in ((0, 0, 0), (3, 4, 1), (4, 5, 2)):
        explanation = traced.explain("layer_1", unit=unit, sample=sample, weight=weight)
        found = {step.phase: results(step.lines) for step in explanation.steps}
        met = twin.x[:, weight] if weight < 2 else np.ones(BATCH)
        gradient = sum(twin.delta1[each, unit] * met[each] for each in range(BATCH))
        before = traced.trace.layers["layer_1"].weights["kernel" if weight < 2 else "bias"]
        old = before[weight, unit] if weight < 2 else before[unit]
        assert found["forward"] == pytest.approx([twin.z1[sample, unit]], rel=1e-12)
        assert found["activation"] == pytest.approx([twin.a1[sample, unit]], rel=1e-12)
        assert found["loss"] == pytest.approx([twin.losses[sample], twin.losses.mean()], rel=1e-9)
        slope = 1 - twin.a1[sample, unit] ** 2
        expected = [twin.d_a1[sample, unit], slope, twin.delta1[sample, unit], gradient]
        assert found["backward"] == pytest.approx(expected, rel=1e-9)
        assert found["update"] == pytest.approx([old - 0.1 * gradient], rel=1e-12)


def test_every_step_of_the_output() -> None:
    traced = Traced(Dense(units=5, activation="tanh"), Dense(units=1, activation="sigmoid"))
    twin = Twin(traced)
    found = {step.phase: results(step.lines) for step in traced.explain("layer_2", sample=2, weight=3).steps}
    gradient = sum(twin.delta2[each, 0] * twin.a1[each, 3] for each in range(BATCH))
    slope = twin.a2[2, 0] * (1 - twin.a2[2, 0])
    assert found["forward"] == pytest.approx([twin.z2[2, 0]])
    assert found["activation"] == pytest.approx([twin.a2[2, 0]])
    assert found["backward"] == pytest.approx([twin.d_a2[2, 0], slope, twin.delta2[2, 0], gradient], rel=1e-9)


def expressions(text: str) -> list[str]:
    """The last expression with numbers in a line, and what it is said to be."""
    parts = [part.strip() for part in text.split(" = ")]
    return parts[-2:]


def letters(text: str) -> bool:
    """Whether an expression has letters other than those of functions."""
    for name in ("log", "tanh", "arctan", "max", "min", "sign", "Φ"):
        text = text.replace(name, "")
    return any(letter.isalpha() and letter not in "eE" for letter in text)


def check_that_text_adds_up(traced: Traced, layer_id: str, **focus: Any) -> int:
    """Work out every displayed line from its text, to the precision that four digits leave. How many were."""
    checked = 0
    for step in traced.explain(layer_id, **focus).steps:
        for line in step.lines:
            text = line.plain()
            *_, shown, end = ["", *expressions(text)]
            if "→" in text or "," in end or letters(shown) or not shown or "{" in shown:
                continue
            # Four digits of each number: what is left of the largest term decides.
            said, largest = read(end.split(" ")[0]), max((abs(value) for value in amounts(shown)), default=1.0)
            assert read(shown) == pytest.approx(said, abs=3e-3 * max(largest, abs(said)) * (1 + shown.count(" + "))), (
                text
            )
            checked += 1
    return checked


def amounts(shown: str) -> list[float]:
    """The sizes of the terms of a displayed sum."""
    found = []
    for term in shown.replace(" − ", " + ").split(" + "):
        try:
            found.append(abs(read(term)))
        except (SyntaxError, ValueError):
            found.append(1.0)
    return found


ACTIVATIONS: tuple[ActivationField, ...] = (
    "linear",
    "relu",
    "leaky_relu",
    LeakyRelu(negative_slope=0.3),
    "sigmoid",
    "tanh",
    "softmax",
    "arctan",
    "elu",
    Elu(alpha=0.5),
    "selu",
    "gelu",
    "silu",
    "softplus",
    "hard_sigmoid",
)


@pytest.mark.parametrize("field", ACTIVATIONS, ids=str)
def test_the_text_of_every_activation_adds_up(field: ActivationField) -> None:
    traced = Traced(Dense(units=4, activation=field), Dense(units=1), classes=0)
    for unit in range(4):
        assert check_that_text_adds_up(traced, "layer_1", unit=unit, sample=unit) >= 6


@pytest.mark.parametrize("field", ACTIVATIONS, ids=str)
def test_the_slope_of_every_activation_is_that_of_its_value(field: ActivationField) -> None:
    traced = Traced(Dense(units=3, activation=field), Dense(units=1), classes=0)
    record = traced.trace.layers["layer_1"]
    step = 1e-6
    value = activation(field).value
    for unit in range(3):
        z = np.array(record.before[0])
        up, down = z.copy(), z.copy()
        up[unit] += step
        down[unit] -= step
        jacobian = (value(up[None]) - value(down[None]))[0] / (2 * step)
        expected = float(jacobian @ record.d_values[0])
        found = results(traced.lines("layer_1", "backward", unit=unit))
        delta = found[-2]
        assert delta == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: repr(each))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_text_of_every_optimizer_adds_up_to_the_weight_of_the_engine(optimizer: Optimizer, dtype: Any) -> None:
    traced = Traced(
        Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid"), optimizer=optimizer, dtype=dtype
    )
    after = traced.engine.weights()["layer_1/kernel"]
    lines = traced.lines("layer_1", "update", unit=2, weight=1)
    assert "by the optimizer" not in lines[-2].plain()
    assert results(lines)[-1] == pytest.approx(float(after[1, 2]), rel=1e-6)
    assert check_that_text_adds_up(traced, "layer_1", unit=2, weight=1) >= 6


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: repr(each))
def test_every_optimizer_against_its_formula_for_one_number(optimizer: Optimizer) -> None:
    traced = Traced(Dense(units=2, activation="tanh"), Dense(units=1, activation="sigmoid"), optimizer=optimizer)
    record, count = traced.trace.layers["layer_1"], traced.trace.count
    assert count == 4
    memory = {name: float(values["kernel"][0, 1]) for name, values in record.memory.items()}
    w, g = float(record.weights["kernel"][0, 1]), float(record.gradients["kernel"][0, 1])
    expected = one_update(optimizer, w, g, memory, count)
    assert results(traced.lines("layer_1", "update", unit=1, weight=0))[-1] == pytest.approx(expected, rel=1e-10)


def one_update(optimizer: Optimizer, w: float, g: float, memory: dict[str, float], t: int) -> float:
    """One weight, one update, by the formulas that Keras documents."""
    alpha = optimizer.learning_rate
    match optimizer:
        case SGD(momentum=0.0):
            return w - alpha * g
        case SGD(momentum=beta, nesterov=nesterov):
            v = beta * memory["velocity"] - alpha * g
            return w + beta * v - alpha * g if nesterov else w + v
        case RMSprop(rho=rho, momentum=beta, centered=centered, epsilon=epsilon):
            s = rho * memory["mean_square"] + (1 - rho) * g**2
            c = rho * memory["mean"] + (1 - rho) * g if centered else 0.0
            step = alpha * g / math.sqrt(s - c**2 + epsilon)
            return w - (beta * memory.get("velocity", 0.0) + step)
        case Adagrad(epsilon=epsilon):
            return w - alpha * g / math.sqrt(memory["sum_of_squares"] + g**2 + epsilon)
        case Adamax(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon):
            m = beta_1 * memory["mean"] + (1 - beta_1) * g
            u = max(beta_2 * memory["largest"], abs(g))
            return w - alpha / (1 - beta_1**t) * m / (u + epsilon)
        case Adam(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon) | AdamW(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon):
            m = beta_1 * memory["mean"] + (1 - beta_1) * g
            v = beta_2 * memory["mean_square"] + (1 - beta_2) * g**2
            decay = optimizer.weight_decay if isinstance(optimizer, AdamW) else 0.0
            rate = alpha * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
            return w * (1 - alpha * decay) - rate * m / (math.sqrt(v) + epsilon)
        case Nadam(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon):
            m = beta_1 * memory["mean"] + (1 - beta_1) * g
            v = beta_2 * memory["mean_square"] + (1 - beta_2) * g**2
            rates = [beta_1 * (1 - 0.5 * 0.96**each) for each in range(1, t + 2)]
            now, following = math.prod(rates[:-1]), math.prod(rates)
            ahead = rates[-1] * m / (1 - following) + (1 - rates[-2]) * g / (1 - now)
            return w - alpha * ahead / (math.sqrt(v / (1 - beta_2**t)) + epsilon)
        case _:
            raise AssertionError(optimizer)


LOSSES: tuple[tuple[str, int, int, str], ...] = (
    ("binary_crossentropy", 2, 1, "sigmoid"),
    ("binary_crossentropy", 3, 3, "sigmoid"),
    ("binary_crossentropy", 2, 1, "hard_sigmoid"),
    ("categorical_crossentropy", 3, 3, "softmax"),
    ("mean_squared_error", 0, 1, "linear"),
    ("mean_squared_error", 3, 3, "softmax"),
    ("mean_squared_error", 0, 1, "tanh"),
    ("mean_absolute_error", 0, 1, "linear"),
    ("mean_absolute_error", 3, 3, "sigmoid"),
)


@pytest.mark.parametrize(("loss", "classes", "units", "activation"), LOSSES)
def test_the_text_of_every_loss_adds_up(loss: Any, classes: int, units: int, activation: Any) -> None:
    traced = Traced(Dense(units=units, activation=activation), loss=loss, classes=classes)
    record = traced.trace.layers["layer_1"]
    for sample in range(3):
        found = results(traced.lines("layer_1", "loss", sample=sample))
        assert found[0] == pytest.approx(float(traced.trace.losses[sample]), rel=1e-12)
        assert found[1] == pytest.approx(float(np.mean(traced.trace.losses)), rel=1e-12)
        assert " = " in traced.lines("layer_1", "loss", sample=sample)[0].plain()[4:], "the formula is given"
        backward = results(traced.lines("layer_1", "backward", sample=sample, unit=units - 1))
        assert any(value == pytest.approx(float(record.d_before[sample, units - 1]), rel=1e-9) for value in backward)
        check_that_text_adds_up(traced, "layer_1", sample=sample, unit=units - 1)


def test_there_is_no_half_in_the_squared_error() -> None:
    traced = Traced(Dense(units=1), loss="mean_squared_error", classes=0)
    assert traced.lines("layer_1", "loss")[0].plain().startswith("ℓ = (ŷ − y)² = (−0.")


@pytest.mark.parametrize("regularizer", [L1(l1=0.02), L2(l2=0.03), L1L2(l1=0.01, l2=0.02)], ids=repr)
def test_regularization_has_its_part_in_loss_and_gradient(regularizer: Any) -> None:
    traced = Traced(Dense(units=4, activation="relu", kernel_regularizer=regularizer), Dense(units=1), classes=0)
    record = traced.trace.layers["layer_1"]
    w = np.asarray(record.weights["kernel"])
    l1, l2 = getattr(regularizer, "l1", 0.0), getattr(regularizer, "l2", 0.0)
    data = np.asarray(record.inputs[0]).T @ np.asarray(record.d_before)
    expected = data + l1 * np.sign(w) + 2 * l2 * w
    lines = traced.lines("layer_1", "backward", unit=1, weight=1)
    gradient = next(line for line in lines if line.plain().startswith("g₂ = ∂L/∂w₂"))
    assert results([gradient]) == pytest.approx([expected[1, 1]], rel=1e-9)
    assert "λ" in gradient.plain()
    assert check_that_text_adds_up(traced, "layer_1", unit=1, weight=1) >= 6
    penalty = l1 * np.abs(w).sum() + l2 * (w**2).sum()
    cost = traced.lines("layer_1", "loss")[1]
    assert "+ Ω" in cost.plain()
    assert results([cost]) == pytest.approx([float(np.mean(traced.trace.losses)) + penalty], rel=1e-9)


@pytest.mark.parametrize("clip", [Clip(value=0.001), Clip(norm=0.01), Clip(global_norm=0.02)], ids=repr)
def test_clipping_is_shown_where_it_acted(clip: Clip) -> None:
    traced = Traced(Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid"), clip=clip)
    record = traced.trace.layers["layer_1"]
    gradients = {layer_id: traced.trace.layers[layer_id].gradients for layer_id in ("layer_1", "layer_2")}
    g = np.asarray(record.gradients["kernel"])
    everything = np.concatenate([np.ravel(part) for named in gradients.values() for part in named.values()])
    if clip.value is not None:
        expected = np.clip(g, -clip.value, clip.value)
    elif clip.norm is not None:
        expected = g * clip.norm / np.linalg.norm(g)
    else:
        assert clip.global_norm is not None
        expected = g * clip.global_norm / np.linalg.norm(everything)
    line = traced.lines("layer_1", "backward", unit=2)[-1]
    assert line.plain().startswith("clipping g₁ ← ")
    assert " = " in line.plain()
    assert results([line]) == pytest.approx([expected[0, 2]], rel=1e-9)
    assert results(traced.lines("layer_1", "update", unit=2))[-1] == pytest.approx(
        float(record.weights["kernel"][0, 2]) - 0.1 * expected[0, 2], rel=1e-12
    )


def test_clipping_that_did_not_act_is_not_mentioned() -> None:
    traced = Traced(Dense(units=1, activation="sigmoid"), clip=Clip(value=100.0))
    assert not any("clipping" in line.plain() for line in traced.lines("layer_1", "backward"))


def test_samples_that_count_differently() -> None:
    weights = np.linspace(0.5, 2.0, 4 * BATCH).astype(np.float32)
    traced = Traced(Dense(units=1, activation="sigmoid"), weights=weights)
    cost = traced.lines("layer_1", "loss")[1]
    expected = sum(float(traced.trace.losses[i]) * float(weights[i]) for i in range(BATCH)) / BATCH
    assert cost.plain().startswith("L = Σᵢ sᵢℓᵢ = ")
    assert results([cost]) == pytest.approx([expected], rel=1e-6)
    assert check_that_text_adds_up(traced, "layer_1", sample=3) >= 5


def test_the_gradient_flows_back_through_the_next_dense_layer() -> None:
    traced = Traced(Dense(units=3, activation="relu"), Dense(units=4, activation="tanh"), Dense(units=1), classes=0)
    following = traced.trace.layers["layer_2"]
    line = traced.lines("layer_1", "backward", unit=2, sample=1)[0]
    expected = sum(following.weights["kernel"][2, k] * following.d_before[1, k] for k in range(4))
    assert line.plain().startswith("∂L/∂a = Σₖ wₖδₖ = ")
    assert results([line]) == pytest.approx([expected], rel=1e-9)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Activation(activation="tanh"), "z = a₂ = "),
        (Rescaling(scale=0.5, offset=-1.0), "z = a₂·0.5 − 1 = "),
        (Dropout(rate=0.0), "z = a₂/(1 − 0) = "),
    ],
)
def test_layers_without_weights_have_the_steps_that_exist(layer: Layer, text: str) -> None:
    traced = Traced(Dense(units=3), layer, Dense(units=1), classes=0)
    explanation = traced.explain("layer_2", unit=1)
    phases = [step.phase for step in explanation.steps]
    wanted = ["forward", "activation", "loss", "backward"]
    assert phases == (wanted if isinstance(layer, Activation) else ["forward", "loss", "backward"])
    assert explanation.choices.weights == 0
    assert explanation.steps[0].lines[0].plain().startswith(text)
    record = traced.trace.layers["layer_2"]
    assert results(explanation.steps[0].lines) == pytest.approx([record.before[0, 1]])
    assert results(explanation.steps[-1].lines)[-1] == pytest.approx(float(record.d_before[0, 1]))


def test_dropout_tells_what_the_coin_did() -> None:
    traced = Traced(Dense(units=8), Dropout(rate=0.5), Dense(units=1), classes=0)
    record = traced.trace.layers["layer_2"]
    dropped = [int(unit) for unit in np.flatnonzero(record.before[0] == 0)]
    kept = [int(unit) for unit in np.flatnonzero(record.before[0])]
    assert dropped
    assert kept
    assert "is dropped" in traced.lines("layer_2", "forward", unit=dropped[0])[1].plain()
    assert "goes no further" in traced.lines("layer_2", "backward", unit=dropped[0])[1].plain()
    assert results(traced.lines("layer_2", "forward", unit=kept[0])) == pytest.approx(
        [2 * float(record.inputs[0][0, kept[0]])]
    )


def test_dropout_of_zero_tells_nothing_of_the_coin() -> None:
    traced = Traced(Dense(units=8, activation="relu"), Dropout(rate=0.5), Dense(units=1), classes=0)
    zero = int(np.flatnonzero(traced.trace.layers["layer_2"].inputs[0][0] == 0)[0])
    forward = traced.lines("layer_2", "forward", unit=zero)
    assert forward[0].plain() == f"z = a{'₀₁₂₃₄₅₆₇₈'[zero + 1]} = 0"
    assert "dropped or kept" in forward[1].plain()
    backward = " ".join(line.plain() for line in traced.lines("layer_2", "backward", unit=zero))
    assert "goes" not in backward


def test_flatten_names_the_place_that_a_value_comes_from() -> None:
    traced = Traced(Flatten(), Dense(units=1, activation="sigmoid"), shape=(2, 3, 2))
    line = traced.lines("layer_1", "forward", unit=7)[0]
    assert line.plain().startswith("z = x_(2,1,2) = ")
    assert results([line]) == pytest.approx([float(traced.trace.layers["layer_1"].inputs[0][0, 1, 0, 1])])


def test_long_sums_are_cut_short_and_say_how_much_is_left_out() -> None:
    traced = Traced(Dense(units=2, activation="tanh"), Dense(units=1), shape=(40,), classes=0)
    short = traced.lines("layer_1", "forward", shown={})[0]
    more = next(item for item in short.items if isinstance(item, More))
    assert (more.count, more.key) == (34, "inputs")
    assert "… 34 more" in short.plain()
    longer = traced.lines("layer_1", "forward", shown={"inputs": 60})[0]
    assert not any(isinstance(item, More) for item in longer.items)
    assert results([short]) == results([longer])


def test_never_more_than_six_hundred_terms() -> None:
    traced = Traced(Dense(units=1, activation="sigmoid"), shape=(1500,), updates=0)
    line = traced.lines("layer_1", "forward", shown={"inputs": 600})[0]
    more = next(item for item in line.items if isinstance(item, More))
    assert (more.count, more.key) == (900, "")


def test_what_is_out_of_bounds_is_brought_back() -> None:
    traced = Traced(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
    focus = traced.explain("layer_1", unit=99, sample=99, weight=99).focus
    assert (focus.unit, focus.sample, focus.weight) == (2, BATCH - 1, 2)


def test_numbers_of_another_layer_are_not_explained() -> None:
    traced = Traced(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
    edited = msgspec.structs.replace(
        traced.project.model,
        blocks=tuple(
            msgspec.structs.replace(block, layer=Dense(units=3, activation="relu")) if block.id == "layer_1" else block
            for block in traced.project.model.blocks
        ),
    )
    project = msgspec.structs.replace(traced.project, model=edited)
    with pytest.raises(CannotExplain, match="layer_1 has been changed"):
        explain(project, traced.facts, traced.trace, Focus("layer_1"))
    longer = append_layer(traced.project, Dense(units=1))
    with pytest.raises(CannotExplain, match="on their way"):
        explain(longer, traced.facts, traced.trace, Focus(longer.model.blocks[-1].id))


def test_another_optimizer_than_the_one_of_the_update_leads_to_no_false_formula() -> None:
    traced = Traced(Dense(units=1, activation="sigmoid"), optimizer=Adam())
    training = msgspec.structs.replace(traced.project.training, optimizer=SGD(momentum=0.5))
    project = msgspec.structs.replace(traced.project, training=training)
    steps = explain(project, traced.facts, traced.trace, Focus("layer_1")).steps
    line = steps[-1].lines[0]
    assert "by the optimizer" in line.plain()
    assert results([line]) == pytest.approx([float(traced.trace.layers["layer_1"].after["kernel"][0, 0])])


def test_without_facts_the_loss_is_a_number_only() -> None:
    traced = Traced(Dense(units=1, activation="sigmoid"))
    steps = explain(traced.project, None, traced.trace, Focus("layer_1")).steps
    assert next(step for step in steps if step.phase == "loss").lines[0].plain().count("=") == 1


def spoken_nodes(node: Node) -> list[Node]:
    """A node and all within it, apart from indices and powers, for which their base speaks."""
    children = node.children[:1] if isinstance(node, Script) else node.children
    return [node, *(inner for child in children for inner in spoken_nodes(child))]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda each: repr(each))
def test_latex_is_balanced_and_plain_text_has_no_stray_spaces(optimizer: Optimizer) -> None:
    traced = Traced(
        Dense(units=3, activation="elu"), Dense(units=3, activation="softmax"), classes=3, optimizer=optimizer
    )
    for layer_id in ("layer_1", "layer_2"):
        for step in traced.explain(layer_id, shown={}).steps:
            for line in step.lines:
                latex = line.latex()
                assert latex.count("{") == latex.count("}")
                assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(r"\right")
                assert not set(latex) & set("·−←√∂αβδεΣŷ²₁"), latex
                assert line.plain() == " ".join(line.plain().split())


def test_every_symbol_is_explained() -> None:
    traced = Traced(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"), optimizer=Adam())
    for step in traced.explain("layer_1").steps:
        for line in step.lines:
            for node in spoken_nodes(line):
                if isinstance(node, Number):
                    assert float(node.about.splitlines()[-1].replace("−", "-")) == node.value
                if isinstance(node, Symbol) and node.name in "zabδLℓαvm":
                    assert len(node.about) > 5, (line.plain(), node.name)
