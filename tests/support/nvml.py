"""GPUs that are not there, for a machine without any: a stand-in for the driver's library, and a llama-server that
says it has CUDA."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

GIB = 1 << 30


@dataclass
class Card:
    total: int = 15 * GIB
    used: int = 0
    reserved: int = 300 << 20
    utilization: int = 0
    activity: int = 0
    milliwatts: int = 0
    millijoules: int = 0
    celsius: int = 30
    sm_mhz: int = 585
    memory_mhz: int = 5001
    throttle: int = 1  # idle

    def line(self) -> str:
        return (f"gpu {self.total} {self.used} {self.reserved} {self.utilization} {self.activity} {self.milliwatts} "
                f"{self.millijoules} {self.celsius} {self.sm_mhz} {self.memory_mhz} {self.throttle}\n")


@dataclass
class Driver:
    """What the stand-in says; write() after every change."""
    folder: Path
    cards: list[Card]
    processes: list[tuple[int, int, int]] = field(default_factory=list)  # (GPU, pid, bytes)
    lost: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write()

    def write(self) -> None:
        text = "".join(card.line() for card in self.cards)
        text += "".join("process %d %d %d\n" % process for process in self.processes)
        text += "".join(f"lost {gpu}\n" for gpu in self.lost)
        new = self.folder / "state.new"
        new.write_text(text)
        new.rename(self.folder / "state")

    def environment(self) -> dict[str, str]:
        return {"LD_LIBRARY_PATH": str(self.folder), "FAKE_NVML": str(self.folder / "state")}


def driver(folder: Path, *cards: Card, only_the_needed: bool = False) -> Driver:
    """Compiles the stand-in into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).with_name("fake_nvml.c")
    options = ["-DONLY_THE_NEEDED"] if only_the_needed else []
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", *options, source, "-o",
                    folder / "libnvidia-ml.so.1"], check=True)
    return Driver(folder, list(cards))


def with_cuda(folder: Path, llama_server: Path, cards: int = 2) -> Path:
    """The real llama-server, which lists CUDA devices that it does not have. It computes on the CPU."""
    devices = "".join(f"  CUDA{i}: Tesla T4 (15360 MiB, 15000 MiB free)\n" for i in range(cards))
    path = folder / "llama-server"
    path.write_text(f"""#!{sys.executable}
import os, sys
if "--list-devices" in sys.argv:
    print("Available devices:\\n{devices.replace(chr(10), chr(92) + 'n')}", end="")
    sys.exit(0)
os.execv({str(llama_server)!r}, [{str(llama_server)!r}, *sys.argv[1:]])
""")
    path.chmod(0o755)
    return path
