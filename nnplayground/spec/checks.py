"""Checks: what keeps a project from running (errors) and what is probably not meant (warnings), with fixes.

An invalid model is a normal state while editing, so nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from nnplayground.layers import Layer, Shape
from nnplayground.layers.augmentation import RandomBrightness, RandomContrast
from nnplayground.layers.base import counted, shape_text
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Input, Rescaling
from nnplayground.spec import edits
from nnplayground.spec.dataset import LEAST_POINTS, ImageFolder, Points
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.objective import PER_BATCH_METRICS, output_activation, resolved_loss, resolved_metrics
from nnplayground.spec.project import Project, project_shapes

Severity = Literal["error", "warning"]

PIXEL_RANGES: dict[str, tuple[float, float]] = {"0..1": (0.0, 1.0), "-1..1": (-1.0, 1.0), "0..255": (0.0, 255.0)}
UNEVEN = 3.0
"""The largest class has more than this many times the samples of the smallest: class weights are offered."""


class Fix(msgspec.Struct, frozen=True):
    """An edit offered as a button: the name of a function in `edits` and its arguments after the project."""

    title: str
    edit: str
    arguments: tuple[Any, ...] = ()

    def apply(self, project: Project) -> Project:
        return getattr(edits, self.edit)(project, *self.arguments)


class Problem(msgspec.Struct, frozen=True):
    """Something in a project that keeps it from running (error), or is probably not meant (warning)."""

    path: str
    severity: Severity
    message: str
    fix: Fix | None = None

    @property
    def layer_id(self) -> str | None:
        """The layer whose block shows the mark, if it is about one."""
        head, _, rest = self.path.partition(".")
        return rest.partition(".")[0] if head == "model" and rest else None


def check(project: Project, facts: DataFacts | None) -> tuple[Problem, ...]:
    """All problems, errors first. facts: what is known about the data; None while it is not known yet."""
    shapes = project_shapes(project)
    found = [
        *_data_problems(project, facts),
        *_wiring_problems(project),
        *_shape_problems(project, shapes),
        *_output_problems(project, facts, shapes),
        *_engine_problems(project),
        *_training_problems(project, facts),
        *_pixel_warnings(project),
        *_habit_warnings(project),
    ]
    return tuple(sorted(found, key=lambda problem: problem.severity != "error"))


def _data_problems(project: Project, facts: DataFacts | None) -> Iterator[Problem]:
    if project.dataset is None:
        yield Problem("dataset", "error", "There is no data yet; open an image folder, or choose points or a sample.")
        return
    if facts is None:
        return
    if facts.problem is not None:
        path = "dataset.folder" if isinstance(project.dataset, ImageFolder) else "dataset"
        if isinstance(project.dataset, Points) and project.dataset.shape == "file":
            path = "dataset.file"
        yield Problem(path, "error", facts.problem)
        return
    present = _present_classes(facts)
    if facts.target == "classes" and len(present) == 1:
        yield Problem(
            "dataset",
            "error",
            f"The data has only one class, {present[0]}; there must be at least two to tell apart.",
        )
    count = sum(facts.splits.values())
    if isinstance(project.dataset, Points) and count < LEAST_POINTS:
        yield Problem(
            "dataset",
            "error",
            f"There {'is only one point' if count == 1 else f'are only {count} points'}, and at least {LEAST_POINTS} "
            f"are needed; add some.",
        )
    if not facts.splits.get("training"):
        yield Problem("dataset.split", "error", "No samples are left for training; keep fewer back for validation.")
    elif not facts.splits.get("validation"):
        yield Problem(
            "dataset.split",
            "warning",
            "No samples are kept for validation, so nobody sees how the model does on data it has not learned from.",
            Fix("Keep 20 %", "set_parameter", ("dataset.split", {"type": "fraction", "validation": 0.2})),
        )
    for warning in facts.warnings:
        yield Problem("dataset", "warning", warning)
    yield from _balance_warning(project, facts)


def _present_classes(facts: DataFacts) -> tuple[str, ...]:
    """The classes that have samples; all of them where nobody has counted."""
    totals = [sum(counts) for counts in zip(*facts.per_class.values(), strict=True)]
    if not totals:
        return facts.class_names
    return tuple(name for name, total in zip(facts.class_names, totals, strict=True) if total)


def _balance_warning(project: Project, facts: DataFacts) -> Iterator[Problem]:
    counts = facts.per_class.get("training", ())
    if facts.target != "classes" or len(counts) < 2 or min(counts) == 0 or project.training.class_weight != "none":
        return
    if max(counts) > UNEVEN * min(counts):
        most = facts.class_names[counts.index(max(counts))]
        least = facts.class_names[counts.index(min(counts))]
        yield Problem(
            "training.class_weight",
            "warning",
            f"Classes are uneven: {most} has {max(counts):,} training samples, {least} only {min(counts):,}, so the "
            f"model may neglect the rare ones.",
            Fix("Weight classes evenly", "set_parameter", ("training.class_weight", "balanced")),
        )


def _wiring_problems(project: Project) -> Iterator[Problem]:
    model = project.model
    if not model.inputs:
        yield Problem(
            "model",
            "error",
            "The model has no Input, so no data can enter it.",
            Fix("Add Input", "add_layer", (Input(),)),
        )
    in_order = set(model.order)
    circle = [block.id for block in model.blocks if block.id not in in_order]
    if circle:
        yield Problem(
            f"model.{circle[0]}",
            "error",
            f"The wires through {', '.join(circle)} close a circle; remove one of them, so that data flows forward.",
        )
    for block in model.blocks:
        yield from _input_count_problem(project, block.id, block.layer)


def _input_count_problem(project: Project, layer_id: str, layer: Layer) -> Iterator[Problem]:
    model = project.model
    wired = len(model.sources(layer_id))
    least, most = layer.input_count
    if wired < least:
        if least == 1:
            message = f"{layer_id} is not connected; drag a wire to it, or remove it."
        else:
            message = f"{layer_id} joins several layers but has {counted(wired, 'input')}; drag another wire to it."
        yield Problem(f"model.{layer_id}", "error", message)
    elif most is not None and wired > most:
        yield Problem(
            f"model.{layer_id}", "error", f"{layer_id} takes {counted(most, 'input')}, but {wired} wires lead to it."
        )
    if isinstance(layer, Input) and not model.targets(layer_id) and len(model.blocks) > 1:
        yield Problem(f"model.{layer_id}", "error", f"Nothing is connected to {layer_id}; drag a wire from it.")


def _shape_problems(project: Project, shapes: dict[str, LayerShapes]) -> Iterator[Problem]:
    for layer_id, known in shapes.items():
        layer = project.model.layer(layer_id)
        if known.problem is not None:
            yield Problem(f"model.{layer_id}", "error", known.problem, _shape_fix(layer, layer_id, known))
        if isinstance(layer, Dense) and known.inputs and len(known.inputs[0]) > 1:
            yield Problem(
                f"model.{layer_id}",
                "warning",
                f"{layer_id} looks at each pixel of its {shape_text(known.inputs[0])} input on its own; put Flatten "
                f"before it to look at the whole image.",
                Fix("Insert Flatten", "insert_before", (Flatten(), layer_id)),
            )


def _shape_fix(layer: Layer, layer_id: str, known: LayerShapes) -> Fix | None:
    """Padding same, where a window is larger than its input."""
    if getattr(layer, "padding", None) == "valid" and known.inputs and len(known.inputs[0]) == 3:
        repaired = msgspec.structs.replace(layer, padding="same")
        try:
            repaired.output_shape(*known.inputs)
        except ValueError:
            return None
        return Fix("Set padding to same", "set_parameter", (f"model.{layer_id}.padding", "same"))
    return None


def suggested_output(facts: DataFacts | None) -> Dense:
    """The output layer that fits the data: one sigmoid for two classes, softmax for more, linear for a number."""
    if facts is None or facts.target == "number":
        return Dense(units=1)
    if facts.class_count <= 2:
        return Dense(units=1, activation="sigmoid")
    return Dense(units=facts.class_count, activation="softmax")


def _output_problems(project: Project, facts: DataFacts | None, shapes: dict[str, LayerShapes]) -> Iterator[Problem]:
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
        )
        return
    if facts is None or facts.problem is not None:
        return
    output = ends[0]
    shape = shapes[output].output
    if shape is None:
        return
    yield from _output_fit(project, facts, output, shape)


def _output_fit(project: Project, facts: DataFacts, output: str, shape: Shape) -> Iterator[Problem]:
    layer = project.model.layer(output)
    path = f"model.{output}"
    suggestion = suggested_output(facts)
    append = Fix(f"Add Dense, {suggestion.caption()}", "append_layer", (suggestion,))
    if len(shape) != 1:
        yield Problem(
            path,
            "error",
            f"The model ends with {shape_text(shape)} values per sample; an output layer is missing.",
            append,
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


def _engine_problems(project: Project) -> Iterator[Problem]:
    if project.training.engine != "scratch":
        return
    to_keras = Fix("Use the Keras engine", "set_parameter", ("training.engine", "keras"))
    for block in project.model.blocks:
        if not block.layer.has_maths:
            yield Problem(
                f"model.{block.id}",
                "error",
                f"{block.layer.type} is not available in the scratch engine; remove it or choose the Keras engine.",
                to_keras,
            )
    if isinstance(project.dataset, ImageFolder) and project.dataset.augmentation:
        yield Problem(
            "dataset.augmentation",
            "error",
            "The scratch engine cannot augment images; remove the augmentation or choose the Keras engine.",
            to_keras,
        )


def _training_problems(project: Project, facts: DataFacts | None) -> Iterator[Problem]:
    training = project.training
    clip = training.clip
    if sum(limit is not None for limit in (clip.value, clip.norm, clip.global_norm)) > 1:
        yield Problem("training.clip", "error", "Gradients can be clipped in one way only; keep one of the limits.")
    if facts is None or facts.problem is not None:
        return
    samples = facts.splits.get("training", 0)
    if isinstance(training.batch_size, int) and samples and training.batch_size > samples:
        yield Problem(
            "training.batch_size",
            "warning",
            f"A batch of {training.batch_size:,} is larger than the {samples:,} training samples, so every epoch is a "
            f"single update.",
            Fix("Set 32", "set_parameter", ("training.batch_size", 32)) if samples > 32 else None,
        )
    loss = resolved_loss(project, facts)
    if facts.target == "number" and loss.endswith("crossentropy"):
        yield Problem(
            "training.loss",
            "error",
            f"{loss} is for classes, but the target of this data is a number.",
            Fix("Choose the loss automatically", "set_parameter", ("training.loss", "auto")),
        )
    if facts.target == "classes" and loss == "binary_crossentropy" and facts.class_count > 2:
        yield Problem(
            "training.loss",
            "error",
            f"binary_crossentropy is for two classes, but there are {facts.class_count}.",
            Fix("Choose the loss automatically", "set_parameter", ("training.loss", "auto")),
        )
    yield from _metric_problems(project, facts)
    if isinstance(training.class_weight, dict):
        unknown = [name for name in training.class_weight if name not in facts.class_names]
        if unknown:
            yield Problem(
                "training.class_weight",
                "error",
                f"There is no class {unknown[0]} in the data; its weight cannot be used.",
                Fix("Remove the weights", "set_parameter", ("training.class_weight", "none")),
            )


def _metric_problems(project: Project, facts: DataFacts) -> Iterator[Problem]:
    metrics = resolved_metrics(project, facts)
    automatic = Fix("Choose the metrics automatically", "set_parameter", ("training.metrics", "auto"))
    for metric in metrics:
        if facts.target == "number" and metric in ("accuracy", "auc", "precision", "recall"):
            yield Problem(
                "training.metrics",
                "error",
                f"{metric} is for classes, but the target of this data is a number.",
                automatic,
            )
        if metric in ("auc", "precision", "recall") and facts.class_count > 2:
            yield Problem(
                "training.metrics",
                "error",
                f"{metric} is for two classes, but there are {facts.class_count}.",
                automatic,
            )
    stopping = project.training.early_stopping
    if stopping is None:
        return
    known = {"loss", "val_loss"}
    known.update(metric for metric in metrics if metric in PER_BATCH_METRICS)
    known.update(f"val_{metric}" for metric in metrics)
    if not facts.splits.get("validation"):
        known = {name for name in known if not name.startswith("val_")}
    if stopping.monitor not in known:
        yield Problem(
            "training.early_stopping.monitor",
            "error",
            f"Early stopping watches {stopping.monitor}, which this run does not have; choose one of "
            f"{', '.join(sorted(known))}.",
        )


def _pixel_warnings(project: Project) -> Iterator[Problem]:
    dataset = project.dataset
    if not isinstance(dataset, ImageFolder):
        return
    model = project.model
    scaled = False
    for layer_id in model.order:
        layer = model.layer(layer_id)
        if isinstance(layer, Rescaling):
            if dataset.pixels != "0..255" and layer.scale < 0.1 and not scaled:
                yield Problem(
                    f"model.{layer_id}",
                    "warning",
                    f"Pixels are scaled twice: the data already gives {_range_text(dataset.pixels)}, and {layer_id} "
                    f"scales again.",
                    Fix(f"Remove {layer_id}", "remove_layers", ((layer_id,),)),
                )
            scaled = True
        elif isinstance(layer, RandomContrast | RandomBrightness) and not scaled:
            expected = PIXEL_RANGES.get(dataset.pixels)
            if expected is not None and tuple(layer.value_range) != expected:
                yield Problem(
                    f"model.{layer_id}.value_range",
                    "warning",
                    f"{layer_id} expects values from {layer.value_range[0]:g} to {layer.value_range[1]:g}, but the "
                    f"data gives {_range_text(dataset.pixels)}.",
                    Fix(
                        f"Set {expected[0]:g} to {expected[1]:g}",
                        "set_parameter",
                        (f"model.{layer_id}.value_range", list(expected)),
                    ),
                )


def _range_text(pixels: str) -> str:
    limits = PIXEL_RANGES.get(pixels)
    return f"{limits[0]:g} to {limits[1]:g}" if limits else "standardized pixels"


def _habit_warnings(project: Project) -> Iterator[Problem]:
    """Two linear layers in a row compute no more than one."""
    model = project.model
    for block in model.blocks:
        layer = block.layer
        if not isinstance(layer, Dense | Conv2D) or layer.activation != "linear":
            continue
        followers = [model.layer(target) for target in model.targets(block.id)]
        if len(followers) == 1 and type(followers[0]) is type(layer):
            yield Problem(
                f"model.{block.id}.activation",
                "warning",
                f"{block.id} has no activation, so together with the layer behind it it can do no more than one layer.",
                Fix("Set relu", "set_parameter", (f"model.{block.id}.activation", "relu")),
            )
