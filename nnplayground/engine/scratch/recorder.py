"""How plain formulas become fast: they are run once on stand-ins that write down what happens, then only repeated.

For a network as small as 2-8-8-1, computing takes less time than everything around it: allocating results, looking up
functions, working out shapes. But batch after batch, the same numpy calls are made on arrays of the same shapes.
So the formulas of layers, losses and optimizers are run once on `Recorded` values. Each operation adds a node to the
`Recorder`; `Recorder.program` then

1. drops what no stored result depends on (such as the gradient by the data),
2. gives each result its memory, once: where a formula consumes an array for the last time, the same memory again,
3. writes the list of calls, each a function with all its arguments and with `out`.

Running the program is a loop over that list. Values that change between runs (data, weights, rates) are read from the
arrays that were named when recording.

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

    Exactly one of `array` (it exists already), `view` (its source seen differently) and `binding` (a call makes it) is
    given.
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
        contiguous: bool = True,
        elementwise: bool = False,
    ) -> None:
        self.recorder = recorder
        self.shape = shape
        self.operands = tuple(operands)
        self.array = array
        self.view = view
        self.binding = binding
        self.contiguous = contiguous
        self.elementwise = elementwise
        self.target: Array | None = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def T(self) -> Recorded:
        return self._seen(self.shape[::-1], np.transpose, contiguous=self.ndim < 2 and self.contiguous)

    def reshape(self, *sizes: int | tuple[int, ...]) -> Recorded:
        shape = sizes[0] if isinstance(sizes[0], tuple) else tuple(size for size in sizes if isinstance(size, int))
        if -1 in shape:
            known = math.prod(size for size in shape if size != -1)
            shape = tuple(math.prod(self.shape) // known if size == -1 else size for size in shape)
        if shape == self.shape:
            return self
        if not self.contiguous:
            return (+self).reshape(*shape)
        return self._seen(shape, lambda array: array.reshape(shape), contiguous=True)

    def __getitem__(self, key: Any) -> Recorded:
        """Slices only."""
        shape = np.broadcast_to(_EMPTY, self.shape)[key].shape
        return self._seen(shape, lambda array: array[key], contiguous=False)

    def mean(self, axis: int) -> Recorded:
        return self.sum(axis) if self.shape[axis] == 1 else self.sum(axis) * (1 / self.shape[axis])

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        if axis is not None and self.shape[axis] == 1:
            return self if keepdims else self.reshape(np.broadcast_to(_EMPTY, self.shape).sum(axis=axis).shape)
        if axis == 0 and self.ndim == 2 and not keepdims:
            # A product with ones is the same sum, in half the time.
            return self.recorder.constant(np.ones(self.shape[0])) @ self
        return self._reduced(np.add, axis, keepdims)

    def max(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        return self._reduced(np.maximum, axis, keepdims)

    def _reduced(self, ufunc: np.ufunc, axis: int | None, keepdims: bool) -> Recorded:
        shape = np.broadcast_to(_EMPTY, self.shape).sum(axis=axis, keepdims=keepdims).shape
        return self.recorder.add(
            shape, (self,), lambda operands, out: (ufunc.reduce, (operands[0], axis, None, out, keepdims))
        )

    def _seen(self, shape: tuple[int, ...], view: Callable[[Array], Array], *, contiguous: bool) -> Recorded:
        return self.recorder.note(Recorded(self.recorder, shape, operands=(self,), view=view, contiguous=contiguous))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        operands = [self.recorder.constant(value) for value in inputs]
        if ufunc is np.matmul:
            left, right = operands
            return self.recorder.add((*left.shape[:-1], *right.shape[1:]), operands, _dot)
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
        # A single number is broadcast much faster without its axes.
        operands = [operand.reshape(()) if operand.size == 1 < math.prod(shape) else operand for operand in operands]
        if ufunc in (np.maximum, np.minimum):  # numpy wants their `out` by its name.
            return self.recorder.add(
                shape, operands, lambda arrays, out: (partial(ufunc, out=out), tuple(arrays)), elementwise=True
            )
        return self.recorder.add(shape, operands, lambda arrays, out: (ufunc, (*arrays, out)), elementwise=True)

    def __array_function__(self, function: Callable[..., Any], types: Any, arguments: Any, options: Any) -> Any:
        if function is not np.concatenate:
            return NotImplemented
        (parts,), axis = arguments, options["axis"]
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return self.recorder.add(tuple(shape), parts, lambda arrays, out: (np.concatenate, (tuple(arrays), axis, out)))


def _dot(operands: Sequence[Array], out: Array) -> Call:
    """The product of matrices or vectors. The method is found once; `np.dot` takes half as long again to find it."""
    return operands[0].dot, (operands[1], out)


class Recorder:
    """Writes down formulas. `dtype` is the number type of all results."""

    def __init__(self, dtype: type[np.floating]) -> None:
        self.dtype = dtype
        self._nodes: list[Recorded] = []
        self._arrays: dict[int, Recorded] = {}
        self._stored: list[Recorded] = []

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
        self, shape: tuple[int, ...], operands: Sequence[Recorded], binding: Binding, *, elementwise: bool = False
    ) -> Recorded:
        """The result of a call. elementwise: it may write its result over one of its operands."""
        return self.note(Recorded(self, shape, operands=operands, binding=binding, elementwise=elementwise))

    def note(self, node: Recorded) -> Recorded:
        self._nodes.append(node)
        return node

    def store(self, value: Recorded, target: Array) -> None:
        """Have each run write the value into an array, which must be contiguous.

        A formula may read what it replaces (w − α·g into w), but later formulas use the value, not the array.
        """
        if value.binding is None or value.target is not None:
            value = +value
        value.target = target
        self._stored.append(value)

    def program(self) -> list[Call]:
        """The calls that compute all stored values, in order."""
        needed = self._needed()
        last_use = {id(operand): node for node in needed for operand in node.operands}
        seen_differently = {id(node.operands[0]) for node in needed if node.view is not None}
        memory: dict[int, Array] = {}
        overwritten: set[int] = set()
        calls: list[Call] = []

        def memory_of(node: Recorded) -> Array:
            return node.array if node.array is not None else memory[id(node)]

        def reusable(node: Recorded, operand: Recorded) -> bool:
            temporary = operand.binding is not None and operand.target is None and id(operand) not in seen_differently
            return temporary and operand.shape == node.shape and last_use[id(operand)] is node

        for node in needed:
            operands = [memory_of(operand) for operand in node.operands]
            if any(id(operand.array) in overwritten for operand in node.operands):
                raise ValueError(
                    "A formula reads an array that an earlier one has replaced; it must use the new value."
                )
            if node.view is not None:
                memory[id(node)] = node.view(operands[0])
                continue
            assert node.binding is not None
            free = [operand for operand in node.operands if node.elementwise and reusable(node, operand)]
            if node.target is not None:
                out = node.target
                overwritten.add(id(out))
            else:
                out = memory_of(free[0]) if free else np.empty(node.shape, self.dtype)
            memory[id(node)] = out
            calls.append(node.binding(operands, out))
        return calls

    def _needed(self) -> list[Recorded]:
        """The nodes that stored values depend on, in the order of recording."""
        needed: set[int] = set()
        ahead = list(self._stored)
        while ahead:
            node = ahead.pop()
            if id(node) not in needed:
                needed.add(id(node))
                ahead.extend(node.operands)
        return [node for node in self._nodes if id(node) in needed]


def run(calls: Sequence[Call]) -> None:
    """Run a program once."""
    for function, arguments in calls:
        function(*arguments)
