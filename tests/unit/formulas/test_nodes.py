"""Formulas as plain text and as LaTeX, from the same tree."""

from __future__ import annotations

import numpy as np

from nnplayground.formulas.nodes import Cases, Fenced, Fraction, Hat, Number, Operator, Root, Row, Script, Symbol, Words
from nnplayground.formulas.pictures import Area, Grid
from nnplayground.formulas.writing import (
    derivative,
    factor,
    function,
    indexed,
    listed,
    num,
    of,
    row,
    setting,
    squared,
    terms,
    total,
)

W, ALPHA, G = indexed("w", 1), Symbol("α"), indexed("g", 1)


def test_an_update() -> None:
    line = row(
        W, "←", W, "−", Fraction(row(ALPHA, "·", Hat(Symbol("m"))), row(Root(Hat(Symbol("v"))), "+", Symbol("ε")))
    )
    assert line.plain() == "w₁ ← w₁ − α·m̂/(√v̂ + ε)"
    assert line.latex() == (r"w_{1} \leftarrow w_{1} - \frac{\alpha \cdot \hat{m}}{\sqrt{\hat{v}} + \varepsilon}")


def test_parentheses_stand_where_plain_text_would_be_misread() -> None:
    a, b = Symbol("a"), Symbol("b")
    assert Fraction(row(a, "+", b), row(a, "·", b)).plain() == "(a + b)/(a·b)"
    assert Fraction(row(a, "·", b), a).plain() == "a·b/a"
    assert Root(row(a, "+", b)).plain() == "√(a + b)"
    assert Root(num(2.5e-9)).plain() == "√(2.5×10⁻⁹)"
    assert squared(num(2.5e-9)).plain() == "(2.5×10⁻⁹)²"
    assert derivative(W).plain() == "∂L/∂w₁"
    assert Fraction(row(total("i"), W), a).plain() == "(Σᵢ w₁)/a"


def test_signs_of_factors_and_terms() -> None:
    assert row(2.0, "·", factor(-0.5)).plain() == "2·(−0.5)"
    assert of("log", num(0.5)).plain() == "log 0.5"
    assert of("log", row(Number("1.0"), "−", num(0.5))).latex() == r"\log \left( 1 - 0.5 \right)"
    assert function("max", num(0.0), ",", Symbol("z")).latex() == r"\max \left( 0,\ z \right)"


def test_long_sums_are_cut_short_ahead_of_their_last_term() -> None:
    values = np.array([0.5, -1.0, 2.0, -3.0, 4.0, -5.0, 6.0, 7.0, -8.0])

    def term(place: int) -> tuple[float, tuple[Operator, Symbol]]:
        return values[place], (Operator("·", "product"), Symbol("x"))

    short = terms(len(values), term, key="inputs", shown=4)
    assert short.plain() == "0.5·x − 1·x + 2·x + … 5 more − 8·x"
    assert short.latex() == r"0.5 \cdot x - 1 \cdot x + 2 \cdot x + \cdots_{5\text{ more}} - 8 \cdot x"
    whole = terms(len(values), term, key="inputs", shown=8)
    assert whole.plain().count("x") == 9
    assert "more" not in whole.plain()


def test_lists_are_cut_short_at_their_end() -> None:
    assert listed(9, lambda place: num(place), key="k", shown=3).plain() == "0, 1, 2, … 6 more"
    assert listed(4, lambda place: num(place), key="k", shown=3).plain() == "0, 1, 2, 3"


def test_more_indices_and_powers() -> None:
    assert indexed("w", 2, 1, 3).latex() == "w_{2,1,3}"
    assert indexed("g", "1…n").latex() == r"g_{1 \ldots n}"
    assert Script(Symbol("β"), sub=Symbol("2", upright=True), sup=Symbol("t")).latex() == r"\beta_{2}^{t}"
    assert Script(Symbol("e"), sup=row(Operator("−", "sign"), Symbol("z"))).plain() == "e⁻ᶻ"


def test_cases() -> None:
    slope = Cases(((Number("1.0"), row(Words("if"), Symbol("z"), ">", 0.0)), (Number("0.0"), Words("otherwise"))))
    assert slope.plain() == "{1 if z > 0; 0 otherwise}"
    assert slope.latex() == r"\begin{cases} 1 & \text{ if }z > 0 \\ 0 & \text{ otherwise } \end{cases}"


def test_grids_are_matrices_while_they_can_be_read() -> None:
    small = Grid(np.array([[1.0, -0.5]]), "window", (-1.0, 1.0), marked=Area(0, 0, 1, 1))
    assert small.plain().split() == ["[1", "−0.5]"]
    assert small.latex() == r"\begin{pmatrix} 1 & -0.5 \end{pmatrix}"
    large = Grid(np.zeros((28, 28)), "input", (0.0, 1.0))
    assert large.plain().strip() == "[input: 28 × 28]"
    assert not large.as_numbers


def test_a_setting_is_written_as_it_was_set() -> None:
    assert setting(float(np.float32(0.9))).plain() == "0.9"
    assert setting(0.9).plain() == "0.9"
    assert num(float(np.float32(0.9))).plain() == "0.9000"


def test_rows_inside_of_rows_become_one() -> None:
    inner = row(Symbol("a"), "+", Symbol("b"))
    assert isinstance(row(inner, "=", 1.0), Row)
    assert len(row(inner, "=", 1.0).items) == 5
    assert Fenced(inner).latex() == r"\left( a + b \right)"
