"""The letters of the formulas, each with the sentence that explains it."""

from __future__ import annotations

from nnplayground.formulas.nodes import Script, Symbol
from nnplayground.formulas.writing import indexed

Z = Symbol("z", "what comes together in this unit, ahead of its activation function")
A = Symbol("a", "the output of this unit: its activation")
B = Symbol("b", "the bias of this unit: a constant that it learns")
DELTA = Symbol("δ", "how much the loss would change with z of this unit, per unit of z")
LOSS = Symbol("L", "the loss of the whole minibatch, which the update makes smaller")
SAMPLE_LOSS = Symbol("ℓ", "the loss of this one sample")
PENALTY = Symbol("Ω", "what regularization adds to the loss for large weights")
SHARE = Symbol("s", "how much this sample counts in the loss of the minibatch")
COUNT = Symbol("m", "how many samples the minibatch has")

ALPHA = Symbol("α", "the learning rate: how far an update goes")
BETA = Symbol("β", "the momentum: how much of the last step is kept")
BETA_1 = Script(Symbol("β", "how slowly the running mean of the gradient follows"), sub=Symbol("1", upright=True))
BETA_2 = Script(
    Symbol("β", "how slowly the running mean of the squared gradient follows"), sub=Symbol("2", upright=True)
)
RHO = Symbol("ρ", "how slowly the running mean of the squared gradient follows")
EPSILON = Symbol("ε", "a tiny number that keeps the division from blowing up")
DECAY = Symbol("λ", "the weight decay: the share by which every weight shrinks, times the learning rate")
LIMIT = Symbol("c", "the limit on gradients")
UPDATE = Symbol("t", "which update of the optimizer this is, counted from 1")
VELOCITY = Symbol("v", "the velocity: a memory of the last steps, which keeps the weight moving")
MEAN = Symbol("m", "the running mean of this weight's gradient")
MEAN_SQUARE = Symbol("v", "the running mean of the square of this weight's gradient")
SQUARES = Symbol("s", "the running mean of the square of this weight's gradient")
SUM_OF_SQUARES = Symbol("s", "the sum of the squares of all gradients so far")
CENTRE = Symbol("c", "the running mean of this weight's gradient")
LARGEST = Symbol("u", "the largest recent gradient, which slowly fades")
RATE = Script(Symbol("α", "the learning rate, made up for the means that start at zero"), sub=Symbol("t"))


def weight(index: int | None, *, part: str = "") -> Script | Symbol:
    """wᵢ by its number from 0; None: the bias. part: a longer index in its place, "2,1,3"."""
    if index is None:
        return B
    return indexed("w", part or index + 1, tip="a weight of this unit: how strongly it takes in one of its inputs")


def gradient(index: int | None, *, part: str = "") -> Script:
    """gᵢ of the weight of that number."""
    tip = "the gradient of this weight: how much the loss would change with it, per unit of weight"
    return indexed("g", "b" if index is None else part or index + 1, tip=tip)
