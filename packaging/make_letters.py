"""Makes resources/samples/letters.weights.h5: python packaging/make_letters.py

A MobileNetV3Small that has learned to tell drawn letters apart, for the sample in which it then learns digits. The
letters are drawn by Pillow in its own font, turned, slanted, thickened and blurred at random. Needs Keras with
TensorFlow, Pillow and a few minutes.
"""

from __future__ import annotations

import string
import tempfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TARGET = Path(__file__).resolve().parent.parent / "resources" / "samples" / "letters.weights.h5"
LETTERS = string.ascii_uppercase + "abdefghnqrt"
"""Small letters that are not just their capitals, smaller."""
COUNT = 24_000
SIDE, DRAWN = 32, 64
EPOCHS = 16


def drawn(letter: str, random: np.random.Generator) -> Image.Image:
    """One letter as a gray picture, white on black, as coarse as the digits are."""
    image = Image.new("L", (DRAWN, DRAWN))
    font = ImageFont.load_default(random.uniform(54, 78))
    ImageDraw.Draw(image).text(
        (DRAWN / 2, DRAWN / 2), letter, fill=255, font=font, anchor="mm", stroke_width=int(random.integers(0, 5))
    )
    turn, slant = random.normal(0, 0.15), random.normal(0, 0.2)
    width, height = random.uniform(0.8, 1.3), random.uniform(0.9, 1.2)
    matrix = np.array([[np.cos(turn), np.sin(turn) + slant], [-np.sin(turn), np.cos(turn)]]) @ np.diag([width, height])
    middle = np.array([DRAWN / 2, DRAWN / 2])
    shift = middle - matrix @ middle + random.uniform(-4, 4, 2)
    image = image.transform(
        (DRAWN, DRAWN),
        Image.Transform.AFFINE,
        (*matrix[0], shift[0], *matrix[1], shift[1]),
        resample=Image.Resampling.BILINEAR,
    )
    image = image.filter(ImageFilter.GaussianBlur(random.uniform(0, 2)))
    coarse = int(random.integers(8, 15))
    image = image.resize((coarse, coarse), Image.Resampling.BOX)
    return image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def letters(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(COUNT, SIDE, SIDE, 3) uint8 and (COUNT,) int32."""
    labels = random.integers(0, len(LETTERS), COUNT)
    gray = np.stack([np.asarray(drawn(LETTERS[label], random)) for label in labels])
    return np.repeat(gray[..., None], 3, axis=-1), labels.astype(np.int32)


def learned(pictures: np.ndarray, labels: np.ndarray) -> Any:
    """The network without its top, after having learned."""
    base = keras.applications.MobileNetV3Small(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.95  # the statistics must settle in a short training
    features = keras.layers.GlobalAveragePooling2D()(base.output)
    output = keras.layers.Dense(len(LETTERS), activation="softmax")(keras.layers.Dropout(0.2)(features))
    model = keras.Model(base.input, output)
    steps = EPOCHS * (len(pictures) // 128)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=0.003, warmup_steps=200, alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(pictures, labels, batch_size=128, epochs=EPOCHS, validation_split=0.05, verbose=2)
    return base


def save(base: Any) -> None:
    """Keras' file of weights, with numbers of 16 bits and packed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.weights.h5"
        base.save_weights(path)
        with h5py.File(path) as whole, h5py.File(TARGET, "w") as small:

            def copy(name: str, item: Any) -> None:
                if isinstance(item, h5py.Dataset):
                    values = item[()]
                    if values.dtype.kind == "f" and values.ndim > 1:
                        values = values.astype(np.float16)
                    packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if values.ndim else {}
                    small.create_dataset(name, data=values, **packed)

            whole.visititems(copy)
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    keras.utils.set_random_seed(0)
    save(learned(*letters(np.random.default_rng(0))))


if __name__ == "__main__":
    main()
