"""What predictions say about classes: the class chosen, how sure the model is, and which classes are mixed up."""

from __future__ import annotations

import numpy as np

from nnplayground.samples import Array

THRESHOLD = 0.5
"""Above it, a single sigmoid output stands for the second class; as Keras' `binary_accuracy`."""


def predicted_classes(predictions: Array) -> Array:
    """The class that each row of predictions stands for: (n,) int64.

    predictions: (n, 1), probability of the second class; or (n, k), one probability for each class.
    """
    if predictions.shape[1] == 1:
        return (predictions[:, 0] > THRESHOLD).astype(np.int64)
    return predictions.argmax(axis=1)


def confidence(predictions: Array) -> Array:
    """The probability that the model gives to the class it predicts: (n,), of the type of `predictions`.

    predictions: as for `predicted_classes`.
    """
    if predictions.shape[1] == 1:
        second = predictions[:, 0]
        return np.where(second > THRESHOLD, second, 1 - second)
    return predictions.max(axis=1)


def confusion_counts(labels: Array, predicted: Array, class_count: int) -> Array:
    """How many samples of each true class (rows) were predicted as each class (columns): (k, k) int64.

    labels, predicted: (n,) class indices. Raises ValueError where one of them is no index of `class_count` classes.
    """
    for name, indices in (("labels", labels), ("predicted", predicted)):
        if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < class_count:
            raise ValueError(
                f"{name} must be class indices from 0 to {class_count - 1}, got {indices.min()} to {indices.max()}."
            )
    cells = labels.astype(np.int64) * class_count + predicted.astype(np.int64)
    return np.bincount(cells, minlength=class_count * class_count).reshape(class_count, class_count)
