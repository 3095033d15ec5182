"""Engines: what computes. `build` makes the one that a project asks for."""

from __future__ import annotations

from importlib.util import find_spec

import msgspec

from nnplayground.engine.base import Engine, EngineError
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project


def missing(engine_name: str) -> str | None:
    """Why an engine cannot be used on this machine, in one sentence; None where it can. Nothing is imported."""
    if engine_name != "keras":
        return None
    lacking = [name for name in ("tensorflow", "keras") if find_spec(name) is None]
    if not lacking:
        return None
    return (
        f"The Keras engine needs {' and '.join(lacking)}, which this Python does not have; install it with "
        f"“pip install tensorflow keras”, or choose the scratch engine."
    )


def build(project: Project, facts: DataFacts, *, weights_seed: int | None = None) -> Engine:
    """Make the engine that `project.training.engine` names, with fresh weights, in and for the calling thread.

    weights_seed: where initial weights, dropout and augmentation come from, instead of the project's seed.
    Raises EngineError, with one sentence, where the engine is not there or the model cannot be built.
    """
    if weights_seed is not None:
        training = msgspec.structs.replace(project.training, seed=weights_seed)
        project = msgspec.structs.replace(project, training=training)
    if project.training.engine == "scratch":
        from nnplayground.engine.scratch.engine import ScratchEngine

        return ScratchEngine(project, facts)
    reason = missing("keras")
    if reason is not None:
        raise EngineError(reason)
    try:
        if project.takes_turns:
            from nnplayground.engine.keras.adversarial import AdversarialEngine as KerasEngine
        else:
            from nnplayground.engine.keras.engine import KerasEngine
    except ImportError as error:
        raise EngineError(
            f"TensorFlow is installed but cannot be loaded ({error}); reinstall it, or choose the scratch engine."
        ) from error
    return KerasEngine(project, facts)
