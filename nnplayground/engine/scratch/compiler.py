"""From recorded formulas to a program: a list of numpy calls with all their arguments.

1. What no stored result depends on (such as the gradient by the data) is dropped.
2. A product and the bias that is added to it become one product, see `ones`.
3. What follows from settings only, such as 1 − β of an optimizer, is computed when they change, not in each run.
4. Each result gets its memory, once: where a formula consumes an array for the last time, the same memory again.
   Matrices lie column by column, so that a column of ones can follow them; what is given another shape, or comes from
   arrays that lie row by row, lies row by row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nnplayground.engine.scratch.ones import beside_ones, follows, with_bias, with_ones
from nnplayground.engine.scratch.recorder import Call, Node, Recorder, is_reshaped, product, row_sum, run
from nnplayground.samples import Array


class Calls(NamedTuple):
    """A program. settled: to be run after a setting has changed; each: to be run each time."""

    settled: list[Call]
    each: list[Call]


def compiled(recorder: Recorder) -> Calls:
    """The calls that compute all stored values, in order. The recorder must not be used any further."""
    _join_biases(recorder)
    calls = _calls(recorder)
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
    reshaped = {node.operands[0] for node in needed if is_reshaped(node)}
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


def _calls(recorder: Recorder) -> Calls:
    needed = _needed(recorder)
    results = [node for node in recorder.results if node in needed]
    by_column = _by_column(recorder, needed)
    users = _users(needed)
    last_user = {operand: node for node in results for operand in node.operands}
    memory: dict[Node, Array] = {}
    calls = Calls([], [])

    def array_of(node: Node) -> Array:
        if node.array is not None:
            return node.array
        return memory[node] if node.view is None else node.view(array_of(node.operands[0]))

    def consumed(node: Node) -> list[Node]:
        """The operands that nobody needs after this node, and over which it can write."""
        if node.operation is None:
            return []
        return [
            operand
            for operand in node.operands
            if operand in memory
            and operand.target is None
            and operand.shape == node.shape
            and operand.steady == node.steady
            and (operand in by_column) == (node in by_column)
            and last_user[operand] is node
            and all(user.view is None for user in users[operand])
        ]

    for node in results:
        free = consumed(node)
        if node.target is not None:
            memory[node] = node.target
        elif free:
            memory[node] = memory[free[0]]
        elif node in by_column:
            memory[node] = beside_ones(node.shape[0], node.shape[1], recorder.dtype, by_column=True)
        else:
            memory[node] = np.empty(node.shape, recorder.dtype)
        assert node.binding is not None
        call = node.binding([array_of(operand) for operand in node.operands], memory[node])
        (calls.settled if node.steady else calls.each).append(call)
    _check_order(results)
    return calls


def _check_order(results: Sequence[Node]) -> None:
    """No formula may read an array that an earlier one has replaced."""
    replaced: list[Array] = []
    for node in results:
        for operand in node.operands:
            while operand.view is not None:
                operand = operand.operands[0]
            array = operand.array
            if array is not None and any(np.may_share_memory(array, old) for old in replaced):
                raise ValueError("A formula reads an array that was replaced before; it must use the new value.")
        if node.target is not None:
            replaced.append(node.target)
