"""Tokens and sequences: vocabularies that do not fit, tokens read as sizes, padding read as tokens, single steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nnplayground.layers.recurrent_base import Recurrent
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.sequences import Embedding
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.checks.recurrent import reader
from nnplayground.spec.dataset import Pairs, Series, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import LayerShapes, Model, input_sources
from nnplayground.spec.project import Project, array_shapes

_VECTOR = 32
"""Length of the vectors of a suggested Embedding."""


def sequence_problems(
    project: Project, facts: DataFacts | None, shapes: Mapping[str, LayerShapes]
) -> Iterator[Problem]:
    yield from _short_rows(project, shapes)
    if not isinstance(project.dataset, Text | Pairs):
        return
    arrays = input_sources(project.model, tuple(array_shapes(project, facts)))
    for layer_id, array in arrays.items():
        vocabulary = len(facts.vocabularies.get(array, ())) if facts is not None else 0
        yield from _token_readers(project.model, shapes, layer_id, array, vocabulary)
    padded = not (facts is not None and isinstance(project.dataset, Text) and facts.target == "tokens")
    if padded:
        yield from _padding_read(project.model)


def suggested_embedding(facts: DataFacts | None, array: str | None = None) -> Embedding:
    """An Embedding with room for the vocabulary of an array, the main one if none is named."""
    known = facts.vocabularies if facts is not None else {}
    vocabulary = known.get(array, ()) if array is not None else next(iter(known.values()), ())
    return Embedding(input_dim=len(vocabulary), output_dim=_VECTOR) if vocabulary else Embedding(output_dim=_VECTOR)


def _token_readers(
    model: Model, shapes: Mapping[str, LayerShapes], input_id: str, array: str, vocabulary: int
) -> Iterator[Problem]:
    for wire in model.output_wires(input_id):
        layer_id = wire.target_id
        layer = model.layer(layer_id)
        if isinstance(layer, Embedding):
            if layer.input_dim < vocabulary:
                yield Problem(
                    f"model.{layer_id}.input_dim",
                    "error",
                    f"{layer_id} has room for {layer.input_dim:,} tokens, but the vocabulary of {array} has "
                    f"{vocabulary:,}.",
                    Fix(f"Set {vocabulary:,}", "set_parameter", (f"model.{layer_id}.input_dim", vocabulary)),
                )
        elif wire.plain and shapes[layer_id].problem is None:
            embedding = Embedding(input_dim=max(vocabulary, 1), output_dim=_VECTOR) if vocabulary else Embedding()
            yield Problem(
                f"model.{layer_id}",
                "warning",
                f"{layer_id} takes the numbers of the tokens for sizes, though token 7 is not more than token 3; put "
                f"Embedding before it.",
                Fix("Insert Embedding", "insert_on_wire", (embedding, wire)),
            )


def _padding_read(model: Model) -> Iterator[Problem]:
    for block in model.blocks:
        if not isinstance(block.layer, Embedding) or block.layer.mask_zero:
            continue
        readers = [each for each in _behind(model, block.id) if reader(model.layer(each)) is not None]
        if readers:
            yield Problem(
                f"model.{block.id}.mask_zero",
                "warning",
                f"{readers[0]} reads the empty places behind a short text as if they were tokens, because {block.id} "
                f"does not mark them.",
                Fix("Mask zero", "set_parameter", (f"model.{block.id}.mask_zero", True)),
            )


def _behind(model: Model, layer_id: str) -> Iterator[str]:
    """Layers that receive its output, past dropout."""
    for wire in model.output_wires(layer_id):
        layer = model.layer(wire.target_id)
        if isinstance(layer, Dropout) or layer.type == "SpatialDropout1D":
            yield from _behind(model, wire.target_id)
        else:
            yield wire.target_id


def _short_rows(project: Project, shapes: Mapping[str, LayerShapes]) -> Iterator[Problem]:
    dataset = project.dataset
    said = False
    lengths = {
        Text: ("sequence_length",),
        Series: ("window",),
        Pairs: ("source_length", "target_length"),
    }.get(type(dataset), ())  # type: ignore[arg-type]
    for name in lengths:
        if getattr(dataset, name) == 1:
            said = True
            yield Problem(
                f"dataset.{name}",
                "warning",
                "With a length of 1 there is no order to learn from: what comes before is never seen."
                if name != "target_length"
                else "With a length of 1 there is room for the end mark only, so nothing is ever written.",
            )
    if said:
        return
    for layer_id, known in shapes.items():
        layer = reader(project.model.layer(layer_id))
        if isinstance(layer, Recurrent) and known.inputs and len(known.inputs[0]) == 2 and known.inputs[0][0] == 1:
            yield Problem(
                f"model.{layer_id}",
                "warning",
                f"{layer_id} receives a single step, so it has nothing to remember.",
            )
