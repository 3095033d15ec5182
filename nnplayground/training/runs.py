"""What runs are called and where they lie."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


def new_run_id() -> str:
    """The time to the millisecond, in a form that sorts and is a file name everywhere."""
    now = datetime.now()
    return f"{now:%Y-%m-%d_%H-%M-%S}-{now.microsecond // 1000:03d}"


def runs_folder(project_file: Path | None, user_data: Path) -> Path:
    """Where the runs of a project lie: beside its file, or for an unsaved project in the user's data folder."""
    if project_file is None:
        return user_data / "unsaved.nnp.runs"
    return project_file.with_name(project_file.name + ".runs")
