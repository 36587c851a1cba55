"""The test's handle on a scripted engine process."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from .waiting import wait_until


class Scripted:
    def __init__(self) -> None:
        tests = Path(__file__).resolve().parents[1]
        self._process = subprocess.Popen([sys.executable, "-m", "support.scripted_engine"], cwd=tests,
                                         env={**os.environ, "PYTHONPATH": str(tests)}, text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lock = threading.Lock()
        self.port = json.loads(self._process.stdout.readline())["port"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tell(self, do: str, **arguments) -> dict:
        with self._lock:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def log(self, tag: str | None = None) -> list[dict]:
        """What the engine saw and did, oldest first; times are CLOCK_MONOTONIC nanoseconds."""
        entries = self.tell("log")["log"]
        return [entry for entry in entries if tag is None or entry.get("tag") == tag]

    def entry(self, tag: str, timeout_s: float = 5.0) -> dict:
        """The one request with this tag, once the engine is done with it."""
        def finished():
            found = self.log(tag)
            assert len(found) == 1, f"{len(found)} requests with tag {tag}"
            return found[0] if found[0]["end"] else None
        return wait_until(finished, f"the engine finished request {tag}", timeout_s)

    def reset(self) -> None:
        """Back to a well-behaved, listening engine with an empty log."""
        self.tell("defaults", script={})
        self.tell("health", state="ok")
        self.tell("log", clear=True)

    def stop(self) -> None:
        self._process.stdin.close()
        self._process.kill()
        self._process.wait(5)
        self._process.stdout.close()
