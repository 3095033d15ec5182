"""The inputs that can be made of a point, each as a switch with a small picture of what it is over the plane."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, get_args

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QVBoxLayout, QWidget

from nnplayground.data.points import plane_grid
from nnplayground.spec.dataset import Feature
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.labels import describe
from nnplayground.ui.widgets.pictures import image_from_array

FEATURE_TITLES: dict[Feature, str] = {
    "x1": "x₁",
    "x2": "x₂",
    "x1^2": "x₁²",
    "x2^2": "x₂²",
    "x1x2": "x₁x₂",
    "sin_x1": "sin x₁",
    "sin_x2": "sin x₂",
}
_SPOKEN: dict[Feature, str] = {
    "x1": "x1",
    "x2": "x2",
    "x1^2": "x1 squared",
    "x2^2": "x2 squared",
    "x1x2": "x1 times x2",
    "sin_x1": "sine of x1",
    "sin_x2": "sine of x2",
}
_ABOUT: dict[Feature, str] = {
    "x1": "How far to the right a point lies.",
    "x2": "How far up a point lies.",
    "x1^2": "Grows to the left and to the right: what a circle needs.",
    "x2^2": "Grows upwards and downwards: what a circle needs.",
    "x1x2": "Positive where both have the same sign: all that xor needs.",
    "sin_x1": "Goes up and down from left to right.",
    "sin_x2": "Goes up and down from the bottom to the top.",
}
_PICTURE_SIDE = 24


@cache
def feature_picture(feature: Feature) -> QImage:
    """What an input is over the plane: orange where negative, blue where positive."""
    values = plane_grid([feature], _PICTURE_SIDE).reshape(_PICTURE_SIDE, _PICTURE_SIDE)
    return image_from_array(to_rgb(values, "plane"))


class FeatureSwitch(QCheckBox):
    """One input: its picture, its name, and a switch."""

    def __init__(self, feature: Feature) -> None:
        super().__init__()
        self.feature: Feature = feature
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        describe(self, _SPOKEN[feature], f"{_ABOUT[feature]}\nSwitch it on to give it to the model.")

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def sizeHint(self) -> QSize:
        return QSize(150, self.fontMetrics().height() + 9)

    def minimumSizeHint(self) -> QSize:
        return QSize(90, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        on = self.isChecked()
        side = area.height() - 4
        picture = QRectF(area.left() + 3, area.top() + 2, side, side)
        outline = QPainterPath()
        outline.addRoundedRect(picture, 4, 4)
        painter.save()
        painter.setClipPath(outline)
        painter.setOpacity(1.0 if on else 0.45)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(picture, feature_picture(self.feature))
        painter.restore()
        painter.setPen(QColor(theme.text if on else theme.muted))
        words = area.adjusted(picture.right() + 9, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), FEATURE_TITLES[self.feature])
        height = round(area.height() * 0.5)
        groove = QRectF(area.right() - height * 1.8 - 3, area.center().y() - height / 2, height * 1.8, height)
        # The place of the knob says it as well as the colour.
        painter.setPen(QPen(QColor(theme.accent if on or self.underMouse() else theme.muted), 1))
        painter.setBrush(QColor(theme.accent if on else theme.surface))
        painter.drawRoundedRect(groove, height / 2, height / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent_text if on else theme.muted))
        middle = groove.right() - height / 2 if on else groove.left() + height / 2
        painter.drawEllipse(QPointF(middle, groove.center().y()), height / 2 - 3, height / 2 - 3)


class FeatureSwitches(QWidget):
    """All inputs one below the other. One of them stays on."""

    chosen = Signal(object)
    """The user wants these features: a list of names in their usual order, which may be empty."""

    def __init__(self) -> None:
        super().__init__()
        self.switches = {feature: FeatureSwitch(feature) for feature in get_args(Feature)}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        for switch in self.switches.values():
            switch.toggled.connect(self._on_toggled)
            layout.addWidget(switch)

    def setObjectName(self, name: Any) -> None:
        super().setObjectName(name)
        for feature, switch in self.switches.items():
            switch.setObjectName(f"{name}.{feature}")

    def show_features(self, features: Sequence[Feature]) -> None:
        for feature, switch in self.switches.items():
            blocked = switch.blockSignals(True)
            switch.setChecked(feature in features)
            switch.blockSignals(blocked)

    def _on_toggled(self) -> None:
        self.chosen.emit([feature for feature, switch in self.switches.items() if switch.isChecked()])
