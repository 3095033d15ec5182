"""What a form needs to know about the parameters of a struct, read from their types and `msgspec.Meta`."""

from __future__ import annotations

import types
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import msgspec
from msgspec import Meta


class Range(msgspec.Struct, frozen=True):
    """Limits of a number; None where there is none. `above` and `below` are themselves excluded."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def words(self) -> str:
        """The limits in words: "from 1 to 4,096", "above 0 and up to 10"; empty where there are none."""
        low = f"from {_figure(self.least)}" if self.least is not None else ""
        if self.above is not None:
            low = f"above {_figure(self.above)}"
        high = f"{'to' if low.startswith('from') else 'up to'} {_figure(self.most)}" if self.most is not None else ""
        if self.below is not None:
            high = f"{'to ' if low.startswith('from') else ''}below {_figure(self.below)}"
        if low and high:
            return f"{low} {high}" if low.startswith("from") else f"{low} and {high}"
        return low.replace("from", "at least", 1) or high

    def holds(self, value: float) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


class Number(msgspec.Struct, frozen=True):
    """One number. whole: without a fraction. optional: it may be left out (None)."""

    whole: bool
    range: Range = Range()
    optional: bool = False

    def words(self) -> str:
        """What is expected, as in "must be …"."""
        kind = "a whole number" if self.whole else "a number"
        limits = self.range.words()
        text = f"{kind} {limits}" if limits else kind
        return f"{text}, or empty" if self.optional else text


class Flag(msgspec.Struct, frozen=True):
    """Yes or no."""


class Text(msgspec.Struct, frozen=True):
    """Free text. optional: it may be left out (None)."""

    optional: bool = False


class Names(msgspec.Struct, frozen=True):
    """Any number of free names."""


class Choice(msgspec.Struct, frozen=True):
    """One of several names."""

    names: tuple[str, ...]


class NumberOrName(msgspec.Struct, frozen=True):
    """A number, or one of several names in its place."""

    number: Number
    names: tuple[str, ...]


class Numbers(msgspec.Struct, frozen=True):
    """Several numbers. count: how many; None: any number of them. optional: they may be left out (None)."""

    number: Number
    count: int | None
    optional: bool = False

    def words(self) -> str:
        plural = self.number.words().removeprefix("a ").replace("number", "numbers", 1)
        text = f"{'two ' if self.count == 2 else ''}{plural}"
        return f"{text}, or empty" if self.optional else text


class Several(msgspec.Struct, frozen=True):
    """Any of several names at once; or, where given, one of `instead` in their place."""

    names: tuple[str, ...]
    instead: tuple[str, ...] = ()


class Table(msgspec.Struct, frozen=True):
    """Numbers by name; or, where given, one of `instead` in their place."""

    number: Number
    instead: tuple[str, ...] = ()


class Inside(msgspec.Struct, frozen=True):
    """A struct with parameters of its own, always there."""

    struct: type[msgspec.Struct]


class Tagged(msgspec.Struct, frozen=True):
    """One of several structs with parameters of their own, or a bare name. optional: or nothing (None)."""

    names: tuple[str, ...]
    structs: dict[str, type[msgspec.Struct]]
    """By tag."""
    optional: bool = False

    def __hash__(self) -> int:
        return hash((self.names, tuple(self.structs), self.optional))


class ListOf(msgspec.Struct, frozen=True):
    """Any number of structs, one after the other."""

    structs: dict[str, type[msgspec.Struct]]

    def __hash__(self) -> int:
        return hash(tuple(self.structs))


Kind: TypeAlias = (
    Number | Flag | Text | Names | Choice | NumberOrName | Numbers | Several | Table | Inside | Tagged | ListOf
)


class Parameter(msgspec.Struct, frozen=True):
    """One field of a struct."""

    name: str
    title: str
    description: str
    kind: Kind

    def help(self) -> str:
        """The description, and the range of values where there is one."""
        kind = self.kind
        if isinstance(kind, NumberOrName | Table | Numbers):
            kind = kind.number
        words = kind.range.words() if isinstance(kind, Number) else ""
        return f"{self.description}\n{words[0].upper()}{words[1:]}." if words else self.description


@cache
def parameters(struct: type[msgspec.Struct]) -> tuple[Parameter, ...]:
    """The parameters of a struct in their order. Those that share a title are named after their field instead."""
    beyond = getattr(struct, "beyond_forms", ())
    found = [_parameter(field) for field in msgspec.structs.fields(struct) if field.name not in beyond]
    titles = [parameter.title for parameter in found]
    return tuple(
        Parameter(each.name, _words(each.name), each.description, each.kind) if titles.count(each.title) > 1 else each
        for each in found
    )


def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _parameter(field: msgspec.structs.FieldInfo) -> Parameter:
    kind, metas = _unwrapped(field.type)
    title = next((meta.title for meta in metas if meta.title), _words(field.encode_name))
    description = next((meta.description for meta in metas if meta.description), "")
    return Parameter(field.encode_name, title, description, _kind(kind, metas))


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Meta, ...]]:
    """The bare type, and its Metas, the outermost first."""
    if get_origin(annotation) is not Annotated:
        return annotation, ()
    inner, *notes = get_args(annotation)
    bare, deeper = _unwrapped(inner)
    return bare, (*(note for note in reversed(notes) if isinstance(note, Meta)), *deeper)


def _kind(annotation: Any, metas: tuple[Meta, ...] = ()) -> Kind:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _union(get_args(annotation), metas)
    if origin is Literal:
        return Choice(get_args(annotation))
    if origin is tuple:
        return _tuple(get_args(annotation))
    if origin is dict:
        return Table(_number(*_unwrapped(get_args(annotation)[1])))
    if annotation is bool:
        return Flag()
    if annotation in (int, float):
        return _number(annotation, metas)
    if annotation is str:
        return Text()
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return Inside(annotation)
    raise TypeError(f"A form has no field for {annotation}.")


def _number(annotation: Any, metas: tuple[Meta, ...]) -> Number:
    def limit(name: str) -> float | None:
        return next((getattr(meta, name) for meta in metas if getattr(meta, name) is not None), None)

    return Number(annotation is int, Range(limit("ge"), limit("le"), limit("gt"), limit("lt")))


def _tuple(items: tuple[Any, ...]) -> Kind:
    first, metas = _unwrapped(items[0])
    if get_origin(first) is Literal:
        return Several(get_args(first))
    if first is str:
        return Names()
    if first in (int, float):
        return Numbers(_number(first, metas), None if items[-1] is Ellipsis else len(items))
    members = get_args(first) if get_origin(first) in (Union, types.UnionType) else (first,)
    return ListOf({tag_of(member): member for member in members})


def _union(members: tuple[Any, ...], metas: tuple[Meta, ...]) -> Kind:
    optional = types.NoneType in members
    bare = [_unwrapped(member) for member in members if member is not types.NoneType]
    names = tuple(name for kind, _ in bare if get_origin(kind) is Literal for name in get_args(kind))
    rest = [(kind, (*metas, *own)) for kind, own in bare if get_origin(kind) is not Literal]
    if not rest:
        return Choice(names)
    if all(isinstance(kind, type) and issubclass(kind, msgspec.Struct) for kind, _ in rest):
        return Tagged(names, {tag_of(kind): kind for kind, _ in rest}, optional)
    (kind, own), *more = rest
    if more:
        raise TypeError(f"A form has no field for a union of {members}.")
    return _with_names(_kind(kind, own), names, optional)


def _with_names(kind: Kind, names: tuple[str, ...], optional: bool) -> Kind:
    match kind:
        case Number() if names:
            return NumberOrName(kind, names)
        case Number():
            return Number(kind.whole, kind.range, optional)
        case Numbers():
            return Numbers(kind.number, kind.count, optional)
        case Several():
            return Several(kind.names, names)
        case Table():
            return Table(kind.number, names)
        case Text():
            return Text(optional)
        case _:
            raise TypeError(f"A form has no field for {kind} beside {names}.")


def tag_of(struct: type[msgspec.Struct] | msgspec.Struct) -> str:
    """What names a struct in a file: its tag, or its class name where it has none."""
    cls = struct if isinstance(struct, type) else type(struct)
    return str(cls.__struct_config__.tag or cls.__name__)
