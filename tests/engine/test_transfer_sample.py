"""The bundled sample of transfer learning does what its hint says."""

from __future__ import annotations

import msgspec
import pytest

pytest.importorskip("tensorflow")

from nnplayground.resources import resources
from nnplayground.spec.files import load_project
from nnplayground.spec.paths import set_value
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, RunEnded
from nnplayground.training.session import Session


def _accuracy(**changes: object) -> float:
    project = load_project(resources() / "samples" / "letters_to_digits.nnp")
    project = msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, epochs=12))
    for name, value in changes.items():
        project = set_value(project, f"model.mobile_net_v3small_1.{name}", value)
    events = list(Session().run(project, controls=Controls()))
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "finished", ended.error
    return [event.metrics["val_accuracy"] for event in events if isinstance(event, EpochDone)][-1]


def test_what_letters_taught_helps_with_digits_and_a_later_layer_less_so() -> None:
    learned = _accuracy()
    assert learned > 0.92
    assert _accuracy(output_layer="expanded_conv_9_add") < learned - 0.03
    assert _accuracy(weights="none") < learned - 0.1
