"""What a session does for models that write: makes the writer or the translator of a project, and asks it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnplayground.data import LoadedData
from nnplayground.data.tokens import Tokenizer, tokens_of
from nnplayground.engine.base import Engine
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import Pairs, Text, input_shapes
from nnplayground.spec.model import input_sources
from nnplayground.spec.project import Project
from nnplayground.spec.training import NextToken, TeacherForcing
from nnplayground.training.questions import NotTrained
from nnplayground.training.translating import Translation, Translator
from nnplayground.training.writing import Writer, refuse_unknown

_SOURCE, _TARGET = "source", "target"


def make_writer(
    engine: Engine, project: Project, loaded: LoadedData, splits: Mapping[str, Samples], *, run_id: str
) -> Writer | None:
    """None for a project that does not learn to go on with a text."""
    dataset = project.dataset
    if not isinstance(dataset, Text) or not isinstance(project.training.objective, NextToken):
        return None
    name = project.model.inputs[0]
    # Where the model has not read it, as far as there is such a place.
    samples = splits.get("validation") or splits["training"]
    return Writer(
        engine,
        Tokenizer(dataset.level, loaded.facts.class_names),
        name=name,
        places=dataset.sequence_length,
        prompt=samples.inputs[name][0],
        seed=project.training.seed,
        run_id=run_id,
    )


def make_translator(engine: Engine, project: Project, loaded: LoadedData) -> Translator | None:
    """None for a project that does not learn to write targets from sources."""
    dataset = project.dataset
    if not isinstance(dataset, Pairs) or not isinstance(project.training.objective, TeacherForcing):
        return None
    tokenizer = Tokenizer(dataset.level, loaded.facts.class_names)
    written = next((layer_id for layer_id, source in _fed(project).items() if source == _TARGET), None)
    return Translator(engine, tokenizer, places=dataset.target_length, written=written)


def translated_sample(
    translator: Translator, sample_id: str, loaded: LoadedData, splits: Mapping[str, Samples]
) -> Translation:
    """What becomes of one of the samples. Raises NotTrained where there is none of that name."""
    for samples in splits.values():
        if sample_id in samples.ids:
            place = samples.ids.index(sample_id)
            inputs = {name: samples.prepared(name, slice(place, place + 1)) for name in samples.inputs}
            target = next(iter(samples.targets.values()))[place]
            return translator.translation(loaded.texts[sample_id], inputs, target)
    raise NotTrained(f"{sample_id} is not among the samples of this run.")


def translated_text(translator: Translator, text: str, project: Project, loaded: LoadedData) -> Translation:
    """What becomes of a source of one's own. Raises NotTrained for one that cannot be read."""
    dataset = project.dataset
    assert isinstance(dataset, Pairs)
    tokenizer = Tokenizer(dataset.level, loaded.facts.vocabularies[_SOURCE])
    tokens = tokens_of(text.strip(), dataset.level)
    if not tokens:
        raise NotTrained("Write something to translate.")
    refuse_unknown(tokens, tokenizer)
    if len(tokens) > dataset.source_length:
        raise NotTrained(
            f"The model reads {dataset.source_length:,} tokens at most, and this has {len(tokens):,}; make it shorter."
        )
    row: Array = np.zeros((1, dataset.source_length), np.float32)
    row[0, : len(tokens)] = tokenizer.numbers(text.strip())
    sources = [layer_id for layer_id, source in _fed(project).items() if source == _SOURCE]
    return translator.translation(text.strip(), dict.fromkeys(sources, row), None)


def _fed(project: Project) -> dict[str, str]:
    """Which array each Input gets."""
    assert project.dataset is not None
    return input_sources(project.model, tuple(input_shapes(project.dataset)))
