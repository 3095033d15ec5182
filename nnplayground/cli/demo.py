"""`nnplayground demo`: a bundled sample, training."""

from __future__ import annotations

from pathlib import Path

from nnplayground.cli.projects import complain
from nnplayground.sample_projects import sample_projects
from nnplayground.training.mailbox import Frame

EPOCHS = 15
"""Epochs of the demo without a window."""


def demo(*, headless: bool) -> int:
    """Open the first sample and start it; without a display, train it headless and save pictures instead."""
    from nnplayground.cli.window import display_problem, open_window

    sample = sample_projects()[0]
    problem = display_problem()
    if not headless and problem is None:
        return open_window([str(sample.path)], start=True)
    if problem is not None and not headless:
        complain(f"{problem} The demo trains without a window instead.")
    from nnplayground.cli.screenshot import screenshot

    window, curves = Path("nnplayground-demo.png"), Path("nnplayground-demo-curves.png")
    status = screenshot(
        sample.path,
        output=window,
        size=(1440, 900),
        theme="dark",
        epochs=EPOCHS,
        select="conv2d_1",
        curves=curves,
        on_frame=_print_frame,
    )
    if status == 0:
        print(f"Saved the window as {window} and its curves as {curves}.")
    return status


def _print_frame(frame: Frame) -> None:
    if frame.preparing is not None and frame.preparing.done == 0:
        print(frame.preparing.message)
    for done in frame.epochs:
        figures = "  ".join(f"{name} {value:.4f}" for name, value in done.metrics.items())
        print(f"epoch {done.epoch:2d}/{EPOCHS}  {figures}")
    if frame.ended is not None and frame.ended.mistakes is not None:
        print(f"{frame.ended.mistakes} validation pictures are classified wrongly.")
