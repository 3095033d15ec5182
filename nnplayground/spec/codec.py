"""The project file: JSON, documented by example in the README. Decoding checks it and says what is wrong where."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec

from nnplayground.layers import LAYER_TYPES, Layer
from nnplayground.layers.pretrained import OFFICIAL, Pretrained
from nnplayground.spec.dataset import DATASET_TYPES, Dataset, FolderSplit
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.paths import explain
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training

FORMAT = "nnplayground-project"
VERSION = 1
_LINE = 160
"""How long lines are made."""
_MOST_NAMED = 12
"""A message that lists more types than these is no longer a sentence."""

_ALWAYS_WRITTEN = {
    "training": ("engine", "objective", "optimizer", "schedule", "loss", "batch_size", "epochs", "seed"),
    "optimizer": ("learning_rate",),
    "dataset": ("split", "seed"),
}


class FileError(ValueError):
    """A file cannot be read or written as a project. The message is one sentence for the user."""


def encode(project: Project, folder: Path | None = None) -> bytes:
    """The project as a file's bytes. Paths of data are written relative to `folder`, where the file will lie."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "model": encode_model(_relative_model(project.model, folder) if folder is not None else project.model),
    }
    if project.dataset is not None:
        dataset = _relative(project.dataset, folder) if folder is not None else project.dataset
        document["dataset"] = _without_defaults(dataset, (*dataset.essential, *_ALWAYS_WRITTEN["dataset"]))
    training = _without_defaults(project.training, _ALWAYS_WRITTEN["training"])
    training["optimizer"] = _without_defaults(project.training.optimizer, _ALWAYS_WRITTEN["optimizer"])
    document["training"] = training
    # A folder's name that is not UTF-8 reaches us as lone surrogates, which JSON can hold only escaped.
    return (_dump(document) + "\n").encode(errors="backslashreplace")


def encode_model(model: Model) -> dict[str, Any]:
    """The model part of the file; also what copying puts on the clipboard."""
    layers = []
    for block in model.blocks:
        layers.append({"id": block.id, **_encode_layer(block.layer)})
    return {"layers": layers, "wires": [list(wire) for wire in model.wires]}


def _encode_layer(layer: Layer) -> dict[str, Any]:
    """Its type, its essential parameters and those that differ from their defaults; the same for a layer inside."""
    written = _without_defaults(layer, layer.essential)
    for name in written.keys() & set(layer.__struct_fields__):
        inner = getattr(layer, name)
        if isinstance(inner, Layer):
            written[name] = _encode_layer(inner)
    first = {name: written[name] for name in layer.essential if name in written}
    return {"type": written.pop("type"), **first, **written}


def decode(content: bytes, folder: Path | None = None) -> Project:
    """The project in a file's bytes. Relative paths of data are taken from `folder`, where the file lies.

    Raises FileError: not JSON, not a project, a newer version, an unknown field or type, a wrong value.
    """
    document = _document(content)
    unknown = set(document) - {"format", "version", "model", "dataset", "training"}
    if unknown:
        raise FileError(f"{sorted(unknown)[0]} is not known in a project file of version {VERSION}.")
    model = decode_model(document.get("model", {"layers": [{"id": "input", "type": "Input"}]}))
    if folder is not None:
        model = _absolute_model(model, folder)
    dataset = None
    if document.get("dataset") is not None:
        dataset = _one_of(document["dataset"], DATASET_TYPES, "dataset")
        if folder is not None:
            dataset = _absolute(dataset, folder)
    training = _converted(document.get("training", {}), Training, "training")
    return Project(model=model, dataset=dataset, training=training)


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileError(f"It is not a project file: it does not hold JSON ({_json_place(error)}).") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FileError(f'It is not a project file: it does not begin with "format": "{FORMAT}".')
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileError(f"Its version is {json.dumps(version)}, but must be a whole number from 1 to {VERSION}.")
    if version > VERSION:
        raise FileError(
            f"It was saved by a newer nnplayground (file version {version}, this one reads up to {VERSION}); "
            f"update the program to open it."
        )
    return document


def _json_place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    return "it is not text" if isinstance(error, UnicodeDecodeError) else "it is nested too deeply"


def decode_model(document: Any) -> Model:
    """The model in the file's form. Raises FileError."""
    if not isinstance(document, dict):
        raise FileError("model must be an object with layers and wires.")
    unknown = set(document) - {"layers", "wires"}
    if unknown:
        raise FileError(f"model.{sorted(unknown)[0]} is not known here.")
    layers = document.get("layers", [])
    wires = document.get("wires", [])
    if not isinstance(layers, list) or not isinstance(wires, list):
        raise FileError("model.layers and model.wires must be lists.")
    blocks: list[Block] = []
    for number, entry in enumerate(layers, start=1):
        blocks.append(_decode_block(entry, number, {block.id for block in blocks}))
    layers_by_id = {block.id: block.layer for block in blocks}
    return Model(tuple(blocks), tuple(_decode_wire(wire, layers_by_id) for wire in wires))


def _decode_block(entry: Any, number: int, taken: set[str]) -> Block:
    if not isinstance(entry, dict):
        raise FileError(f"Layer {number} of the model must be an object with id and type.")
    layer_id = entry.get("id")
    if not isinstance(layer_id, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", layer_id):
        raise FileError(
            f"Layer {number} of the model has the id {json.dumps(layer_id)}; an id is made of small letters, digits "
            f"and _, with a letter first."
        )
    if layer_id in taken:
        raise FileError(f"Two layers of the model are called {layer_id}; ids must be unique.")
    rest = {name: value for name, value in entry.items() if name != "id"}
    layer: Layer = _one_of(rest, LAYER_TYPES, f"model.{layer_id}")
    return Block(layer_id, layer)


def _decode_wire(ends: Any, layers: dict[str, Layer]) -> Wire:
    if not (isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, str) for end in ends)):
        raise FileError(f"A wire must be two ids, [from, to], got {json.dumps(ends)}.")
    wire = Wire(*ends)
    for layer_id in (wire.source_id, wire.target_id):
        if layer_id not in layers:
            raise FileError(
                f"The wire from {wire.source} to {wire.target} ends at {layer_id}, which is not a layer of the model."
            )
    source, target = layers[wire.source_id], layers[wire.target_id]
    for end, layer, ports in ((wire.source, source, source.output_ports), (wire.target, target, target.input_ports)):
        _, dot, port = end.partition(".")
        if dot and port not in ports:
            there = f"it has {', '.join(ports)}" if ports else "it has none"
            raise FileError(
                f"The wire from {wire.source} to {wire.target} ends at {end}, but {layer.type} has no port "
                f"{json.dumps(port)} there; {there}."
            )
    return wire


def _one_of(document: Any, types: dict[str, Any], path: str) -> Any:
    """The struct whose type the document names."""
    named = document.get("type") if isinstance(document, dict) else None
    if isinstance(named, str) and named in types:
        return _converted(document, types[named], path)
    if not isinstance(document, dict):
        raise FileError(f"{path} must be an object, got {json.dumps(document)}.")
    raise FileError(f"{path}.type is {json.dumps(named)}, which this version does not know; {_way_out(named, types)}")


def _way_out(named: Any, types: Collection[str]) -> str:
    """What may have been meant: all there is, where it is few, else what is written alike."""
    if len(types) <= _MOST_NAMED:
        return f"it knows {', '.join(types)}."
    from difflib import get_close_matches  # Rarely needed, and long to import.

    near = get_close_matches(str(named), types, n=1)
    return f"did you mean {near[0]}?" if near else "update the program, or correct the file."


def _converted(document: Any, kind: Any, path: str) -> Any:
    if not isinstance(document, dict):
        raise FileError(f"{path} must be an object, got {json.dumps(document)}.")
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise FileError(explain(error, document, path)) from None


def _without_defaults(struct: msgspec.Struct, always: tuple[str, ...]) -> dict[str, Any]:
    """The struct as builtins: its tag, the fields that are always written, and those that differ from their default."""
    written = msgspec.to_builtins(struct)
    for field in msgspec.structs.fields(struct):
        default = field.default_factory() if callable(field.default_factory) else field.default
        if field.encode_name not in always and getattr(struct, field.name) == default:
            written.pop(field.encode_name, None)
    return {name: value for name, value in written.items() if not (value is None and name in always)}


def _dump(document: dict[str, Any]) -> str:
    """JSON with one line for each layer and wire list, so that differences between versions can be read."""

    def lines(value: Any, indent: int) -> str:
        flat = json.dumps(value, ensure_ascii=False)
        if isinstance(value, tuple) and len(flat) + indent > _LINE:
            return _filled(value, indent)
        if not isinstance(value, dict | list) or not value or (len(flat) + indent <= _LINE and indent > 2):
            return flat
        pad = " " * (indent + 2)
        if isinstance(value, dict):
            body = [f"{pad}{json.dumps(name)}: {lines(inner, indent + 2)}" for name, inner in value.items()]
            return "{\n" + ",\n".join(body) + f"\n{' ' * indent}}}"
        body = [pad + lines(inner, indent + 2) for inner in value]
        return "[\n" + ",\n".join(body) + f"\n{' ' * indent}]"

    return lines(document, 0)


def _filled(values: tuple[Any, ...], indent: int) -> str:
    """A long row of short values, as painted points are: as many on each line as fit."""
    pad = " " * (indent + 2)
    rows = [pad]
    for text in (json.dumps(each, ensure_ascii=False) for each in values):
        if len(rows[-1]) + len(text) + 2 > _LINE and rows[-1] != pad:
            rows.append(pad)
        rows[-1] += f"{text}, "
    body = "\n".join(row.rstrip() for row in rows).rstrip(",")
    return f"[\n{body}\n{' ' * indent}]"


def _map_paths(dataset: Dataset, change: Callable[[str], str]) -> Dataset:
    changed: dict[str, Any] = {
        name: change(getattr(dataset, name)) for name in ("folder", "file") if name in dataset.__struct_fields__
    }
    if isinstance(dataset.split, FolderSplit):
        changed["split"] = FolderSplit(validation=change(dataset.split.validation), test=change(dataset.split.test))
    return msgspec.structs.replace(dataset, **changed)


def _map_model_paths(model: Model, change: Callable[[str], str]) -> Model:
    """The model with other paths to files of weights."""

    def moved(layer: Layer) -> Layer:
        if not isinstance(layer, Pretrained) or layer.weights_from in OFFICIAL:
            return layer
        return msgspec.structs.replace(layer, weights_from=change(layer.weights_from))

    return msgspec.structs.replace(model, blocks=tuple(Block(each.id, moved(each.layer)) for each in model.blocks))


def _relative(dataset: Dataset, folder: Path) -> Dataset:
    return _map_paths(dataset, lambda path: _relative_path(path, folder))


def _relative_model(model: Model, folder: Path) -> Model:
    return _map_model_paths(model, lambda path: _relative_path(path, folder))


def _relative_path(path: str, folder: Path) -> str:
    base = folder.resolve()
    if not path or not os.path.isabs(path):
        return path
    try:
        common = os.path.commonpath([path, base])
    except ValueError:  # another drive
        return path
    if Path(common) == Path(common).parent:  # nothing in common but the root
        return path
    return Path(os.path.relpath(path, base)).as_posix()


def absolute_paths(project: Project, folder: Path) -> Project:
    """The project with relative data paths taken from `folder`: in memory, paths are absolute."""
    project = msgspec.structs.replace(project, model=_absolute_model(project.model, folder))
    if project.dataset is None:
        return project
    return msgspec.structs.replace(project, dataset=_absolute(project.dataset, folder))


def _absolute(dataset: Dataset, folder: Path) -> Dataset:
    return _map_paths(dataset, lambda path: _absolute_path(path, folder))


def _absolute_model(model: Model, folder: Path) -> Model:
    return _map_model_paths(model, lambda path: _absolute_path(path, folder))


def _absolute_path(path: str, folder: Path) -> str:
    return os.path.normpath(folder.resolve() / Path(path).expanduser()) if path else path
