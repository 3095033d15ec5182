"""Points that are generated or painted: repeatable, in range, balanced, and shaped as their name says."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest

from nnplayground.data import DataError, generate_points, load, painted_points, point_features, point_splits, scan
from nnplayground.spec.dataset import (
    NUMBER_SHAPES,
    CountSplit,
    Feature,
    FolderSplit,
    FractionSplit,
    PaintedPoint,
    Points,
    PointsShape,
)

SHAPES: tuple[PointsShape, ...] = tuple(each for each in get_args(PointsShape) if each not in ("painted", "file"))
CLASS_SHAPES = tuple(each for each in SHAPES if each not in NUMBER_SHAPES)
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
        assert loaded.facts.class_count == 4
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


@pytest.mark.parametrize("shape", CLASS_SHAPES)
@pytest.mark.parametrize("classes", range(2, 7))
def test_every_shape_keeps_up_to_six_classes_apart(shape: PointsShape, classes: int) -> None:
    """Without noise the nearest other point is nearly always one of the same class."""
    points = generate_points(Points(shape=shape, noise=0, count=1200, classes=classes))
    assert np.bincount(points.targets).tolist() == [1200 // classes] * classes
    assert np.abs(points.coordinates).max() < 6
    distance = np.hypot(*(points.coordinates[:, None] - points.coordinates[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    same = points.targets[distance.argmin(axis=1)] == points.targets
    assert same.mean() > 0.85


def test_rings_sectors_and_clouds_of_more_classes() -> None:
    circle = generate_points(Points(shape="circle", noise=0, classes=4, count=400))
    radius = np.hypot(*circle.coordinates.T)
    for label in range(3):
        assert radius[circle.targets == label].max() < radius[circle.targets == label + 1].min() - 0.2
    xor = generate_points(Points(shape="xor", noise=0, classes=3, count=600))
    turn = np.degrees(np.arctan2(xor.coordinates[:, 1], xor.coordinates[:, 0])) % 180
    assert np.array_equal((turn // 60).astype(int), xor.targets)
    gauss = generate_points(Points(shape="gauss", noise=0, classes=5, count=1000))
    for label in range(5):
        centre = gauss.coordinates[gauss.targets == label].mean(axis=0)
        assert np.hypot(*centre) == pytest.approx(2.2 * 2**0.5, abs=0.2)


@pytest.mark.parametrize(
    ("shape", "first", "last"),
    [
        ("circle", (-1.0902, 1.1876), (2.6742, -4.0959)),
        ("xor", (-3.4328, -1.6981), (-2.1634, 4.1370)),
        ("gauss", (2.2817, 2.1141), (-3.0700, -1.9652)),
        ("spiral", (4.3317, -0.0565), (-3.2332, -3.9061)),
        ("moons", (-2.7275, 1.9307), (3.8757, -0.8081)),
        ("multi_gauss", (2.6173, 2.4703), (-3.3085, -2.3397)),
        ("plane", (1.6435, -2.7626), (-0.8637, 4.1162)),
        ("regression_gauss", (1.6435, -2.7626), (-0.8637, 4.1162)),
    ],
)
def test_the_same_settings_give_the_same_points_in_every_version(
    shape: PointsShape, first: tuple[float, float], last: tuple[float, float]
) -> None:
    """Saved projects rely on it, and whoever compares results with somebody else's."""
    coordinates = generate_points(Points(shape=shape)).coordinates
    assert coordinates[0] == pytest.approx(first, abs=1e-4)
    assert coordinates[249] == pytest.approx(last, abs=1e-4)


PAINTED: tuple[PaintedPoint, ...] = ((1.0, 2.0, 0), (-1.5, 0.25, 1), (3.0, -3.0, 0), (-2.0, 1.0, 1), (0.0, 0.0, 1))


def test_painted_points_are_samples_in_their_order() -> None:
    dataset = Points(shape="painted", points=PAINTED, split=FractionSplit(0.2))
    facts = scan(dataset, Path())
    assert facts.problem is None
    assert facts.class_names == ("0", "1")
    assert facts.splits == {"training": 4, "validation": 1}
    points = generate_points(dataset)
    assert points.coordinates.tolist() == [[x1, x2] for x1, x2, _ in PAINTED]
    assert points.targets.tolist() == [label for _, _, label in PAINTED]
    assert painted_points(points) == PAINTED
    for samples in load(dataset, Path(), input_ids=["input"], output_ids=["out"]).splits.values():
        index = [int(name) for name in samples.ids]
        assert np.array_equal(samples.inputs["input"], points.coordinates[index])


def test_one_more_painted_point_leaves_the_others_in_their_splits() -> None:
    many = tuple((x1 / 4, x2 / 4, (x1 + x2) % 2) for x1 in range(-10, 10) for x2 in range(-10, 10))

    def held_back(points: tuple[PaintedPoint, ...]) -> set[PaintedPoint]:
        dataset = Points(shape="painted", points=points, split=CountSplit(validation=100))
        splits = load(dataset, Path(), input_ids=["input"], output_ids=["out"]).splits
        return {points[int(name)] for name in splits["validation"].ids}

    before, after = held_back(many), held_back(((5.5, 5.5, 0), *many[1:]))
    assert len(before - after) <= 1


def test_a_class_between_others_may_be_empty_and_is_pointed_out() -> None:
    facts = scan(Points(shape="painted", points=((1, 1, 0), (2, 2, 2), (3, 3, 2), (0, 0, 0))), Path())
    assert facts.class_names == ("0", "1", "2")
    assert facts.per_class["training"][1] == 0
    assert "No points of class 1 are painted" in facts.warnings[0]
    assert scan(Points(shape="painted", points=((1, 1, 2), (2, 2, 2))), Path()).warnings == ()


def test_an_empty_painting() -> None:
    dataset = Points(shape="painted")
    assert len(generate_points(dataset).coordinates) == 0
    assert "Nothing is painted yet" in (scan(dataset, Path()).problem or "")
    with pytest.raises(DataError, match="Nothing is painted yet"):
        load(dataset, Path(), input_ids=["input"], output_ids=["out"])


def test_numbers_cannot_become_a_painting() -> None:
    assert painted_points(generate_points(Points(shape="plane"))) == ()


def test_splits_are_known_without_loading() -> None:
    dataset = Points(count=60, split=FractionSplit(validation=0.3, test=0.1))
    loaded = load(dataset, Path(), input_ids=["input"], output_ids=["output"])
    known = {name: tuple(map(str, positions)) for name, positions in point_splits(dataset).items()}
    assert known == {name: samples.ids for name, samples in loaded.splits.items()}
