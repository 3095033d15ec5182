"""Names of what is dragged and copied."""

LAYER = "application/x-nnplayground-layer"
"""A layer type from the palette: its name in UTF-8."""
LAYERS = "application/x-nnplayground-layers+json"
"""Copied layers with the wires among them: the model part of a project file."""
