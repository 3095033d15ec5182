"""Which text can be read on which colour."""

from __future__ import annotations

from PySide6.QtGui import QColor

READABLE = 4.5
"""The least contrast of text with its background."""


def mixed(front: QColor, back: QColor, share: float) -> QColor:
    """`share` of one colour on the rest of another."""
    pairs = ((front.red(), back.red()), (front.green(), back.green()), (front.blue(), back.blue()))
    return QColor(*(round(share * one + (1 - share) * other) for one, other in pairs))


def contrast(first: QColor, second: QColor) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2 defines it."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable_on(background: QColor, preferred: QColor) -> QColor:
    """The preferred colour where it can be read on the background, else black or white, one of which always can."""
    if contrast(preferred, background) >= READABLE:
        return preferred
    return max((QColor("#000000"), QColor("#ffffff")), key=lambda color: contrast(color, background))


def _luminance(color: QColor) -> float:
    parts = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in color.getRgbF()[:3])  # type: ignore[index]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
