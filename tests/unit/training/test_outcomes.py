"""Classes, confidence and counts out of predictions."""

from __future__ import annotations

import numpy as np
import pytest

from nnplayground.training.outcomes import confidence, confusion_counts, predicted_classes


def test_single_output_is_the_probability_of_the_second_class() -> None:
    predictions = np.array([[0.1], [0.5], [0.51], [0.97]], np.float32)
    assert predicted_classes(predictions).tolist() == [0, 0, 1, 1]
    assert confidence(predictions) == pytest.approx([0.9, 0.5, 0.51, 0.97])


def test_several_outputs_choose_the_largest() -> None:
    predictions = np.array([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]], np.float32)
    assert predicted_classes(predictions).tolist() == [1, 0]
    assert confidence(predictions) == pytest.approx([0.7, 0.5])


def test_no_predictions_give_no_classes() -> None:
    assert predicted_classes(np.zeros((0, 3), np.float32)).shape == (0,)
    assert confidence(np.zeros((0, 1), np.float32)).shape == (0,)
    assert confusion_counts(np.zeros(0, np.int32), np.zeros(0, np.int64), 2).tolist() == [[0, 0], [0, 0]]


def test_confusion_counts_true_classes_in_rows() -> None:
    labels = np.array([0, 0, 0, 1, 2, 2], np.int32)
    predicted = np.array([0, 2, 2, 1, 2, 0])
    assert confusion_counts(labels, predicted, 3).tolist() == [[1, 0, 2], [0, 1, 0], [1, 0, 1]]


def test_confusion_keeps_classes_without_samples() -> None:
    counts = confusion_counts(np.array([1], np.int32), np.array([1]), 4)
    assert counts.shape == (4, 4)
    assert counts.sum() == counts[1, 1] == 1


@pytest.mark.parametrize(("labels", "predicted"), [([0, 3], [0, 0]), ([0, 1], [-1, 0])])
def test_confusion_refuses_indices_of_no_class(labels: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match="class indices from 0 to 2"):
        confusion_counts(np.array(labels), np.array(predicted), 3)
