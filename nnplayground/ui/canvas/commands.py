"""The edits that the canvas offers, each one undoable step of the document."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Literal

from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QGuiApplication

from nnplayground.spec import edits
from nnplayground.spec.checks import Problem
from nnplayground.spec.codec import FileError, decode_model, encode_model
from nnplayground.spec.edits import EditError
from nnplayground.spec.fresh import fresh_layer
from nnplayground.spec.model import Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.rearrange import (
    Behind,
    Place,
    branch_layer,
    move_layers,
    place_copies,
    place_layer,
    shift_layers,
)
from nnplayground.ui import mime
from nnplayground.ui.document import Document

_LONGEST_CLIPBOARD = 5_000_000
"""Bytes; more than that is no model."""


class Commands:
    """Every method returns whether something changed; where it did not, the document says why."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def insert(self, layer_type: str, place: Place) -> bool:
        layer = fresh_layer(layer_type)
        return self._document.apply(lambda project: place_layer(project, layer, place), f"insertion of {layer_type}")

    def branch(self, layer_type: str, source: str) -> bool:
        """A new layer that receives the output of `source` beside the layers that already do."""
        layer = fresh_layer(layer_type)
        return self._document.apply(lambda project: branch_layer(project, layer, source), f"branch to {layer_type}")

    def move(self, layer_ids: Collection[str], place: Place) -> bool:
        return self._document.apply(
            lambda project: move_layers(project, layer_ids, place), f"move of {_named(layer_ids)}"
        )

    def shift(self, layer_ids: Collection[str], direction: Literal[-1, 1]) -> bool:
        """Past the neighbour: -1 towards the input, 1 towards the end."""
        return self._document.apply(
            lambda project: shift_layers(project, layer_ids, direction), f"move of {_named(layer_ids)}"
        )

    def connect(self, source: str, target: str) -> bool:
        return self._document.apply(lambda project: edits.connect(project, source, target), f"wire to {target}")

    def disconnect(self, wire: Wire) -> bool:
        return self._document.apply(lambda project: edits.disconnect(project, wire), "removal of a wire")

    def remove(self, layer_ids: Collection[str]) -> bool:
        def edit(project: Project) -> Project:
            after = edits.remove_layers(project, layer_ids)
            if after == project:
                raise EditError("The Input stays: the data has to enter the model somewhere.")
            return after

        return self._document.apply(edit, f"removal of {_named(layer_ids)}")

    def duplicate(self, layer_ids: Collection[str], place: Place | None = None) -> bool:
        """place: None puts the copies behind the last of the originals."""

        def edit(project: Project) -> Project:
            copied = edits.fragment(project, layer_ids)
            if not copied.blocks:
                raise EditError("The Input cannot be duplicated; select other layers.")
            return place_copies(project, copied, place or Behind(copied.blocks[-1].id))

        return self._document.apply(edit, f"duplication of {_named(layer_ids)}")

    def fix(self, problem: Problem) -> bool:
        """Do the fix that a problem offers."""
        assert problem.fix is not None
        return self._document.apply(problem.fix.apply, problem.fix.title)

    def copy(self, layer_ids: Collection[str]) -> bool:
        """Put layers on the clipboard; false where there is nothing to copy."""
        copied = edits.fragment(self._document.project, layer_ids)
        if not copied.blocks:
            return False
        text = json.dumps(encode_model(copied), ensure_ascii=False, indent=1)
        content = QMimeData()
        content.setData(mime.LAYERS, QByteArray(text.encode()))
        content.setText(text)
        QGuiApplication.clipboard().setMimeData(content)
        return True

    def cut(self, layer_ids: Collection[str]) -> bool:
        return self.copy(layer_ids) and self.remove(layer_ids)

    def paste(self, place: Place) -> bool:
        content = QGuiApplication.clipboard().mimeData()

        def edit(project: Project) -> Project:
            after = place_copies(project, copied_layers(content), place)
            if after == project:
                raise EditError("There is only an Input on the clipboard, and it cannot be copied.")
            return after

        return self._document.apply(edit, "paste")


def copied_layers(content: QMimeData) -> Model:
    """The layers on the clipboard, put there by us or as JSON by somebody else. Raises EditError."""
    if content.hasFormat(mime.LAYERS):
        raw = bytes(content.data(mime.LAYERS).data())
    elif content.hasText():
        raw = content.text().encode("utf-8", "replace")
    else:
        raise EditError("There are no layers on the clipboard; copy some blocks first.")
    if len(raw) > _LONGEST_CLIPBOARD:
        raise EditError("What is on the clipboard is too large to be layers; copy some blocks first.")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise EditError("There are no layers on the clipboard, but other text; copy some blocks first.") from None
    try:
        copied = decode_model(document)
    except FileError as problem:
        raise EditError(f"What is on the clipboard cannot be pasted: {problem}") from None
    if not copied.blocks:
        raise EditError("There are no layers on the clipboard; copy some blocks first.")
    return copied


def _named(layer_ids: Collection[str]) -> str:
    return next(iter(layer_ids)) if len(layer_ids) == 1 else f"{len(layer_ids)} layers"
