"""Which layer the maths panel shows."""

from __future__ import annotations

from nnplayground.spec.model import Model


def shown_layer(model: Model, selected: str) -> str:
    """The selected layer, else the output; "" where there is none."""
    if selected in model.by_id:
        return selected
    return model.outputs[0] if model.outputs else ""
