"""Every test with widgets runs in an isolated, themed application."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("PySide6")


@pytest.fixture(autouse=True)
def _isolated(themed_app: Any) -> None:
    """See `themed_app`."""
