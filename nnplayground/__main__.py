"""The command line. Qt is imported only to open the window, TensorFlow only to use it."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nnplayground import __version__

COMMANDS = ("demo", "train", "check", "screenshot")
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit status: 0 done, 1 the project has errors or failed, 2 wrong usage, 130 Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _escape_what_cannot_be_printed()
    try:
        if words and words[0] in COMMANDS:
            return _command(words)
        return _window(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has ended, as `head` does. Python would complain once more on flushing it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _failed_unexpectedly(error)


def _escape_what_cannot_be_printed() -> None:
    """Names of files need not be text, nor does every terminal know every letter; neither may end a command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _failed_unexpectedly(error: Exception) -> int:
    from nnplayground.cli.projects import complain
    from nnplayground.log import LOGGER, log_file, log_to_file

    log_to_file()
    logging.getLogger(LOGGER).error("A command failed.", exc_info=error)
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    complain(f"This failed unexpectedly: {reason.rstrip('.')}. The details are in {log_file()}.")
    return FAILED


def _command(words: list[str]) -> int:
    chosen = _parser().parse_args(words)
    from nnplayground.log import log_to_file

    log_to_file()
    if chosen.command == "train":
        from nnplayground.cli.train import train

        return train(chosen.project, settings=chosen.set, as_json=chosen.json, out=chosen.out, resume=chosen.resume)
    if chosen.command == "check":
        from nnplayground.cli.check import check

        return check(chosen.project, settings=chosen.set, as_json=chosen.json)
    if chosen.command == "screenshot":
        from nnplayground.cli.screenshot import screenshot

        return screenshot(
            chosen.project,
            output=chosen.output,
            size=chosen.size,
            theme=chosen.theme,
            epochs=chosen.train,
            select=chosen.select,
            panel=chosen.panel,
        )
    from nnplayground.cli.demo import demo

    return demo(headless=chosen.headless)


def _window(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="nnplayground",
        description="Build neural networks by hand, train them on your own data and watch everything live.",
        epilog=f"Further commands: {', '.join(COMMANDS)}; each explains itself with --help.",
    )
    parser.add_argument("path", nargs="?", type=Path, help="a project (.nnp) or a folder of images")
    parser.add_argument("--version", action="version", version=f"nnplayground {__version__}")
    chosen = parser.parse_args(words)
    if chosen.path is not None and not chosen.path.exists():
        parser.error(f"{chosen.path} is neither a project file, nor a folder, nor one of the commands.")
    from nnplayground.cli.window import open_window

    return open_window([str(chosen.path)] if chosen.path is not None else [])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nnplayground")
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="open a bundled sample and start training it")
    demo.add_argument("--headless", action="store_true", help="train without a window and save pictures instead")

    train = commands.add_parser("train", help="train a project without a window")
    train.add_argument("project", type=Path, metavar="PROJECT.nnp")
    _add_settings(train)
    train.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    train.add_argument("--out", type=Path, metavar="DIR", help="keep the run in this folder")
    train.add_argument("--resume", action="store_true", help="go on with the newest run of the project")

    check = commands.add_parser("check", help="shapes, parameters and problems of a project")
    check.add_argument("project", type=Path, metavar="PROJECT.nnp")
    _add_settings(check)
    check.add_argument("--json", action="store_true", help="one JSON object on standard output")

    screenshot = commands.add_parser("screenshot", help="save a picture of the window")
    screenshot.add_argument("project", type=Path, metavar="PROJECT.nnp")
    screenshot.add_argument("-o", "--output", type=Path, required=True, metavar="WINDOW.png")
    screenshot.add_argument("--size", type=_size, default=(1440, 900), metavar="WIDTHxHEIGHT")
    screenshot.add_argument("--theme", choices=("dark", "light"), default="dark")
    screenshot.add_argument(
        "--train", type=_epochs, default=0, metavar="EPOCHS", help="train so long before the picture"
    )
    screenshot.add_argument("--panel", metavar="NAME", help="the panel in front, such as maths or weights")
    screenshot.add_argument("--select", metavar="LAYER", help="the layer that is selected in the picture")
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="another value, such as training.epochs=5 or model.dense_1.units=32",
    )


def _size(text: str) -> tuple[int, int]:
    width, separator, height = text.partition("x")
    if not (separator and width.isdigit() and height.isdigit() and int(width) > 0 and int(height) > 0):
        raise argparse.ArgumentTypeError(f"a size is written WIDTHxHEIGHT, such as 1440x900, got {text}")
    return int(width), int(height)


def _epochs(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"the number of epochs must be a whole number, got {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
