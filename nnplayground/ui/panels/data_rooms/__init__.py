"""What the data panel shows of each type of dataset: a room for each, imported when there is such data."""

from __future__ import annotations

from collections.abc import Callable

from nnplayground.spec.dataset import DatasetType, ImageFolder, Pairs, Points, Series, Text
from nnplayground.ui.document import Document
from nnplayground.ui.panels.data_rooms.room import DataRoom, RoomTools

__all__ = ["DataRoom", "RoomTools", "make_room"]

_Maker = Callable[[Document, RoomTools], DataRoom]


def _images() -> _Maker:
    from nnplayground.ui.panels.data_rooms.images import ImageRoom

    return ImageRoom


def _points() -> _Maker:
    from nnplayground.ui.panels.data_rooms.points import PointsRoom

    return PointsRoom


def _text() -> _Maker:
    from nnplayground.ui.panels.data_rooms.text import TextRoom

    return TextRoom


def _series() -> _Maker:
    from nnplayground.ui.panels.data_rooms.series import SeriesRoom

    return SeriesRoom


def _pairs() -> _Maker:
    from nnplayground.ui.panels.data_rooms.pairs import PairsRoom

    return PairsRoom


_ROOMS: dict[DatasetType, Callable[[], _Maker]] = {
    ImageFolder: _images,
    Points: _points,
    Text: _text,
    Series: _series,
    Pairs: _pairs,
}


def make_room(dataset_type: DatasetType, document: Document, tools: RoomTools) -> DataRoom:
    """The room for a type of dataset."""
    return _ROOMS[dataset_type]()(document, tools)
