"""Laying out what scrolls, without a fight between layout and scroll bar."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractScrollArea


def steady_width(area: QAbstractScrollArea) -> int:
    """The viewport's width with the vertical scroll bar, whether or not it is there.

    Where narrower content is also lower, a bar that appears makes the content fit, so the bar goes, so the content no
    longer fits, without end.
    """
    return area.contentsRect().width() - area.verticalScrollBar().sizeHint().width()
