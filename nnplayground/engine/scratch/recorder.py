"""How plain formulas become fast: they are run once on stand-ins that write down what happens, then only repeated.

For a network as small as 2-8-8-1, computing takes less time than everything around it: allocating results, looking up
functions, working out shapes. But batch after batch, the same numpy calls are made on arrays of the same shapes. So the
formulas of layers, losses and optimizers are run once on `Recorded` values, which write each operation down, and
`compiler` makes a program of the notes: a list of calls, each a function with all its arguments and its `out`. Running
a program is a loop over that list. Values that change between runs (data, weights, rates) are read from the arrays that
were named when recording.

All results have the recorder's number type: a comparison gives 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from nnplayground.samples import Array

Call: TypeAlias = tuple[Callable[..., object], tuple[Any, ...]]
"""A function and all its arguments."""

Binding: TypeAlias = Callable[[Sequence[Array], Array], Call]
"""(operands, out) → the call that writes the result into `out`."""

_EMPTY: Array = np.empty(())


@dataclass(eq=False)
class Node:
    """A value in a formula. Exactly one of `array`, `view` and `binding` is given.

    array: it exists already; beside_ones: a column of ones follows it in memory. view: its only operand, seen
    differently. binding: a call makes it; operation: the ufunc that the call applies elementwise, if so; any_order: the
    call may write its result column by column. contiguous: its memory can be seen in any other shape. target: where its
    values are to be stored, if anywhere. steady: it depends on settings only.
    """

    shape: tuple[int, ...]
    operands: tuple[Node, ...] = ()
    array: Array | None = None
    beside_ones: bool = False
    view: Callable[[Array], Array] | None = None
    binding: Binding | None = None
    operation: np.ufunc | None = None
    any_order: bool = False
    contiguous: bool = True
    target: Array | None = None
    steady: bool = False


class Recorded(NDArrayOperatorsMixin):
    """Stands in for an array of known shape whose values come later."""

    def __init__(self, recorder: Recorder, node: Node) -> None:
        self.recorder = recorder
        self.node = node

    @property
    def shape(self) -> tuple[int, ...]:
        return self.node.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def T(self) -> Recorded:
        return self._seen(self.shape[::-1], np.transpose, contiguous=self.ndim < 2 and self.node.contiguous)

    def reshape(self, *sizes: int | tuple[int, ...]) -> Recorded:
        shape = sizes[0] if isinstance(sizes[0], tuple) else tuple(size for size in sizes if isinstance(size, int))
        if -1 in shape:
            known = math.prod(size for size in shape if size != -1)
            shape = tuple(math.prod(self.shape) // known if size == -1 else size for size in shape)
        if shape == self.shape:
            return self
        if not self.node.contiguous:
            return (+self).reshape(*shape)
        return self._seen(shape, partial(_reshaped, shape=shape), contiguous=True)

    def __getitem__(self, key: Any) -> Recorded:
        """Slices only."""
        shape = np.broadcast_to(_EMPTY, self.shape)[key].shape
        return self._seen(shape, lambda array: array[key], contiguous=False)

    def _seen(self, shape: tuple[int, ...], view: Callable[[Array], Array], *, contiguous: bool) -> Recorded:
        """The same memory as an array of another shape."""
        node = Node(shape, (self.node,), view=view, contiguous=contiguous, steady=self.node.steady)
        return Recorded(self.recorder, node)

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        shape = np.broadcast_to(_EMPTY, self.shape).sum(axis=axis, keepdims=keepdims).shape
        if math.prod(shape) == math.prod(self.shape):
            return self.reshape(shape)
        if axis == 0 and self.ndim == 2 and not keepdims:
            return self.recorder.add(shape, [self], row_sum)
        return self._reduced(np.add, axis, keepdims)

    def mean(self, axis: int) -> Recorded:
        total = self.sum(axis)
        return total if self.shape[axis] == 1 else total * (1 / self.shape[axis])

    def max(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        return self._reduced(np.maximum, axis, keepdims)

    def _reduced(self, ufunc: np.ufunc, axis: int | None, keepdims: bool) -> Recorded:
        shape = np.broadcast_to(_EMPTY, self.shape).sum(axis=axis, keepdims=keepdims).shape
        return self.recorder.add(
            shape, [self], lambda operands, out: (ufunc.reduce, (operands[0], axis, None, out, keepdims))
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        operands = [self.recorder.constant(value) for value in inputs]
        if ufunc is np.matmul:
            left, right = operands
            return self.recorder.add((*left.shape[:-1], *right.shape[1:]), operands, product, any_order=True)
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
        return self.recorder.add(shape, operands, partial(_elementwise, ufunc), operation=ufunc, any_order=True)

    def __array_function__(self, function: Callable[..., Any], types: Any, arguments: Any, options: Any) -> Any:
        if function is not np.concatenate:
            return NotImplemented
        parts, axis = [self.recorder.constant(part) for part in arguments[0]], options["axis"]
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return self.recorder.add(tuple(shape), parts, lambda arrays, out: (np.concatenate, (tuple(arrays), axis, out)))


def _reshaped(array: Array, *, shape: tuple[int, ...]) -> Array:
    return array.reshape(shape)


def is_reshaped(node: Node) -> bool:
    return isinstance(node.view, partial) and node.view.func is _reshaped


def _elementwise(ufunc: np.ufunc, operands: Sequence[Array], out: Array) -> Call:
    # A single number is broadcast much faster without its axes.
    operands = [operand.reshape(()) if operand.size == 1 < out.size else operand for operand in operands]
    if ufunc in (np.maximum, np.minimum):  # numpy wants their `out` by its name.
        return partial(ufunc, out=out), tuple(operands)
    return ufunc, (*operands, out)


def product(operands: Sequence[Array], out: Array) -> Call:
    """The product of matrices or vectors; (A B)ᵀ = Bᵀ Aᵀ where the result is kept column by column."""
    left, right = operands
    if not out.flags.c_contiguous:
        left, right, out = right.T, left.T, out.T
    # The method is found once; `np.dot` takes half as long again to find it.
    return left.dot, (right, out)


def row_sum(operands: Sequence[Array], out: Array) -> Call:
    """The sum of the rows of a matrix, as a product with ones, which takes half the time of a sum."""
    (matrix,) = operands
    return np.ones(len(matrix), matrix.dtype).dot, (matrix, out)


class Recorder:
    """Writes down formulas. `dtype` is the number type of all results.

    results: the nodes of all calls, in the order of recording; stored: those with a target.
    """

    def __init__(self, dtype: type[np.floating]) -> None:
        self.dtype = dtype
        self.results: list[Node] = []
        self.stored: list[Node] = []

    def array(self, array: Array, *, beside_ones: bool = False) -> Recorded:
        """A stand-in for an array that is read anew in each run. beside_ones: see `ones.beside_ones`."""
        contiguous = array.flags.c_contiguous
        return Recorded(self, Node(array.shape, array=array, beside_ones=beside_ones, contiguous=contiguous))

    def setting(self, array: Array) -> Recorded:
        """A stand-in for a number that rarely changes: what follows from such numbers only is computed once."""
        return Recorded(self, Node(array.shape, array=array, contiguous=array.flags.c_contiguous, steady=True))

    def constant(self, value: Any) -> Recorded:
        """A stand-in for a number, or for an array unless it is one already."""
        return value if isinstance(value, Recorded) else self.setting(np.asarray(value, self.dtype))

    def add(
        self,
        shape: tuple[int, ...],
        operands: Sequence[Recorded],
        binding: Binding,
        *,
        operation: np.ufunc | None = None,
        any_order: bool = False,
    ) -> Recorded:
        """The result of a call."""
        nodes = tuple(operand.node for operand in operands)
        steady = bool(nodes) and all(operand.steady for operand in nodes)
        node = Node(shape, nodes, binding=binding, operation=operation, any_order=any_order, steady=steady)
        self.results.append(node)
        return Recorded(self, node)

    def store(self, value: Recorded, target: Array) -> None:
        """Have each run write the value into an array.

        A formula may read what it replaces (w − α·g into w), but later formulas use the value, not the array.
        """
        if value.node.binding is None or value.node.target is not None:
            value = +value
        value.node.target = target
        self.stored.append(value.node)


def run(calls: Sequence[Call]) -> None:
    """Run a program once."""
    for function, arguments in calls:
        function(*arguments)
