"""TensorFlow and Keras, loaded once, quietly, and on the right terms; and their errors in plain words.

Importing this module takes seconds, so it is imported by the engine's own modules only.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from nnplayground.engine.base import EngineError

# Read when TensorFlow is imported: without it, start-up prints a page about the processor, oneDNN and absent GPUs, as
# errors too. What goes wrong later arrives as an exception.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A keras.json in the user's home may name another backend.
os.environ["KERAS_BACKEND"] = "tensorflow"


@contextmanager
def _no_chatter() -> Iterator[None]:
    """Nothing on standard error: what TensorFlow's libraries say before their own log has begun heeds no setting."""
    try:
        kept = os.dup(2)
    except OSError:  # a program without a terminal has none
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


with _no_chatter():
    tf: Any = import_module("tensorflow")
    keras: Any = import_module("keras")


def configure_thread() -> None:
    """Set Keras' defaults for the calling thread, whatever the user's keras.json says.

    The policy for number types is kept by Keras per thread, so every engine sets it where it lives.
    """
    if keras.config.backend() != "tensorflow":
        raise EngineError(
            f"Keras is already running on {keras.config.backend()} in this process, but the Keras engine needs "
            "TensorFlow; restart the program."
        )
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy("float32")
    # That padding counts for a layer is a warning of the project's checks, not one at each call.
    warnings.filterwarnings("ignore", message=r"Layer '.*' \(of type .*\) was passed an input with a mask attached")


@contextmanager
def plain_errors(what: str) -> Iterator[None]:
    """Turn TensorFlow's errors into an EngineError. `what` was being done, such as "train the model"."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        raise EngineError(
            f"There is not enough memory to {what}, because the batch does not fit: choose a smaller batch size, "
            "smaller images or fewer filters."
        ) from error
    except tf.errors.OpError as error:
        raise EngineError(f"TensorFlow could not {what}: {_first_sentence(str(error.message))}") from error


def _first_sentence(message: str) -> str:
    """What TensorFlow says, without the names of its nodes and files."""
    for line in message.splitlines():
        said = re.sub(r"\{\{.*?\}\}|\[\[.*|\[Op:.*", "", line).strip().rstrip(".")
        if said and not said.startswith(("Graph execution error", "Detected at", "File ", "Defined at")):
            return f"{said}."
    return "it gave no reason."
