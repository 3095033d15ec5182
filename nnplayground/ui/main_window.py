"""The window: commands, files, and the wiring between document, runner and workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox, QStackedWidget

from nnplayground.layers.core import Input
from nnplayground.sample_projects import sample_projects
from nnplayground.spec.dataset import ImageFolder, Points
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.files import SUFFIX
from nnplayground.spec.project import Project
from nnplayground.spec.templates import TEMPLATES
from nnplayground.training.mailbox import Frame
from nnplayground.training.runs import runs_folder
from nnplayground.ui.about import show_about
from nnplayground.ui.actions import Actions
from nnplayground.ui.data_watch import DataWatch
from nnplayground.ui.document import Document
from nnplayground.ui.hands_on import HandsOn
from nnplayground.ui.menus import MenuCommands, build_menus
from nnplayground.ui.preferences import Preferences
from nnplayground.ui.project_files import DATA_SUFFIXES, ProjectFiles, document_name
from nnplayground.ui.runner import Runner
from nnplayground.ui.sample_questions import SampleQuestions
from nnplayground.ui.start_page import StartPage
from nnplayground.ui.status import StatusNotes
from nnplayground.ui.theme import ThemeName, apply_theme, colors
from nnplayground.ui.toolbar import RunToolBar
from nnplayground.ui.widgets.form import commit_pending
from nnplayground.ui.workspace import Workspace
from nnplayground.ui.writing_questions import WritingQuestions

if TYPE_CHECKING:
    from nnplayground.training.session import Session


class MainWindow(QMainWindow):
    """One document, one runner, one workspace.

    session: makes the session in the engine thread.
    """

    def __init__(self, preferences: Preferences, session: Callable[[], Session] | None = None) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self._preferences = preferences
        self.document = Document(parent=self)
        self.runner = Runner(session or new_session, self)
        self.workspace = Workspace(self.document)
        self._data = DataWatch(self.document, self.runner, self)
        self._commands = Actions(self)
        self._toolbar = RunToolBar(self._commands, self.document)
        self._start_page: StartPage | None = None
        self._hands = HandsOn(self.runner, self.document, self)
        self._questions = SampleQuestions(self.runner, self.document, self.workspace, self)
        self._writing = WritingQuestions(self.runner, self.document, self.workspace.output, self)
        self._status = StatusNotes(self.statusBar(), self.document)
        self.files = ProjectFiles(self.document, preferences, window=self, commit=self._commit_pending)
        self._stack = QStackedWidget()
        self._run_kept = False
        self._placed = False
        self._close_accepted = False
        self._build()
        self._connect()
        self._refresh()

    def _build(self) -> None:
        self.addToolBar(self._toolbar)
        self._stack.addWidget(self.workspace)
        self.setCentralWidget(self._stack)
        self.setAcceptDrops(True)
        commands = MenuCommands(
            open_recent=lambda path: self.files.open_path(Path(path)),
            open_sample=self.files.open_sample,
            use_template=self.use_template,
            suits=lambda template: template.suits(self.document.project, self.document.facts),
            set_theme=self.set_theme,
            recent=lambda: self._preferences.recent,
            theme=lambda: self._preferences.theme,
        )
        build_menus(self.menuBar(), self._commands, self.workspace, commands)
        self._commands.recolor(colors(self))
        self._commands["larger_text"].setChecked(self._preferences.larger_text)
        self.addActions([self._commands["run"], self._commands["pause"]])

    def _connect(self) -> None:
        act = self._commands
        for name, slot in {
            "new": self.files.new,
            "open": self.files.ask_for_project,
            "open_folder": self.files.ask_for_folder,
            "open_text_folder": self.files.ask_for_text_folder,
            "open_table": self.files.ask_for_table,
            "save": self.files.save,
            "save_as": self.files.save_as,
            "close_window": self.close,
            "undo": self.document.undo_stack.undo,
            "redo": self.document.undo_stack.redo,
            "run": self.start,
            "pause": self.runner.pause,
            "step": lambda: self._step_once("update"),
            "step_epoch": lambda: self._step_once("epoch"),
            "stop": self.runner.stop,
            "reset": self._on_reset,
            "reset_layout": self.workspace.reset_layout,
            "larger_text": self._on_larger_text,
            "about": lambda: show_about(self),
            "start_page": self.show_start_page,
            "compare_engines": self._on_compare_engines,
            "fine_tune": self._on_fine_tune,
        }.items():
            act[name].triggered.connect(slot)
        self.files.shown.connect(self._show_workspace)
        self.files.reload_requested.connect(self._data.look_again)
        self.files.data_opened.connect(lambda: self._data.when_known(self._offer_model))
        self.files.saved.connect(self._status.show_saved_now)
        self.files.advised.connect(lambda text: self.workspace.messages.show_message(text, stays=True))
        document = self.document
        document.set_aside.connect(self._on_set_aside)
        document.changed.connect(self._on_changed)
        document.facts_changed.connect(self._refresh)
        document.problems_changed.connect(self._refresh)
        document.path_changed.connect(self._refresh)
        document.undo_stack.cleanChanged.connect(self._refresh)
        document.undo_stack.indexChanged.connect(self._refresh)
        document.refused.connect(lambda text: self.workspace.messages.show_message(text, "warning"))
        self.runner.frame_ready.connect(self._on_frame)
        self.runner.state_changed.connect(self._refresh)
        self.runner.closed.connect(self._on_runner_closed)
        workspace = self.workspace
        workspace.wants_changed.connect(self._send_wants)
        workspace.detail_requested.connect(self._questions.show_detail)
        workspace.weight_edit_requested.connect(self._hands.change_weight)
        workspace.painting.connect(self.runner.hold_training)
        workspace.step_requested.connect(self._step_once)
        workspace.centre.speed_chosen.connect(self.runner.set_speed)
        self._hands.refused.connect(lambda text: workspace.messages.show_message(text, "warning"))
        workspace.canvas.template_requested.connect(self.use_template)
        workspace.run_pause_requested.connect(self._on_run_pause)
        workspace.dataset.open_folder_requested.connect(self.files.ask_for_folder)
        workspace.dataset.open_table_requested.connect(self.files.ask_for_table)
        workspace.dataset.open_points_requested.connect(self.files.ask_for_points)
        workspace.dataset.locate_requested.connect(self.files.ask_for_moved_data)
        workspace.dataset.cancel_requested.connect(self._on_cancel_loading)

    def use_template(self, name: str) -> None:
        """Put a ready-made model in the place of the present one; undo brings it back."""
        template = next(each for each in TEMPLATES if each.name == name)
        facts = self.document.facts
        self.document.apply(lambda project: template.build(project, facts), f"template {template.title}")

    def _offer_model(self) -> None:
        """After other data was chosen: where the model does not fit it, one that does."""
        project, facts = self.document.project, self.document.facts
        made = any(not isinstance(block.layer, Input) for block in project.model.blocks)
        fitting = next((each for each in TEMPLATES if each.suits(project, facts)), None)
        # A dense layer takes the numbers of tokens without a problem, and makes nothing of them.
        misfit = bool(self.document.errors) or not isinstance(project.dataset, ImageFolder | Points)
        if made and misfit and fitting is not None and not self.runner.active:
            self.workspace.messages.show_message(
                "The model was made for other data. Change it by hand, or begin with one that fits.",
                action=f"Use “{fitting.title}”",
                on_action=lambda: self.use_template(fitting.name),
            )

    def show_unexpected(self, error: BaseException, log: Path) -> None:
        """A mistake of the program itself; what the user has done is still there."""
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        self.workspace.messages.show_message(
            f"Something went wrong unexpectedly: {reason.rstrip('.')}. Your project is as it was; the details are in "
            f"{log}.",
            "error",
        )

    # Runs

    def start(self) -> None:
        """Start a run, or go on."""
        self._commit_pending()
        if self.document.errors and not self.runner.active:
            self.workspace.messages.show_message(self._run_problem() or "", "warning")
            return
        if not self.runner.active:
            self._run_kept = False
            self.workspace.messages.clear(everything=False)
            self._toolbar.progress.show_starting()
        self.runner.run(self.document.project, self._runs())

    def _on_run_pause(self) -> None:
        if self.runner.state == "running":
            self.runner.pause()
        else:
            self.start()

    def start_when_ready(self) -> None:
        """Start as soon as the data has been looked at."""
        self._data.when_known(self.start)

    def _step_once(self, kind) -> None:  # type: ignore[no-untyped-def]
        self._commit_pending()
        if self.document.errors and not self.runner.active:
            self.workspace.messages.show_message(self._run_problem() or "", "warning")
        elif self.runner.state != "stopping":
            self.runner.step(kind, self.document.project, self._runs())

    def _commit_pending(self) -> None:
        """What is being typed counts, also where a shortcut leaves the focus in its field."""
        commit_pending()
        self._toolbar.settings.commit_pending()

    def _runs(self) -> Path:
        return runs_folder(self.document.path, user_data_path("nnplayground"))

    def _on_reset(self) -> None:
        self.runner.reset()
        self.workspace.show_reset()
        self._hands.forget()
        self._refresh()

    def _on_fine_tune(self) -> None:
        from nnplayground.ui.fine_tune_dialog import FineTuneDialog, blocks_to_tune

        blocks = blocks_to_tune(self.document.project)
        selected = self.workspace.inspector.layer_id
        if not blocks:
            self.workspace.messages.show_message(
                "Fine-tuning needs a Pretrained block that fits its pictures; add one from the palette.", "warning"
            )
            return
        dialog = FineTuneDialog(self.document, selected if selected in blocks else blocks[0], self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_compare_engines(self) -> None:
        from nnplayground.ui.compare_dialog import CompareDialog

        dialog = CompareDialog(self.runner, self.document, self)
        dialog.compared.connect(self._status.show_comparison)
        dialog.show()

    def _on_cancel_loading(self) -> None:
        self.runner.cancel_loading()
        if self.runner.active:
            self.runner.stop()

    def _on_frame(self, frame: Frame) -> None:
        dataset = self.document.project.dataset
        if frame.loaded is not None and frame.loaded.dataset == dataset:
            self.document.set_facts(frame.loaded.catalog.facts)
        if frame.refused is not None and frame.refused.dataset == dataset:
            refused = frame.refused
            self.document.set_facts(DataFacts(problem=refused.message, missing_path=refused.missing_path))
        self.workspace.show_frame(frame)
        if self.runner.active or frame.ended is not None:
            self._toolbar.progress.show_frame(frame)
        if frame.started is not None:
            self._run_kept = True
            self._send_wants()
        if frame.notice is not None and not frame.notice.run_kept:
            self._run_kept = False
        if frame.ended is not None and frame.ended.error is not None:
            self.workspace.messages.show_message(frame.ended.error, "error")
        self._status.show_frame(frame, self.runner.project)
        given_up = frame.preparing is not None and not frame.preparing.message
        if (frame.loaded is not None or frame.refused is not None or given_up) and not self.runner.active:
            self._status.show_state("idle", len(self.document.errors))

    def _send_wants(self) -> None:
        self.runner.set_wants(self.workspace.wants)

    # Following the document

    def _on_set_aside(self) -> None:
        """Another project comes: the run ends and is kept, and nothing of it is seen with the new one."""
        self._questions.close()
        ended = self.runner.active
        self.runner.forget()
        self.workspace.clear()
        self._status.forget_run()
        if ended:
            kept = f" What it has learned is kept in {self._runs()}." if self._run_kept else ""
            self.workspace.messages.show_message(f"The run of {document_name(self.document)} was stopped.{kept}")

    def _on_changed(self, before: Project, after: Project) -> None:
        self.runner.project_changed(before, after)
        self._refresh()

    def discard_changes(self) -> None:
        """Closing will not ask about what has changed until now."""
        self.document.forget_changes()

    def _run_problem(self) -> str | None:
        """Why Run is not possible; None where it is."""
        errors = self.document.errors
        if errors:
            return errors[0].message
        return None

    def _refresh(self) -> None:
        problem = self._run_problem()
        state = self.runner.state
        idle = state == "idle"
        act = self._commands
        act["run"].setEnabled((idle and problem is None) or state == "paused")
        act.rename("run", "&Continue" if state == "paused" else "&Run")
        act["run"].setToolTip(f"Run is not possible yet: {problem}" if idle and problem else "Train the model. (F5)")
        act["pause"].setEnabled(state == "running")
        can_step = (idle and problem is None) or state in ("running", "paused")
        act["step"].setEnabled(can_step)
        act["step_epoch"].setEnabled(can_step)
        act["stop"].setEnabled(not idle)
        act["reset"].setEnabled(self.runner.trained or not idle)
        act["fine_tune"].setEnabled(idle)
        self._toolbar.show_state(state)
        if idle and not self.runner.trained:
            self._toolbar.progress.forget()
            self._status.forget_run()
        self._status.show_state(state, len(self.document.errors))
        if idle:
            # The start page itself says what to do first.
            on_start_page = self._stack.currentWidget() is not self.workspace
            self._toolbar.progress.show_idle("" if on_start_page else problem)
        self.workspace.inspector.set_running(not idle)
        self.workspace.dataset.set_running(not idle)
        self.workspace.boundary.set_running(not idle)
        self.workspace.maths.set_running(state == "running")
        stack = self.document.undo_stack
        act["undo"].setEnabled(stack.canUndo())
        act["redo"].setEnabled(stack.canRedo())
        act["undo"].setText(f"&Undo {stack.undoText()}".rstrip())
        act["redo"].setText(f"&Redo {stack.redoText()}".rstrip())
        self._toolbar.show_title(document_name(self.document) + (" •" if self.document.dirty else ""), self._tip())
        self.setWindowTitle(f"{document_name(self.document)}[*] – nnplayground")
        self.setWindowModified(self.document.dirty)

    def _tip(self) -> str:
        where = str(self.document.path) if self.document.path is not None else "Not saved yet"
        return f"{where}\nThere are unsaved changes." if self.document.dirty else where

    def _show_workspace(self) -> None:
        if self._stack.currentWidget() is not self.workspace:
            self._stack.setCurrentWidget(self.workspace)
            self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
            self._refresh()
        self._place()
        self._send_wants()

    def show_start_page(self) -> None:
        """Samples, recent projects, and one's own images; made when it is first seen."""
        if self._start_page is None:
            page = self._start_page = StartPage(sample_projects())
            page.sample_requested.connect(self.files.open_sample)
            page.folder_requested.connect(self.files.ask_for_folder)
            page.table_requested.connect(self.files.ask_for_table)
            page.points_requested.connect(self.files.new_points)
            page.project_requested.connect(self.files.ask_for_project)
            page.recent_requested.connect(lambda path: self.files.open_path(Path(path)))
            page.empty_requested.connect(self.files.new)
            self._stack.addWidget(page)
        self._start_page.show_recent(self._preferences.recent)
        self._stack.setCurrentWidget(self._start_page)
        self._refresh()

    # Appearance

    def set_theme(self, name: ThemeName) -> None:
        self._preferences.theme = name
        self._apply_theme()

    def _on_larger_text(self, larger: bool) -> None:
        self._preferences.larger_text = larger
        self._apply_theme()

    def _apply_theme(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, self._preferences.theme, scale=self._preferences.text_scale)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._commands.recolor(colors(self))
        super().changeEvent(event)

    def _place(self) -> None:
        if self._placed or not self.isVisible():
            return
        self._placed = True
        if not self.workspace.restore_layout(self._preferences.layout("workspace")):
            self.workspace.place_docks(self.width(), self.height())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stack.currentWidget() is self.workspace:
            QTimer.singleShot(0, self._place)

    # Dropped files, closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            QTimer.singleShot(0, lambda: self.files.open_path(path))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._close_accepted:
            event.accept()
            return
        if not self.files.may_discard():
            event.ignore()
            return
        self._close_accepted = True
        if self._placed:
            self._preferences.set_layout("workspace", self.workspace.saveState())
        self._preferences.set_layout("window", self.saveGeometry())
        self._questions.close()
        self._data.shutdown()
        self.files.shutdown()
        self.workspace.shutdown()
        self.runner.close()
        event.accept()

    def close_soon(self, *, ask: bool) -> None:
        """Close in the next turn of the event loop, as Ctrl-C in the terminal wants. ask: about unsaved changes."""
        if not ask:
            self.discard_changes()
            box = self.findChild(QMessageBox, "ask_to_save")
            if box is not None:
                box.done(QMessageBox.StandardButton.Discard)
                return
        QTimer.singleShot(0, self.close)

    def _on_runner_closed(self) -> None:
        """The last thing that holds the program: the engine has ended after the window was closed."""
        app = QApplication.instance()
        if app is not None:
            app.quit()

    def restore_window(self) -> None:
        """Size and place as they were the last time."""
        geometry = self._preferences.layout("window")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1440, 900)


def new_session() -> Session:
    """Imported in the thread that calls it: the window opens without what only a run needs."""
    from nnplayground.training.session import Session

    return Session()


def _dropped(event: QDropEvent) -> Path | None:
    """The one folder, project file or file of data that is being dropped, if it is that."""
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.is_dir() or path.suffix.lower() in (SUFFIX, *DATA_SUFFIXES) else None
