"""Which array of the data comes in at which Input."""

from __future__ import annotations

from collections.abc import Iterator

from nnplayground.layers.base import shape_text
from nnplayground.layers.core import Input
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import input_sources
from nnplayground.spec.project import Project, array_shapes


def input_problems(project: Project, facts: DataFacts | None) -> Iterator[Problem]:
    if project.dataset is None:
        return
    model = project.model
    names = tuple(array_shapes(project, facts))
    fed = input_sources(model, names)
    unread = [name for name in names if name not in fed.values()]
    for layer_id in model.inputs:
        layer = model.layer(layer_id)
        assert isinstance(layer, Input)
        if layer.shape is not None:
            if not project.takes_turns:
                yield _own_shape(layer_id, layer)
        elif layer.source is not None and layer.source not in names:
            yield _unknown_array(layer_id, layer.source, names, unread)
        elif layer_id not in fed:
            yield Problem(
                f"model.{layer_id}",
                "error",
                f"Nothing is left to come in at {layer_id}: the data has only {_listed(names)}, which other Inputs "
                f"take; remove it, or choose its source.",
            )
    yield from _same_array(fed, unread)


def _own_shape(layer_id: str, layer: Input) -> Problem:
    return Problem(
        f"model.{layer_id}.shape",
        "error",
        f"{layer_id} has a shape of its own, {shape_text(layer.shape or ())}, so the data does not feed it; that is "
        f"for the noise of a generator only.",
        Fix("Take the shape of the data", "set_parameter", (f"model.{layer_id}.shape", None)),
    )


def _unknown_array(layer_id: str, source: str, names: tuple[str, ...], unread: list[str]) -> Problem:
    instead = (unread or list(names))[0]
    return Problem(
        f"model.{layer_id}.source",
        "error",
        f"{layer_id} takes {source}, which this data does not have; it has {_listed(names)}.",
        Fix(f"Take {instead}", "set_parameter", (f"model.{layer_id}.source", instead)),
    )


def _same_array(fed: dict[str, str], unread: list[str]) -> Iterator[Problem]:
    """Several Inputs may share what is there, but not while nobody takes the rest."""
    first: dict[str, str] = {}
    for layer_id, name in fed.items():
        if name in first and unread:
            yield Problem(
                f"model.{layer_id}.source",
                "warning",
                f"{first[name]} and {layer_id} both take {name}, and nothing takes {unread[0]}.",
                Fix(f"Let {layer_id} take {unread[0]}", "set_parameter", (f"model.{layer_id}.source", unread[0])),
            )
        first.setdefault(name, layer_id)


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(names)
