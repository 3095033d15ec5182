"""Pretrained blocks in the Keras engine: their weights, what is frozen, what lies inside, and files of weights."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import h5py
from keras.src.legacy.saving import legacy_h5_format

from nnplayground.engine import weight_files
from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.pretrained import PretrainedLayer
from nnplayground.engine.keras.runtime import keras
from nnplayground.layers.applications import VGG16, EfficientNetV2B0, MobileNet
from nnplayground.layers.core import Dense
from nnplayground.layers.pooling import GlobalAveragePooling2D
from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.training import SGD, Training

SHAPE = (32, 32, 3)
HEAD = Dense(units=1, activation="sigmoid")
PICTURES = np.random.default_rng(0).random((3, *SHAPE), dtype=np.float32)


def _built(layer: Pretrained, *, seed: int = 3) -> PretrainedLayer:
    made = PretrainedLayer(layer, name="block", seed=seed)
    made.build((None, *SHAPE))
    return made


@pytest.fixture(scope="module")
def mobile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MobileNet without its top, with random weights, as Keras' authors publish theirs."""
    network = keras.applications.MobileNet(include_top=False, weights=None, input_shape=SHAPE)
    random = np.random.default_rng(5)
    network.set_weights([random.uniform(0.05, 0.15, weight.shape) for weight in network.get_weights()])
    path = tmp_path_factory.mktemp("weights") / "mobile.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    network.save_weights(path.with_suffix(".weights.h5"))
    network.save(path.with_suffix(".keras"))
    return path


class TestInTheEngine:
    def test_a_frozen_block_stays_as_it_is_and_its_head_learns(self, bench: Any) -> None:
        model = bench.chain(VGG16(weights_from="none", output_layer="block1_pool", pooling="avg"), HEAD)
        engine = _engine(bench, model)
        before = engine.weights()
        engine.train([np.arange(4), np.arange(4, 8)])
        after = engine.weights()
        changed = {name for name in before if not np.array_equal(before[name], after[name])}
        assert changed
        assert all(name.startswith("dense_1/") for name in changed)
        assert "vgg16_1/block1_conv1/kernel" in before
        # The optimizer knows nothing of what is frozen.
        assert not any(values.size > 2000 for values in engine.state().optimizer.values())

    def test_from_a_layer_on_it_is_trained(self, bench: Any) -> None:
        model = bench.chain(MobileNet(weights_from="none", pooling="avg", trainable="conv_dw_13"), HEAD)
        engine = _engine(bench, model)
        before = engine.weights()
        engine.train([np.arange(8)])
        after = engine.weights()
        changed = {name.split("/")[1] for name in before if not np.array_equal(before[name], after[name])}
        # The moving statistics of what is frozen do not move.
        assert {"conv_pw_13_bn", "conv_dw_13_bn"} <= changed
        frozen = {name for name in before if name.split("/")[1] in ("conv1_bn", "conv_pw_12_bn", "conv_pw_12")}
        assert len(frozen) == 9
        assert all(np.array_equal(before[name], after[name]) for name in frozen)

    def test_weights_are_set_and_the_state_restored_by_the_same_names(self, bench: Any) -> None:
        model = bench.chain(MobileNet(weights_from="none", pooling="max", trainable="conv_pw_13"), HEAD)
        engine = _engine(bench, model)
        engine.train([np.arange(8)])
        state = engine.state()
        other = _engine(bench, model)
        other.restore(state)
        name = "mobile_net_1/conv_pw_13/kernel"
        assert np.array_equal(other.weights()[name], state.weights[name])
        other.set_weights({name: np.ones_like(state.weights[name])})
        assert (other.weights()[name] == 1).all()
        for one in (engine, other):
            one.restore(state)
        told = [one.train([np.arange(8)]).values["loss"] for one in (engine, other)]
        assert told[0] == told[1]

    def test_inner_layers_can_be_looked_into(self, bench: Any) -> None:
        model = bench.chain(VGG16(weights_from="none", output_layer="block2_pool"), GlobalAveragePooling2D(), HEAD)
        engine = _engine(bench, model)
        found = engine.activations(
            {"input": PICTURES}, ("vgg16_1/block1_conv1", "dense_1", "vgg16_1/block2_pool", "vgg16_1")
        )
        assert found["vgg16_1/block1_conv1"].shape == (3, 32, 32, 64)
        assert found["dense_1"].shape == (3, 1)
        np.testing.assert_allclose(found["vgg16_1/block2_pool"], found["vgg16_1"], rtol=1e-5)
        with pytest.raises(EngineError, match="no inner layer block3_conv1"):
            engine.activations({"input": PICTURES}, ("vgg16_1/block3_conv1",))
        with pytest.raises(EngineError, match="no layer dense_1/block3_conv1"):
            engine.activations({"input": PICTURES}, ("dense_1/block3_conv1",))

    def test_an_update_can_be_traced(self, bench: Any) -> None:
        model = bench.chain(MobileNet(weights_from="none", pooling="avg", trainable="conv_pw_13"), HEAD)
        engine = _engine(bench, model)
        trace = engine.trace(np.arange(4), ["dense_1"])
        assert set(trace.layers) == {"dense_1"}
        assert "mobile_net_1" in trace.gradient_norms


class TestInTwoParts:
    @pytest.mark.parametrize("trainable", ["frozen", "block4a_expand_conv", "all"])
    def test_together_they_are_keras_own_network(self, trainable: str) -> None:
        """Also with the pixels prepared as Keras does it."""
        layer = EfficientNetV2B0(weights_from="none", trainable=trainable, input_range="-1..1")
        made = _built(layer)
        frozen = made.frozen_outputs(PICTURES * 2 - 1)
        assert tuple(tuple(each.shape[1:]) for each in frozen) == made.frozen_shapes
        output = made.trained_output(frozen, training=False)
        own = made.opened([""])(PICTURES * 255, training=False)
        np.testing.assert_allclose(output, keras.tree.flatten(own)[0], rtol=1e-3, atol=1e-6)
        assert tuple(output.shape[1:]) == layer.output_shape(SHAPE)
        trained = {id(weight) for weight in made.trainable_weights}
        declared = {spec.name for spec in layer.weights(SHAPE) if spec.trainable}
        assert {name for name, weight in _named(made, layer).items() if id(weight) in trained} == declared

    def test_what_is_frozen_drops_nothing_and_what_is_trained_does(self) -> None:
        layer = EfficientNetV2B0(weights_from="none", trainable="block5a_expand_conv")
        made = _built(layer)
        frozen = [made.frozen_outputs(PICTURES) for _ in range(2)]
        for one, other in zip(*frozen, strict=True):
            assert np.array_equal(one, other)
        outputs = [made.trained_output(frozen[0], training=True) for _ in range(2)]
        assert not np.array_equal(*outputs)

    def test_equal_seeds_give_equal_weights(self) -> None:
        one, same, other = (_built(MobileNet(weights_from="none"), seed=seed) for seed in (1, 1, 2))
        for first, second in zip(one.weights, same.weights, strict=True):
            assert np.array_equal(first, second)
        assert not np.array_equal(one.weights[0], other.weights[0])


class TestFilesOfWeights:
    @pytest.mark.parametrize("ending", [".h5", ".weights.h5", ".keras"])
    def test_a_file_of_keras_is_read(self, mobile: Path, ending: str) -> None:
        made = _built(MobileNet(weights_from=str(mobile.with_suffix(ending))))
        with h5py.File(mobile) as file:
            kernel = file["conv1"][file["conv1"].attrs["weight_names"][0]][()]
        assert np.array_equal(made.weights[0], kernel)

    def test_published_weights_are_found_where_keras_keeps_them(
        self, mobile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        with pytest.raises(EngineError, match=r"mobilenet_1_0_224_tf_no_top\.h5 and put it into .*models"):
            _built(MobileNet())
        target = tmp_path / "models" / "mobilenet_1_0_224_tf_no_top.h5"
        target.parent.mkdir()
        target.write_bytes(mobile.read_bytes())
        assert np.array_equal(_built(MobileNet()).weights[0], _built(MobileNet(weights_from=str(mobile))).weights[0])

    def test_a_published_file_that_is_another_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        path = tmp_path / "models" / VGG16().weights_file(SHAPE).name
        path.parent.mkdir()
        path.write_bytes(weight_files.HDF5_SIGNATURE + b"something else")
        with pytest.raises(EngineError, match="checksum"):
            _built(VGG16())

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ("missing", "is not there"),
            ("folder", "is a folder"),
            ("text", "neither HDF5"),
            ("truncated", "incomplete or damaged"),
            ("truncated.keras", "incomplete"),
            ("empty.keras", "holds no weights"),
        ],
    )
    def test_what_is_no_file_of_weights_is_refused(self, mobile: Path, tmp_path: Path, kind: str, said: str) -> None:
        path = tmp_path / kind
        match kind:
            case "folder":
                path.mkdir()
            case "text":
                path.write_text("weights")
            case "truncated":
                path.write_bytes(mobile.read_bytes()[:100_000])
            case "truncated.keras":
                path.write_bytes(mobile.with_suffix(".keras").read_bytes()[:100_000])
            case "empty.keras":
                with zipfile.ZipFile(path, "w") as archive:
                    archive.writestr("config.json", "{}")
        with pytest.raises(EngineError, match=said):
            _built(MobileNet(weights_from=str(path)))

    @pytest.mark.parametrize("ending", [".h5", ".weights.h5", ".keras"])
    def test_weights_of_another_network_are_refused(self, mobile: Path, ending: str) -> None:
        with pytest.raises(EngineError, match="does not hold the weights of VGG16 without its top"):
            _built(VGG16(weights_from=str(mobile.with_suffix(ending))))

    def test_a_layer_that_differs_is_named(self, mobile: Path, tmp_path: Path) -> None:
        path = tmp_path / "changed.h5"
        path.write_bytes(mobile.read_bytes())
        with h5py.File(path, "r+") as file:
            name = file["conv1"].attrs["weight_names"][0]
            del file["conv1"][name]
            file["conv1"][name] = np.zeros((5, 5, 3, 32))
        with pytest.raises(EngineError, match="its layer conv1 does not fit conv1: 5×5×3×32 in place of 3×3×3×32"):
            _built(MobileNet(weights_from=str(path)))

    def test_a_file_that_points_to_another_is_refused(self, mobile: Path, tmp_path: Path) -> None:
        path = tmp_path / "pointing.h5"
        path.write_bytes(mobile.read_bytes())
        with h5py.File(path, "r+") as file:
            name = file["conv1"].attrs["weight_names"][0]
            del file["conv1"][name]
            file["conv1"][name] = h5py.ExternalLink(str(mobile), f"/conv1/{name}")
        with pytest.raises(EngineError, match="points to other files"):
            _built(MobileNet(weights_from=str(path)))


def _engine(bench: Any, model: Any) -> Any:
    """With eight training samples, and plain gradient descent."""
    engine = bench.engine(model, bench.facts(SHAPE), Training(optimizer=SGD()))
    engine.attach({"training": bench.samples(model, SHAPE, 8)})
    return engine


def _named(made: PretrainedLayer, layer: Pretrained) -> dict[str, Any]:
    return dict(zip((spec.name for spec in layer.weights(SHAPE)), made.weights, strict=True))
