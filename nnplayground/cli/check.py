"""`nnplayground check`: shapes, parameters and problems of a project."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnplayground import data
from nnplayground.cli.projects import UsageError, complain, read_project
from nnplayground.layers.base import shape_text
from nnplayground.spec.checks import Problem
from nnplayground.spec.checks import check as find_problems
from nnplayground.spec.codec import FileError
from nnplayground.spec.project import Project, project_shapes


def check(path: Path, *, settings: Sequence[str], as_json: bool) -> int:
    """Print what is known about a project. Status 0 without errors, 1 with some, 2 for wrong usage."""
    try:
        project = read_project(path, settings)
    except FileError as error:
        complain(error)
        return 1
    except UsageError as error:
        complain(error)
        return 2
    facts = data.scan(project.dataset, path.parent) if project.dataset is not None else None
    shapes = project_shapes(project, facts)
    problems = find_problems(project, facts)
    layers = [
        {
            "id": block.id,
            "type": block.layer.type,
            "output_shape": list(output) if (output := shapes[block.id].output) is not None else None,
            "parameters": shapes[block.id].parameters,
        }
        for block in project.model.blocks
    ]
    if as_json:
        document = {
            "layers": layers,
            "parameters": sum(known.parameters for known in shapes.values()),
            "problems": [_as_json(problem) for problem in problems],
        }
        print(json.dumps(document))
    else:
        _print_tables(project, layers, problems)
    return 1 if any(problem.severity == "error" for problem in problems) else 0


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "severity": problem.severity,
        "message": problem.message,
        "fix": problem.fix.title if problem.fix else None,
    }


def _print_tables(project: Project, layers: list[dict[str, Any]], problems: Sequence[Problem]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(box=None, pad_edge=False)
    for title in ("Layer", "Type", "Output"):
        table.add_column(title)
    table.add_column("Parameters", justify="right")
    for layer in layers:
        shape = layer["output_shape"]
        caption = project.model.layer(layer["id"]).caption()
        kind = f"{layer['type']} {escape(caption)}" if caption else layer["type"]
        table.add_row(layer["id"], kind, shape_text(tuple(shape)) if shape else "?", f"{layer['parameters']:,}")
    console.print(table)
    console.print(f"{sum(layer['parameters'] for layer in layers):,} parameters")
    for problem in problems:
        fix = f" ({problem.fix.title}?)" if problem.fix else ""
        console.print(f"{problem.severity}: {escape(problem.message)}{escape(fix)}", style=_STYLES[problem.severity])


_STYLES = {"error": "red", "warning": "yellow"}
