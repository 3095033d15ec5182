"""Which numbers of a project reach a run that is under way."""

from __future__ import annotations

from nnplayground.spec import edits
from nnplayground.spec.project import Project
from nnplayground.training.live import live_changes, live_values


def test_rates_and_strengths_are_live(cnn: Project) -> None:
    before = edits.set_parameter(cnn, "model.dense_1.kernel_regularizer", "L2")
    after = edits.set_parameters(
        before,
        [
            ("training.optimizer.learning_rate", 0.5),
            ("model.dense_1.kernel_regularizer.l2", 0.2),
            ("model.conv2d_1.filters", 4),
            ("training.epochs", 9),
        ],
    )
    assert live_changes(before, after) == {
        "training.optimizer.learning_rate": 0.5,
        "model.dense_1.kernel_regularizer.l2": 0.2,
    }


def test_another_optimizer_does_not_change_the_rate_of_the_one_at_work(cnn: Project) -> None:
    after = edits.set_parameter(cnn, "training.optimizer", "SGD")
    assert (
        live_values(after)["training.optimizer.learning_rate"] != live_values(cnn)["training.optimizer.learning_rate"]
    )
    assert live_changes(cnn, after) == {}


def test_a_regularizer_that_was_not_there_comes_with_the_next_run(cnn: Project) -> None:
    assert live_changes(cnn, edits.set_parameter(cnn, "model.dense_1.kernel_regularizer", "L1")) == {}


def test_another_kind_of_regularizer_comes_with_the_next_run(cnn: Project) -> None:
    """Its strength does not reach the one that is at work, even where that has one of the same name."""
    before = edits.set_parameter(cnn, "model.dense_1.kernel_regularizer", {"type": "L2", "l2": 0.5})
    after = edits.set_parameter(before, "model.dense_1.kernel_regularizer", "L1L2")
    assert "model.dense_1.kernel_regularizer.l2" in live_values(after)
    assert live_changes(before, after) == {}
