"""Texts with labels as they are found: in class folders, or in the columns of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from nnplayground.data.errors import Cancelled, DataError
from nnplayground.data.folder_survey import resolved
from nnplayground.data.listing import FolderIdentity, Listing, folder_identity, list_classes, natural_key
from nnplayground.data.loaded import Loading
from nnplayground.data.remembered import Remembered
from nnplayground.data.skips import Skips
from nnplayground.data.sources import called, split_sources
from nnplayground.data.splits import SPLITS, assign
from nnplayground.data.tables import Table, open_table
from nnplayground.data.text_files import FALLBACK, NoText, decoded, text_file
from nnplayground.data.texts import StoredTexts
from nnplayground.spec.dataset import FolderSplit, Text
from nnplayground.spec.facts import SkippedFile

MOST_BYTES = 2**20
"""Of a file in a class folder not more is read; a sample has far fewer tokens."""
MOST_CLASSES = 1000
_TEXT_FILES = (".txt", ".text")
TEXT_COLUMNS = frozenset({
    "text", "texts", "sentence", "review", "message", "comment", "content", "body", "tweet", "question",
    "document", "headline", "title",
})  # fmt: skip
LABEL_COLUMNS = frozenset({
    "label", "labels", "class", "category", "sentiment", "target", "topic", "rating", "stars", "score", "type",
    "genre", "author", "language", "polarity",
})  # fmt: skip
_TABLE_WANTED = "a CSV or TSV file with a column of texts and one of labels"


@dataclass
class Corpus:
    """ids, labels, splits: of each sample; a split is "" where it is yet to be decided.

    texts: by id; empty where a folder was only listed.
    """

    class_names: tuple[str, ...] = ()
    ids: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    texts: StoredTexts = field(default_factory=StoredTexts)
    skipped: list[SkippedFile] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """One text. text: None where it was not looked into."""

    name: str
    label: str
    text: str | None


_tables: Remembered[Corpus] = Remembered()


def find_texts(dataset: Text, loading: Loading, *, read: bool) -> Corpus:
    """All samples of a dataset with labels. read: also look into the files of class folders.

    Raises DataError where there is nothing to use, Cancelled.
    """
    if dataset.folder:
        return _found(dataset, loading, read)
    sources = _sources(dataset, loading.base)
    key = (tuple(sources), dataset.text_column, dataset.label_column)
    return _tables.get(key, sources.values(), loading.base, lambda: _found(dataset, loading, read))


def _found(dataset: Text, loading: Loading, read: bool) -> Corpus:
    corpus = Corpus()
    places: dict[str, int] = {}
    for split, source in _sources(dataset, loading.base).items():
        found = _in_folder(dataset, split, source, loading, corpus, read) if dataset.folder else None
        for each in found if found is not None else _in_table(dataset, split, source, loading, corpus):
            name = f"{split}/{each.name}" if isinstance(dataset.split, FolderSplit) else each.name
            if split in ("", "training"):
                places.setdefault(each.label, len(places))
            elif each.label not in places:
                corpus.skipped.append(SkippedFile(name, f"No training text is labelled “{each.label}”."))
                continue
            corpus.ids.append(name)
            corpus.labels.append(places[each.label])
            corpus.splits.append(split)
            if each.text is not None:
                corpus.texts.add(name, each.text)
        if split in ("", "training"):
            _check_classes(dataset, list(places), corpus, str(resolved(source, loading.base)))
    order = sorted(places, key=natural_key)
    ranks = {places[name]: rank for rank, name in enumerate(order)}
    corpus.class_names = tuple(order)
    corpus.labels = [ranks[label] for label in corpus.labels]
    return corpus


def arranged(corpus: Corpus, dataset: Text) -> dict[str, list[int]]:
    """Positions of the samples of each split. Raises DataError where no split can be made."""
    if isinstance(dataset.split, FolderSplit):
        positions: dict[str, list[int]] = {name: [] for name in SPLITS}
        for position, split in enumerate(corpus.splits):
            positions[split].append(position)
        if not positions["validation"]:
            raise DataError("None of the validation texts has a label of the training texts, so choose others.")
        return {name: some for name, some in positions.items() if some}
    return assign(corpus.ids, corpus.labels, dataset.split, seed=dataset.seed, what="texts")


def _sources(dataset: Text, base: Path) -> dict[str, str]:
    what = "folder" if dataset.folder else "file"
    return split_sources(dataset.split, dataset.folder or dataset.file, base, samples="texts", what=what)


def _check_classes(dataset: Text, names: Sequence[str], corpus: Corpus, source: str) -> None:
    count = len(corpus.ids)
    if not count:
        example = f" For example, {corpus.skipped[0].path}: {corpus.skipped[0].reason}" if corpus.skipped else ""
        what = "folder" if dataset.folder else "file"
        raise DataError(f"No text in “{source}” can be used, so choose another {what}.{example}")
    if len(names) < 2:
        raise DataError(
            f"All texts in “{source}” are labelled “{names[0]}”, and a classifier needs at least two classes, so add "
            "texts of another one."
        )
    if len(names) > MOST_CLASSES or (count > 50 and len(names) > count / 2):
        raise DataError(
            f"The {count:,} texts have {len(names):,} different labels, so these do not look like classes; choose "
            "another label column."
        )


def _in_table(dataset: Text, split: str, source: str, loading: Loading, corpus: Corpus) -> Iterator[_Found]:
    file = text_file(source, loading.base, wanted=_TABLE_WANTED, cancelled=loading.cancelled, what=called(split))
    chosen = (dataset.text_column, dataset.label_column)
    table = open_table(file, cancelled=loading.cancelled, named=chosen, known=TEXT_COLUMNS | LABEL_COLUMNS)
    table, text_place, label_place = _columns(table, dataset, loading)
    if file.note:
        corpus.notes.append(file.note)
    skips = Skips()
    for line, cells in table.rows(skips, progress=loading.progress, cancelled=loading.cancelled):
        if len(cells) <= max(text_place, label_place):
            skips.add(file.name, line, f"It has {len(cells)} cells, and {max(text_place, label_place) + 1} are needed.")
        elif not (label := cells[label_place].strip()):
            skips.add(file.name, line, "It has no label.")
        elif not cells[text_place].strip():
            skips.add(file.name, line, "Its text is empty.")
        else:
            yield _Found(str(line), label, cells[text_place])
    corpus.skipped += skips.listed()


def _columns(table: Table, dataset: Text, loading: Loading) -> tuple[Table, int, int]:
    """(table, place of the texts, place of the labels): as chosen, else by name, else of two columns the longer one."""
    text = table.place(dataset.text_column, "texts") if dataset.text_column else _named(table, TEXT_COLUMNS)
    label = table.place(dataset.label_column, "labels") if dataset.label_column else _named(table, LABEL_COLUMNS)
    if len(table.columns) == 2 and (text is None or label is None):
        start = [cells for _, cells in islice(table.rows(Skips(), progress=_unseen, cancelled=loading.cancelled), 100)]
        start = [cells for cells in start if len(cells) == 2]
        if text is None:
            text = 1 - label if label is not None else int(sum(len(b) - len(a) for a, b in start) > 0)
        label = 1 - text
        table = _headed(table, start, label)
    if text is None or label is None or text == label:
        what = "texts" if text is None else "labels"
        columns = ", ".join(f"“{name}”" for name in table.columns[:8])
        raise DataError(f"It is not clear which column of “{table.name}” holds the {what}, so choose one: {columns}.")
    return table, text, label


def _headed(table: Table, start: Sequence[Sequence[str]], label: int) -> Table:
    """The table with its first row as header, where the label there is the only one that does not come again."""
    labels = Counter(cells[label] for cells in start)
    if table.headed or len(start) < 4 or labels[start[0][label]] > 1:
        return table
    if sum(count == 1 for count in labels.values()) > 1:
        return table
    return replace(table, headed=True, columns=tuple(cell.strip() for cell in start[0]))


def _unseen(done: int, total: int) -> None:
    """Progress that nobody sees."""


def _named(table: Table, names: frozenset[str]) -> int | None:
    return next((place for place, name in enumerate(table.columns) if name.casefold() in names), None)


def _in_folder(
    dataset: Text, split: str, source: str, loading: Loading, corpus: Corpus, read: bool
) -> Iterator[_Found]:
    path = resolved(source, loading.base)
    others = [resolved(other, loading.base) for other in _sources(dataset, loading.base).values() if other != source]
    listing = _listed(
        path, called(split, "folder"), frozenset(folder_identity(other) for other in others if other.is_dir()), loading
    )
    prefix = f"{split}/" if isinstance(dataset.split, FolderSplit) else ""
    corpus.skipped += [SkippedFile(prefix + file.path, file.reason) for file in listing.skipped]
    if listing.loose and not listing.classes:
        raise DataError(
            f"The text files lie directly in “{path}”, so put those of each class into a folder of its own, named "
            "after it."
        )
    files = [(name, file) for name, files in listing.classes.items() for file in files]
    encodings: Counter[str] = Counter()
    cut = 0
    for done, (name, file) in enumerate(files, 1):
        if not read:
            yield _Found(file.relative, name, None)
            continue
        if loading.cancelled():
            raise Cancelled
        loading.progress(done, len(files))
        cut += file.size > MOST_BYTES
        text = _read(file.path)
        if isinstance(text, str):
            corpus.skipped.append(SkippedFile(prefix + file.relative, text))
        elif not text[0].strip():
            corpus.skipped.append(SkippedFile(prefix + file.relative, "It holds nothing but blanks."))
        else:
            encodings[text[1]] += 1
            yield _Found(file.relative, name, text[0])
    if encodings[FALLBACK]:
        some = _files(encodings[FALLBACK])
        corpus.notes.append(f"What is not UTF-8 in “{path.name}”, {some}, is read as Windows-1252.")
    if cut:
        corpus.warnings.append(f"Of {_files(cut)} in “{path.name}” only the first {MOST_BYTES // 2**20} MB is read.")


def _files(count: int) -> str:
    return f"{count:,} files" if count > 1 else "one file"


def _listed(path: Path, what: str, left_out: frozenset[FolderIdentity], loading: Loading) -> Listing:
    missing = f"The {what} “{path}” is not there, so locate it or choose another one."
    try:
        listing = list_classes(path, refused=_no_text, left_out=left_out, cancelled=loading.cancelled)
    except NotADirectoryError as error:
        raise DataError(f"“{path}” is a file, so choose the folder that holds the class folders.") from error
    except PermissionError as error:
        raise DataError(
            f"The {what} “{path}” may not be read, so change its permissions or choose another one."
        ) from error
    except (FileNotFoundError, ValueError) as error:
        raise DataError(missing, missing_path=str(path)) from error
    except OSError as error:
        raise DataError(f"The {what} “{path}” cannot be read ({error.strerror}), so choose another one.") from error
    if not listing.classes and not listing.skipped and not listing.loose:
        raise DataError(f"“{path}” is empty, so choose a folder that holds one folder of .txt files for each class.")
    return listing


def _no_text(name: str) -> str | None:
    return None if name.lower().endswith(_TEXT_FILES) else "It is no .txt file."


def _read(path: str) -> tuple[str, str] | str:
    """(text, encoding) of a file, or why there is none."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        return decoded(content[:MOST_BYTES], whole=len(content) <= MOST_BYTES)
    except NoText as error:
        return f"It is no text: {error}"
    except PermissionError:
        return "It may not be read, so change its permissions."
    except OSError as error:
        return f"It cannot be read: {error.strerror}."
