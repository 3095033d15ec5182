"""Formulas on the screen: setting them in type, painting, selecting and copying them."""
