"""How plain formulas become fast: they are run once on stand-ins that write down what happens, then only repeated.

For a network as small as 2-8-8-1, computing takes less time than everything around it: allocating results, looking up
functions, working out shapes. But batch after batch, the same numpy calls are made on arrays of the same shapes. So the
formulas of layers, losses and optimizers are run once on `Recorded` values, each operation adds a node to the `Recorder`,
and `compiler` makes a program of them: a list of calls, each a function with all its arguments and its `out`. Running a
program is a loop over that list. Values that change between runs (data, weights, rates) are read from the arrays that
were named when recording.

All results have the recorder's number type: a comparison gives 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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


class Recorded(NDArrayOperatorsMixin):
    """Stands in for an array of known shape whose values come later.

    Exactly one of `array` (it exists already), `view` (its only operand seen differently) and `binding` (a call makes
    it) is given. operation: the ufunc that the call applies elementwise, or None. contiguous: whether a view of its
    memory can have any other shape. target: where its values are stored, if anywhere.
    """

    def __init__(
        self,
        recorder: Recorder,
        shape: tuple[int, ...],
        *,
        operands: Sequence[Recorded] = (),
        array: Array | None = None,
        view: Callable[[Array], Array] | None = None,
        binding: Binding | None = None,
        operation: np.ufunc | None = None,
        contiguous: bool = True,
    ) -> None:
        self.recorder = recorder
        self.shape = shape
        self.operands = tuple(operands)
        self.array = array
        self.view = view
        self.binding = binding
        self.operation = operation
        self.contiguous = contiguous
        self.target: Array | None = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def T(self) -> Recorded:
        return self.seen(self.shape[::-1], np.transpose, contiguous=self.ndim < 2 and self.contiguous)

    def reshape(self, *sizes: int | tuple[int, ...]) -> Recorded:
        shape = sizes[0] if isinstance(sizes[0], tuple) else tuple(size for size in sizes if isinstance(size, int))
        if -1 in shape:
            known = math.prod(size for size in shape if size != -1)
            shape = tuple(math.prod(self.shape) // known if size == -1 else size for size in shape)
        if shape == self.shape:
            return self
        if not self.contiguous:
            return (+self).reshape(*shape)
        return self.seen(shape, partial(_reshaped, shape=shape), contiguous=True)

    def __getitem__(self, key: Any) -> Recorded:
        """Slices only."""
        shape = np.broadcast_to(_EMPTY, self.shape)[key].shape
        return self.seen(shape, lambda array: array[key], contiguous=False)

    def seen(self, shape: tuple[int, ...], view: Callable[[Array], Array], *, contiguous: bool) -> Recorded:
        """The same memory as an array of another shape."""
        return self.recorder.note(Recorded(self.recorder, shape, operands=(self,), view=view, contiguous=contiguous))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        shape = np.broadcast_to(_EMPTY, self.shape).sum(axis=axis, keepdims=keepdims).shape
        if math.prod(shape) == math.prod(self.shape):
            return self.reshape(shape)
        if axis == 0 and self.ndim == 2 and not keepdims:
            return self.recorder.add(shape, (self,), row_sum)
        return self._reduced(np.add, axis, keepdims)

    def mean(self, axis: int) -> Recorded:
        total = self.sum(axis)
        return total if self.shape[axis] == 1 else total * (1 / self.shape[axis])

    def max(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        return self._reduced(np.maximum, axis, keepdims)

    def _reduced(self, ufunc: np.ufunc, axis: int | None, keepdims: bool) -> Recorded:
        shape = np.broadcast_to(_EMPTY, self.shape).sum(axis=axis, keepdims=keepdims).shape
        return self.recorder.add(
            shape, (self,), lambda operands, out: (ufunc.reduce, (operands[0], axis, None, out, keepdims))
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        operands = [self.recorder.constant(value) for value in inputs]
        if ufunc is np.matmul:
            left, right = operands
            return self.recorder.add((*left.shape[:-1], *right.shape[1:]), operands, product)
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
        return self.recorder.add(shape, operands, partial(_elementwise, ufunc), operation=ufunc)

    def __array_function__(self, function: Callable[..., Any], types: Any, arguments: Any, options: Any) -> Any:
        if function is not np.concatenate:
            return NotImplemented
        (parts,), axis = arguments, options["axis"]
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return self.recorder.add(tuple(shape), parts, lambda arrays, out: (np.concatenate, (tuple(arrays), axis, out)))


def _reshaped(array: Array, *, shape: tuple[int, ...]) -> Array:
    return array.reshape(shape)


def is_reshaped(node: Recorded) -> bool:
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

    nodes: all results and views in the order of recording; stored: those with a target; beside_ones: ids of the arrays
    behind which a column of ones lies.
    """

    def __init__(self, dtype: type[np.floating]) -> None:
        self.dtype = dtype
        self.nodes: list[Recorded] = []
        self.stored: list[Recorded] = []
        self.beside_ones: set[int] = set()
        self._arrays: dict[int, Recorded] = {}

    def array(self, array: Array) -> Recorded:
        """A stand-in for an array that is read anew in each run."""
        known = self._arrays.get(id(array))
        if known is None:
            known = Recorded(self, array.shape, array=array, contiguous=array.flags.c_contiguous)
            self._arrays[id(array)] = known
        return known

    def constant(self, value: Any) -> Recorded:
        """A stand-in for a number, or for an array unless it is one already."""
        if isinstance(value, Recorded):
            return value
        if isinstance(value, np.ndarray) and value.dtype == self.dtype:
            return self.array(value)
        return Recorded(self, np.shape(value), array=np.asarray(value, self.dtype))

    def add(
        self,
        shape: tuple[int, ...],
        operands: Sequence[Recorded],
        binding: Binding,
        *,
        operation: np.ufunc | None = None,
    ) -> Recorded:
        """The result of a call."""
        return self.note(Recorded(self, shape, operands=operands, binding=binding, operation=operation))

    def note(self, node: Recorded) -> Recorded:
        self.nodes.append(node)
        return node

    def store(self, value: Recorded, target: Array) -> None:
        """Have each run write the value into an array.

        A formula may read what it replaces (w − α·g into w), but later formulas use the value, not the array.
        """
        if value.binding is None or value.target is not None:
            value = +value
        value.target = target
        self.stored.append(value)


def run(calls: Sequence[Call]) -> None:
    """Run a program once."""
    for function, arguments in calls:
        function(*arguments)
