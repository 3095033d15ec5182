"""One grammar for every value of a project: model.<layer id>.<parameter>, dataset.<field>, training.<field>, deeper
with more dots. Used by edits, forms, the command line, problems and messages about files.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nnplayground.layers import AnyLayer
from nnplayground.spec.dataset import Dataset
from nnplayground.spec.model import Block
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training

Builtin = Any
"""What JSON can hold: None, bool, int, float, str, list, dict."""


class ValueProblem(ValueError):
    """A value does not fit its place. The message is one sentence that names the path, and what was expected."""


def get_value(project: Project, path: str) -> Any:
    """The value at a path: a struct, number, string, tuple or None. Raises ValueProblem where there is no such path."""
    owner, _, steps = _locate(project, path)
    value: Any = owner
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, msgspec.Struct) and step in value.__struct_encode_fields__:
            value = field_value(value, step)
        elif isinstance(value, tuple) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise ValueProblem(_no_such_place(path, value))
    return value


def field_value(struct: msgspec.Struct, name: str) -> Any:
    """The value of a field by the name that it has in files and forms, which may be another one than in Python."""
    return getattr(struct, struct.__struct_fields__[struct.__struct_encode_fields__.index(name)])


def set_value(project: Project, path: str, value: Any) -> Project:
    """The project with another value at the path, converted and checked.

    value: a builtin (as from JSON or a form) or a struct. A tagged field set to a type's name takes that type's
    defaults; a single whole number stands for both sides of a pair. Raises ValueProblem; the project stays as it is.
    """
    owner, kind, steps = _locate(project, path)
    raw = msgspec.to_builtins(value)
    if not steps:
        return _put_back(project, path, _convert(kind, _named(raw), path, ""))
    document = msgspec.to_builtins(owner) if owner is not None else {}
    place, last = _place(document, steps, path)
    if isinstance(place, dict) and last not in place and owner is not None:
        _expect_known(owner, steps, path)
    prefix = path.rsplit(".", len(steps))[0]
    problem: ValueProblem | None = None
    for candidate in _readings(raw):
        place[last] = candidate
        try:
            return _put_back(project, path, _convert(kind, document, prefix, path))
        except ValueProblem as caught:
            problem = problem or caught
    assert problem is not None
    raise problem


def _readings(raw: Builtin) -> list[Builtin]:
    """The ways in which a short value may be meant, the literal one first."""
    if isinstance(raw, str):
        return [raw, {"type": raw}]
    if isinstance(raw, int) and not isinstance(raw, bool):
        return [raw, [raw, raw]]
    return [raw]


def _named(raw: Builtin) -> Builtin:
    return {"type": raw} if isinstance(raw, str) else raw


def _locate(project: Project, path: str) -> tuple[Any, Any, list[str]]:
    """(the struct that is decoded as a whole, its type, the steps from it to the value)."""
    head, *steps = path.split(".")
    if head == "training":
        return project.training, Training, steps
    if head == "dataset":
        return project.dataset, Dataset, steps
    if head == "model" and steps:
        block = project.model.by_id.get(steps[0])
        if block is None:
            known = ", ".join(project.model.by_id)
            raise ValueProblem(f"There is no layer {steps[0]} in the model (path {path}); it has {known}.")
        return block.layer, AnyLayer, steps[1:]
    raise ValueProblem(f"{path} is not a place in a project; paths begin with model.<layer id>, dataset or training.")


def _put_back(project: Project, path: str, value: Any) -> Project:
    head, *steps = path.split(".")
    if head != "model":
        return msgspec.structs.replace(project, **{head: value})
    blocks = tuple(Block(block.id, value) if block.id == steps[0] else block for block in project.model.blocks)
    return msgspec.structs.replace(project, model=msgspec.structs.replace(project.model, blocks=blocks))


def _place(document: dict[str, Builtin], steps: list[str], path: str) -> tuple[Any, str | int]:
    """(the object or list that holds the last step, its name or index there)."""
    place: Builtin = document
    for step in steps[:-1]:
        key = _key(place, step, path)
        inner = place.get(key) if isinstance(place, dict) else place[key]
        if inner is None:
            inner = {}
        elif isinstance(inner, str):
            inner = {"type": inner}
        elif isinstance(inner, tuple):
            inner = list(inner)
        elif not isinstance(inner, dict | list):
            raise ValueProblem(f"{path} is not a place in a project: {step} has nothing inside.")
        place[key] = inner
        place = inner
    return place, _key(place, steps[-1], path)


def _key(place: Builtin, step: str, path: str) -> str | int:
    """A step as an object's name or a list's index (counted from 0)."""
    if not isinstance(place, list):
        return step
    if step.isdecimal() and int(step) < len(place):
        return int(step)
    raise ValueProblem(f"{path} is not a place in a project: the list has {len(place)} entries, counted from 0.")


def _expect_known(owner: Any, steps: list[str], path: str) -> None:
    if len(steps) == 1 and isinstance(owner, msgspec.Struct):
        raise ValueProblem(_no_such_place(path, owner))


def _no_such_place(path: str, value: Any) -> str:
    step = path.rsplit(".", 1)[-1]
    fields = ", ".join(value.__struct_encode_fields__) if isinstance(value, msgspec.Struct) else "nothing inside"
    return f"{path} is not a place in a project: there is no {step} among {fields}."


def _convert(kind: Any, document: Builtin, prefix: str, wanted: str) -> Any:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise ValueProblem(explain(error, document, prefix, wanted)) from None


_EXPECTED = (
    (re.compile(r"Expected `int` >= (\S+)"), r"a whole number of at least \1"),
    (re.compile(r"Expected `int` <= (\S+)"), r"a whole number of at most \1"),
    (re.compile(r"Expected `float` >= (\S+)"), r"a number of at least \1"),
    (re.compile(r"Expected `float` <= (\S+)"), r"a number of at most \1"),
    (re.compile(r"Expected `float` > (\S+)"), r"a number above \1"),
    (re.compile(r"Expected `float` < (\S+)"), r"a number below \1"),
    # Only epochs have a pattern.
    (re.compile(r"Expected `str` matching regex.*"), "named by whole epochs from 1 on"),
    (re.compile(r"Expected `array` of length >= (\d+).*"), r"a list of at least \1"),
    (re.compile(r"Expected `array` of length <= (\d+).*"), r"a list of at most \1"),
    (re.compile(r"Expected `array` of (?:length|at most length) (\d+).*"), r"a list of \1"),
)
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def explain(error: msgspec.ValidationError, document: Builtin, prefix: str, wanted: str = "") -> str:
    """One sentence for the user: the path in our grammar, what was expected and what was received.

    document: what was decoded; prefix: the path of its root; wanted: the path the user named, if it is deeper.
    """
    text, _, place = str(error).replace("`key` in ", "").partition(" - at ")
    steps = [step for step in re.split(r"\.|\[(\d+)\]|\[\.\.\.\]", place.strip("`").removeprefix("$")) if step]
    value = document
    trail = [prefix] if prefix else []
    for step in steps:
        trail.append(step)
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = None
    where = ".".join(trail)
    if wanted and not wanted.startswith(where):
        where = where if where.startswith(wanted) else wanted
    received = msgspec.json.encode(value).decode()
    unknown = re.match(r"Object contains unknown field `(.+)`", text)
    if unknown:
        return f"{'.'.join(filter(None, [where, unknown[1]]))} is not known here."
    missing = re.match(r"Object missing required field `(.+)`", text)
    if missing:
        return f"{'.'.join(filter(None, [where, missing[1]]))} is missing."
    if text.startswith(("Invalid value", "Invalid enum value")):
        return f"{where} is {received}, which is not one of the values that are possible there."
    for pattern, words in _EXPECTED:
        if pattern.match(text):
            return f"{where} must be {pattern.sub(words, text).strip()}, got {received}."
    kinds = re.match(r"Expected `([^`]+)`", text)
    if kinds:
        expected = " or ".join(_WORDS.get(kind.strip(), kind.strip()) for kind in kinds[1].split("|"))
        return f"{where} must be {expected}, got {received}."
    return f"{where}: {text}."
