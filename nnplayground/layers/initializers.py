"""Where weights start: Keras' initializers by name, or with parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

InitializerName = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "zeros",
    "ones",
]

NAMES: tuple[InitializerName, ...] = get_args(InitializerName)


class _Initializer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=True):
    pass


class RandomNormal(_Initializer, frozen=True):
    """Normally distributed values."""

    mean: Annotated[float, Meta(title="Mean", description="Centre of the distribution.", ge=-10, le=10)] = 0.0
    stddev: Annotated[
        float, Meta(title="Standard deviation", description="Spread of the distribution.", ge=0, le=10)
    ] = 0.05


class TruncatedNormal(_Initializer, frozen=True):
    """Normally distributed values; those beyond two deviations are drawn again."""

    mean: Annotated[float, Meta(title="Mean", description="Centre of the distribution.", ge=-10, le=10)] = 0.0
    stddev: Annotated[
        float, Meta(title="Standard deviation", description="Spread of the distribution.", ge=0, le=10)
    ] = 0.05


class RandomUniform(_Initializer, frozen=True):
    """Values evenly spread between two limits."""

    minval: Annotated[float, Meta(title="Least", description="Lower limit of the values.", ge=-10, le=10)] = -0.05
    maxval: Annotated[float, Meta(title="Most", description="Upper limit of the values.", ge=-10, le=10)] = 0.05


class Constant(_Initializer, frozen=True):
    """The same value everywhere."""

    value: Annotated[float, Meta(title="Value", description="What every weight starts at.", ge=-100, le=100)] = 0.0


Initializer = InitializerName | RandomNormal | TruncatedNormal | RandomUniform | Constant


def to_keras(keras: Any, initializer: Initializer, *, seed: int) -> Any:
    """The Keras initializer, seeded where it is random."""
    if not isinstance(initializer, str):
        parameters = msgspec.structs.asdict(initializer)
        if not isinstance(initializer, Constant):
            parameters["seed"] = seed
        return getattr(keras.initializers, type(initializer).__name__)(**parameters)
    if initializer in ("zeros", "ones"):
        return keras.initializers.get(initializer)
    return keras.initializers.get({"class_name": initializer, "config": {"seed": seed}})
