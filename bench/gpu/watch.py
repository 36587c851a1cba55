"""Looks at the cards while something runs: how busy they are, and which of the known processes are on which."""

import threading
from collections.abc import Callable
from statistics import mean


class Watch:
    """`roles` gives the process ids of each role at the moment. Samples ten times a second until it is left."""

    def __init__(self, cards, roles: Callable[[], dict[str, list[int]]]):
        self.cards, self.roles = cards, roles
        self.samples: list[list[int]] = []
        self.seen: dict[str, set[int]] = {}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping.set()
        self.thread.join()

    def look(self) -> None:
        while not self.stopping.wait(0.1):
            if self.cards:
                self.once()

    def once(self) -> None:
        self.samples.append(self.cards.busy())
        there = self.cards.processes()
        for role, pids in self.roles().items():
            on = {card for card, processes in enumerate(there) if any(pid in processes for pid in pids)}
            self.seen.setdefault(role, set()).update(on)

    def result(self) -> dict:
        """`busy`: per cent of the time in which a kernel ran, on each card; `on`: the cards on which each role was seen."""
        return {"busy": [round(mean(values), 1) for values in zip(*self.samples)],
                "on": {role: sorted(cards) for role, cards in self.seen.items()}}
