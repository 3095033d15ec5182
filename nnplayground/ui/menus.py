"""The menu bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar

from nnplayground.sample_projects import sample_projects
from nnplayground.spec.templates import TEMPLATES, Template
from nnplayground.ui.actions import Actions
from nnplayground.ui.theme import ThemeName
from nnplayground.ui.workspace import Workspace


class MenuCommands(msgspec.Struct, frozen=True):
    """What menu entries that are no fixed actions do."""

    open_recent: Callable[[str], object]
    open_sample: Callable[[str], object]
    use_template: Callable[[str], object]
    suits: Callable[[Template], bool]
    """Whether a template is for the data that is there."""
    set_theme: Callable[[ThemeName], object]
    recent: Callable[[], Sequence[Path]]
    theme: Callable[[], ThemeName]


def build_menus(bar: QMenuBar, actions: Actions, workspace: Workspace, commands: MenuCommands) -> None:
    """Fill the menu bar of the window."""
    _file_menu(bar.addMenu("&File"), actions, commands)
    edit = bar.addMenu("&Edit")
    edit.addActions([actions["undo"], actions["redo"]])
    edit.addSeparator()
    edit.addActions(workspace.canvas.actions_for_menu())
    _model_menu(bar.addMenu("&Model"), actions, commands)
    run = bar.addMenu("&Run")
    for name in ("run", "pause", "step", "step_epoch", "stop", "reset"):
        run.addAction(actions[name])
    run.addSeparator()
    run.addAction(actions["compare_engines"])
    _view_menu(bar.addMenu("&View"), actions, workspace, commands)
    help_menu = bar.addMenu("&Help")
    help_menu.addAction(actions["start_page"])
    help_menu.addAction(actions["about"])


def _file_menu(menu: QMenu, actions: Actions, commands: MenuCommands) -> None:
    menu.addActions([actions["new"], actions["open"]])
    menu.addSeparator()
    menu.addActions([actions["open_folder"], actions["open_text_folder"], actions["open_table"]])
    menu.addSeparator()
    recent = menu.addMenu("Open &recent")

    def fill() -> None:
        recent.clear()
        for path in commands.recent():
            entry = recent.addAction(f"{path.stem}  ({path.parent})")
            entry.triggered.connect(lambda checked=False, path=path: commands.open_recent(str(path)))
        if recent.isEmpty():
            recent.addAction("None yet").setEnabled(False)

    recent.aboutToShow.connect(fill)
    samples = menu.addMenu("Open a sa&mple")
    for sample in sample_projects():
        entry = samples.addAction(sample.title)
        entry.setStatusTip(sample.about)
        entry.triggered.connect(lambda checked=False, file=sample.file: commands.open_sample(file))
    menu.addSeparator()
    menu.addActions([actions["save"], actions["save_as"]])
    menu.addSeparator()
    menu.addAction(actions["close_window"])


def _model_menu(menu: QMenu, actions: Actions, commands: MenuCommands) -> None:
    offered: list[tuple[QAction, Template]] = []
    for template in TEMPLATES:
        entry = menu.addAction(template.title)
        entry.setObjectName(f"template.{template.name}")
        entry.setStatusTip(template.about)
        entry.setToolTip(template.about)
        entry.triggered.connect(lambda checked=False, name=template.name: commands.use_template(name))
        offered.append((entry, template))
    menu.addSeparator()
    menu.addAction(actions["fine_tune"])
    menu.setToolTipsVisible(True)

    def offer_what_suits() -> None:
        for entry, template in offered:
            entry.setEnabled(commands.suits(template))

    menu.aboutToShow.connect(offer_what_suits)


def _choose(commands: MenuCommands, name: ThemeName, checked: bool = False) -> None:
    commands.set_theme(name)


def _view_menu(menu: QMenu, actions: Actions, workspace: Workspace, commands: MenuCommands) -> None:
    menu.addActions(workspace.dock_actions())
    menu.addSeparator()
    menu.addAction(actions["reset_layout"])
    menu.addSeparator()
    themes = menu.addMenu("&Theme")
    group = QActionGroup(themes)
    names: tuple[tuple[str, ThemeName], ...] = (("As the system", "system"), ("Light", "light"), ("Dark", "dark"))
    for text, name in names:
        entry = QAction(text, group)
        entry.setObjectName(f"theme.{name}")
        entry.setCheckable(True)
        entry.setChecked(commands.theme() == name)
        entry.triggered.connect(partial(_choose, commands, name))
        themes.addAction(entry)
    menu.addAction(actions["larger_text"])
