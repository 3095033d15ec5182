"""Imports point one way only, and Qt, TensorFlow and Pillow stay in their rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "nnplayground"
ALLOWED: dict[str, set[str]] = {
    "layers": set(),
    "spec": {"layers"},
    "samples": {"layers", "spec"},
    "data": {"samples", "spec", "layers"},
    "engine": {"samples", "spec", "layers"},
    "formulas": {"engine", "samples", "spec", "layers"},
    "training": {"engine", "data", "samples", "spec", "layers"},
    "resources": set(),
    "log": set(),
    "sample_projects": {"resources"},
    "ui": {"formulas", "training", "engine", "data", "samples", "spec", "layers", "resources", "sample_projects"},
    "cli": {
        "training",
        "engine",
        "data",
        "samples",
        "spec",
        "layers",
        "resources",
        "sample_projects",
        "log",
        "app",
        "ui",
    },
    "app": {"ui", "log"},
    "__main__": {"cli", "log"},
}
ONLY_IN: dict[str, tuple[str, ...]] = {
    "PySide6": ("ui/", "app.py"),
    "pyqtgraph": ("ui/", "app.py"),
    "tensorflow": ("engine/keras/",),
    "keras": ("engine/keras/",),
    "PIL": ("data/",),
}


def imports_of(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Every module that a file names in an import, wherever in it, type checking apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    place = path.relative_to(PACKAGE)
    room = place.parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for name, _ in imports_of(path):
        top, _, rest = name.partition(".")
        if top == "nnplayground" and rest:
            target = rest.partition(".")[0]
            is_room = (PACKAGE / target).is_dir() or (PACKAGE / f"{target}.py").exists()
            if is_room and target != room:
                assert target in ALLOWED[room], f"{place} imports {name}"
        if top in ONLY_IN:
            assert place.as_posix().startswith(ONLY_IN[top]), f"{place} imports {name}"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("nnplayground.__main__", {"PySide6", "tensorflow", "numpy"}),
        ("nnplayground.cli.train", {"PySide6", "tensorflow", "keras"}),
        ("nnplayground.cli.check", {"PySide6", "tensorflow", "keras"}),
        ("nnplayground.engine", {"PySide6", "tensorflow", "keras"}),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(module: str, absent: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & {absent!r}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []
