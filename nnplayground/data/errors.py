"""What goes wrong with data. Every message is one sentence for the user."""

from __future__ import annotations


class DataError(Exception):
    """The data cannot be used. missing_path: the folder that should be there and is not, where that is the reason."""

    def __init__(self, message: str, *, missing_path: str | None = None) -> None:
        super().__init__(message)
        self.missing_path = missing_path


class ImageError(Exception):
    """One file cannot be used as an image.

    lasting: the reason lies in what the file holds, so it stays until the file changes. Permissions, a full memory or a
    lost network drive do not last: such a file is tried again the next time.
    """

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting


class Cancelled(Exception):
    """Loading was ended because `cancelled` said so."""
