"""A session: the data in memory, the built model and how far it has been trained. Owned by one thread.

It decides what a press on Run means: go on, start with the weights of layers that are untouched, or start anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from nnplayground import data, engine
from nnplayground.data import Cancelled, DataError, LoadedData
from nnplayground.engine.base import EngineError
from nnplayground.spec.checks import check
from nnplayground.spec.checks.data import NO_DATA
from nnplayground.spec.dataset import Dataset
from nnplayground.spec.objective import run_figures, target_classes
from nnplayground.spec.project import Project, project_shapes
from nnplayground.training.compare import Comparison, compare
from nnplayground.training.controls import Controls
from nnplayground.training.events import (
    DataLoaded,
    DataRefused,
    Event,
    Notice,
    Preparing,
    RunEnded,
    RunStarted,
)
from nnplayground.training.features import FeatureSource, use_features
from nnplayground.training.feeding import bound, catalog_of
from nnplayground.training.going_on import engine_relevant, transfer
from nnplayground.training.live import live_values
from nnplayground.training.loop import TrainingLoop
from nnplayground.training.made import Gallery
from nnplayground.training.progress import Progress, RunPlan
from nnplayground.training.questions import NotTrained
from nnplayground.training.runs import new_run_id
from nnplayground.training.stages import next_stage, unready_heads, unready_sentence
from nnplayground.training.store import Resumable, RunStore
from nnplayground.training.trained import TrainedModel, trained_model
from nnplayground.training.writing import Writer

_NO_MEMORY = (
    "There is not enough memory for this model and its batches; make its layers, its images or the batch size smaller."
)


class Session:
    """Everything between a project and its runs. All methods are called by the thread that owns the session.

    cache: folder for decoded pixels, None for the usual place. base: folder for relative data paths.
    """

    def __init__(self, *, cache: Path | None = None, base: Path | None = None) -> None:
        self._cache = cache
        self._base = base or Path.cwd()
        self._dataset: Dataset | None = None
        self._loaded: LoadedData | None = None
        self._built: TrainedModel | None = None
        self._aside: TrainedModel | None = None
        """What was trained before an edit."""

    def run(
        self,
        project: Project,
        *,
        controls: Controls,
        store: Callable[[Project, str], RunStore | None] = lambda project, run_id: None,
        report: Callable[[Event], None] = lambda event: None,
        resume: Resumable | None = None,
    ) -> Iterator[Event]:
        """All events of one run, from loading the data to RunEnded; never raises for what a user can bring about.

        store: makes the folder of a new run. report: told of progress between events. resume: go on from a stored run.
        """
        run_id = resume.run_id if resume is not None else new_run_id()
        dataset = project.dataset
        if dataset is None:
            yield _failed(run_id, NO_DATA)
            return
        notices: list[str] = []
        try:
            yield Preparing(run_id, "Loading the data…")
            loaded = self._load(dataset, run_id, controls, report)
            yield DataLoaded(run_id, catalog_of(loaded), dataset)
            problem = next((each for each in check(project, loaded.facts) if each.severity == "error"), None)
            if problem is not None:
                yield _failed(run_id, problem.message)
                return
            if controls.stopping:
                raise Cancelled
            yield Preparing(run_id, self._starting_message(project))
            loop, files = self._prepare(
                project,
                loaded,
                run_id=run_id,
                controls=controls,
                store=store,
                resume=resume,
                report=report,
                notices=notices,
            )
        except Cancelled:
            yield RunEnded(run_id, "stopped", 0, {}, None, 0.0)
            return
        except DataError as error:
            yield DataRefused(run_id, dataset, str(error), error.missing_path)
            yield _failed(run_id, str(error))
            return
        except EngineError as error:
            yield _failed(run_id, str(error))
            return
        except MemoryError:
            yield _failed(run_id, _NO_MEMORY)
            return
        for event in self._train(loop, files, run_id):
            yield event
            if isinstance(event, RunStarted):
                yield from (Notice(event.run_id, notice) for notice in notices)

    def preload(self, dataset: Dataset, *, controls: Controls, report: Callable[[Event], None]) -> Iterator[Event]:
        """Read data before it is needed, so that its pictures and its flaws are seen at once."""
        run_id = ""
        try:
            yield Preparing(run_id, "Reading samples…")
            yield DataLoaded(run_id, catalog_of(self._load(dataset, run_id, controls, report)), dataset)
        except Cancelled:
            yield Preparing(run_id, "")
        except DataError as error:
            yield DataRefused(run_id, dataset, str(error), error.missing_path)

    def _train(self, loop: TrainingLoop, files: RunStore | None, run_id: str) -> Iterator[Event]:
        built = self._built
        assert built is not None
        told = False
        try:
            for event in loop.events():
                if isinstance(event, RunEnded) and files is not None:
                    files.finish(event, loop.last_state(), built.progress)
                if files is not None and files.problem is not None and not told:
                    told = True
                    yield Notice(built.run_id, files.problem, run_kept=False)
                yield event
        except Exception as error:
            message = _NO_MEMORY if isinstance(error, MemoryError) else str(error)
            ended = _failed(built.run_id, message, epoch=built.progress.epoch)
            if files is not None:
                files.finish(ended, loop.good_state(), built.progress)
            if not isinstance(error, EngineError | MemoryError):
                raise  # a mistake of ours: whoever drives the run says so
            yield ended

    def _load(self, dataset: Dataset, run_id: str, controls: Controls, report: Callable[[Event], None]) -> LoadedData:
        if self._loaded is not None and self._dataset == dataset:
            return self._loaded
        self._loaded, self._dataset = None, None
        self._loaded = data.load(
            dataset,
            self._base,
            cache=self._cache,
            progress=lambda done, total: report(Preparing(run_id, "Reading samples…", done, total)),
            cancelled=lambda: controls.stopping,
        )
        self._dataset = dataset
        return self._loaded

    def _starting_message(self, project: Project) -> str:
        if project.training.engine == "keras" and "tensorflow" not in sys.modules:
            return "Loading TensorFlow…"
        return "Building the model…"

    def _prepare(
        self,
        project: Project,
        loaded: LoadedData,
        *,
        run_id: str,
        controls: Controls,
        store: Callable[[Project, str], RunStore | None],
        resume: Resumable | None,
        report: Callable[[Event], None],
        notices: list[str],
    ) -> tuple[TrainingLoop, RunStore | None]:
        """notices: gets what the user should know about this run."""
        kept, reinitialized = self._build(project, loaded)
        built = self._built
        assert built is not None
        if self._aside is not None:
            self._aside.engine.close()
            self._aside = None
        if resume is not None:
            # First of all the numbers: a momentum that was turned on while running has memory of its own.
            built.engine.set_values({**live_values(project), **resume.progress.live})
            built.engine.restore(resume.state)
            built.progress = resume.progress
        else:
            built.progress.live.clear()  # the project has them, perhaps changed since
        goes_on = built.progress.epoch > 0 or built.progress.update > 0
        if not goes_on or not built.run_id:
            built.run_id = run_id
        built.engine.set_values({**live_values(project), **built.progress.live})
        if not goes_on:
            shapes = project_shapes(project, loaded.facts)
            block_id, unready = unready_heads(project.model, shapes, built.learned)
            if unready:
                notices.append(unready_sentence(block_id, unready))
        note = self._use_features(built, run_id, controls, report)
        if note is not None:
            notices.append(note)
        files = store(project, built.run_id)
        if files is not None:
            files.write_preparation(loaded.fitted)
        complete = built.progress.epoch
        epochs = project.training.epochs
        writer = built.writer
        plan = RunPlan(
            run_id=built.run_id,
            project=project,
            class_names=target_classes(project, loaded.facts),
            metrics=run_figures(project, loaded.facts),
            epochs=epochs if complete < epochs or resume is not None else complete + epochs,
            kept=kept,
            reinitialized=reinitialized,
            on_epoch=files.recorder(built.engine, built.progress) if files is not None else lambda done, best: None,
            results=_results(built, writer),
            last_results=writer.last_results if writer is not None else lambda epoch, update: iter(()),
        )
        loop = TrainingLoop(
            built.engine,
            built.splits,
            plan=plan,
            controls=controls,
            progress=built.progress,
            viewer=built.viewer,
            translator=built.translator,
        )
        return loop, files

    def _use_features(
        self, built: TrainedModel, run_id: str, controls: Controls, report: Callable[[Event], None]
    ) -> str | None:
        """Have the frozen part computed once, where there is one; one sentence where it cannot be kept.

        Raises Cancelled, EngineError.
        """
        shapes = project_shapes(built.project, built.loaded.facts)
        return use_features(
            built.engine,
            FeatureSource(built.project, shapes, built.loaded, built.splits),
            cache=self._cache / "features" if self._cache is not None else None,
            progress=lambda done, total: report(Preparing(run_id, "Computing the frozen part, once…", done, total)),
            cancelled=lambda: controls.stopping,
        )

    def _build(
        self, project: Project, loaded: LoadedData, *, keep: bool = False
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Make the engine ready. (layers whose weights go on, layers that start anew although weights were there).

        keep: put what was trained aside, where it does not fit, instead of letting go of it.
        """
        before = self._built
        if before is not None and _same_engine(before, project, loaded):
            before.project = project
            return (), ()
        if self._aside is not None and _same_engine(self._aside, project, loaded):
            # An edit was undone.
            if before is not None:
                before.engine.close()
            undone, self._aside = self._aside, None
            undone.project = project
            self._built = undone
            return (), ()
        weights = before.engine.weights() if before is not None else {}
        fresh = engine.build(project, loaded.facts)
        splits = bound(loaded.splits, project)
        fresh.attach(splits)
        kept: tuple[str, ...] = ()
        reinitialized: tuple[str, ...] = ()
        progress, learned = Progress(), frozenset[str]()
        if before is not None:
            kept, reinitialized = transfer(before.project, project, loaded.facts)
            if not _same_ground(before, project, loaded):
                kept, reinitialized = (), (*kept, *reinitialized)
            fresh.set_weights({name: value for name, value in weights.items() if name.partition("/")[0] in set(kept)})
            learned = frozenset(kept) if before.progress.update else before.learned & set(kept)
            if not reinitialized:
                progress = next_stage(before.project, project, before.progress) or progress
            if keep and before.progress.update and self._aside is None:
                self._aside = before
            else:
                before.engine.close()
        self._built = trained_model(fresh, project, loaded, splits, progress=progress, learned=learned)
        return kept, reinitialized

    def reset(self) -> None:
        """Forget the trained weights: the next run starts from the seed."""
        for built in (self._built, self._aside):
            if built is not None:
                built.engine.close()
        self._built = self._aside = None

    def make_ready(self, project: Project) -> None:
        """Build the model without training it, so that it can be looked at. Raises EngineError, NotTrained.

        What was trained before is put aside, and comes back with its project.
        """
        loaded = self._sound(project, Controls())
        self._build(project, loaded, keep=True)
        model = self.model
        model.engine.set_values({**live_values(project), **model.progress.live})

    def comparison(self, project: Project, controls: Controls) -> Generator[Comparison, None, None]:
        """Train both engines side by side, see `compare`; what was trained stays as it is.

        controls: may stop the loading of data; afterwards one just stops asking. Raises EngineError, NotTrained.
        """
        loaded = self._sound(project, controls)
        return compare(project, loaded.facts, bound(loaded.splits, project)["training"])

    def _sound(self, project: Project, controls: Controls) -> LoadedData:
        """The data of a project that can be trained. Raises NotTrained."""
        if project.dataset is None:
            raise NotTrained("There is no data yet.")
        try:
            loaded = self._load(project.dataset, "", controls, lambda event: None)
        except Cancelled:
            raise NotTrained("Reading the data was stopped.") from None
        except DataError as error:
            raise NotTrained(str(error)) from None
        problem = next((each for each in check(project, loaded.facts) if each.severity == "error"), None)
        if problem is not None:
            raise NotTrained(problem.message)
        return loaded

    def forget_data(self) -> None:
        """Read the data again when it is next needed; what has not changed comes from the cache."""
        self._loaded, self._dataset = None, None

    def close(self) -> None:
        self.reset()
        self._loaded = None

    @property
    def model(self) -> TrainedModel:
        """What was built and trained last. Raises NotTrained."""
        if self._built is None:
            raise NotTrained("There is no trained model yet; press Run first.")
        return self._built


def _results(built: TrainedModel, writer: Writer | None) -> Callable[[int, int], Iterator[Event]]:
    """What is to be made after each epoch, where the model makes something."""
    if built.project.takes_turns:
        training = built.splits["training"]
        data_input = next(iter(training.inputs))
        return Gallery(built.engine, training, data_input, run_id=built.run_id).results
    return writer.results if writer is not None else lambda epoch, update: iter(())


def _failed(run_id: str, message: str, *, epoch: int = 0) -> RunEnded:
    return RunEnded(run_id, "failed", epoch, {}, None, 0.0, message)


def _same_engine(built: TrainedModel, project: Project, loaded: LoadedData) -> bool:
    """Whether the engine fits the project as it is: all that differs are numbers that can be set while running."""
    return (
        built.loaded is loaded
        and engine_relevant(built.project) == engine_relevant(project)
        and built.project.dataset == project.dataset
    )


def _same_ground(built: TrainedModel, project: Project, loaded: LoadedData) -> bool:
    """Whether weights may go on at all: with another split, what they were trained on would be in the validation."""
    return (
        built.project.dataset == project.dataset
        and built.loaded.facts == loaded.facts
        and all(built.splits[name].ids == samples.ids for name, samples in loaded.splits.items())
        and built.project.training.seed == project.training.seed
    )
