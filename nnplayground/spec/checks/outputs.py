"""Whether the model ends in what is to be learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnplayground.layers import Layer, Shape, ShapeError
from nnplayground.layers.base import counted, shape_text
from nnplayground.layers.core import Activation, Dense, Flatten, Input
from nnplayground.layers.sequences import TimeDistributed
from nnplayground.spec.checks.objectives import adversarial_fix
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.checks.recurrent import reader, readers_before, sequences_path
from nnplayground.spec.dataset import Pairs
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.objective import output_activation
from nnplayground.spec.project import Project


def suggested_output(facts: DataFacts | None) -> Dense:
    """The output layer that fits the data: one sigmoid for two classes, softmax for more and for the tokens of a
    vocabulary, linear for a number."""
    if facts is None or facts.target == "number":
        return Dense(units=1)
    if facts.target == "tokens":
        return Dense(units=max(facts.class_count, 1), activation="softmax")
    if facts.class_count <= 2:
        return Dense(units=1, activation="sigmoid")
    return Dense(units=facts.class_count, activation="softmax")


def output_problems(project: Project, facts: DataFacts | None, shapes: dict[str, LayerShapes]) -> Iterator[Problem]:
    model = project.model
    ends = [layer_id for layer_id in model.outputs if model.sources(layer_id)]
    if not ends:
        if any(not isinstance(block.layer, Input) for block in model.blocks) and model.outputs:
            return
        suggestion = suggested_output(facts)
        yield Problem(
            "model",
            "error",
            "The model has no output layer; drag a Dense layer onto the canvas.",
            Fix(f"Add Dense, {suggestion.caption()}", "append_layer", (suggestion,)),
        )
        return
    if len(ends) > 1:
        yield Problem(
            "model",
            "error",
            f"The model has {len(ends)} ends ({', '.join(ends)}), but there is one target; join them or remove one.",
            adversarial_fix(project) or _hand_on_fix(project, ends, shapes),
        )
        return
    if facts is None or facts.problem is not None:
        return
    output = ends[0]
    shape = shapes[output].output
    if shape is None:
        return
    yield from _output_fit(project, facts, output, shape)


def _hand_on_fix(project: Project, ends: list[str], shapes: dict[str, LayerShapes]) -> Fix | None:
    """For an encoder that ends in its last step: its state as the first one of the decoder, where that fits."""
    model = project.model
    for encoder in ends:
        if not isinstance(project.dataset, Pairs) or "states" not in model.layer(encoder).output_ports:
            continue
        for decoder in (each for end in ends if end != encoder for each in readers_before(model, end)):
            layer, known = model.layer(decoder), shapes[decoder]
            if known.output is None or shapes[encoder].output is None or "initial_state" not in layer.input_ports:
                continue
            try:
                shape = model.layer(encoder).port_shape("states", *shapes[encoder].inputs)
                layer.check_port("initial_state", shape, *known.inputs)
            except ShapeError:
                continue
            wire = (f"{encoder}.states", f"{decoder}.initial_state")
            return Fix(f"Hand the state of {encoder} to {decoder}", "connect", wire)
    return None


def _output_fit(project: Project, facts: DataFacts, output: str, shape: Shape) -> Iterator[Problem]:
    layer = project.model.layer(output)
    path = f"model.{output}"
    suggestion = suggested_output(facts)
    append = Fix(f"Add Dense, {suggestion.caption()}", "append_layer", (suggestion,))
    if facts.target == "tokens":
        yield from _token_output(project, facts, output, shape)
        return
    if len(shape) != 1:
        yield Problem(
            path,
            "error",
            f"The model ends with {shape_text(shape)} values per sample; an output layer is missing.",
            append if len(shape) > 2 else _one_row_fix(project, output),
        )
        return
    wanted = _wanted_output(project, facts)
    units = shape[0]
    fits = any(units == count for count, _ in wanted)
    activation = output_activation(layer)
    suitable = [name for count, name in wanted if count == units]
    if fits and (None in suitable or activation in suitable):
        return
    words = " or ".join(
        f"{counted(count, 'unit')} with {name}" if name else counted(count, "unit") for count, name in wanted
    )
    if facts.target == "classes":
        names = ", ".join(facts.class_names[:4]) + (", …" if facts.class_count > 4 else "")
        need = f"for {facts.class_count} classes ({names}) it needs {words}"
    else:
        need = f"for a number it needs {words}"
    has = f"{counted(units, 'value')} with {activation}"
    yield Problem(path, "error", f"The output gives {has}, but {need}.", _output_fix(layer, path, wanted, append))


def _one_row_fix(project: Project, output: str) -> Fix:
    """One row of values for each sample, where there is one at each step."""
    readers = readers_before(project.model, output)
    if readers:
        path = sequences_path(project.model, readers[0])
        return Fix(f"Let {readers[0]} return only its last step", "set_parameter", (path, False))
    return Fix("Add Flatten", "append_layer", (Flatten(),))


def _token_output(project: Project, facts: DataFacts, output: str, shape: Shape) -> Iterator[Problem]:
    """At each of T places there must be a probability for every token."""
    places, count = facts.target_length or 0, facts.class_count
    path = f"model.{output}"
    need = f"at each of {counted(places, 'place')} it must give a probability for each of {counted(count, 'token')}"
    if len(shape) == 1:
        steps = _all_steps(project, output, count)
        yield Problem(
            path,
            "error",
            f"The output is one row of {counted(shape[0], 'value')} for each sample, but {need}"
            f"{'; let the layers that read the sequence return all of it' if steps else ''}.",
            Fix("Return sequences", "set_parameters", (steps,)) if steps else None,
        )
        return
    if len(shape) != 2 or shape[0] != places:
        yield Problem(path, "error", f"The output gives {shape_text(shape)} values for each sample, but {need}.")
        return
    layer = project.model.layer(output)
    if shape[1] == count and output_activation(layer) == "softmax":
        return
    suggestion = suggested_output(facts)
    values = _vocabulary_steps(project, output, count)
    fix = Fix(f"Set {counted(count, 'unit')} and softmax", "set_parameters", (values,))
    if not values:
        fix = Fix(f"Add Dense, {suggestion.caption()}", "append_layer", (suggestion,))
    yield Problem(
        path,
        "error",
        f"The output gives {counted(shape[1], 'value')} with {output_activation(layer)} at each place, but {need}: "
        f"{counted(count, 'unit')} with softmax.",
        fix,
    )


def _all_steps(project: Project, output: str, count: int) -> tuple[tuple[str, Any], ...]:
    """What to set so that every step comes out, the right values with it."""
    model = project.model
    steps = [
        (sequences_path(model, each), True)
        for each in readers_before(model, output)
        if not getattr(reader(model.layer(each)), "return_sequences", True)
    ]
    return (*steps, *_vocabulary_steps(project, output, count)) if steps else ()


def _vocabulary_steps(project: Project, output: str, count: int) -> tuple[tuple[str, Any], ...]:
    layer, path = project.model.layer(output), f"model.{output}"
    if isinstance(layer, TimeDistributed):
        layer, path = layer.layer, f"{path}.layer"
    return ((f"{path}.units", count), (f"{path}.activation", "softmax")) if isinstance(layer, Dense) else ()


def _wanted_output(project: Project, facts: DataFacts) -> list[tuple[int, str | None]]:
    """(units, activation) pairs that fit; None: any activation."""
    if facts.target == "number":
        return [(1, "linear")] if project.training.loss == "auto" else [(1, None)]
    count = facts.class_count
    loss = project.training.loss
    if loss in ("mean_squared_error", "mean_absolute_error"):
        return [(1, None), (2, None)] if count == 2 else [(count, None)]
    if loss == "binary_crossentropy":
        return [(1, "sigmoid")]
    several: tuple[int, str | None] = (count, "softmax")
    if loss == "categorical_crossentropy" or count != 2:
        return [several]
    return [(1, "sigmoid"), several]


def _output_fix(layer: Layer, path: str, wanted: list[tuple[int, str | None]], append: Fix) -> Fix | None:
    units, activation = wanted[0]
    if isinstance(layer, Dense):
        if layer.units > 2 and layer.activation == "relu":
            return append
        steps: list[tuple[str, Any]] = [(f"{path}.units", units)]
        title = f"Set {counted(units, 'unit')}"
        if activation is not None and layer.activation != activation:
            steps.append((f"{path}.activation", activation))
            title += f" and {activation}"
        return Fix(title, "set_parameters", (tuple(steps),))
    if isinstance(layer, Activation):
        return None
    return append
