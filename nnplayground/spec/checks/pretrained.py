"""Pretrained blocks: pictures that do not fit them, pixels in another range, and weights that nobody has trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from nnplayground.layers.base import ShapeError, times
from nnplayground.layers.core import Input
from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.checks.habits import PIXEL_RANGES, range_text
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.model import LayerShapes, Model
from nnplayground.spec.project import Project


def pretrained_problems(project: Project, shapes: Mapping[str, LayerShapes]) -> Iterator[Problem]:
    """What is wrong about Pretrained blocks that do fit their pictures; see `misfit` for the others."""
    for block in project.model.blocks:
        layer = block.layer
        if not isinstance(layer, Pretrained):
            continue
        if isinstance(project.dataset, ImageFolder) and _sees_pixels(project.model, block.id):
            yield from _range_problem(project.dataset, block.id, layer)
        if layer.weights_from == "none" and layer.is_frozen and shapes[block.id].output is not None:
            yield Problem(
                f"model.{block.id}.trainable",
                "warning",
                f"{block.id} has random weights and is frozen, so it never learns anything and gives hardly more than "
                f"noise; train it, or give it weights.",
                Fix("Train all layers", "set_parameter", (f"model.{block.id}.trainable", "all")),
            )


def _sees_pixels(model: Model, layer_id: str) -> bool:
    """Whether the pixels of the data arrive as they are, or only changed at random."""
    sources = model.sources(layer_id)
    return bool(sources) and all(
        isinstance(model.layer(source), Input) or (model.layer(source).training_only and _sees_pixels(model, source))
        for source in sources
    )


def _range_problem(dataset: ImageFolder, layer_id: str, layer: Pretrained) -> Iterator[Problem]:
    if dataset.pixels not in PIXEL_RANGES:
        yield Problem(
            "dataset.pixels",
            "error",
            f"{layer_id} has learned from pixels in a range that is always the same, but the data gives standardized "
            f"ones; choose 0..1.",
            Fix("Set 0..1", "set_parameters", ((("dataset.pixels", "0..1"), _range(layer_id, "0..1")),)),
        )
    elif dataset.pixels != layer.input_range:
        yield Problem(
            f"model.{layer_id}.input_range",
            "warning",
            f"{layer_id} expects pixels from {range_text(layer.input_range)}, but the data gives "
            f"{range_text(dataset.pixels)}.",
            Fix(f"Set {dataset.pixels}", "set_parameters", ((_range(layer_id, dataset.pixels),),)),
        )


def _range(layer_id: str, pixels: str) -> tuple[str, Any]:
    return f"model.{layer_id}.input_range", pixels


def misfit(project: Project, layer_id: str, layer: Pretrained, known: LayerShapes) -> Problem:
    """A block that its pictures or its own settings keep from working, with what would help. known.problem: why."""
    assert known.problem is not None
    path = f"model.{layer_id}"
    for field in ("output_layer", "trainable"):
        if (fix := _name_fix(layer, path, field)) is not None:
            return Problem(f"{path}.{field}", "error", known.problem, fix)
    return Problem(path, "error", known.problem, _picture_fix(project, layer_id, layer))


def _name_fix(layer: Pretrained, path: str, field: str) -> Fix | None:
    """For a name that no inner layer has: the one that is most like it, else none."""
    name = getattr(layer, field)
    try:
        _ = layer.last if field == "output_layer" else layer.trainable_from
        return None
    except ShapeError:
        names = [each for each, place in layer.table.by_name.items() if field == "output_layer" or place <= layer.last]
    near = get_close_matches(name, names, n=1)
    if near and near[0] != name:
        return Fix(f"Set {near[0]}", "set_parameter", (f"{path}.{field}", near[0]))
    if field == "output_layer":
        return Fix("Take the last layer", "set_parameter", (f"{path}.{field}", None))
    return Fix("Freeze the network", "set_parameter", (f"{path}.{field}", "frozen"))


def _picture_fix(project: Project, layer_id: str, layer: Pretrained) -> Fix | None:
    """Pictures that fit, where they come from the data."""
    dataset = project.dataset
    if not isinstance(dataset, ImageFolder) or not _sees_pixels(project.model, layer_id):
        return None
    steps: list[tuple[str, Any]] = []
    words: list[str] = []
    if dataset.color_mode != "rgb":
        steps.append(("dataset.color_mode", "rgb"))
        words.append("rgb")
    table = layer.table
    fixed = layer.include_top and layer.weights_from == "imagenet"
    side = table.size if fixed else table.least
    unfit = dataset.image_size != (side, side) if fixed else min(dataset.image_size) < side
    if unfit:
        steps.append(("dataset.image_size", [side, side]))
        words.append(f"{times((side, side))} pixels")
    return Fix(f"Set {' and '.join(words)}", "set_parameters", (tuple(steps),)) if steps else None
