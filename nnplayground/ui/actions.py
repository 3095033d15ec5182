"""The commands of the window, as Qt actions with their names, shortcuts and help."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from nnplayground.ui import icons
from nnplayground.ui.theme import Colors

_Key = QKeySequence.StandardKey

_TABLE: tuple[tuple[str, str, str, tuple[QKeySequence.StandardKey | str, ...], str], ...] = (
    ("new", "&New", "new", (_Key.New,), "Start an empty project."),
    ("open", "&Open…", "open", (_Key.Open,), "Open a project file."),
    (
        "open_folder",
        "Open &image folder…",
        "folder",
        ("Ctrl+Shift+O",),
        "Choose a folder with one folder of images a class.",
    ),
    (
        "open_text_folder",
        "Open &text folder…",
        "folder",
        (),
        "Choose a folder with one folder of .txt files a class.",
    ),
    (
        "open_table",
        "Open text or ta&ble…",
        "open",
        ("Ctrl+Shift+T",),
        "Choose a text to write like, or a CSV or TSV file of texts, numbers or points.",
    ),
    ("save", "&Save", "save", (_Key.Save,), "Save the project in its file."),
    ("save_as", "Save &as…", "save", (_Key.SaveAs, "Ctrl+Shift+S"), "Save the project in another file."),
    ("close_window", "&Quit", "close", (_Key.Quit,), "Close the window."),
    ("undo", "&Undo", "undo", (_Key.Undo,), "Take back the last change."),
    ("redo", "&Redo", "redo", (_Key.Redo, "Ctrl+Y"), "Do the last change that was taken back again."),
    ("run", "&Run", "run", ("F5",), "Train the model, or go on."),
    ("pause", "&Pause", "pause", ("F5",), "Hold the training; Run goes on."),
    ("step", "Step one &update", "step", ("F10",), "Train one minibatch, then pause."),
    ("step_epoch", "Step one &epoch", "step", ("Shift+F10",), "Train to the end of the epoch, then pause."),
    ("stop", "&Stop", "stop", ("Shift+F5",), "End the run. The weights stay, and Run goes on from them."),
    ("reset", "Rese&t", "reset", ("Ctrl+Shift+F5",), "Forget what was learned; the next run starts from the seed."),
    (
        "compare_engines",
        "&Compare engines…",
        "check",
        (),
        "Train this model on both engines from the same weights, and see whether they agree.",
    ),
    (
        "fine_tune",
        "&Fine-tune from a layer on…",
        "step",
        (),
        "Train the last layers of a pretrained network too, at a tenth of the learning rate, once its head is trained.",
    ),
    ("reset_layout", "&Reset layout", "fit", (), "Put all panels back to their places."),
    ("larger_text", "&Larger text", "search", ("Ctrl+Shift+L",), "Larger letters everywhere, for the classroom."),
    ("about", "&About nnplayground", "info", (), "Version and licences."),
    ("start_page", "&Start page", "dots", (), "Samples and recent projects."),
)
"""(object name, text, icon, shortcuts, help)"""


class Actions(QObject):
    """All actions by name: `actions["run"]`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        for name, text, _, shortcuts, tip in _TABLE:
            action = QAction(parent)
            action.setObjectName(name)
            action.setShortcuts([QKeySequence(each) for each in shortcuts])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{tip} ({shown})" if shown else tip)
            action.setStatusTip(tip)
            # A key that is held down would run and pause as fast as it repeats.
            action.setAutoRepeat(name in ("undo", "redo", "step"))
            self._actions[name] = action
            self.rename(name, text)
        self._actions["step"].setIconText(" Step")
        self._actions["larger_text"].setCheckable(True)
        # A mark takes the icon's place in a menu, and the icons of the main button are made for its strong colour.
        for name in ("larger_text", "run", "pause"):
            self._actions[name].setIconVisibleInMenu(False)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def rename(self, name: str, text: str) -> None:
        """Another text for menus and buttons; on a button a little air separates it from the icon."""
        action = self._actions[name]
        action.setText(text)
        action.setIconText(f" {text.replace('&', '')}")

    def recolor(self, colors: Colors) -> None:
        """Draw the icons for a theme."""
        for name, _, icon_name, _, _ in _TABLE:
            self._actions[name].setIcon(icons.icon(icon_name, colors.text, disabled=colors.pale_run))
        self._actions["run"].setIcon(icons.icon("run", colors.accent_text, disabled=colors.pale_run))
        self._actions["pause"].setIcon(icons.icon("pause", colors.accent_text, disabled=colors.pale_run))
