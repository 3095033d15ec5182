"""How much each sample counts in the loss: the sample's own weight times that of its class."""

from __future__ import annotations

import numpy as np

from nnplayground.samples import Array, Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project


def training_weights(project: Project, facts: DataFacts, samples: Samples, output: str) -> Array | None:
    """(n,) float32 for the training split, or None where all samples count the same.

    output: id of the output layer. "balanced" gives each class n / (classes · its samples), so that the mean is 1; a
    class that a table of weights does not name keeps 1.
    """
    chosen = project.training.class_weight
    if chosen == "none" or facts.target != "classes":
        return None if samples.weights is None else samples.weights.astype(np.float32)
    labels = samples.targets[output]
    if isinstance(chosen, dict):
        of_class = np.array([chosen.get(name, 1.0) for name in facts.class_names])
    else:
        counts = np.bincount(labels, minlength=facts.class_count)
        of_class = len(labels) / (facts.class_count * np.maximum(counts, 1))
    weights = of_class[labels]
    if samples.weights is not None:
        weights = weights * samples.weights
    return weights.astype(np.float32)
