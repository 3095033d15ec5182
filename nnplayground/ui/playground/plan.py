"""The network as neurons: which columns there are, worked out from the project. Plain data, without Qt."""

from __future__ import annotations

import msgspec

from nnplayground.layers.activations import activation_name
from nnplayground.layers.base import parts
from nnplayground.layers.core import Dense
from nnplayground.spec.dataset import Dataset, Feature, ImageFolder, Pairs, Points, Series, Text
from nnplayground.spec.model import LayerShapes, Wire
from nnplayground.spec.project import Project, project_shapes

MOST_TILES = 32
"""Of a column with more units only so many are drawn; one more tile tells how many are left out."""

FEATURE_NAMES: dict[Feature, str] = {
    "x1": "x₁",
    "x2": "x₂",
    "x1^2": "x₁²",
    "x2^2": "x₂²",
    "x1x2": "x₁x₂",
    "sin_x1": "sin x₁",
    "sin_x2": "sin x₂",
}

_OTHER_DATA: dict[type[Dataset], str] = {
    ImageFolder: "pictures",
    Text: "texts",
    Series: "rows of numbers in time",
    Pairs: "pairs of texts",
}


class Tag(msgspec.Struct, frozen=True):
    """A layer that changes each value on its own and has no neurons: a label on the way to the next column."""

    layer_id: str
    title: str
    family: str = "core"


class Column(msgspec.Struct, frozen=True):
    """A layer whose units are drawn.

    names: of its units, where they have any. activation: "" for the input. tags: what its outputs go through before
    the next column.
    """

    layer_id: str
    type: str
    units: int
    names: tuple[str, ...] = ()
    activation: str = ""
    has_bias: bool = False
    tags: tuple[Tag, ...] = ()

    @property
    def is_input(self) -> bool:
        return not self.activation

    @property
    def shown(self) -> int:
        """How many units have a tile."""
        return min(self.units, MOST_TILES)

    @property
    def more(self) -> int:
        """How many units have none."""
        return self.units - self.shown

    @property
    def last_id(self) -> str:
        """The layer whose output goes to the next column."""
        return self.tags[-1].layer_id if self.tags else self.layer_id

    def unit_name(self, unit: int) -> str:
        """As a label writes it: x₁, or 3 (counted from 1)."""
        return self.names[unit] if self.names else str(unit + 1)


class Plan(msgspec.Struct, frozen=True):
    """The columns from the input to the output."""

    columns: tuple[Column, ...] = ()

    @property
    def layers(self) -> tuple[Column, ...]:
        """The columns of Dense layers."""
        return self.columns[1:]

    def place_of(self, layer_id: str) -> int | None:
        """Number of the column that a layer is, or is a tag of."""
        for number, column in enumerate(self.columns):
            if layer_id == column.layer_id or any(tag.layer_id == layer_id for tag in column.tags):
                return number
        return None

    def wire_into(self, number: int) -> Wire:
        """The wire of the model that ends at a column: where a layer before it would be put."""
        return Wire(self.columns[number - 1].last_id, self.columns[number].layer_id)


def plan_of(project: Project) -> Plan | str:
    """The columns, or one sentence about why this model cannot be drawn as neurons."""
    dataset, model = project.dataset, project.model
    if dataset is None:
        return "There is no data yet; with points in the plane, the network is drawn here neuron by neuron."
    if not isinstance(dataset, Points):
        kind = _OTHER_DATA[type(dataset)]
        return f"Neurons are drawn for points in the plane, and these data are {kind}; look at the blocks instead."
    if len(model.inputs) != 1:
        return f"Neurons are drawn for models with one Input, and this one has {len(model.inputs)}."
    shapes = project_shapes(project)
    layer_id = model.inputs[0]
    columns = [_input_column(layer_id, dataset)]
    seen = {layer_id}
    while model.targets(layer_id):
        source = layer_id
        layer_id, *others = model.targets(source)
        if others:
            return f"{source} leads to several layers, and neurons are drawn for one layer after the other only."
        if len(model.sources(layer_id)) > 1:
            return f"{layer_id} joins several layers, and neurons are drawn for one layer after the other only."
        if layer_id in seen:
            return f"The wires through {layer_id} close a circle; remove one of them, so that data flows forward."
        seen.add(layer_id)
        problem = _add(columns, project, layer_id, shapes[layer_id])
        if problem:
            return problem
    apart = [block.id for block in model.blocks if block.id not in seen]
    if apart:
        return f"{apart[0]} is not connected to the other layers; join it to them or remove it among the blocks."
    return Plan(tuple(columns))


def _input_column(layer_id: str, dataset: Points) -> Column:
    names = tuple(FEATURE_NAMES[feature] for feature in dataset.features)
    return Column(layer_id, "Input", len(names), names)


def _add(columns: list[Column], project: Project, layer_id: str, shapes: LayerShapes) -> str:
    """Add a layer as a column or as a tag; the sentence about why it is neither, else ""."""
    layer = project.model.layer(layer_id)
    flat = len(shapes.inputs) == 1 and len(shapes.inputs[0]) == 1
    if isinstance(layer, Dense) and flat:
        name = activation_name(layer.activation)
        columns.append(Column(layer_id, layer.type, layer.units, activation=name, has_bias=layer.use_bias))
        return ""
    if flat and shapes.output == shapes.inputs[0]:
        tag = Tag(layer_id, parts(layer.type, layer.caption()), layer.family)
        columns[-1] = msgspec.structs.replace(columns[-1], tags=(*columns[-1].tags, tag))
        return ""
    return f"{layer_id} ({layer.type}) has no neurons that could be drawn over the plane; look at the blocks instead."
