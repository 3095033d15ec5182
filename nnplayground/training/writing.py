"""A model that has learned which token comes next goes on writing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nnplayground.data.tokens import UNKNOWN, Tokenizer, tokens_of
from nnplayground.engine.base import Engine
from nnplayground.engine.writing import WritesFast
from nnplayground.samples import Array
from nnplayground.training.events import Event, Written, WrittenText
from nnplayground.training.questions import NotTrained

TEMPERATURES = (0.2, 0.7, 1.2)
"""At which it writes after each epoch: careful, lively, wild."""
SHARE = 0.05
"""Of the time of a run that writing after the epochs may take."""
LONGEST = 5000
"""Tokens that may be asked for at once."""
_SECONDS = 15.0
"""For which a question may keep the engine."""
_SAMPLE_SECONDS = 3.0
"""The same for the texts after an epoch."""
_PROMPT = {"character": 20, "word": 4}
_LENGTH = {"character": 160, "word": 40}
_LEAST = 1e-30


class Writer:
    """Writes with the weights as they are. Used by the thread that owns the engine.

    name: the Input that takes the text; places: how many tokens it takes; prompt: a piece of text, from where a line or
    a word in it begins it goes on after each epoch.
    """

    def __init__(
        self, engine: Engine, tokenizer: Tokenizer, *, name: str, places: int, prompt: Array, seed: int, run_id: str
    ) -> None:
        self._engine = engine
        self._tokenizer = tokenizer
        self._name = name
        self._places = places
        self._prompt = _opening(prompt, tokenizer)[: min(_PROMPT[tokenizer.level], places)]
        self._seed = seed
        self._run_id = run_id
        self._due_at = 0.0
        self._ready = False
        self._epoch = 0
        """Of which there was something to read last."""

    def results(self, epoch: int, update: int) -> Iterator[Event]:
        """What it writes now, unless it wrote so recently that it would slow the training down."""
        if not epoch or not len(self._prompt):
            return
        began = time.perf_counter()
        if began < self._due_at:
            return
        texts = self.samples()
        ended = time.perf_counter()
        # The first time, an engine gets ready, which takes far longer than writing.
        self._due_at = ended + (ended - began) / SHARE if self._ready else 0.0
        self._ready = True
        self._epoch = epoch
        yield Written(self._run_id, epoch, update, texts)

    def last_results(self, epoch: int, update: int) -> Iterator[Event]:
        """What it writes at the end of the run, if that has not been read yet."""
        self._due_at = 0.0
        return self.results(epoch, update) if epoch > self._epoch else iter(())

    def samples(self) -> tuple[WrittenText, ...]:
        """A text at each of TEMPERATURES; the same ones as long as the weights are."""
        level = self._tokenizer.level
        until = time.perf_counter() + _SAMPLE_SECONDS
        written = self._write(
            self._prompt,
            TEMPERATURES,
            _LENGTH[level],
            seed=self._seed,
            enough=lambda: time.perf_counter() > until,
        )
        prompt = self._tokenizer.text(self._prompt)
        texts = zip(TEMPERATURES, written, strict=True)
        return tuple(WrittenText(temperature, prompt, self._behind(prompt, tokens)) for temperature, tokens in texts)

    def continuation(self, prompt: str, *, temperature: float, length: int, seed: int) -> str:
        """What follows on the prompt, `length` tokens. Raises NotTrained with one sentence for what cannot be asked."""
        if not 1 <= length <= LONGEST:
            raise NotTrained(f"Ask for 1 to {LONGEST:,} tokens at once, not {length:,}.")
        if not 0 < temperature <= 10:
            raise NotTrained(f"The temperature must be above 0 and at most 10, not {temperature:g}.")
        tokens = tokens_of(prompt, self._tokenizer.level)
        if not tokens:
            raise NotTrained("Write a few words to begin with; the model goes on from there.")
        refuse_unknown(tokens, self._tokenizer)
        numbers = self._tokenizer.numbers(prompt)
        until = time.perf_counter() + _SECONDS
        written = self._write(numbers, (temperature,), length, seed=seed, enough=lambda: time.perf_counter() > until)
        return self._behind(prompt, written[0])

    def _behind(self, prompt: str, tokens: Array) -> str:
        text = self._tokenizer.text(tokens)
        return f" {text}" if self._tokenizer.level == "word" and text and not prompt.endswith(" ") else text

    def _write(
        self,
        prompt: Array,
        temperatures: Sequence[float],
        length: int,
        *,
        seed: int,
        enough: Callable[[], bool] = lambda: False,
    ) -> Array:
        """(temperatures, length or fewer) int32: what comes behind the prompt at each temperature."""
        heat = np.array(temperatures)[:, np.newaxis]
        generator = np.random.default_rng(seed)
        rows = len(heat)
        following = self._reader(rows)
        probabilities = None
        for token in prompt:
            probabilities = following(np.full(rows, token, np.int32))
        written: list[Array] = []
        while len(written) < length and not enough():
            assert probabilities is not None
            written.append(drawn(probabilities, heat, generator, barred=self._barred))
            if len(written) < length:
                probabilities = following(written[-1])
        return np.stack(written, axis=1) if written else np.zeros((rows, 0), np.int32)

    @property
    def _barred(self) -> int:
        """Padding and the unknown token, which begin the vocabulary, are never written."""
        return self._tokenizer.vocabulary.index(UNKNOWN) + 1

    def _reader(self, rows: int) -> Callable[[Array], Array]:
        """following(tokens (rows,)) → (rows, V) probabilities of the token behind all that have been given."""
        engine = self._engine
        first = np.zeros(rows, np.int32)
        if isinstance(engine, WritesFast) and engine.step(first, None) is not None:
            states = None

            def step(tokens: Array) -> Array:
                nonlocal states
                told = engine.step(tokens, states)
                assert told is not None
                probabilities, states = told
                return probabilities

            return step
        window = np.zeros((rows, 0), np.float32)

        def look_back(tokens: Array) -> Array:
            """The model sees as many of the last tokens as its Input takes, with padding behind."""
            nonlocal window
            window = np.concatenate([window, tokens[:, np.newaxis].astype(np.float32)], axis=1)[:, -self._places :]
            filled = np.zeros((rows, self._places), np.float32)
            filled[:, : window.shape[1]] = window
            return engine.predict({self._name: filled})[:, window.shape[1] - 1]

        return look_back


def _opening(piece: Array, tokenizer: Tokenizer) -> Array:
    """A piece of text from its first whole line on, or its first whole word, where enough of it is left."""
    if tokenizer.level == "word":
        return piece
    for breaks in ("\n", "\n "):
        ends = np.isin(
            piece, [number for number, token in enumerate(tokenizer.vocabulary) if token and token in breaks]
        )
        begins = np.flatnonzero(ends[:-1] & ~ends[1:]) + 1
        if len(begins) and len(piece) - begins[0] >= _PROMPT[tokenizer.level]:
            return piece[begins[0] :]
    return piece


def drawn(probabilities: Array, temperature: Array, generator: np.random.Generator, *, barred: int) -> Array:
    """One token for each row, (m,) int32, drawn with probabilities proportional to p^(1/temperature).

    probabilities: (m, V); temperature: (m, 1), towards 0 always the most probable token, 1 as the model says. barred:
    the first tokens, which are never drawn.
    """
    logits = np.log(np.maximum(probabilities[:, barred:].astype(np.float64), _LEAST)) / temperature
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    summed = weights.cumsum(axis=1)
    places = (summed < generator.random((len(summed), 1)) * summed[:, -1:]).sum(axis=1)
    return (np.minimum(places, summed.shape[1] - 1) + barred).astype(np.int32)


def refuse_unknown(tokens: Sequence[str], tokenizer: Tokenizer) -> None:
    """Raises NotTrained where a token does not occur in what the model has learned from."""
    known = set(tokenizer.vocabulary)
    unknown = list(dict.fromkeys(token for token in tokens if token not in known))
    if unknown:
        named = ", ".join(f"“{_visible(token)}”" for token in unknown[:5])
        verb, them = ("does", "it") if len(unknown) == 1 else ("do", "them")
        raise NotTrained(f"{named} {verb} not occur in what the model has learned from; leave {them} out.")


def _visible(token: str) -> str:
    return token if token.isprintable() else repr(token)[1:-1]
