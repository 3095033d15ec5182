"""Layers without wires, wires in a circle, and what comes in at the Inputs."""

from __future__ import annotations

from collections.abc import Iterator

from nnplayground.layers import Layer
from nnplayground.layers.base import counted
from nnplayground.layers.core import Input
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.project import Project


def wiring_problems(project: Project) -> Iterator[Problem]:
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
    wired = len(model.input_wires(layer_id))
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
    for port in layer.input_ports:
        if sum(wire.target_port == port for wire in model.port_wires(layer_id)) > 1:
            yield Problem(
                f"model.{layer_id}", "error", f"Several wires lead to {port} of {layer_id}; remove all but one."
            )
    if isinstance(layer, Input) and not model.targets(layer_id) and len(model.blocks) > 1:
        yield Problem(f"model.{layer_id}", "error", f"Nothing is connected to {layer_id}; drag a wire from it.")
