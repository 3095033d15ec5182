"""What a check finds, and the edit that it offers."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from nnplayground.spec import edits
from nnplayground.spec.project import Project

Severity = Literal["error", "warning"]


class Fix(msgspec.Struct, frozen=True):
    """An edit offered as a button: the name of a function in `edits` and its arguments after the project."""

    title: str
    edit: str
    arguments: tuple[Any, ...] = ()

    def apply(self, project: Project) -> Project:
        return getattr(edits, self.edit)(project, *self.arguments)


class Problem(msgspec.Struct, frozen=True):
    """Something in a project that keeps it from running (error), or is probably not meant (warning)."""

    path: str
    severity: Severity
    message: str
    fix: Fix | None = None

    @property
    def layer_id(self) -> str | None:
        """The layer whose block shows the mark, if it is about one."""
        head, _, rest = self.path.partition(".")
        return rest.partition(".")[0] if head == "model" and rest else None
