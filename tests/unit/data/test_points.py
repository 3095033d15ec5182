"""Generated points: repeatable, in range, balanced, and shaped as their name says."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest

from nnplayground.data import DataError, generate_points, load, point_features, scan
from nnplayground.spec.dataset import CountSplit, Feature, FolderSplit, FractionSplit, Points, PointsShape

SHAPES: tuple[PointsShape, ...] = get_args(PointsShape)
ALL_FEATURES: tuple[Feature, ...] = get_args(Feature)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_repeatable_and_in_range(shape: PointsShape, noise: float) -> None:
    dataset = Points(shape=shape, noise=noise, classes=3, count=301, seed=5)
    one, two = generate_points(dataset), generate_points(dataset)
    assert np.array_equal(one.coordinates, two.coordinates)
    assert np.array_equal(one.targets, two.targets)
    assert one.coordinates.shape == (301, 2)
    assert one.coordinates.dtype == np.float32
    assert np.abs(one.coordinates).max() <= 6
    other = generate_points(msgspec.structs.replace(dataset, seed=6))
    assert not np.array_equal(one.coordinates, other.coordinates)


@pytest.mark.parametrize("shape", SHAPES)
def test_scan_and_load_agree(shape: PointsShape) -> None:
    dataset = Points(shape=shape, classes=4, count=100, features=ALL_FEATURES, split=FractionSplit(0.25, 0.1))
    loaded = load(dataset, Path(), input_ids=["input", "other"], output_ids=["dense_1"])
    assert loaded.facts == scan(dataset, Path())
    assert loaded.facts.input_shape == (7,)
    assert loaded.facts.splits == {name: len(samples) for name, samples in loaded.splits.items()}
    training = loaded.splits["training"]
    assert training.inputs["input"] is training.inputs["other"]
    assert training.inputs["input"].shape == (len(training), 7)
    ids = [name for samples in loaded.splits.values() for name in samples.ids]
    assert sorted(ids, key=int) == [str(number) for number in range(100)]
    if shape in ("plane", "regression_gauss"):
        assert loaded.facts.target == "number"
        assert loaded.facts.class_names == ()
        assert training.targets["dense_1"].shape == (len(training), 1)
        assert training.targets["dense_1"].dtype == np.float32
    else:
        assert loaded.facts.class_count == (4 if shape in ("spiral", "multi_gauss") else 2)
        assert training.targets["dense_1"].dtype == np.int32
        for name, samples in loaded.splits.items():
            counts = np.bincount(samples.targets["dense_1"], minlength=loaded.facts.class_count)
            assert tuple(counts.tolist()) == loaded.facts.per_class[name]
            assert counts.max() - counts.min() <= 1


def test_samples_are_the_features_of_their_points() -> None:
    dataset = Points(shape="moons", features=("x1x2", "sin_x2", "x1^2"))
    points = generate_points(dataset)
    samples = load(dataset, Path(), input_ids=["input"], output_ids=["out"]).splits["validation"]
    index = [int(name) for name in samples.ids]
    x1, x2 = points.coordinates[index].T
    assert np.allclose(samples.prepared("input", slice(None)), np.stack([x1 * x2, np.sin(x2), x1**2], axis=1))
    assert np.array_equal(samples.targets["out"], points.targets[index])
    assert np.array_equal(point_features(points.coordinates, ["x1", "x2"]), points.coordinates)


def test_shapes_without_noise_are_what_they_say() -> None:
    def made(shape: PointsShape) -> tuple[np.ndarray, np.ndarray]:
        points = generate_points(Points(shape=shape, noise=0, count=400))
        return points.coordinates, points.targets

    coordinates, labels = made("circle")
    assert ((np.hypot(*coordinates.T) > 2.8) == labels).all()
    coordinates, labels = made("xor")
    assert ((coordinates.prod(axis=1) < 0) == labels).all()
    coordinates, labels = made("gauss")
    assert ((coordinates.sum(axis=1) < 0) == labels).mean() > 0.99
    coordinates, targets = made("plane")
    assert np.allclose(targets[:, 0], coordinates.sum(axis=1) / 12, atol=1e-6)
    coordinates, targets = made("regression_gauss")
    assert targets.min() < -0.8
    assert targets.max() > 0.8


def test_arms_of_a_spiral_do_not_touch() -> None:
    points = generate_points(Points(shape="spiral", noise=0, count=600, classes=3))
    far = points.coordinates[np.hypot(*points.coordinates.T) > 1]
    labels = points.targets[np.hypot(*points.coordinates.T) > 1]
    distance = np.hypot(*(far[:, None] - far[None]).transpose(2, 0, 1))
    assert distance[labels[:, None] != labels[None]].min() > 0.4


def test_more_validation_than_points() -> None:
    dataset = Points(count=100, split=CountSplit(validation=1000))
    problem = scan(dataset, Path()).problem
    assert problem is not None
    assert "1,000 points" in problem
    assert scan(dataset, Path()).input_shape == (2,)
    with pytest.raises(DataError, match="1,000 points"):
        load(dataset, Path(), input_ids=["input"], output_ids=["out"])


def test_points_have_no_folders() -> None:
    assert "do not lie in folders" in (scan(Points(split=FolderSplit("elsewhere")), Path()).problem or "")
