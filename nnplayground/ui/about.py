"""What the program is, and what it is made with."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from nnplayground import __version__


def show_about(parent: QWidget) -> None:
    """A small window with version and licences."""
    QMessageBox.about(
        parent,
        "About nnplayground",
        f"<b>nnplayground {__version__}</b><p>Build neural networks by hand, train them on your own data and watch "
        f"everything live.</p><p>MIT licence. Made with Qt (LGPL), pyqtgraph, numpy, Pillow, msgspec, Keras and "
        f"TensorFlow. The handwritten digits are from scikit-learn.</p>",
    )
