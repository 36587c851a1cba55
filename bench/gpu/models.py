"""Models with the shapes of real ones and random weights, written with `llamatelemetry synth` while others are used.
Speed and memory are those of real models of that shape; the text means nothing."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

SHAPES = {
    "135M": "--layers 30 --embd 576 --ff 1536 --heads 9 --kv-heads 3 --vocab 49152 --type q8_0",
    "360M": "--layers 32 --embd 960 --ff 2560 --heads 15 --kv-heads 5 --vocab 49152 --type q4_0",
    "1B window": "--layers 26 --embd 1024 --ff 6912 --heads 4 --kv-heads 1 --vocab 262144 --window 512 --type q8_0",
    "1B": "--layers 16 --embd 2048 --ff 8192 --heads 32 --kv-heads 8 --vocab 128256 --type q8_0",
    "1.5B experts": "--layers 16 --embd 1024 --ff 3584 --heads 16 --kv-heads 4 --vocab 32000 --experts 8 "
                    "--experts-used 2 --type q4_0",
    "3B": "--layers 28 --embd 3072 --ff 8192 --heads 24 --kv-heads 8 --vocab 128256 --type f16",
    "8B": "--layers 32 --embd 4096 --ff 14336 --heads 32 --kv-heads 8 --vocab 128256 --type q4_0",
}
# The same kinds of model, small enough to try a script with on a processor.
TRIAL_SHAPES = {
    "135M": "--layers 3 --embd 256 --ff 512 --heads 4 --kv-heads 2 --vocab 2048 --type q8_0",
    "1B window": "--layers 6 --embd 256 --ff 512 --heads 4 --kv-heads 1 --vocab 2048 --window 512 --type q8_0",
    "1.5B experts": "--layers 3 --embd 256 --ff 256 --heads 4 --kv-heads 2 --vocab 2048 --experts 8 --experts-used 2",
    "8B": "--layers 4 --embd 256 --ff 768 --heads 4 --kv-heads 2 --vocab 2048 --type q4_0",
}
ROOM = 24 * 2**30  # bytes that all models need together, and some more


def folder(work: Path) -> Path:
    """In memory where there is room: reading a model from disk would take most of a run's time."""
    shared = Path("/dev/shm")
    if shared.is_dir() and shutil.disk_usage(shared).free > ROOM:
        return shared / f"llt-models-{os.getuid()}"
    return work / "models"


class Models:
    """Begins to write all models at once, the largest first, so that each is there when it is asked for."""

    def __init__(self, binary: Path, where: Path, shapes: dict[str, str], writers: int):
        where.mkdir(parents=True, exist_ok=True)
        self.where, self.binary, self.shapes = where, binary, shapes
        self.problems: dict[str, str] = {}
        self.ready = {name: threading.Event() for name in shapes}
        self.free = threading.Semaphore(writers)
        self.running: list[subprocess.Popen] = []
        for name in reversed(shapes):
            threading.Thread(target=self.write, args=(name,), daemon=True).start()

    def path(self, name: str) -> Path:
        return self.where / f"{name.replace(' ', '-')}.gguf"

    def write(self, name: str) -> None:
        try:
            with self.free:
                self.make(name)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            self.problems[name] = str(error)
        self.ready[name].set()

    def make(self, name: str) -> None:
        """A file of an earlier run with the same shape is kept."""
        path, note = self.path(name), self.path(name).with_suffix(".shape")
        if path.exists() and note.exists() and note.read_text() == self.shapes[name]:
            return
        # synth's file appears under its name when it is complete.
        command = [self.binary, "synth", path, "--ctx", "32768", "--name", name, *self.shapes[name].split()]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.running.append(process)
        said = process.communicate(timeout=300)[1]
        if process.returncode:
            raise RuntimeError(said.strip())
        note.write_text(self.shapes[name])

    def usable(self, name: str) -> bool:
        return self.ready[name].is_set()

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.terminate()

    def get(self, name: str, seconds: float) -> Path:
        """Waits for the model; RuntimeError when it does not come."""
        if not self.ready[name].wait(max(seconds, 0)):
            raise RuntimeError(f"the model {name} was not written in time")
        if name in self.problems:
            raise RuntimeError(f"the model {name} could not be written: {self.problems[name]}")
        return self.path(name)
