"""Many files → pixels, in threads, in order, with a bounded number under way."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from nnplayground.data.errors import Cancelled

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_THREADS = 16
"""Beyond that the interpreter lock eats what more processors give."""

_AT_ONCE = 4
"""Items that a thread takes at a time: handing over single small images costs a tenth of decoding them."""

_PER_THREAD = 3
"""Parts under way for each thread: enough that one slow file does not hold up the others."""

_PATIENCE = 0.05
"""Seconds between two looks at `cancelled` while a slow file decodes."""


def in_order(
    function: Callable[[Item], Result], items: Sequence[Item], *, cancelled: Callable[[], bool]
) -> Generator[Result, None, None]:
    """function(item) for each item, computed in one thread per processor (Pillow releases the lock while it decodes).

    Raises Cancelled soon after `cancelled` says so; what is under way then ends on its own, unwatched.
    """

    def part(some: Sequence[Item]) -> list[Result]:
        return [function(item) for item in some if not stopped]

    stopped: list[bool] = []
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    under_way: deque[Future[list[Result]]] = deque()
    try:
        for start in range(0, len(items), _AT_ONCE):
            under_way.append(pool.submit(part, items[start : start + _AT_ONCE]))
            if len(under_way) >= threads * _PER_THREAD:
                yield from _results(under_way.popleft(), cancelled)
        while under_way:
            yield from _results(under_way.popleft(), cancelled)
    finally:
        stopped.append(True)
        pool.shutdown(wait=not under_way, cancel_futures=True)


def _results(future: Future[list[Result]], cancelled: Callable[[], bool]) -> list[Result]:
    while not cancelled():
        try:
            return future.result(_PATIENCE)
        except TimeoutError:
            if future.done():
                raise
    raise Cancelled
