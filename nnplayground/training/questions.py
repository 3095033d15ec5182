"""What can become of a question to the model: an answer, or a reason why there is none."""

from __future__ import annotations

import msgspec


class NotTrained(Exception):
    """There is no model to be asked. The message is one sentence for the user."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a question has no answer, in one sentence."""

    message: str
