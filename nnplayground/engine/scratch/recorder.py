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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.lib.stride_tricks import sliding_window_view

from nnplayground.layers.maths import computed, scattered
from nnplayground.samples import Array

Call: TypeAlias = tuple[Callable[..., object], tuple[Any, ...]]
"""A function and all its arguments."""

Binding: TypeAlias = Callable[[Sequence[Array], Array], Call]
"""(operands, out) → the call that writes the result into `out`."""

Axes: TypeAlias = int | tuple[int, ...] | None

_EMPTY: Array = np.empty(())


class Border(NamedTuple):
    """A constant around an array. widths: (before, after) along each axis."""

    widths: tuple[tuple[int, int], ...]
    value: float

    def around(self, shape: tuple[int, ...], dtype: type[np.floating]) -> Array:
        """Memory of this shape, the border included, with the border in it."""
        return np.full(shape, self.value, dtype)

    def inside(self, array: Array) -> Array:
        """What the border surrounds."""
        return array[
            tuple(slice(before, size - after) for (before, after), size in zip(self.widths, array.shape, strict=True))
        ]


@dataclass(eq=False)
class Node:
    """A value in a formula. Exactly one of `array`, `view` and `binding` is given.

    array: it exists already; beside_ones: a column of ones follows it in memory. view: its only operand, seen
    differently. binding: a call makes it; operation: the ufunc that the call applies elementwise, if so; any_order: the
    call may write its result column by column. contiguous: its memory can be seen in any other shape. border: what its
    call leaves as it is in its memory, which thus must serve nothing else. target: where its values are to be stored,
    if anywhere. steady: it depends on settings only.
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
    border: Border | None = None
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

    @property
    def dtype(self) -> type[np.floating]:
        return self.recorder.dtype

    def astype(self, dtype: type[np.floating]) -> Recorded:
        """All results have one number type."""
        return self

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def T(self) -> Recorded:
        return self.seen(self.shape[::-1], np.transpose, contiguous=self.ndim < 2 and self.node.contiguous)

    def transpose(self, *axes: int) -> Recorded:
        return self.seen(
            tuple(self.shape[axis] for axis in axes), lambda array: array.transpose(axes), contiguous=False
        )

    def reshape(self, *sizes: int | tuple[int, ...]) -> Recorded:
        shape = sizes[0] if isinstance(sizes[0], tuple) else tuple(size for size in sizes if isinstance(size, int))
        if -1 in shape:
            known = math.prod(size for size in shape if size != -1)
            shape = tuple(math.prod(self.shape) // known if size == -1 else size for size in shape)
        if shape == self.shape:
            return self
        if not self.node.contiguous:
            return self.recorder.add(self.shape, [self], _copy).reshape(shape)
        return self.seen(shape, partial(_reshaped, shape=shape), contiguous=True)

    def __getitem__(self, key: Any) -> Recorded:
        """Slices, whole numbers and new axes."""
        shape = np.broadcast_to(_EMPTY, self.shape)[key].shape
        return self.seen(shape, lambda array: array[key], contiguous=False)

    def seen(self, shape: tuple[int, ...], view: Callable[[Array], Array], *, contiguous: bool) -> Recorded:
        """The same memory as an array of another shape."""
        node = Node(shape, (self.node,), view=view, contiguous=contiguous, steady=self.node.steady)
        return Recorded(self.recorder, node)

    def sum(self, axis: Axes = None, keepdims: bool = False) -> Recorded:
        shape = self._reduced_shape(axis, keepdims)
        if math.prod(shape) == math.prod(self.shape):
            return self.reshape(shape)
        if axis == 0 and self.ndim == 2 and not keepdims:
            return self.recorder.add(shape, [self], row_sum)
        return self._reduced(np.add, axis, keepdims)

    def mean(self, axis: Axes = None, keepdims: bool = False) -> Recorded:
        total = self.sum(axis, keepdims)
        share = math.prod(total.shape) / math.prod(self.shape)
        return total if share == 1 else total * share

    def max(self, axis: Axes = None, keepdims: bool = False) -> Recorded:
        return self._reduced(np.maximum, axis, keepdims)

    def _reduced(self, ufunc: np.ufunc, axis: Axes, keepdims: bool) -> Recorded:
        return self.recorder.add(
            self._reduced_shape(axis, keepdims),
            [self],
            lambda operands, out: (ufunc.reduce, (operands[0], axis, None, out, keepdims)),
        )

    def _reduced_shape(self, axis: Axes, keepdims: bool) -> tuple[int, ...]:
        axes = range(self.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        gone = {each % self.ndim for each in axes}
        if keepdims:
            return tuple(1 if place in gone else size for place, size in enumerate(self.shape))
        return tuple(size for place, size in enumerate(self.shape) if place not in gone)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        operands = [self.recorder.constant(value) for value in inputs]
        if ufunc is np.matmul:
            left, right = operands
            if max(left.ndim, right.ndim) > 2:
                outer = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
                return self.recorder.add((*outer, left.shape[-2], right.shape[-1]), operands, _stacked_product)
            return self.recorder.add((*left.shape[:-1], *right.shape[1:]), operands, product, any_order=True)
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
        return self.recorder.add(shape, operands, partial(_elementwise, ufunc), operation=ufunc, any_order=True)

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        arguments: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Any:
        record = _FUNCTIONS.get(function)
        return NotImplemented if record is None else record(self.recorder, *arguments, **options)


def _copy(operands: Sequence[Array], out: Array) -> Call:
    return np.copyto, (out, operands[0])


def _concatenate(recorder: Recorder, values: Sequence[Any], axis: int) -> Recorded:
    parts = [recorder.constant(value) for value in values]
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return recorder.add(tuple(shape), parts, lambda arrays, out: (np.concatenate, (tuple(arrays), axis, out)))


def _pad(
    recorder: Recorder, value: Recorded, widths: tuple[tuple[int, int], ...], constant_values: float = 0.0
) -> Recorded:
    """The border is written when the memory is made, and what it surrounds in each run."""
    border = Border(widths, constant_values)
    shape = tuple(before + size + after for (before, after), size in zip(widths, value.shape, strict=True))

    def binding(operands: Sequence[Array], out: Array) -> Call:
        return np.copyto, (border.inside(out), operands[0])

    return recorder.add(shape, [value], binding, border=border)


def _broadcast_to(recorder: Recorder, value: Recorded, shape: tuple[int, ...]) -> Recorded:
    return value.seen(shape, lambda array: np.broadcast_to(array, shape), contiguous=False)


def _sliding_window_view(
    recorder: Recorder, value: Recorded, window_shape: tuple[int, ...], axis: tuple[int, ...]
) -> Recorded:
    shape = sliding_window_view(np.broadcast_to(_EMPTY, value.shape), window_shape, axis).shape
    return value.seen(shape, lambda array: sliding_window_view(array, window_shape, axis), contiguous=False)


def _scattered(recorder: Recorder, parts: Sequence[Any], places: Sequence[Any], shape: tuple[int, ...]) -> Recorded:
    def binding(operands: Sequence[Array], out: Array) -> Call:
        # The function finds the places once.
        additions = [(out[place], part) for place, part in zip(places, operands, strict=True)]
        return _add_all, (out, additions)

    return recorder.add(shape, [recorder.constant(part) for part in parts], binding)


def _add_all(out: Array, additions: Sequence[tuple[Array, Array]]) -> None:
    out.fill(0)
    for place, part in additions:
        np.add(place, part, place)


def _computed(
    recorder: Recorder, function: Callable[..., None], shapes: Sequence[tuple[int, ...]], *operands: Any
) -> tuple[Recorded, ...]:
    """The results lie one after the other in the memory of one node, which the one call fills."""
    given = [recorder.constant(operand) for operand in operands if operand is not None]
    ends = [0, *accumulate(math.prod(shape) for shape in shapes)]
    parts = list(zip(pairwise(ends), shapes, strict=True))

    def binding(arrays: Sequence[Array], out: Array) -> Call:
        left = iter(arrays)
        every = tuple(None if operand is None else next(left) for operand in operands)
        return partial(function, out=tuple(out[first:last].reshape(shape) for (first, last), shape in parts)), every

    whole = recorder.add((ends[-1],), given, binding)

    def part(first: int, last: int, shape: tuple[int, ...]) -> Recorded:
        return whole.seen(shape, lambda array: array[first:last].reshape(shape), contiguous=True)

    return tuple(part(*places, shape) for places, shape in parts)


_FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.concatenate: _concatenate,
    np.pad: _pad,
    np.broadcast_to: _broadcast_to,
    sliding_window_view: _sliding_window_view,
    scattered: _scattered,
    computed: _computed,
}
"""How functions that are not ufuncs are recorded."""


def _reshaped(array: Array, *, shape: tuple[int, ...]) -> Array:
    return array.reshape(shape)


def root(node: Node) -> Node:
    """Whose memory it is that a node sees."""
    while node.view is not None:
        node = node.operands[0]
    return node


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
    if not all(operand.flags.forc for operand in operands):
        # The method would copy what has gaps, here 12288 columns with a column of ones beside them, in each run.
        return partial(np.matmul, out=out), (left, right)
    if not out.flags.c_contiguous:
        left, right, out = right.T, left.T, out.T
    # The method is found once; `np.dot` takes half as long again to find it.
    return left.dot, (right, out)


def _stacked_product(operands: Sequence[Array], out: Array) -> Call:
    """The products of stacks of matrices."""
    return partial(np.matmul, out=out), tuple(operands)


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
        border: Border | None = None,
    ) -> Recorded:
        """The result of a call."""
        nodes = tuple(operand.node for operand in operands)
        steady = bool(nodes) and all(operand.steady for operand in nodes)
        node = Node(
            shape, nodes, binding=binding, operation=operation, any_order=any_order, border=border, steady=steady
        )
        self.results.append(node)
        return Recorded(self, node)

    def store(self, value: Recorded, target: Array) -> None:
        """Have each run write the value into an array.

        A formula may read what it replaces (w − α·g into w), but later formulas use the value, not the array.
        """
        node = value.node
        if is_reshaped(node):
            node, target = node.operands[0], target.reshape(node.operands[0].shape)
        if node.binding is None or node.target is not None or node.border is not None:
            node = (+Recorded(self, node)).node
        node.target = target
        self.stored.append(node)


def run(calls: Sequence[Call]) -> None:
    """Run a program once."""
    for function, arguments in calls:
        function(*arguments)
