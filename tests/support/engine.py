"""A real llama-server of the tests' own, to compare with."""

import os
import socket
import subprocess
from pathlib import Path

from . import places
from .http import Response, fetch
from .waiting import wait_until

THREADS = ["-t", "1", "-tb", "1"]  # the engine's workers spin: one each on a shared machine


class DirectEngine:
    def __init__(self, folder: Path, model: Path, arguments: list[str] = (),
                 environment: dict[str, str] | None = None):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"engine-{self.port}.log"
        command = [str(places.llama_server()), "-m", str(model), "--host", "127.0.0.1", "--port", str(self.port),
                   *THREADS, *arguments]
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            env={**engine_environment(), **(environment or {})})
        try:
            wait_until(self._healthy, f"{command} is healthy", 30)
        except AssertionError:
            self.stop()
            raise

    def fetch(self, method: str, target: str, body: bytes | dict | None = None,
              headers: list[tuple[str, str]] = ()) -> Response:
        return fetch(self.url, method, target, body, headers)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _healthy(self) -> bool:
        assert self.process.poll() is None, self._log.read_text(errors="replace")[-2000:]
        return self.fetch("GET", "/health").status == 200


def engine_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("LLAMA_")}
