"""The layer types as people look for them: by family, and by the words that describe them."""

from __future__ import annotations

from nnplayground.layers import FAMILIES, LAYER_TYPES

FAMILY_TITLES: dict[str, str] = {
    "core": "Core",
    "convolution": "Convolution",
    "pooling": "Pooling and size",
    "regularization": "Regularization",
    "sequence": "Sequences",
    "augmentation": "Augmentation",
    "merge": "Merge",
    "pretrained": "Pretrained",
}


def family_title(family: str) -> str:
    return FAMILY_TITLES.get(family, family.capitalize())


def by_family() -> dict[str, list[str]]:
    """Names of the layer types of each family, in the palette's order."""
    return {family: [name for name, kind in LAYER_TYPES.items() if kind.family == family] for family in FAMILIES}


def found(query: str) -> list[str]:
    """Names of the layer types that fit what was typed, the closest first; all of them for an empty query.

    Every word must be found: best at the beginning of the name, then within it, then in the family, then in the
    description.
    """
    words = query.casefold().split()
    distances = {name: _distance(name, words) for name in LAYER_TYPES}
    fitting = {name: distance for name, distance in distances.items() if distance is not None}
    return sorted(fitting, key=fitting.__getitem__)


def _distance(name: str, words: list[str]) -> int | None:
    kind = LAYER_TYPES[name]
    total = 0
    for word in words:
        if name.casefold().startswith(word):
            continue
        if word in name.casefold():
            total += 1
        elif word in family_title(kind.family).casefold():
            total += 2
        elif word in kind.about.casefold():
            total += 3
        else:
            return None
    return total
