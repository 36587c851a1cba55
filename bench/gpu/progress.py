"""What a script says while it runs, how much time it has left, and the one file that it keeps."""

import json
import os
import sys
import time
from pathlib import Path

BEGUN = time.monotonic()


def elapsed() -> float:
    return time.monotonic() - BEGUN


def progress(text: str) -> None:
    print(f"[{elapsed():6.1f} s] {text}", file=sys.stderr, flush=True)


class Deadline:
    """Seconds since the script began after which nothing may still run."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def left(self) -> float:
        return self.seconds - elapsed()

    def allows(self, seconds: float) -> bool:
        """Whether something that takes so long would end in time."""
        return self.left() >= seconds


def keep(folder: Path, name: str, document: dict) -> None:
    """NAME.json, whole at every moment: a run may be cut off at any."""
    path = folder / f"{name}.json"
    path.with_suffix(".new").write_text(json.dumps(document, indent=1))
    os.replace(path.with_suffix(".new"), path)
