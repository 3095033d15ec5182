"""The bundled sample of handwritten digits is an image folder like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from nnplayground.data import scan
from nnplayground.spec.dataset import ImageFolder

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"


def test_ten_classes_of_digits() -> None:
    facts = scan(ImageFolder(folder="digits", image_size=(8, 8), color_mode="grayscale"), SAMPLES)
    assert facts.class_names == tuple("0123456789")
    assert sum(facts.splits.values()) == 1797
    assert (facts.problem, facts.warnings, facts.skipped) == (None, (), ())


def test_images_use_the_whole_range() -> None:
    with Image.open(SAMPLES / "digits" / "0" / "0000.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (8, 8)
    assert (pixels.min(), pixels.max()) == (0, 239)
    # A zero: ink around an empty middle.
    assert pixels[3:5, 3:5].max() < 100 < pixels[3:5].max()


def test_licence_lies_beside_the_images() -> None:
    text = (SAMPLES / "digits-LICENSE.txt").read_text(encoding="utf-8")
    assert "CC BY 4.0" in text
    assert "scikit-learn developers" in text
