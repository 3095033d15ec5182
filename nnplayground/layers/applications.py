"""The networks of keras.applications, each a row of the table; what they have in common is in `pretrained`."""

from __future__ import annotations

from typing import ClassVar

from nnplayground.layers.pretrained import Pretrained


class MobileNet(Pretrained, frozen=True):
    """keras.applications.MobileNet."""

    about: ClassVar[str] = (
        "A small and quick network of depthwise convolutions, made for phones; a good first choice on any computer."
    )


class MobileNetV2(Pretrained, frozen=True):
    """keras.applications.MobileNetV2."""

    about: ClassVar[str] = "MobileNet with narrow shortcuts between its blocks: more accurate with fewer parameters."


class MobileNetV3Small(Pretrained, frozen=True):
    """keras.applications.MobileNetV3Small."""

    about: ClassVar[str] = "The quickest of the MobileNets, found by automatic search; each block weighs its channels."


class MobileNetV3Large(Pretrained, frozen=True):
    """keras.applications.MobileNetV3Large."""

    about: ClassVar[str] = "The larger MobileNet of the third generation: more accurate, and still quick."


class EfficientNetV2B0(Pretrained, frozen=True):
    """keras.applications.EfficientNetV2B0."""

    about: ClassVar[str] = "Convolutions balanced in depth and width so that much is learned at little cost."


class EfficientNetV2B1(Pretrained, frozen=True):
    """keras.applications.EfficientNetV2B1."""

    about: ClassVar[str] = "EfficientNetV2B0 made a little deeper, for pictures of 240 pixels."


class EfficientNetV2B2(Pretrained, frozen=True):
    """keras.applications.EfficientNetV2B2."""

    about: ClassVar[str] = "EfficientNetV2B0 made deeper and wider, for pictures of 260 pixels."


class EfficientNetV2B3(Pretrained, frozen=True):
    """keras.applications.EfficientNetV2B3."""

    about: ClassVar[str] = "The largest of the small EfficientNets, for pictures of 300 pixels."


class DenseNet121(Pretrained, frozen=True):
    """keras.applications.DenseNet121."""

    about: ClassVar[str] = (
        "Every layer of a block sees what all layers before it gave, so that nothing is learned twice."
    )


class DenseNet169(Pretrained, frozen=True):
    """keras.applications.DenseNet169."""

    about: ClassVar[str] = "DenseNet121 with longer blocks."


class DenseNet201(Pretrained, frozen=True):
    """keras.applications.DenseNet201."""

    about: ClassVar[str] = "DenseNet121 with still longer blocks."


class ResNet50(Pretrained, frozen=True):
    """keras.applications.ResNet50."""

    about: ClassVar[str] = (
        "Fifty layers with shortcuts past every few of them, which made very deep networks trainable."
    )


class ResNet101(Pretrained, frozen=True):
    """keras.applications.ResNet101."""

    about: ClassVar[str] = "ResNet50 with twice as many layers."


class ResNet152(Pretrained, frozen=True):
    """keras.applications.ResNet152."""

    about: ClassVar[str] = "ResNet50 with three times as many layers."


class ResNet50V2(Pretrained, frozen=True):
    """keras.applications.ResNet50V2."""

    about: ClassVar[str] = "ResNet50 with normalization and activation ahead of each convolution."


class ResNet101V2(Pretrained, frozen=True):
    """keras.applications.ResNet101V2."""

    about: ClassVar[str] = "ResNet101 with normalization and activation ahead of each convolution."


class ResNet152V2(Pretrained, frozen=True):
    """keras.applications.ResNet152V2."""

    about: ClassVar[str] = "ResNet152 with normalization and activation ahead of each convolution."


class VGG16(Pretrained, frozen=True):
    """keras.applications.VGG16."""

    about: ClassVar[str] = "Sixteen plain layers of 3×3 convolutions and pooling: large and slow, but easy to read."


class VGG19(Pretrained, frozen=True):
    """keras.applications.VGG19."""

    about: ClassVar[str] = "VGG16 with three more convolutions."


class InceptionV3(Pretrained, frozen=True):
    """keras.applications.InceptionV3."""

    about: ClassVar[str] = "Convolutions of several sizes side by side in each block."


class InceptionResNetV2(Pretrained, frozen=True):
    """keras.applications.InceptionResNetV2."""

    about: ClassVar[str] = "InceptionV3's blocks with the shortcuts of ResNet."


class Xception(Pretrained, frozen=True):
    """keras.applications.Xception."""

    about: ClassVar[str] = "Inception taken to the end: every channel by itself first, then a mix of all."


class NASNetMobile(Pretrained, frozen=True):
    """keras.applications.NASNetMobile."""

    about: ClassVar[str] = "Blocks found by automatic search; the small one."


class NASNetLarge(Pretrained, frozen=True):
    """keras.applications.NASNetLarge."""

    about: ClassVar[str] = "Blocks found by automatic search; the large one, with 85 million parameters."


class ConvNeXtTiny(Pretrained, frozen=True):
    """keras.applications.ConvNeXtTiny."""

    about: ClassVar[str] = (
        "A plain convolutional network with what was learned from transformers: large windows, few activations."
    )
