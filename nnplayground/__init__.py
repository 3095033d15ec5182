"""Build neural networks by hand, train them on your own data and watch everything live."""

__version__ = "0.1.0"
