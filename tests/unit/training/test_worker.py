"""The engine thread: it serves runs and questions, pauses, steps, and always ends."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, Event, RunEnded, Snapshot, SnapshotWants, StepsDone
from nnplayground.training.mailbox import Frame, Mailbox
from nnplayground.training.questions import NotTrained, Refusal
from nnplayground.training.worker import NICENESS, EngineWorker

PATIENCE = 10.0


class FakeSession:
    closed = False

    def close(self) -> None:
        self.closed = True


def steps(count: int, controls: Controls, begun: Callable[[int], None] = lambda number: None) -> Iterator[Event]:
    """A run of `count` updates, two an epoch."""
    for number in range(1, count + 1):
        if controls.stopping:
            break
        begun(number)
        yield StepsDone("run", (number + 1) // 2, number, {"loss": np.ones(1)}, 1.0)
        if number % 2 == 0:
            yield EpochDone("run", number // 2, number, {"loss": 1.0}, 0.1, 0.0)
    yield RunEnded("run", "stopped" if controls.stopping else "finished", 0, {}, None, 0.0)


class Box(Mailbox):
    """A mailbox that tells when something has come."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.changed = threading.Condition()

    def put(self, event: Event) -> None:
        super().put(event)
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait(self, condition: Callable[[list[Event]], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.events), PATIENCE), self.events


def ended(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], RunEnded)


def updates(events: list[Event]) -> int:
    return sum(isinstance(event, StepsDone) for event in events)


def answer_of(worker: EngineWorker, question: Callable[[Any], object], *, between_runs: bool = False) -> object:
    answers: list[object] = []
    answered = threading.Event()

    def reply(answer: object) -> None:
        answers.append(answer)
        answered.set()

    worker.ask(question, reply, between_runs=between_runs)
    assert answered.wait(PATIENCE)
    return answers[0]


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def worker(box: Box) -> Iterator[EngineWorker]:
    worker = EngineWorker(box, FakeSession)  # type: ignore[arg-type]
    yield worker
    worker.close()
    assert worker.join(PATIENCE)


def test_a_run_is_told_in_order(worker: EngineWorker, box: Box) -> None:
    controls = Controls()
    worker.run(lambda session, controls, report: steps(4, controls), controls)
    box.wait(ended)
    assert updates(box.events) == 4


def test_a_pause_comes_behind_the_steps_of_a_snapshot_and_never_behind_the_end(worker: EngineWorker, box: Box) -> None:
    controls = Controls()

    def events() -> Iterator[Event]:
        controls.pause()
        yield Snapshot("run", 1, 1, SnapshotWants(), None, {}, {}, {}, None)
        yield StepsDone("run", 1, 1, {"loss": np.ones(1)}, 1.0)
        controls.pause()
        yield RunEnded("run", "finished", 1, {}, None, 0.0)

    worker.run(lambda session, controls, report: events(), controls)
    box.wait(lambda told: updates(told) == 1)
    controls.resume()
    worker.wake()
    box.wait(ended)
    assert answer_of(worker, lambda session: "free", between_runs=True) == "free"


def test_pause_step_and_go_on(worker: EngineWorker, box: Box) -> None:
    controls = Controls()
    controls.step("update")
    worker.run(lambda session, controls, report: steps(10, controls), controls)
    box.wait(lambda events: updates(events) == 1)
    controls.step("update")
    worker.wake()
    box.wait(lambda events: updates(events) == 2)
    controls.step("epoch")
    worker.wake()
    box.wait(lambda events: any(isinstance(event, EpochDone) for event in events))
    assert updates(box.events) == 2
    controls.step("epoch")
    worker.wake()
    box.wait(lambda events: sum(isinstance(event, EpochDone) for event in events) == 2)
    assert updates(box.events) == 4
    controls.resume()
    worker.wake()
    box.wait(ended)
    assert updates(box.events) == 10


def test_stop_ends_a_pause(worker: EngineWorker, box: Box) -> None:
    controls = Controls()
    controls.step("update")
    worker.run(lambda session, controls, report: steps(10, controls), controls)
    box.wait(lambda events: updates(events) == 1)
    controls.stop()
    worker.wake()
    box.wait(ended)
    assert updates(box.events) == 1


def test_a_pause_while_the_run_is_held_back_lets_no_update_through(worker: EngineWorker, box: Box) -> None:
    """At one update in a thousand seconds, the one after the next waits."""
    controls = Controls()

    def slow_down(number: int) -> None:
        if number == 2:
            controls.speed = 0.001

    worker.run(lambda session, controls, report: steps(10, controls, slow_down), controls)
    box.wait(lambda events: updates(events) == 3)
    controls.pause()
    worker.wake()
    for number in range(3):
        assert answer_of(worker, lambda session, number=number: number) == number
    assert updates(box.events) == 3
    controls.step("update")
    worker.wake()
    box.wait(lambda events: updates(events) == 4)


def test_a_block_from_before_a_lower_speed_does_not_hold_the_run_back(worker: EngineWorker, box: Box) -> None:
    def made_freely(session: object, controls: Controls, report: object) -> Iterator[Event]:
        controls.speed = 0.001
        yield StepsDone("run", 1, 1, {"loss": np.ones(500)}, 1.0)
        yield RunEnded("run", "finished", 0, {}, None, 0.0)

    worker.run(made_freely, Controls())
    box.wait(ended)


def test_questions_are_answered_in_a_pause_and_after_the_run(worker: EngineWorker, box: Box) -> None:
    controls = Controls()
    controls.step("update")
    worker.run(lambda session, controls, report: steps(2, controls), controls)
    box.wait(lambda events: updates(events) == 1)
    assert answer_of(worker, lambda session: 42) == 42
    controls.resume()
    worker.wake()
    box.wait(ended)
    assert answer_of(worker, lambda session: 43) == 43


def test_a_question_without_an_answer_is_refused_in_one_sentence(worker: EngineWorker) -> None:
    def ask(session: object) -> None:
        raise NotTrained("Press Run first.")

    assert answer_of(worker, ask) == Refusal("Press Run first.")


def test_a_failure_ends_the_run_and_not_the_thread(worker: EngineWorker, box: Box) -> None:
    def broken(session: object, controls: Controls, report: object) -> Iterator[Event]:
        yield StepsDone("run", 1, 1, {"loss": np.ones(1)}, 1.0)
        raise ZeroDivisionError("division by zero\nsecond line")

    worker.run(broken, Controls())
    box.wait(ended)
    last = box.events[-1]
    assert isinstance(last, RunEnded)
    assert last.reason == "failed"
    assert last.error is not None
    assert "division by zero" in last.error
    assert "second line" not in last.error
    assert "Traceback" in (last.details or "")
    worker.run(lambda session, controls, report: steps(1, controls), Controls())
    box.wait(lambda events: updates(events) == 2)


def test_close_ends_a_run(box: Box) -> None:
    worker = EngineWorker(box, FakeSession)  # type: ignore[arg-type]
    controls = Controls()
    worker.run(lambda session, controls, report: steps(10**9, controls), controls)
    box.wait(lambda events: updates(events) > 3)
    worker.close()
    assert worker.join(PATIENCE)
    assert isinstance(box.events[-1], RunEnded)


def test_close_without_use() -> None:
    worker = EngineWorker(Mailbox(), FakeSession)  # type: ignore[arg-type]
    worker.close()
    assert worker.join(0.0)


def test_a_frame_has_all_scalars_and_the_latest_of_the_rest() -> None:
    mailbox = Mailbox()
    assert mailbox.drain() is None
    for number in range(1, 4):
        mailbox.put(StepsDone("run", 1, number, {"loss": np.ones(1)}, 1.0))
    first = RunEnded("one", "finished", 1, {}, None, 0.0)
    mailbox.put(first)
    frame = mailbox.drain()
    assert isinstance(frame, Frame)
    assert [step.first_update for step in frame.steps] == [1, 2, 3]
    assert frame.ended == first
    assert mailbox.drain() is None


def test_what_waits_for_the_end_of_the_run(worker: EngineWorker, box: Box) -> None:
    controls = Controls()
    order: list[str] = []
    answered = threading.Event()

    def ask_at_the_first_update(number: int) -> None:
        if number == 1:
            worker.ask(lambda session: order.append("between"), lambda answer: None, between_runs=True)
            worker.ask(lambda session: order.append("at once"), lambda answer: None)
            worker.run(lambda session, controls, report: steps(2, controls, note), Controls())
            worker.ask(lambda session: None, lambda answer: answered.set(), between_runs=True)
        order.append(f"update {number}")

    def note(number: int) -> None:
        order.append(f"second run {number}")

    worker.run(lambda session, controls, report: steps(2, controls, ask_at_the_first_update), controls)
    assert answered.wait(PATIENCE)
    assert order == ["update 1", "at once", "update 2", "between", "second run 1", "second run 2"]


def test_another_mailbox_hears_nothing_of_the_run_from_before(worker: EngineWorker, box: Box) -> None:
    controls = Controls()
    later = Box()
    second = Controls()

    def change(number: int) -> None:
        if number == 1:
            worker.deliver_to(later)
            worker.run(lambda session, controls, report: steps(1, controls), second)

    worker.run(lambda session, controls, report: steps(4, controls, change), controls)
    later.wait(ended)
    assert updates(box.events) == 4
    assert ended(box.events)
    assert updates(later.events) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has a niceness for each thread.")
def test_the_window_goes_before_the_engine_where_cores_are_few() -> None:
    found: list[int] = []

    class Asking(FakeSession):
        def __init__(self) -> None:
            found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    worker = EngineWorker(Mailbox(), Asking)  # type: ignore[arg-type]
    answered = threading.Event()
    worker.ask(lambda session: None, lambda answer: answered.set())
    assert answered.wait(PATIENCE)
    worker.close()
    assert worker.join(PATIENCE)
    assert found == [max(NICENESS, before)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
