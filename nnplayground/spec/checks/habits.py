"""What works, but is probably not meant: pixels scaled twice, linear layers in a row."""

from __future__ import annotations

from collections.abc import Iterator

from nnplayground.layers.augmentation import RandomBrightness, RandomContrast
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Rescaling
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.project import Project

PIXEL_RANGES: dict[str, tuple[float, float]] = {"0..1": (0.0, 1.0), "-1..1": (-1.0, 1.0), "0..255": (0.0, 255.0)}


def pixel_warnings(project: Project) -> Iterator[Problem]:
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
                    f"Pixels are scaled twice: the data already gives {range_text(dataset.pixels)}, and {layer_id} "
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
                    f"data gives {range_text(dataset.pixels)}.",
                    Fix(
                        f"Set {expected[0]:g} to {expected[1]:g}",
                        "set_parameter",
                        (f"model.{layer_id}.value_range", list(expected)),
                    ),
                )


def range_text(pixels: str) -> str:
    """The range of pixels in words."""
    limits = PIXEL_RANGES.get(pixels)
    return f"{limits[0]:g} to {limits[1]:g}" if limits else "standardized pixels"


def habit_warnings(project: Project) -> Iterator[Problem]:
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
