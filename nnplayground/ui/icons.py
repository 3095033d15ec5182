"""Our own icons: line drawings as SVG in resources/icons, coloured to fit the theme."""

from __future__ import annotations

import tempfile
from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from nnplayground.resources import resources


@cache
def _source(name: str) -> str:
    return (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def pixmap(name: str, color: str, *, size: int = 16, ratio: float = 2.0) -> QPixmap:
    """An icon of `size` logical pixels in one colour. `name` is the file's name without .svg."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
    image = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def icon(name: str, color: str, *, disabled: str | None = None) -> QIcon:
    """An icon in one colour, paler where its control is disabled."""
    result = QIcon(pixmap(name, color))
    if disabled is not None:
        result.addPixmap(pixmap(name, disabled), QIcon.Mode.Disabled)
    return result


@cache
def _style_folder() -> Path:
    # Style sheets can only name files; these live as long as the process.
    return Path(tempfile.mkdtemp(prefix="nnplayground-icons-"))


@cache
def style_url(name: str, color: str) -> str:
    """The icon in one colour as `url(…)` for a style sheet."""
    path = _style_folder() / f"{name}-{color.lstrip('#')}.svg"
    path.write_text(_source(name).replace("currentColor", color), encoding="utf-8")
    return f"url({path.as_posix()})"
