"""Made images and the training images that are most alike."""

from __future__ import annotations

import numpy as np
import pytest

from nnplayground.samples import Preparation
from nnplayground.training.made import as_pixels, nearest


def test_the_nearest_image_is_found_and_a_copy_is_at_distance_zero() -> None:
    random = np.random.default_rng(0)
    among = random.uniform(0, 1, (50, 12)).astype(np.float32)
    images = np.stack([among[7], among[31] + 0.01, np.zeros(12, np.float32)])
    places, distances = nearest(images, among)
    assert places[:2].tolist() == [7, 31]
    assert distances[0] == 0
    assert distances[1] == pytest.approx(0.01, rel=1e-4)
    by_hand = np.sqrt(((among - images[2]) ** 2).mean(axis=1))
    assert distances[2] == pytest.approx(by_hand.min())
    assert places[2] == by_hand.argmin()


def test_an_image_is_not_its_own_nearest_one() -> None:
    among = np.array([[0.0], [0.5], [0.6]], np.float32)
    places, distances = nearest(among, among, skip=np.arange(3))
    assert places.tolist() == [1, 2, 1]
    assert distances == pytest.approx([0.5, 0.1, 0.1])


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation(scale=(1 / 255,)),
        Preparation(scale=(1 / 127.5,), offset=(-1.0,)),
        Preparation(scale=(1 / 60, 1 / 50), offset=(-2.0, -1.5)),
    ],
)
def test_pixels_come_back_from_what_the_model_gets(preparation: Preparation) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 8, 4, 2)
    assert np.array_equal(as_pixels(preparation.apply(pixels), preparation), pixels)


def test_what_no_pixel_can_be_is_cut_off() -> None:
    values = np.array([-1.0, 2.0, np.nan], np.float32).reshape(3, 1, 1, 1)
    assert as_pixels(values, Preparation(scale=(1 / 255,))).ravel().tolist() == [0, 255, 0]
