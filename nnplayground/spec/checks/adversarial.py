"""Whether a model is a generator and a discriminator that go together and with the images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nnplayground.layers.base import counted, shape_text
from nnplayground.layers.core import Dense, Flatten, Reshape
from nnplayground.spec.adversarial import Chains, chains
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.objective import output_activation
from nnplayground.spec.project import Project

_FITTING = {"0..1": "sigmoid", "-1..1": "tanh"}
"""The activation whose values are those of the pixels."""


def adversarial_problems(project: Project, shapes: Mapping[str, LayerShapes]) -> Iterator[Problem]:
    parts = chains(project.model)
    if not isinstance(parts, Chains):
        yield Problem("model", "error", parts)
        return
    yield from _generator_problems(project, parts, shapes)
    yield from _discriminator_problems(project, parts, shapes)


def _generator_problems(project: Project, parts: Chains, shapes: Mapping[str, LayerShapes]) -> Iterator[Problem]:
    end, entrance = parts.generator.outputs[0], parts.discriminator.inputs[0]
    made, real = shapes[end].output, shapes[entrance].output
    if made is not None and real is not None and made != real:
        yield Problem(
            f"model.{end}",
            "error",
            f"The generator ends with {shape_text(made)} values, but the images of the data have {shape_text(real)}; "
            f"change its last layers so that both are the same.",
        )
    # A Reshape hands on the values as they are.
    while isinstance(project.model.layer(end), Reshape | Flatten) and parts.generator.sources(end):
        end = parts.generator.sources(end)[0]
    layer = project.model.layer(end)
    fitting = _FITTING.get(project.dataset.pixels) if isinstance(project.dataset, ImageFolder) else None
    if fitting is not None and output_activation(layer) != fitting:
        has_activation = "activation" in layer.__struct_fields__
        yield Problem(
            f"model.{end}",
            "warning",
            f"The pixels of the data go from {'−1' if fitting == 'tanh' else '0'} to 1, which {fitting} at the end of "
            f"the generator would keep to.",
            Fix(f"Set {fitting}", "set_parameter", (f"model.{end}.activation", fitting)) if has_activation else None,
        )


def _discriminator_problems(project: Project, parts: Chains, shapes: Mapping[str, LayerShapes]) -> Iterator[Problem]:
    end = parts.discriminator.outputs[0]
    verdict, layer = shapes[end].output, project.model.layer(end)
    if verdict is None:
        return
    if len(verdict) != 1:
        yield Problem(
            f"model.{end}",
            "error",
            f"The discriminator ends with {shape_text(verdict)} values, but it answers one question, real or made; put "
            f"Flatten and a Dense layer with 1 unit and sigmoid behind it.",
        )
    elif verdict != (1,) or output_activation(layer) != "sigmoid":
        steps = ((f"model.{end}.units", 1), (f"model.{end}.activation", "sigmoid"))
        yield Problem(
            f"model.{end}",
            "error",
            f"The discriminator ends with {counted(verdict[0], 'value')} and {output_activation(layer)}, but it "
            f"answers one question, real or made: it needs 1 unit with sigmoid.",
            Fix("Set 1 unit and sigmoid", "set_parameters", (steps,)) if isinstance(layer, Dense) else None,
        )
