"""Edits of a network of neurons: pure functions from a project to a changed project."""

from __future__ import annotations

from typing import Any

from nnplayground.layers.core import Dense
from nnplayground.spec import edits
from nnplayground.spec.edits import EditError
from nnplayground.spec.model import Wire
from nnplayground.spec.paths import set_value
from nnplayground.spec.project import Project
from nnplayground.ui.playground.plan import Plan, plan_of

_FIRST = Dense(units=4, activation="tanh")
"""The hidden layer that is added where there is none to take after."""


def change_units(project: Project, layer_id: str, by: int) -> Project:
    """More or fewer units; at least one stays."""
    layer = project.model.layer(layer_id)
    assert isinstance(layer, Dense)
    if layer.units + by < 1:
        raise EditError(f"{layer_id} has only one unit left; remove the layer instead.")
    return set_value(project, f"model.{layer_id}.units", layer.units + by)


def insert_dense(project: Project, wire: Wire) -> Project:
    """A Dense layer on a wire, like the hidden one before it, else like the one behind."""
    return edits.insert_on_wire(project, _like_its_neighbour(project, wire), wire)


def remove_layer(project: Project, layer_id: str) -> Project:
    """Without a layer; what was before and behind it is joined."""
    plan = plan_of(project)
    if isinstance(plan, Plan):
        if layer_id == plan.columns[0].layer_id:
            raise EditError("The Input stays: the data has to enter the model somewhere.")
        if layer_id == plan.columns[-1].layer_id:
            raise EditError(f"{layer_id} gives the model's answer; the layers before it can be removed.")
    return edits.remove_layers(project, (layer_id,))


def set_activation(project: Project, layer_id: str, name: str) -> Project:
    value: Any = name
    return set_value(project, f"model.{layer_id}.activation", value)


def _like_its_neighbour(project: Project, wire: Wire) -> Dense:
    model = project.model
    before: str | None = wire.source
    while before is not None:
        layer = model.layer(before)
        if isinstance(layer, Dense):
            return layer
        before = next(iter(model.sources(before)), None)
    behind = model.layer(wire.target)
    return behind if isinstance(behind, Dense) and model.targets(wire.target) else _FIRST
