"""What bench/gpu/placement tries, in the order of worth, and which of it can run at the same time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Tokens of context, and how many slots have a part each; None: four slots share it.
CONTEXTS = ((8192, None), (2048, None), (32768, 4))
TENSORS = ("1B", "3B", "8B")


@dataclass
class Case:
    model: str
    context: int
    parallel: int | None = None
    split: str = ""                    # as --tensor-split; empty: there is one card
    more: list[str] = field(default_factory=list)  # options of plan
    cards: tuple[int, ...] = (0,)
    alone: bool = False                # nothing else runs, so that bytes on the other card can be compared

    def options(self) -> list[str]:
        split = ["--tensor-split", self.split] if self.split else []
        slots = ["--parallel", str(self.parallel)] if self.parallel else []
        return ["--ctx", str(self.context), *slots, *split, *self.more]

    def name(self) -> str:
        return " ".join([self.model, *self.options()])


def cases(models: list[str], cards: int) -> list[Case]:
    """Contexts change slowest: a run that is cut short has the same context for every model."""
    found = []
    for context, parallel in CONTEXTS:
        for model in models:
            found += on_one_card(model, context, parallel, cards)
            found += on_two_cards(model, context, parallel) if cards > 1 else []
    found += special_cases(models[-1], cards)
    return found + (by_tensors(models) if cards > 1 else [])


def on_one_card(model: str, context: int, parallel: int | None, cards: int) -> list[Case]:
    """With two cards: once with the other card watched, otherwise on whichever is free."""
    if cards < 2:
        return [Case(model, context, parallel)]
    if context == CONTEXTS[0][0]:
        return [Case(model, context, parallel, "1,0", alone=True)]
    return [Case(model, context, parallel, "1,0" if context == CONTEXTS[1][0] else "0,1",
                 cards=(0,) if context == CONTEXTS[1][0] else (1,))]


def on_two_cards(model: str, context: int, parallel: int | None) -> list[Case]:
    return [Case(model, context, parallel, split, cards=(0, 1)) for split in ("0.5,0.5", "0.7,0.3")]


def special_cases(model: str, cards: int) -> list[Case]:
    """What changes the buffers besides the context, with one model; and the split modes that llama.cpp may refuse."""
    split = "1,0" if cards > 1 else ""
    found = [Case(model, 8192, None, split, more) for more in (
        ["--kv-type", "q8_0"], ["--flash-attn", "off"], ["--ubatch", "2048"], ["--gpu-layers", "16"])]
    if cards > 1:
        found.append(Case(model, 8192, None, "0.5,0.5", ["--split-mode", "row"], (0, 1)))
    return found


def by_tensors(models: list[str]) -> list[Case]:
    """Every layer on both cards, which takes buffers of its own for what they exchange. Experts and windows are left out,
    as is what has an odd number of heads of keys."""
    return [Case(model, context, parallel, split, ["--split-mode", "tensor"], (0, 1))
            for model in models if model in TENSORS for context, parallel in CONTEXTS for split in ("0.5,0.5", "0.7,0.3")]


class Lanes:
    """Runs cases side by side: at most `together` on a card, those that have to be alone alone."""

    def __init__(self, together: int, ready: Callable[[Case], bool], may_begin: Callable[[Case], bool]):
        self.together, self.ready, self.may_begin = together, ready, may_begin
        self.running: list[Case] = []
        self.changed = threading.Condition()

    def run(self, pending: list[Case], one: Callable[[Case], None]) -> list[Case]:
        """Gives back the cases that were not begun because too little time was left."""
        pending = list(pending)
        threads = []
        with self.changed:
            while pending:
                case = self.next(pending)
                if case is None:
                    self.changed.wait(0.2)
                    continue
                if not self.may_begin(case):
                    break
                pending.remove(case)
                self.running.append(case)
                threads.append(threading.Thread(target=self.carry_out, args=(one, case)))
                threads[-1].start()
        for thread in threads:
            thread.join()
        return pending

    def next(self, pending: list[Case]) -> Case | None:
        """The first case that can start now. One that is ready and has to be alone holds the later ones back."""
        if any(case.alone for case in self.running):
            return None
        for case in pending:
            if not self.ready(case):
                continue
            if case.alone:
                return None if self.running else case
            if all(self.on(card) < self.together for card in case.cards):
                return case
        return None

    def on(self, card: int) -> int:
        return sum(card in case.cards for case in self.running)

    def carry_out(self, one: Callable[[Case], None], case: Case) -> None:
        begun = time.monotonic()
        try:
            one(case)
        finally:
            with self.changed:
                self.running.remove(case)
                self.took = time.monotonic() - begun
                self.changed.notify_all()
