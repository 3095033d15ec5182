"""The bundled samples: small projects that train at one click."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nnplayground.resources import resources


class SampleProject(msgspec.Struct, frozen=True):
    """One bundled sample, as resources/samples/index.json describes it. hint: what to try, and what to watch."""

    file: str
    title: str
    about: str
    icon: str
    hint: str

    @property
    def path(self) -> Path:
        return resources() / "samples" / self.file


def sample_projects() -> list[SampleProject]:
    """All bundled samples, in the order in which they are offered."""
    return msgspec.json.decode((resources() / "samples" / "index.json").read_bytes(), type=list[SampleProject])
