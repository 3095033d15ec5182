"""How symbols are spelled in LaTeX, and small letters in plain text."""

from __future__ import annotations

LATEX_NAMES = {
    "α": r"\alpha",
    "β": r"\beta",
    "γ": r"\gamma",
    "δ": r"\delta",
    "ε": r"\varepsilon",
    "λ": r"\lambda",
    "μ": r"\mu",
    "π": r"\pi",
    "ρ": r"\rho",
    "σ": r"\sigma",
    "φ": r"\varphi",
    "Φ": r"\Phi",
    "Ω": r"\Omega",
    "∂": r"\partial",
    "ℓ": r"\ell",
    "∞": r"\infty",
    "…": r"\ldots",
    "1…n": r"1 \ldots n",
    "·": r"\cdot",
    "⊙": r"\odot",
    "−": "-",
    "←": r"\leftarrow",
    "→": r"\to",
    "≈": r"\approx",
    "∑": r"\sum",
    "∏": r"\prod",
    "g′": "g'",
    ">": ">",
    "<": "<",
    "‖": r"\|",
    "log": r"\log",
    "max": r"\max",
    "min": r"\min",
    "sign": r"\operatorname{sign}",
    "tanh": r"\tanh",
    "arctan": r"\arctan",
}
SUBSCRIPTS = dict(zip("0123456789+−aeijkmnt", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑᵢⱼₖₘₙₜ", strict=True))
SUPERSCRIPTS = dict(zip("0123456789+−abekmntz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵃᵇᵉᵏᵐⁿᵗᶻ", strict=True))
_ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "#$%&_{}"})


def escaped(text: str) -> str:
    """Words for LaTeX's text mode."""
    return text.translate(_ESCAPED)


def small(text: str, letters: dict[str, str], mark: str) -> str:
    """As sub- or superscript letters where there are such, else behind a mark."""
    text = text.strip()
    if all(letter in letters for letter in text):
        return "".join(letters[letter] for letter in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"
