"""Makes the bundled pairs of texts: python packaging/make_pairs.py

dates.csv, dates-validation.csv: dates in many formats, and the same dates as ISO 8601 writes them. The 1,000 dates of
the validation occur nowhere in the training, in no format. sums.csv, sums-validation.csv: sums of two numbers as text,
and what they come to; no sum of the validation occurs in the training, in neither order. The same seed writes the same
bytes.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples"
FIRST, LAST = date(1950, 1, 1), date(2049, 12, 31)
"""A hundred years, so that two digits of a year say which one it is."""
DATES, SUMS, VALIDATION = 12_000, 20_000, 1000
LARGEST = 999
"""Of the numbers that are added."""

LICENSE = """\
The pairs of texts in "dates.csv", "dates-validation.csv", "sums.csv" and "sums-validation.csv"

  packaging/make_pairs.py in the source of this program makes them by chance. They are part of this program and under
  its licence (MIT, see LICENSE).

  Every format of a date tells day and month apart: 03/04/05 is in none of them. Two digits of a year mean 1950 to 2049.
"""

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


class Written:
    """A date in its parts, for the formats."""

    def __init__(self, day: date) -> None:
        self.day, self.month, self.year = day.day, day.month, day.year
        self.name = MONTHS[day.month - 1]
        self.weekday = DAYS[day.weekday()]
        teens = 10 < day.day < 14
        self.nth = f"{day.day}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(day.day % 10, 'th')}"
        self.short_year = f"'{day.year % 100:02}"


FORMATS: tuple[Callable[[Written], str], ...] = (
    lambda d: f"{d.day} {d.name} {d.year}",
    lambda d: f"{d.name} {d.day}, {d.year}",
    lambda d: f"{d.nth} of {d.name} {d.year}",
    lambda d: f"{d.name} {d.nth}, {d.year}",
    lambda d: f"{d.day} {d.name[:3]} {d.year}",
    lambda d: f"{d.name[:3]} {d.day:02} {d.year}",
    lambda d: f"{d.weekday}, {d.day} {d.name} {d.year}",
    lambda d: f"{d.weekday[:3]} {d.day:02} {d.name[:3]} {d.year}",
    lambda d: f"{d.weekday}, {d.name} {d.day}, {d.year}",
    lambda d: f"{d.day:02}-{d.name[:3].upper()}-{d.year}",
    lambda d: f"{d.day}.{ROMAN[d.month - 1]}.{d.year}",
    lambda d: f"{d.year}/{d.month:02}/{d.day:02}",
    lambda d: f"{d.year}.{d.month}.{d.day}",
    lambda d: f"{d.year} {d.name[:3]} {d.day}",
    lambda d: f"{d.day} {d.name} {d.short_year}",
    lambda d: f"{d.name[:3]} {d.day} {d.short_year}",
    lambda d: f"{d.name} {d.day} {d.year}".upper(),
    lambda d: f"{d.day}{d.name[:3]}{d.year}".lower(),
    lambda d: f"the {d.nth} day of {d.name}, {d.year}",
    lambda d: f"{d.year}{d.month:02}{d.day:02}",
)
"""Numbers alone begin with the year; otherwise the month is a name, or Roman."""

Pair = tuple[str, str]


def dates(seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """(training, validation): written dates with their ISO dates."""
    chance = random.Random(seed)
    days = [FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1)]
    chance.shuffle(days)

    def written(some: Sequence[date]) -> list[Pair]:
        return [(chance.choice(FORMATS)(Written(day)), day.isoformat()) for day in some]

    return written(days[VALIDATION : VALIDATION + DATES]), written(days[:VALIDATION])


def sums(seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """(training, validation): "12+345" with "357", one to three digits each."""
    chance = random.Random(seed)

    def number() -> int:
        return chance.randrange(10 ** chance.choice((1, 2, 3, 3, 3)))

    seen: set[frozenset[int]] = set()
    validation: list[Pair] = []
    while len(validation) < VALIDATION:
        first, second = number(), number()
        if frozenset((first, second)) not in seen:
            seen.add(frozenset((first, second)))
            validation.append((f"{first}+{second}", str(first + second)))
    training: dict[str, str] = {}
    while len(training) < SUMS:
        first, second = number(), number()
        if frozenset((first, second)) not in seen:
            training[f"{first}+{second}"] = str(first + second)
    return list(training.items()), validation


def write_pairs(path: Path, header: Pair, rows: Sequence[Pair]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    for name, header, (training, validation) in (
        ("dates", ("date", "iso"), dates()),
        ("sums", ("sum", "result"), sums()),
    ):
        write_pairs(SAMPLES / f"{name}.csv", header, training)
        write_pairs(SAMPLES / f"{name}-validation.csv", header, validation)
    (SAMPLES / "pairs-LICENSE.txt").write_text(LICENSE, encoding="utf-8", newline="\n")
