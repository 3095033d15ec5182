"""Makes resources/samples/fables.txt: python packaging/make_verses.py

A book of small fables in rhymes, to go on writing from. Each has a title, a line of prose, verses of four lines in
couplets, some talk and a moral, so that there is something to learn at every distance: spelling, words, the rhyme two
lines on, who the fable is about, and the order of its parts. The same seed writes the same bytes.
"""

from __future__ import annotations

import random
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples"
LENGTH = 200_000
"""Characters, about."""

LICENSE = """\
The text in "fables.txt"

  Nobody wrote these fables: packaging/make_verses.py in the source of this program puts them together by chance, from
  words and lines of our own. They are part of this program and under its licence (MIT, see LICENSE).
"""

ANIMALS = (
    "fox", "crow", "mouse", "bear", "goat", "hare", "duck", "cat", "dog", "hen", "frog", "wolf", "sheep", "snail",
    "mole", "stork",
)  # fmt: skip
LIKE = (
    "little", "hungry", "clever", "sleepy", "merry", "silver", "gentle", "lonely", "foolish", "patient", "crafty",
    "jolly",
)  # fmt: skip
WENT = ("walked on", "sat down", "lay down", "looked out", "ran on", "came home", "stood still", "went out", "crept up")
AND = (
    "and sang a song", "and told a tale", "and baked a cake", "and caught a fish", "and dropped a coin",
    "and found a key", "and lost a shoe", "and lit a lamp", "and wrote a note", "and built a fire",
    "and made some tea", "and heard a bell", "and saw a ship", "and hid a ring", "and asked a friend",
    "and drew a map",
)  # fmt: skip
RHYMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ight": (
        ("was proud and bright", "had lost its sight"),
        ("into the night", "by candle light", "with all its might"),
    ),
    "ay": (("was old and gray", "had come to stay"), ("throughout the day", "along the way", "one night in May")),
    "ee": (("was wild and free", "was like a bee"), ("beside the sea", "beneath the tree", "at half past three")),
    "ow": (("was rather slow", "had far to go"), ("in falling snow", "where roses grow", "so long ago")),
    "ain": (("was full of pain", "was rather vain"), ("in pouring rain", "along the lane", "across the plain")),
    "one": (("was all alone", "had turned to stone"), ("upon a stone", "beside the throne", "without a bone")),
    "ound": (
        ("was nice and round", "was safe and sound"),
        ("upon the ground", "without a sound", "the whole year round"),
    ),
    "ill": (("was feeling ill", "had time to kill"), ("behind the hill", "beside the mill", "against its will")),
    "oon": (("had lost its spoon", "would leave quite soon"), ("beneath the moon", "in early June", "that afternoon")),
    "ing": (("was like a king", "had hurt its wing"), ("in early spring", "before the king", "around the ring")),
    "old": (("was brave and bold", "had caught a cold"), ("in spite of cold", "for all the gold", "as it was told")),
    "all": (("was far too small", "was very tall"), ("behind the wall", "inside the hall", "until the fall")),
    "and": (("was close at hand", "was rich and grand"), ("across the land", "upon the sand", "with cap in hand")),
    "ore": (("could take no more", "had shut the door"), ("along the shore", "outside the door", "an hour before")),
}
"""By the sound of their end: what one can be, and where and when one can do something."""
PLACES = ("mill", "bridge", "well", "market", "river", "castle", "forest", "harbour", "garden", "church")
THINGS = ("lantern", "ladder", "basket", "kettle", "blanket", "mirror", "whistle", "bucket", "apple", "feather")
WORTH = ("A friend", "A song", "A word", "A smile", "An hour", "A fire", "A door", "A seed")
THAN = ("a mile of gold", "a house of stone", "a crown of snow", "a sack of corn", "a ship of glass", "a year of rain")


class Teller:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.one, self.other = chance.sample(ANIMALS, 2)
        self.thing = chance.choice(THINGS)

    def couplet(self, animal: str, sound: str) -> list[str]:
        """Two lines that rhyme, of which the first tells of an animal."""
        be, do = self.chance.choice(RHYMES[sound][0]), self.chance.sample(RHYMES[sound][1], 2)
        if self.chance.random() < 0.5:
            first = f"The {self.chance.choice(LIKE)} {animal} {be}"
        else:
            first = f"The {animal} {self.chance.choice(WENT)} {do[1]}"
        return [first, f"{self.chance.choice(AND)} {do[0]}."]

    def verse(self) -> str:
        sounds = self.chance.sample(sorted(RHYMES), 2)
        lines = self.couplet(self.one, sounds[0]) + self.couplet(self.other, sounds[1])
        return "\n".join(lines)

    def talk(self) -> str:
        place = self.chance.choice(PLACES)
        return self.chance.choice(
            [
                f'"Where do you go?" asked the {self.one}. "To the {place}," said the {self.other}.',
                f'"Is this your {self.thing}?" asked the {self.other}. "It is mine," said the {self.one}.',
                f'"Give me the {self.thing}!" cried the {self.one}. "Never," said the {self.other}.',
                f'"What is in the {place}?" asked the {self.other}. "Only a {self.thing}," said the {self.one}.',
            ]
        )

    def fable(self) -> str:
        title = f"THE {self.one.upper()}, THE {self.other.upper()} AND THE {self.thing.upper()}"
        opening = f"Once a {self.one} and a {self.other} met at the {self.chance.choice(PLACES)}."
        middle = [self.verse() for _ in range(self.chance.randint(2, 3))]
        middle.insert(self.chance.randint(1, len(middle)), self.talk())
        moral = f"Moral: {self.chance.choice(WORTH)} is worth more than {self.chance.choice(THAN)}."
        return "\n\n".join([title, opening, *middle, moral])


def book(seed: int = 0) -> str:
    chance = random.Random(seed)
    fables: list[str] = []
    length = 0
    while length < LENGTH:
        fables.append(Teller(chance).fable())
        length += len(fables[-1]) + 3
    return "\n\n\n".join(fables) + "\n"


if __name__ == "__main__":
    (SAMPLES / "fables.txt").write_text(book(), encoding="utf-8", newline="\n")
    (SAMPLES / "fables-LICENSE.txt").write_text(LICENSE, encoding="utf-8", newline="\n")
