"""The metrics of the scratch engine on outputs small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nnplayground.engine.scratch.metrics import measure

LABELS = np.array([[0], [0], [0], [1], [1]], np.float32)
OUTPUTS = np.array([[0.1], [0.4], [0.7], [0.5], [0.9]], np.float32)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 3 / 5),  # 0.5 is not above one half.
        ("precision", 1 / 2),
        ("recall", 1 / 2),
        ("auc", 5 / 6),  # Of the six pairs of a 1 and a 0, one is the wrong way round.
        ("mae", (0.1 + 0.4 + 0.7 + 0.5 + 0.1) / 5),
        ("mse", (0.01 + 0.16 + 0.49 + 0.25 + 0.01) / 5),
    ],
)
def test_two_classes(name: str, value: float) -> None:
    assert measure(name, LABELS, OUTPUTS) == pytest.approx(value, abs=1e-6)


def test_several_classes() -> None:
    targets = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    outputs = np.array([[0.5, 0.4, 0.1], [0.5, 0.4, 0.1], [0.1, 0.2, 0.7], [0.0, 0.6, 0.4]], np.float32)
    assert measure("accuracy", targets, outputs) == 0.5


def test_without_any_positive_there_is_nothing_to_divide_by() -> None:
    assert measure("recall", LABELS * 0, OUTPUTS) == 0
    assert measure("precision", LABELS, OUTPUTS * 0) == 0
    assert measure("auc", LABELS * 0, OUTPUTS) == 0
    assert np.isnan(measure("auc", LABELS, OUTPUTS * np.nan))
