"""What recurrent layers do from step to step, and how the gradient flows back through the steps.

Arrays are by step first, so that what belongs to one step lies together: x[t] is (n, channels), for n samples at step
t. T: steps, u: units. h[0] and c[0] are the state before the first step, and h[t + 1] that after step t.

The functions fill the arrays of `out`, as `maths.computed` asks for them. `counts`, (T, n, 1), is 1 where a step of a
sample counts and 0 where it does not: there the state stays what it was. `kept`, (n, u), multiplies the state on its
way into the recurrent product, the same at every step: 0 for what dropout drops, and else 1 / (1 − rate). `first`,
(states, n, u), is the state before the first step where that is not zero.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from nnplayground.layers.activations import Activation
from nnplayground.layers.maths import Array

Arrays: TypeAlias = tuple[Array, ...]


def _dropped(state: Array, kept: Array | None) -> Array:
    return state if kept is None else state * kept


def _side_by_side(count: int, units: int) -> list[slice]:
    """Where each of so many blocks of units lies."""
    return [slice(start, start + units) for start in range(0, count * units, units)]


def _stay(counts: Array, new: Array, old: Array) -> Array:
    """The new state where the step counts, else the old one."""
    return np.where(counts > 0, new, old)


def simple_forward(
    from_input: Array,
    kernel: Array,
    counts: Array | None,
    kept: Array | None,
    first: Array | None,
    *,
    activation: Activation,
    out: Arrays,
) -> None:
    """h ← g(x W + b + h R).

    from_input: x W + b, (T, n, u). kernel: R. out: h (T + 1, n, u), and what g was applied to (T, n, u).
    """
    h, z = out
    h[0] = 0 if first is None else first[0]
    for t, x in enumerate(from_input):
        np.matmul(_dropped(h[t], kept), kernel, out=z[t])
        z[t] += x
        h[t + 1] = activation.value(z[t])
        if counts is not None:
            h[t + 1] = _stay(counts[t], h[t + 1], h[t])


def simple_backward(
    d_h: Array,
    kernel: Array,
    counts: Array | None,
    kept: Array | None,
    h: Array,
    z: Array,
    *,
    activation: Activation,
    out: Arrays,
) -> None:
    """dZ = dH · g′(Z), and to the step before goes dZ Rᵀ.

    d_h: the derivative of the loss by the output of each step, (T, n, u), or of the last one only, (1, n, u). out: dZ.
    """
    (d_z,) = out
    ahead = np.zeros_like(h[0])
    for t in reversed(range(len(z))):
        dh = _arriving(d_h, t, len(z), ahead)
        stays: Array | None = None
        if counts is not None:
            dh, stays = dh * counts[t], dh * (1 - counts[t])
        d_z[t] = activation.backward(z[t], h[t + 1], dh)
        ahead = _dropped(d_z[t] @ kernel.T, kept)
        if stays is not None:
            ahead += stays


def _arriving(d_h: Array, t: int, steps: int, ahead: Array) -> Array:
    """The derivative by h after step t: what comes from the steps ahead, and from the layer behind."""
    if len(d_h) == steps:
        return ahead + d_h[t]
    return ahead + d_h[0] if t == steps - 1 else ahead


def lstm_forward(
    from_input: Array,
    kernel: Array,
    counts: Array | None,
    kept: Array | None,
    first: Array | None,
    *,
    activation: Activation,
    gate: Activation,
    out: Arrays,
) -> None:
    """The long short-term memory of Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).

    i = σ(x Wᵢ + h Rᵢ + bᵢ)    input gate: how much is written into the cell
    f = σ(x W_f + h R_f + b_f)  forget gate: how much of the cell is kept
    g = tanh(x W_g + h R_g + b_g)  candidate: what is written
    o = σ(x Wₒ + h Rₒ + bₒ)    output gate: how much of the cell is shown
    c ← f · c + i · g,  h ← o · tanh(c)

    from_input: x W + b for i, f, g, o side by side, (T, n, 4u). kernel: R. out: h and c, (T + 1, n, u) each; tanh(c),
    (T, n, u); the four before their functions and after them, (T, n, 4u) each.
    """
    h, c, shown, z, gates = out
    parts = _side_by_side(4, h.shape[-1])
    candidate = parts[2]
    h[0], c[0] = (0, 0) if first is None else first
    for t, x in enumerate(from_input):
        np.matmul(_dropped(h[t], kept), kernel, out=z[t])
        z[t] += x
        gates[t] = gate.value(z[t])
        gates[t, :, candidate] = activation.value(z[t, :, candidate])
        i, f, g, o = (gates[t, :, part] for part in parts)
        c[t + 1] = f * c[t] + i * g
        shown[t] = activation.value(c[t + 1])
        h[t + 1] = o * shown[t]
        if counts is not None:
            c[t + 1] = _stay(counts[t], c[t + 1], c[t])
            h[t + 1] = _stay(counts[t], h[t + 1], h[t])


def lstm_backward(
    d_h: Array,
    kernel: Array,
    counts: Array | None,
    kept: Array | None,
    c: Array,
    shown: Array,
    z: Array,
    gates: Array,
    *,
    activation: Activation,
    gate: Activation,
    out: Arrays,
) -> None:
    """From the last step to the first, dO = dH · tanh(C) and dC = dC of the next step · its F + dH · O · tanh′(C).

    dI = dC · G, dF = dC · C of the step before, dG = dC · I; each times the derivative of its function gives dZ, and to
    the step before goes dH = dZ Rᵀ. d_h: as in `simple_backward`. out: dZ, (T, n, 4u).
    """
    (d_z,) = out
    parts = _side_by_side(4, c.shape[-1])
    candidate = parts[2]
    d_gates = np.empty_like(z[0])
    d_i, d_f, d_g, d_o = (d_gates[:, part] for part in parts)
    ahead, dc = np.zeros_like(c[0]), np.zeros_like(c[0])
    for t in reversed(range(len(z))):
        dh = _arriving(d_h, t, len(z), ahead)
        stays: tuple[Array, Array] | None = None
        if counts is not None:
            counted, not_counted = counts[t], 1 - counts[t]
            stays = dh * not_counted, dc * not_counted
            dh, dc = dh * counted, dc * counted
        i, f, g, o = (gates[t, :, part] for part in parts)
        dc = dc + activation.backward(c[t + 1], shown[t], dh * o)
        d_i[...] = dc * g
        d_f[...] = dc * c[t]
        d_g[...] = dc * i
        d_o[...] = dh * shown[t]
        d_z[t] = gate.backward(z[t], gates[t], d_gates)
        d_z[t, :, candidate] = activation.backward(z[t, :, candidate], g, d_g)
        ahead = _dropped(d_z[t] @ kernel.T, kept)
        dc = dc * f
        if stays is not None:
            ahead += stays[0]
            dc += stays[1]


def gru_forward(
    from_input: Array,
    kernel: Array,
    bias: Array | None,
    counts: Array | None,
    kept: Array | None,
    first: Array | None,
    *,
    activation: Activation,
    gate: Activation,
    reset_after: bool,
    out: Arrays,
) -> None:
    """The gated recurrent unit of Cho et al. (2014).

    z = σ(x W_z + h R_z + b_z)  update gate: how much of the state is kept
    r = σ(x W_r + h R_r + b_r)  reset gate: how much of the state the candidate sees
    g = tanh(x W_g + b_g + r · (h R_g + b′_g))  candidate, with reset_after; else with (r · h) R_g in its place
    h ← z · h + (1 − z) · g

    from_input: x W + b for z, r, g side by side, (T, n, 3u). kernel: R. bias: b′, (3u,). out: h, (T + 1, n, u); what h
    adds to the three, and the three before their functions and after them, (T, n, 3u) each.
    """
    h, inner, before, gates = out
    update, reset, candidate = _side_by_side(3, h.shape[-1])
    both = slice(update.start, reset.stop)
    h[0] = 0 if first is None else first[0]
    for t, x in enumerate(from_input):
        seen = _dropped(h[t], kept)
        if reset_after:
            np.matmul(seen, kernel, out=inner[t])
            if bias is not None:
                inner[t] += bias
        else:
            inner[t, :, both] = seen @ kernel[:, both]
        np.add(x[:, both], inner[t, :, both], out=before[t, :, both])
        gates[t, :, both] = gate.value(before[t, :, both])
        z, r = gates[t, :, update], gates[t, :, reset]
        if not reset_after:
            inner[t, :, candidate] = (r * seen) @ kernel[:, candidate]
        added = inner[t, :, candidate]
        np.add(x[:, candidate], r * added if reset_after else added, out=before[t, :, candidate])
        gates[t, :, candidate] = activation.value(before[t, :, candidate])
        g = gates[t, :, candidate]
        h[t + 1] = g + z * (h[t] - g)
        if counts is not None:
            h[t + 1] = _stay(counts[t], h[t + 1], h[t])


def gru_backward(
    d_h: Array,
    kernel: Array,
    counts: Array | None,
    kept: Array | None,
    h: Array,
    inner: Array,
    before: Array,
    gates: Array,
    *,
    activation: Activation,
    gate: Activation,
    reset_after: bool,
    out: Arrays,
) -> None:
    """From the last step to the first, dZ = dH · (H before − G), dG = dH · (1 − Z), and to the step before goes dH · Z.

    With reset_after, dR = dG · what H adds to G, and R times dG reaches what H adds. d_h: as in `simple_backward`.
    out: the derivatives by the three before their functions, and by what H adds to them, (T, n, 3u) each.
    """
    d_before, d_inner = out
    update, reset, candidate = _side_by_side(3, h.shape[-1])
    both = slice(update.start, reset.stop)
    d_gates = np.empty_like(before[0, :, both])
    ahead = np.zeros_like(h[0])
    for t in reversed(range(len(before))):
        dh = _arriving(d_h, t, len(before), ahead)
        stays: Array | None = None
        if counts is not None:
            dh, stays = dh * counts[t], dh * (1 - counts[t])
        z, r, g = (gates[t, :, part] for part in (update, reset, candidate))
        d_g = activation.backward(before[t, :, candidate], g, dh * (1 - z))
        d_before[t, :, candidate] = d_g
        d_gates[:, update] = dh * (h[t] - g)
        d_product: Array | None = None  # by r · h
        if reset_after:
            d_inner[t, :, candidate] = d_g * r
            d_gates[:, reset] = d_g * inner[t, :, candidate]
        else:
            d_inner[t, :, candidate] = d_g
            d_product = d_g @ kernel[:, candidate].T
            d_gates[:, reset] = d_product * _dropped(h[t], kept)
        d_inner[t, :, both] = gate.backward(before[t, :, both], gates[t, :, both], d_gates)
        d_before[t, :, both] = d_inner[t, :, both]
        if d_product is None:
            ahead = _dropped(d_inner[t] @ kernel.T, kept) + dh * z
        else:
            ahead = _dropped(d_product * r + d_inner[t, :, both] @ kernel[:, both].T, kept) + dh * z
        if stays is not None:
            ahead += stays
