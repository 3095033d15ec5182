"""Which engine is built, and what is said where it cannot be."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from nnplayground.engine import build, missing
from nnplayground.engine.base import EngineError
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.core import Dense
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training


@pytest.fixture
def without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("nnplayground.engine.find_spec", lambda name: None if name == "tensorflow" else found(name))


def _project(bench: Any, engine: Any) -> Project:
    return Project(model=bench.chain(Dense(units=1, activation="sigmoid")), training=Training(engine=engine))


def test_the_scratch_engine_needs_nothing(bench: Any, without_tensorflow: None) -> None:
    assert missing("scratch") is None
    engine = build(_project(bench, "scratch"), bench.facts((4,)))
    assert isinstance(engine, ScratchEngine)
    engine.close()


def test_without_tensorflow_the_keras_engine_says_so(bench: Any, without_tensorflow: None) -> None:
    reason = missing("keras")
    assert reason is not None
    assert reason.startswith("The Keras engine needs tensorflow, which")
    assert "choose the scratch engine" in reason
    with pytest.raises(EngineError) as told:
        build(_project(bench, "keras"), bench.facts((4,)))
    assert str(told.value) == reason


def test_a_tensorflow_that_does_not_load_is_told(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnplayground.engine.find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "nnplayground.engine.keras.engine", None)
    with pytest.raises(EngineError, match=r"cannot be loaded .*choose the scratch engine"):
        build(_project(bench, "keras"), bench.facts((4,)))


def test_asking_imports_nothing() -> None:
    """The window asks while it opens, long before TensorFlow may be loaded."""
    code = (
        "import sys; from nnplayground.engine import missing; missing('keras'); missing('scratch'); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_keras_engine_is_built(bench: Any) -> None:
    pytest.importorskip("tensorflow")
    assert missing("keras") is None
    engine = bench.engine(bench.chain(Dense(units=1, activation="sigmoid")), bench.facts((4,)))
    assert type(engine).__name__ == "KerasEngine"
