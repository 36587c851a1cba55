"""Work of somebody else on one GPU, without pause: a command that is started again whenever it ends."""

import os
import shlex
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateway"))
import servers  # noqa: E402


def words_of(command: str) -> list[str]:
    """The command runs in another folder than the caller's: a path to its program that is good here is made one that is
    good there."""
    program, *rest = shlex.split(command)
    return [str(Path(program).absolute()) if "/" in program and Path(program).exists() else program, *rest]


class Neighbour:
    """Sees only the card it is given. `runs` counts the times the command ended well; `problem` is why it is given up."""

    def __init__(self, command: str, card: int, folder: Path, environment: dict[str, str], name: str = "neighbour"):
        self.command, self.card, self.folder, self.name = words_of(command), card, folder, name
        self.environment = {**environment, "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(card)}
        self.runs, self.problem = 0, ""
        self.stopping, self.halted = threading.Event(), False
        self.process: servers.Server | None = None
        self.thread = threading.Thread(target=self.again)
        self.thread.start()

    def again(self) -> None:
        while not self.stopping.is_set() and not self.problem:
            if self.halted:
                time.sleep(0.05)
                continue
            try:
                self.process = servers.Server(self.name, self.command, self.folder, self.environment)
            except OSError as error:
                self.problem = f"{self.command[0]} cannot be started: {error}"
                return
            while self.process.process.poll() is None and not self.stopping.is_set():
                time.sleep(0.05)
            status = self.process.process.poll()
            if status == 0:
                self.runs += 1
            elif status is not None and not self.stopping.is_set():
                self.problem = f"{shlex.join(self.command)} ended with {status}: {self.process.tail()[-500:]}"
        if self.process:
            self.process.stop()

    def pids(self) -> list[int]:
        return self.process.pids() if self.process else []

    def at_work(self, cards, seconds: float) -> None:
        """Waits until it keeps its card busy (without a card to read: until it has started); RuntimeError when it does
        not within `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.problem:
            if self.process and (not cards or self.busy(cards)):
                return
            time.sleep(0.1)
        raise RuntimeError(self.problem or f"{shlex.join(self.command)} did not use GPU {self.card} within {seconds:.0f} s")

    def busy(self, cards) -> bool:
        there = cards.processes()[self.card]
        return any(pid in there for pid in self.pids()) and cards.busy()[self.card] > 0

    def pause(self) -> None:
        """Its memory stays on the card; nothing runs there, and nothing is started."""
        self.halted = True
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.halted = False
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        if self.process and self.process.process.poll() is None:
            os.killpg(self.process.process.pid, number)

    def __enter__(self) -> "Neighbour":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        self.go_on()
        self.stopping.set()
        self.thread.join()


class Neighbours:
    """Several of them on one card, as one."""

    def __init__(self, commands: list[str], card: int, folder: Path, environment: dict[str, str]):
        self.all = [Neighbour(command, card, folder, environment, f"neighbour-{card}-{number}")
                    for number, command in enumerate(commands)]

    def __bool__(self) -> bool:
        return bool(self.all)

    def __enter__(self) -> "Neighbours":
        return self

    def __exit__(self, *_) -> None:
        for one in self.all:
            one.stop()

    def at_work(self, cards, seconds: float) -> None:
        for one in self.all:
            one.at_work(cards, seconds)

    def pids(self) -> list[int]:
        return [pid for one in self.all for pid in one.pids()]

    def pause(self) -> None:
        for one in self.all:
            one.pause()

    def go_on(self) -> None:
        for one in self.all:
            one.go_on()

    @property
    def runs(self) -> int:
        return sum(one.runs for one in self.all)

    @property
    def problem(self) -> str:
        return "; ".join(one.problem for one in self.all if one.problem)
