"""Types of parameters that several layers share: each with its range, title and one-sentence help."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from nnplayground.layers import activations, initializers, regularizers
from nnplayground.layers.activations import ActivationField
from nnplayground.layers.initializers import Initializer
from nnplayground.layers.regularizers import Regularizer

Units = Annotated[
    int, Meta(title="Units", description="Number of neurons, and so the length of the output.", ge=1, le=65536)
]
Filters = Annotated[
    int,
    Meta(
        title="Filters", description="How many patterns the layer looks for; each gives one feature map.", ge=1, le=4096
    ),
]
Side = Annotated[int, Meta(ge=1, le=64)]
Pair = tuple[Side, Side]
KernelSize = Annotated[
    Pair, Meta(title="Kernel size", description="Height and width in pixels of the window that slides over the image.")
]
Strides = Annotated[
    Pair, Meta(title="Strides", description="How many pixels the window moves on at each step, down and across.")
]
PoolSize = Annotated[
    Pair, Meta(title="Pool size", description="Height and width in pixels of the window that is reduced to one value.")
]
PoolStrides = Annotated[
    Pair | None,
    Meta(title="Strides", description="How far the window moves on at each step; as far as it is large, if not given."),
]
DilationRate = Annotated[
    Pair,
    Meta(title="Dilation rate", description="Spacing of the pixels that the window looks at; 1 means neighbours."),
]
Padding = Annotated[
    Literal["valid", "same"],
    Meta(
        title="Padding",
        description="valid keeps the window inside the image; same adds zeros around it, so that the size stays.",
    ),
]
DepthMultiplier = Annotated[
    int, Meta(title="Depth multiplier", description="How many filters each input channel gets.", ge=1, le=64)
]
ActivationParameter = Annotated[
    ActivationField,
    Meta(title="Activation", description="The function applied to each output; without one a layer is only linear."),
]
UseBias = Annotated[bool, Meta(title="Use bias", description="Adds one learned constant to each unit or filter.")]
KernelInitializer = Annotated[
    Initializer, Meta(title="Kernel initializer", description="How the weights start, before any training.")
]
BiasInitializer = Annotated[
    Initializer, Meta(title="Bias initializer", description="How the biases start, before any training.")
]
KernelRegularizer = Annotated[
    Regularizer | None,
    Meta(title="Kernel regularizer", description="A penalty on large weights, against overfitting."),
]
BiasRegularizer = Annotated[
    Regularizer | None, Meta(title="Bias regularizer", description="A penalty on large biases; rarely useful.")
]
Momentum = Annotated[
    float,
    Meta(
        title="Momentum",
        description="How slowly the running mean and variance follow the batches; nearer to 1 is slower.",
        ge=0,
        le=1,
    ),
]
Epsilon = Annotated[
    float, Meta(title="Epsilon", description="Added to the variance, so that nothing is divided by zero.", gt=0, le=1)
]


def kernel_and_bias(keras: Any, layer: Any, *, seed: int, name: str, kernel: str = "kernel") -> dict[str, Any]:
    """Keras' keyword arguments for activation, bias, initializers and regularizers of a layer that has them.

    `kernel` is Keras' prefix: "kernel", or "depthwise" where the layer's one kernel is called so.
    """
    return {
        "name": name,
        "activation": activations.to_keras(keras, layer.activation, name=f"{name}_activation"),
        "use_bias": layer.use_bias,
        f"{kernel}_initializer": initializers.to_keras(keras, getattr(layer, f"{kernel}_initializer"), seed=seed),
        "bias_initializer": initializers.to_keras(keras, layer.bias_initializer, seed=seed + 1),
        f"{kernel}_regularizer": regularizers.to_keras(keras, getattr(layer, f"{kernel}_regularizer")),
        "bias_regularizer": regularizers.to_keras(keras, layer.bias_regularizer),
    }
