"""Reading weights, and nothing but weights, from files that somebody else has made.

Three kinds: HDF5 as Keras saved it before version 3 (what keras.applications publishes; layers in their order), HDF5 of
Keras 3 (.weights.h5; layers by their classes, counted), and the latter inside a .keras file, whose other parts, which
might be code, are not looked at. Every array is checked before any is taken over, so that a wrong file changes nothing.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py

from nnplayground.engine import weight_files
from nnplayground.engine.weight_files import WeightsProblem
from nnplayground.layers.base import counted, times

LARGEST_WEIGHTS = 2 << 30
"""Bytes of the weights inside a .keras file; no network of the table has half of that."""

Stored = list[tuple[str, list[h5py.Dataset]]]
"""(name in the file, arrays) of each layer that has any, in order."""


def read_weights(path: Path, learning: Sequence[tuple[str, list[Any]]], places: Sequence[str], *, what: str) -> None:
    """Set the variables of the layers that have any. Raises WeightsProblem, with everything as it was.

    learning: (name, keras.Variables) of each layer, in order. places: where Keras 3 keeps the variables of each layer,
    those inside others by themselves. what: what the weights should be those of, as in "VGG16 without its top".
    """
    try:
        if weight_files.checked_form(path) == "keras":
            with h5py.File(io.BytesIO(_weights_inside(path)), "r") as file:
                _take(_by_class(file, path, places, what), learning, path, what)
            return
        with h5py.File(path, "r") as file:
            root = file["model_weights"] if "layer_names" not in file.attrs and "model_weights" in file else file
            if "layer_names" in root.attrs:
                _take(_by_order(root, path), learning, path, what)
            else:
                _take(_by_class(file, path, places, what), learning, path, what)
    except (OSError, RuntimeError, zlib.error):
        raise WeightsProblem(f"{path.name} is incomplete or damaged; get it again, or choose another file.") from None
    except (KeyError, AttributeError, TypeError, UnicodeDecodeError):
        raise WeightsProblem(_other(path, what, "it is built in another way")) from None


def _weights_inside(path: Path) -> bytes:
    """The HDF5 file inside a .keras file."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("model.weights.h5").file_size
            if size > LARGEST_WEIGHTS:
                raise WeightsProblem(f"{path.name} holds {size / 1e9:,.1f} GB of weights, more than any network here.")
            return archive.read("model.weights.h5")
    except zipfile.BadZipFile:
        raise WeightsProblem(f"{path.name} is incomplete or damaged; get it again, or choose another file.") from None
    except KeyError:
        raise WeightsProblem(f"{path.name} holds no weights; choose another file.") from None


def _by_order(root: Any, path: Path) -> Stored:
    """The layers of a file of the older kind."""
    found: Stored = []
    for layer_name in _texts(root, "layer_names"):
        group = root[layer_name]
        datasets = [_dataset(group, name, path) for name in _texts(group, "weight_names")]
        if datasets:
            found.append((layer_name, datasets))
    return found


def _by_class(file: Any, path: Path, places: Sequence[str], what: str) -> Stored:
    """The layers of a file of Keras 3, which must be the expected ones."""
    names: list[str] = []

    def note(name: str, item: Any) -> None:
        # Random layers keep the state of their generator, which is no weight.
        if name.endswith("/vars") and name.startswith("layers/") and len(item) and "seed_generator" not in name:
            names.append(name.removesuffix("/vars"))

    file.visititems(note)
    if len(names) != len(places):
        count = f"it has {counted(len(names), 'layer')} with weights, and there should be {len(places):,}"
        raise WeightsProblem(_other(path, what, count))
    lacking = next((place for place in places if place not in names), None)
    if lacking is not None:
        raise WeightsProblem(_other(path, what, f"it has no {lacking.removeprefix('layers/')}"))
    found: Stored = []
    for place in places:
        group = file[f"{place}/vars"]
        datasets = [_dataset(group, str(number), path) for number in range(len(group))]
        found.append((place.removeprefix("layers/"), datasets))
    return found


def _dataset(group: Any, name: str, path: Path) -> h5py.Dataset:
    """An array that lies in the file itself. Raises WeightsProblem, KeyError."""
    *way, last = name.split("/")
    for step in way:
        group = _followed(group, step, path)
    dataset = _followed(group, last, path)
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise WeightsProblem(_POINTS.format(path.name))
    return dataset


def _followed(group: Any, name: str, path: Path) -> Any:
    link = group.get(name, getlink=True)
    if link is not None and not isinstance(link, h5py.HardLink):
        raise WeightsProblem(_POINTS.format(path.name))
    return group[name]


_POINTS = "{} points to other files or places, which a file of weights must not do; choose another file."


def _texts(group: Any, name: str) -> list[str]:
    """A list of names, which Keras splits up where it is long."""
    parts = [group.attrs[name]] if name in group.attrs else []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(group.attrs[f"{name}{len(parts)}"])
    return [each.decode() if isinstance(each, bytes) else str(each) for part in parts for each in part]


def _take(stored: Stored, learning: Sequence[tuple[str, list[Any]]], path: Path, what: str) -> None:
    """Check all arrays, then set the variables."""
    variables = [(name, variable) for name, own in learning for variable in own]
    arrays = [(name, dataset) for name, own in stored for dataset in own]
    if len(arrays) != len(variables):
        raise WeightsProblem(
            _other(
                path, what, f"it has {counted(len(arrays), 'array')} of weights, and there should be {len(variables):,}"
            )
        )
    for (name, variable), (stored_name, dataset) in zip(variables, arrays, strict=True):
        if tuple(variable.shape) != dataset.shape:
            shapes = f"{times(dataset.shape)} in place of {times(tuple(variable.shape))}"
            raise WeightsProblem(_other(path, what, f"its layer {stored_name} does not fit {name}: {shapes}"))
        if dataset.dtype.kind != "f":
            raise WeightsProblem(_other(path, what, f"its layer {stored_name} holds no decimal numbers"))
    for (_, variable), (_, dataset) in zip(variables, arrays, strict=True):
        variable.assign(dataset[()])


def _other(path: Path, what: str, reason: str) -> str:
    return f"{path.name} does not hold the weights of {what}: {reason}; choose another file."
