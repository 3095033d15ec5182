"""What the headless commands share: reading a project with `--set`, and saying what is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from nnplayground.spec.codec import absolute_paths
from nnplayground.spec.files import load_project
from nnplayground.spec.paths import ValueProblem, set_value
from nnplayground.spec.project import Project


class UsageError(Exception):
    """The command was called wrongly. The message is one sentence."""


def read_project(path: Path, settings: Sequence[str]) -> Project:
    """The project in a file with the settings applied. Raises FileError, UsageError."""
    project = load_project(path)
    return apply_settings(project, settings)


def apply_settings(project: Project, settings: Sequence[str]) -> Project:
    """settings: PATH=VALUE each; VALUE is JSON if it parses, else text. Raises UsageError."""
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator:
            raise UsageError(f"--set takes PATH=VALUE, got {setting}.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        try:
            project = set_value(project, name, value)
        except ValueProblem as problem:
            raise UsageError(str(problem)) from None
    return absolute_paths(project, Path.cwd())


def complain(message: object) -> None:
    """One sentence on standard error."""
    print(f"nnplayground: {message}", file=sys.stderr)
