"""From recorded formulas to a program: a list of numpy calls with all their arguments.

1. What no stored result depends on (such as the gradient by the data) is dropped.
2. Products and the bias that is added to them become one product, see `ones`.
3. Each result gets its memory, once: where a formula consumes an array for the last time, the same memory again.
   Matrices lie column by column, so that a column of ones can follow them; what is given another shape lies row by row.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from nnplayground.engine.scratch.ones import beside_ones, follows, with_bias, with_ones
from nnplayground.engine.scratch.recorder import Call, Recorded, Recorder, is_reshaped, product, row_sum
from nnplayground.samples import Array


def compiled(recorder: Recorder) -> list[Call]:
    """The calls that compute all stored values, in order. The recorder cannot be used any further."""
    _join_biases(recorder)
    return _Assembly(recorder).calls


def _needed(recorder: Recorder) -> list[Recorded]:
    """The nodes that stored values depend on, in the order of recording."""
    needed: set[int] = set()
    ahead = list(recorder.stored)
    while ahead:
        node = ahead.pop()
        if id(node) not in needed:
            needed.add(id(node))
            ahead.extend(node.operands)
    return [node for node in recorder.nodes if id(node) in needed]


def _users(nodes: list[Recorded]) -> dict[int, list[Recorded]]:
    users: dict[int, list[Recorded]] = defaultdict(list)
    for node in nodes:
        for operand in node.operands:
            users[id(operand)].append(node)
    return users


def _join_biases(recorder: Recorder) -> None:
    """x W + b becomes [x 1] · [W; b], and Xᵀ dZ and Σ dZ become [X 1]ᵀ dZ, where the memory allows it."""
    nodes = _needed(recorder)
    users = _users(nodes)
    rearranged = {id(node.operands[0]) for node in nodes if is_reshaped(node)}
    extended: dict[int, Recorded] = {}

    def has_room(x: Recorded) -> bool:
        if x.array is not None:
            return id(x.array) in recorder.beside_ones
        return x.ndim == 2 and x.binding is not None and x.target is None and id(x) not in rearranged

    def with_column(x: Recorded) -> Recorded:
        if id(x) not in extended:
            extended[id(x)] = Recorded(
                recorder, (x.shape[0], x.shape[1] + 1), operands=(x,), view=with_ones, contiguous=False
            )
        return extended[id(x)]

    sums = {id(node.operands[0]): node for node in recorder.stored if node.binding is row_sum and not users[id(node)]}
    for node in nodes:
        if node.operation is np.add and node.operands[0].binding is product and len(users[id(node.operands[0])]) == 1:
            (x, kernel), bias = node.operands[0].operands, node.operands[1]
            if kernel.array is not None and bias.array is not None and follows(bias.array, kernel.array) and has_room(x):
                joined = Recorded(recorder, (kernel.shape[0] + 1, kernel.shape[1]), array=with_bias(kernel.array))
                node.operands, node.binding, node.operation = (with_column(x), joined), product, None
        elif node.binding is product and node.target is not None and not users[id(node)]:
            transposed, dz = node.operands
            column = sums.get(id(dz))
            if column is None or column.target is None or transposed.view is not np.transpose:
                continue
            x = transposed.operands[0]
            if follows(column.target, node.target) and has_room(x):
                node.operands = (
                    Recorded(recorder, (x.shape[1] + 1, x.shape[0]), operands=(with_column(x),), view=np.transpose),
                    dz,
                )
                node.shape, node.target = (node.shape[0] + 1, node.shape[1]), with_bias(node.target)
                recorder.stored.remove(column)
