"""Makes resources/samples/visitors.csv: python packaging/make_series.py

Eight years of an imaginary zoo, a row for each day: the temperature of the day, and how many visitors came.
Both are a sum of seasons, a trend and noise, so that there is something to find and something that nobody can tell. The
same seed writes the same bytes.
"""

from __future__ import annotations

import csv
import math
import random
from datetime import date, timedelta
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples"
FIRST, DAYS = date(2016, 1, 1), 2922

LICENSE = """\
The series in "visitors.csv"

  No zoo has counted these visitors: packaging/make_series.py in the source of this program computes them as a sum of a
  weekly and a yearly season, a trend and noise. It is part of this program and under its licence (MIT, see LICENSE).
"""

WEEK = (0.0, -0.1, -0.05, 0.05, 0.25, 0.9, 0.7)
"""How much busier than a Monday each day of the week is, as a share."""


def rows(seed: int = 0) -> list[tuple[str, str, int]]:
    """Date, temperature in °C and visitors of each day."""
    chance = random.Random(seed)
    result: list[tuple[str, str, int]] = []
    weather = 0.0
    for number in range(DAYS):
        day = FIRST + timedelta(number)
        year = 2 * math.pi * (number - 105) / 365.25
        # Warm days follow warm days.
        weather = 0.75 * weather + chance.gauss(0, 2.2)
        temperature = 11 + 10 * math.sin(year) + 0.0006 * number + weather
        busy = 240 + 0.03 * number + 170 * math.sin(year - 0.35) + 9 * weather
        visitors = max(0.0, busy) * (1 + WEEK[day.weekday()]) + chance.gauss(0, 18)
        result.append((day.isoformat(), f"{temperature:.1f}", max(0, round(visitors))))
    return result


if __name__ == "__main__":
    with (SAMPLES / "visitors.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("date", "temperature", "visitors"), *rows()])
    (SAMPLES / "visitors-LICENSE.txt").write_text(LICENSE, encoding="utf-8", newline="\n")
