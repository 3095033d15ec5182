"""The context menus of the canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from nnplayground.layers import LAYER_TYPES
from nnplayground.spec import edits
from nnplayground.spec.checks import Problem
from nnplayground.spec.edits import EditError
from nnplayground.spec.model import Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.rearrange import AtEnd, Behind, OnWire
from nnplayground.ui.canvas.actions import CanvasActions
from nnplayground.ui.canvas.commands import Commands
from nnplayground.ui.canvas.selection import Selection
from nnplayground.ui.layer_catalog import by_family, family_title


def context_menu(
    parent: QWidget,
    selection: Selection,
    actions: CanvasActions,
    commands: Commands,
    *,
    project: Project,
    problems: Sequence[Problem],
) -> QMenu:
    """The menu for what is selected: blocks, a wire, or nothing."""
    menu = QMenu(parent)
    menu.setObjectName("canvas_menu")
    menu.setToolTipsVisible(True)
    wire, current = selection.wire, selection.current

    def add(*names: str) -> None:
        for name in names:
            menu.addAction(actions.by_name[name])

    if wire is not None:
        if wire.plain:
            _layer_menu(menu, "Insert &layer", lambda name: commands.insert(name, OnWire(wire)))
            add("paste")
            menu.addSeparator()
        add("delete")
    elif current:
        _add_fixes(menu, commands, [problem for problem in problems if problem.layer_id == current])
        add("edit_layer")
        menu.addSeparator()
        _layer_menu(menu, "Add layer &behind", lambda name: commands.insert(name, Behind(current)))
        _layer_menu(menu, "&Branch to", lambda name: commands.branch(name, current))
        _wire_menu(menu, project, current, commands)
        menu.addSeparator()
        add("move_up", "move_down")
        menu.addSeparator()
        add("cut", "copy", "paste", "duplicate", "delete")
    else:
        _layer_menu(menu, "Add &layer", lambda name: commands.insert(name, AtEnd()))
        add("paste", "select_all")
    menu.addSeparator()
    add("fit", "zoom_in", "zoom_out", "actual_size")
    return menu


def _add_fixes(menu: QMenu, commands: Commands, problems: Sequence[Problem]) -> None:
    for problem in problems:
        if problem.fix is not None:
            action = menu.addAction(problem.fix.title)
            action.setToolTip(problem.message)
            action.triggered.connect(lambda _checked=False, problem=problem: commands.fix(problem))
    if menu.actions():
        menu.addSeparator()


def _wire_menu(menu: QMenu, project: Project, source: str, commands: Commands) -> None:
    """A submenu with all that a layer can be connected to: what drawing a wire does by mouse."""
    wires = [wire for wire in _possible_wires(project.model, source) if _can_connect(project, wire)]
    part = menu.addMenu("&Connect to")
    part.setEnabled(bool(wires))
    for wire in wires:
        action = part.addAction(f"{wire.target_id}  ({wire.target_port})" if wire.target_port else wire.target_id)
        tip = f"Draw a wire from {wire.source} to {wire.target}."
        action.setToolTip(tip)
        action.setStatusTip(tip)
        action.triggered.connect(lambda _checked=False, wire=wire: commands.connect(*wire))


def _possible_wires(model: Model, source: str) -> Iterator[Wire]:
    """From the output to every layer, and from ports to ports."""
    for block in model.blocks:
        yield Wire(source, block.id)
        for outlet in model.layer(source).output_ports:
            for inlet in block.layer.input_ports:
                yield Wire(f"{source}.{outlet}", f"{block.id}.{inlet}")


def _can_connect(project: Project, wire: Wire) -> bool:
    try:
        edits.connect(project, *wire)
    except EditError:
        return False
    return True


def _layer_menu(menu: QMenu, title: str, choose: Callable[[str], object]) -> None:
    """A submenu with the layers by family."""
    layers = menu.addMenu(title)
    for family, names in by_family().items():
        part = layers.addMenu(family_title(family))
        part.setToolTipsVisible(True)
        for name in names:
            action: QAction = part.addAction(name)
            action.setToolTip(LAYER_TYPES[name].about)
            action.setStatusTip(LAYER_TYPES[name].about)
            action.triggered.connect(lambda _checked=False, name=name: choose(name))
