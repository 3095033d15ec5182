"""From recorded formulas to a program: a list of numpy calls with all their arguments.

1. What no stored result depends on (such as the gradient by the data) is dropped.
2. A product and the bias that is added to it become one product, see `ones`.
3. What follows from settings only, such as 1 − β of an optimizer, is computed when they change, not in each run.
4. Each result gets its memory, once: where a formula consumes an array for the last time, the same memory again, else
   any that is no longer needed, also by programs that ran before. Matrices lie column by column, so that a column of
   ones can follow them; what is given another shape, or comes from arrays that lie row by row, lies row by row.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nnplayground.engine.scratch.ones import beside_ones, follows, with_bias, with_ones
from nnplayground.engine.scratch.recorder import Call, Node, Recorder, is_reshaped, product, root, row_sum, run
from nnplayground.samples import Array


class Calls(NamedTuple):
    """A program. settled: to be run after a setting has changed; each: to be run each time."""

    settled: list[Call]
    each: list[Call]


class Room:
    """Memory for intermediate results. Programs that share it must run one after the other."""

    def __init__(self) -> None:
        self._made: dict[Hashable, list[Array]] = defaultdict(list)
        self._free: dict[Hashable, list[Array]] = {}

    def clear(self) -> None:
        """Nothing in it is needed any longer."""
        self._free = {kind: list(arrays) for kind, arrays in self._made.items()}

    def take(self, kind: Hashable, make: Callable[[], Array]) -> Array:
        """Free memory of a kind, made anew where there is none."""
        free = self._free.setdefault(kind, [])
        if not free:
            self._made[kind].append(make())
            return self._made[kind][-1]
        return free.pop()

    def give_back(self, kind: Hashable, array: Array) -> None:
        self._free[kind].append(array)


def compiled(recorder: Recorder, room: Room | None = None) -> Calls:
    """The calls that compute all stored values, in order. The recorder must not be used any further."""
    _join_biases(recorder)
    calls = _calls(recorder, room or Room())
    run(calls.settled)
    return calls


def _needed(recorder: Recorder) -> set[Node]:
    """What stored values depend on."""
    needed: set[Node] = set()
    ahead = list(recorder.stored)
    while ahead:
        node = ahead.pop()
        if node not in needed:
            needed.add(node)
            ahead.extend(node.operands)
    return needed


def _users(nodes: set[Node]) -> Mapping[Node, list[Node]]:
    users: dict[Node, list[Node]] = defaultdict(list)
    for node in nodes:
        for operand in node.operands:
            users[operand].append(node)
    return users


def _by_column(recorder: Recorder, needed: set[Node]) -> set[Node]:
    """The results whose memory is to lie column by column."""
    reshaped = {root(node) for node in needed if is_reshaped(node)}
    found: set[Node] = set()
    for node in recorder.results:
        fitting = len(node.shape) == 2 and node.any_order and node.target is None and node not in reshaped
        of_same_shape = [operand for operand in node.operands if operand.shape == node.shape]
        if fitting and (node.operation is None or all(operand in found for operand in of_same_shape)):
            found.add(node)
    return found


def _join_biases(recorder: Recorder) -> None:
    """x W + b becomes [x 1] · [W; b], and the pair xᵀ dZ, Σ dZ becomes [x 1]ᵀ dZ, where the memory allows it."""
    needed = _needed(recorder)
    users = _users(needed)
    has_ones = _by_column(recorder, needed) | {node for node in needed if node.beside_ones}
    sums = {node.operands[0]: node for node in recorder.stored if node.binding is row_sum and not users[node]}
    joined: list[Node] = []

    def extended(x: Node) -> Node:
        return Node((x.shape[0], x.shape[1] + 1), (x,), view=with_ones)

    for node in recorder.results:
        first = node.operands[0] if node.operands else node
        if node.operation is np.add and first.binding is product and len(users[first]) == 1:
            (x, kernel), bias = first.operands, node.operands[1]
            if x in has_ones and follows(bias.array, kernel.array):
                assert kernel.array is not None
                node.operands = (extended(x), Node((), array=with_bias(kernel.array)))
                node.binding, node.operation = product, None
        elif node.binding is product and first.view is np.transpose and not users[node]:
            x, dz = first.operands[0], node.operands[1]
            if x in has_ones and dz in sums and follows(sums[dz].target, node.target):
                node.operands = (Node((), (extended(x),), view=np.transpose), dz)
                assert node.target is not None
                node.target = with_bias(node.target)
                joined.append(sums[dz])
    recorder.stored = [node for node in recorder.stored if node not in joined]


def _calls(recorder: Recorder, room: Room) -> Calls:
    needed = _needed(recorder)
    results = [node for node in recorder.results if node in needed]
    by_column = _by_column(recorder, needed)
    last_user = {root(operand): node for node in results for operand in node.operands}
    memory: dict[Node, Array] = {}
    lent: dict[Node, tuple[Hashable, Array]] = {}
    calls = Calls([], [])
    room.clear()

    def array_of(node: Node) -> Array:
        if node.array is not None:
            return node.array
        return memory[node] if node.view is None else node.view(array_of(node.operands[0]))

    def consumed(node: Node) -> Node | None:
        """A result that nobody needs after this node, and over which it can write."""
        if node.operation is None:
            return None
        for operand in node.operands:
            result = root(operand)
            if (
                result in memory
                and result.target is None
                and result.border is None
                and result.steady == node.steady
                and (result in by_column) == (node in by_column)
                and last_user[result] is node
                and all(_is_whole(other, node) for other in node.operands if root(other) is result)
            ):
                return result
        return None

    def borrowed(node: Node) -> Array:
        """Memory that others can have when the node is no longer needed. What is steady is needed for ever."""
        kind, make = _memory(node, recorder.dtype, by_column=node in by_column)
        array = make() if node.steady else room.take(kind, make)
        if not node.steady:
            lent[node] = kind, array
        return array if array.shape == node.shape else array.reshape(node.shape)

    for node in results:
        before = consumed(node)
        if node.target is not None:
            memory[node] = node.target
        elif before is not None:
            memory[node] = memory[before] if before.shape == node.shape else memory[before].reshape(node.shape)
            if before in lent:
                lent[node] = lent.pop(before)
        else:
            memory[node] = borrowed(node)
        assert node.binding is not None
        call = node.binding([array_of(operand) for operand in node.operands], memory[node])
        (calls.settled if node.steady else calls.each).append(call)
        for result in dict.fromkeys(root(operand) for operand in node.operands):
            if result in lent and last_user[result] is node:
                room.give_back(*lent.pop(result))
    _check_order(results)
    return calls


def _is_whole(operand: Node, result: Node) -> bool:
    """Whether an operand has the shape of the result, and its values lie in its memory in that order."""
    if operand.shape != result.shape:
        return False
    while operand.view is not None:
        if not is_reshaped(operand):
            return False
        operand = operand.operands[0]
    return True


def _memory(node: Node, dtype: type[np.floating], *, by_column: bool) -> tuple[Hashable, Callable[[], Array]]:
    """Which kind of memory a result needs, and how it is made. Row by row, any shape of one size will do."""
    shape, border = node.shape, node.border
    if border is not None:
        return (shape, border), lambda: border.around(shape, dtype)
    if by_column:
        return shape, lambda: beside_ones(shape[0], shape[1], dtype, by_column=True)
    size = math.prod(shape)
    return size, lambda: np.empty(size, dtype)


def _check_order(results: Sequence[Node]) -> None:
    """No formula may read an array that an earlier one has replaced."""
    replaced: list[Array] = []
    for node in results:
        for operand in node.operands:
            array = root(operand).array
            if array is not None and any(np.may_share_memory(array, old) for old in replaced):
                raise ValueError("A formula reads an array that was replaced before; it must use the new value.")
        if node.target is not None:
            replaced.append(node.target)
