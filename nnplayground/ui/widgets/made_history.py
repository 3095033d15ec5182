"""What a generator has made over time, for a slider to go back through. Without Qt."""

from __future__ import annotations

from nnplayground.training.events import Made

MOST_BYTES = 64 << 20
"""So much is kept of the images, those nearest to them included."""
LEAST_KEPT = 12
"""However large they are."""


class MadeHistory:
    """Moments in order, the first and the latest always among them. Of very many every second one is let go, so that
    what is left is spread evenly over the whole time."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: list[Made] = []
        self._step = 1
        self._arrived = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, place: int) -> Made:
        return self._kept[place]

    @property
    def latest(self) -> Made | None:
        return self._kept[-1] if self._kept else None

    def append(self, made: Made) -> None:
        """A later moment; one of another run takes the place of all."""
        latest = self.latest
        if latest is not None and (latest.run_id != made.run_id or latest.epoch >= made.epoch):
            self._kept = [each for each in self._kept if each.run_id == made.run_id and each.epoch < made.epoch]
            if not self._kept:
                self._step, self._arrived = 1, 0
        # The last one stays only until the next comes, unless its turn had come.
        if len(self._kept) > 1 and (self._arrived - 1) % self._step:
            self._kept.pop()
        self._kept.append(made)
        self._arrived += 1
        size = made.images.nbytes + made.nearest.nbytes
        if len(self._kept) > max(LEAST_KEPT, self._most_bytes // max(size, 1)):
            self._kept = [*self._kept[:-1:2], self._kept[-1]]
            self._step *= 2

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._step, self._arrived = 1, 0
