"""Makes resources/samples/reviews.csv and reviews-validation.csv: python packaging/make_reviews.py

Short reviews of which the order of the words decides whether they praise or complain: "far from dull, the plot was
clever" against "far from clever, the plot was dull". Some of the training reviews are undecided or carry the wrong
label, as in real data; the validation reviews never are and never do. No review is in both files. The same seed writes
the same bytes.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples"
TRAINING, VALIDATION = 8000, 1500
UNDECIDED, MISLABELED = 0.03, 0.03
"""Shares of the training reviews."""
LABELS = ("negative", "positive")

LICENSE = """\
The reviews in "reviews.csv" and "reviews-validation.csv"

  Nobody wrote them: packaging/make_reviews.py in the source of this program puts them together by chance, from words
  and sentences of our own. They are part of this program and under its licence (MIT, see LICENSE).

  About 3 in 100 of the training reviews are undecided and have a label by chance, and about 3 in 100 carry the wrong
  label on purpose. All validation reviews carry the right one.
"""

THINGS: dict[str, tuple[str, ...]] = {
    "café": ("coffee", "cake", "service", "music", "terrace", "soup", "breakfast", "waiter"),
    "hotel": ("room", "bed", "view", "breakfast", "service", "bathroom", "garden", "pool"),
    "film": ("plot", "acting", "ending", "music", "opening", "camera work", "dialogue", "cast"),
    "novel": ("plot", "opening", "ending", "language", "hero", "dialogue", "middle part", "cover"),
    "phone": ("screen", "battery", "camera", "case", "sound", "keyboard", "menu", "charger"),
    "lamp": ("light", "switch", "stand", "cable", "shade", "finish", "plug", "design"),
    "bicycle": ("saddle", "frame", "brake", "bell", "gearbox", "paint", "chain", "handlebar"),
    "museum": ("guide", "shop", "lighting", "garden", "entrance", "audio tour", "new wing", "cloakroom"),
    "concert": ("sound", "singer", "drummer", "hall", "first half", "encore", "lighting", "support act"),
    "train": ("seat", "heating", "view", "dining car", "timetable", "conductor", "table", "connection"),
    "tent": ("fabric", "zip", "floor", "frame", "bag", "porch", "manual", "stitching"),
    "course": ("teacher", "handbook", "pace", "homework", "final week", "website", "group", "schedule"),
}
GOOD = (
    "wonderful", "lovely", "excellent", "delightful", "brilliant", "charming", "superb", "splendid", "great",
    "pleasant", "marvellous", "impressive", "perfect", "beautiful", "fantastic", "clever", "fresh", "remarkable",
    "satisfying", "magnificent", "enjoyable", "admirable", "elegant", "outstanding",
)  # fmt: skip
BAD = (
    "awful", "terrible", "dreadful", "poor", "dull", "shabby", "disappointing", "miserable", "clumsy", "annoying",
    "sloppy", "horrible", "weak", "careless", "unpleasant", "hopeless", "tiresome", "bland", "flimsy", "lousy",
    "pathetic", "frustrating", "dismal", "mediocre",
)  # fmt: skip
RARE_GOOD = (
    "stellar", "dreamy", "faultless", "exquisite", "gorgeous", "sublime", "tasteful", "refreshing", "heartening",
    "immaculate", "cheerful", "dazzling", "graceful", "inspired", "lavish", "nimble", "polished", "radiant", "sturdy",
    "thrilling", "witty", "warm", "crisp", "flawless", "generous", "sparkling", "soothing", "masterly", "neat",
    "delicious",
)  # fmt: skip
RARE_BAD = (
    "ghastly", "grim", "insipid", "crude", "drab", "feeble", "gloomy", "grubby", "hollow", "muddled", "murky",
    "noisy", "rude", "rusty", "shoddy", "soggy", "sour", "stale", "stuffy", "tacky", "tedious", "wobbly", "wretched",
    "clunky", "cramped", "creaky", "dingy", "botched", "lifeless", "lukewarm",
)  # fmt: skip
RARELY = 0.06
"""How often one of the rare words is taken: a model meets each of them a few times only, and some fool it."""
VERBS = ("was", "was", "was", "turned out", "proved", "felt", "seemed")
DEGREES = ("", "", "", "", "really ", "truly ", "quite ", "very ", "rather ")
OPENERS = (
    "", "", "", "", "", "", "", "", "honestly, ", "to be fair, ", "in short, ", "for once, ", "as for our visit, ",
    "i must say, ", "on a rainy monday, ", "by the way, ", "my sister agrees: ", "after two weeks i can say: ",
    "we all noticed it: ", "just so you know, ", "let me put it simply: ", "last week, ",
)  # fmt: skip
CLOSERS = (
    "", "", "", "", "", "", "", "", "", "", "", "", "", "", ", and my brother says the same",
    ", and that is all there is to say", ", as we told our friends", ", if you ask me", ", at least in may",
    ", and we have seen many", ", as everybody at our table agreed", ", and i paid for it myself",
    ", which we did not see coming", ", for what it is worth",
)  # fmt: skip
FILLERS = (
    "", "", "", "", "", "", "", "", "", "", "", "", "", "", "we went there with four people. ",
    "my neighbour had told me about it. ", "it rained the whole day. ", "i found it by chance. ",
    "this was our second try. ", "we had an hour to spare. ", "it was a gift from my aunt. ",
    "i had read about it in the paper. ", "my children came along. ", "it was the first of its kind for me. ",
)  # fmt: skip


class Writer:
    """Writes one review: p is an adjective of what the review says in the end, q one of the opposite."""

    def __init__(self, chance: random.Random, positive: bool) -> None:
        self.chance = chance
        self.positive = positive
        self.thing = chance.choice(sorted(THINGS))
        self.a, self.b = chance.sample(THINGS[self.thing], 2)

    def _word(self, positive: bool) -> str:
        rare = self.chance.random() < RARELY
        words = (RARE_GOOD if rare else GOOD) if positive else (RARE_BAD if rare else BAD)
        return self.chance.choice(words)

    @property
    def plain_p(self) -> str:
        return self._word(self.positive)

    @property
    def plain_q(self) -> str:
        return self._word(not self.positive)

    @property
    def p(self) -> str:
        return self.chance.choice(DEGREES) + self.plain_p

    @property
    def q(self) -> str:
        return self.chance.choice(DEGREES) + self.plain_q

    @property
    def was(self) -> str:
        return self.chance.choice(VERBS)

    def direct(self) -> str:
        return self.chance.choice(
            [
                f"the {self.a} {self.was} {self.p} and the {self.b} {self.was} {self.p}",
                f"{article(self.plain_p)} {self.thing} with {article(self.plain_p)} {self.a}",
                f"what {article(self.plain_p)} {self.a}",
                f"{self.p}, {self.p}, {self.p}: that is this {self.thing}",
                f"the whole {self.thing} {self.was} {self.p}, from the {self.a} to the {self.b}",
                f"everything about the {self.a} {self.was} {self.p}",
            ]
        )

    def contrast(self) -> str:
        return self.chance.choice(
            [
                f"the {self.a} {self.was} {self.q}, but the {self.b} {self.was} {self.p}",
                f"the {self.a} {self.was} {self.q} at first, but {self.p} in the end",
                f"yes, the {self.a} {self.was} {self.q}, yet the {self.thing} as a whole {self.was} {self.p}",
                f"others call the {self.thing} {self.plain_q}, but we found it {self.p}",
            ]
        )

    def concession(self) -> str:
        return self.chance.choice(
            [
                f"although the {self.a} {self.was} {self.q}, the {self.thing} {self.was} {self.p}",
                f"the {self.thing} {self.was} {self.p}, although the {self.a} {self.was} {self.q}",
                f"despite {article(self.plain_q)} {self.a}, it {self.was} {article(self.plain_p)} {self.thing}",
                f"it {self.was} {article(self.plain_p)} {self.thing}, despite {article(self.plain_q)} {self.a}",
            ]
        )

    def negation(self) -> str:
        return self.chance.choice(
            [
                f"the {self.a} {self.was} not {self.plain_q} but {self.plain_p}",
                f"the {self.a} {self.was} {self.plain_p} and not {self.plain_q}",
                f"nobody could call the {self.a} {self.plain_q}",
                f"there was nothing {self.plain_q} about the {self.a}",
                f"never {self.plain_q}, always {self.plain_p}: that is the {self.a} of this {self.thing}",
                f"far from {self.plain_q}, the {self.a} {self.was} {self.plain_p}",
            ]
        )

    def expectation(self) -> str:
        return self.chance.choice(
            [
                f"i expected {article(self.plain_q)} {self.a} and got {article(self.plain_p)} one",
                f"i got {article(self.plain_p)} {self.a} where i expected {article(self.plain_q)} one",
                f"they promised us {article(self.plain_q)} {self.thing} and gave us {article(self.plain_p)} one",
                f"instead of {article(self.plain_q)} {self.a}, there was {article(self.plain_p)} one",
                f"there was {article(self.plain_p)} {self.a} instead of {article(self.plain_q)} one",
            ]
        )

    def comparison(self) -> str:
        better, worse = ("better", "worse") if self.positive else ("worse", "better")
        this, other = f"this {self.thing}", self.chance.choice(["my old one", "the one next door", "the last one"])
        first, second = (this, other) if self.positive else (other, this)
        return self.chance.choice(
            [
                f"{this} is {better} than {other}",
                f"{other} is {worse} than {this}",
                f"the {self.a} is more {self.plain_p} than {self.plain_q}",
                f"the {self.a} is less {self.plain_q} than {self.plain_p}",
                f"i would take {first} over {second} any day",
                f"{first} easily beats {second}",
            ]
        )

    def undecided(self) -> str:
        return self.chance.choice(
            [
                f"the {self.a} {self.was} {self.p} and the {self.b} {self.was} {self.q}",
                f"it {self.was} neither {self.plain_p} nor {self.plain_q}",
                f"some days the {self.a} is {self.plain_p}, other days it is {self.plain_q}",
                f"half {self.plain_q}, half {self.plain_p}, like any {self.thing}",
            ]
        )


KINDS: tuple[tuple[Callable[[Writer], str], int], ...] = (
    (Writer.direct, 9),
    (Writer.contrast, 4),
    (Writer.concession, 4),
    (Writer.negation, 5),
    (Writer.expectation, 4),
    (Writer.comparison, 4),
)
"""With how often each is written."""


def article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def sentence_case(text: str) -> str:
    """Capitals at the start of sentences, and "i" as a word."""
    sentences = [each[:1].upper() + each[1:] for each in text.split(". ")]
    return " ".join("I" if word == "i" else word for word in ". ".join(sentences).split(" "))


def review(chance: random.Random, positive: bool, decided: bool = True) -> str:
    # What is undecided says as often the one thing first as the other, whatever its label.
    writer = Writer(chance, positive if decided else chance.random() < 0.5)
    kinds, weights = zip(*KINDS, strict=True)
    write = chance.choices(kinds, weights)[0] if decided else Writer.undecided
    end = chance.choice([".", ".", ".", "!"])
    return sentence_case(
        f"{chance.choice(FILLERS)}{chance.choice(OPENERS)}{write(writer)}{chance.choice(CLOSERS)}{end}"
    )


def reviews(seed: int = 0) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(training, validation): texts with their labels, each text once in both together."""
    chance = random.Random(seed)
    seen: set[str] = set()

    def fresh(positive: bool, decided: bool = True) -> str:
        while True:
            text = review(chance, positive, decided)
            if text not in seen:
                seen.add(text)
                return text

    validation = [(fresh(bool(number % 2)), LABELS[number % 2]) for number in range(VALIDATION)]
    training: list[tuple[str, str]] = []
    for number in range(TRAINING):
        positive, draw = bool(number % 2), chance.random()
        label = LABELS[positive != (UNDECIDED <= draw < UNDECIDED + MISLABELED)]
        training.append((fresh(positive, decided=draw >= UNDECIDED), label))
    chance.shuffle(training)
    chance.shuffle(validation)
    return training, validation


def write_reviews(path: Path, rows: list[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "label"))
        writer.writerows(rows)


if __name__ == "__main__":
    for_training, for_validation = reviews()
    write_reviews(SAMPLES / "reviews.csv", for_training)
    write_reviews(SAMPLES / "reviews-validation.csv", for_validation)
    (SAMPLES / "reviews-LICENSE.txt").write_text(LICENSE, encoding="utf-8", newline="\n")
