"""A store with known rows, and `export` run as a user would run it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from cli.duckdb_file import execute
from support import places
from support.product import Up
from support.waiting import wait_until

HERE = Path(__file__).parent
NOBODY = "http://127.0.0.1:9"  # the discard port: nothing answers there


class Program:
    """The command line in a folder of its own with a clean environment."""

    def __init__(self, folder: Path, data: Path):
        self.folder, self.data = folder, data
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("OTEL_", "LLAMATELEMETRY_", "XDG_", "GRAPHISTRY_", "SSL_")) and "proxy" not in k.lower()}
        self.environment = {**kept, "HOME": str(folder)}

    def run(self, *arguments, environment: dict[str, str] | None = None, text: bool = True):
        return subprocess.run([places.product(), *map(str, arguments)], text=text, capture_output=True, cwd=self.folder,
                              timeout=50, env={**self.environment, **(environment or {})})

    def export(self, *arguments, **options) -> subprocess.CompletedProcess:
        return self.run("export", *arguments, "--data", self.data, **options)

    def done(self, *arguments, **options) -> str:
        """Standard output of an export that succeeds."""
        finished = self.export(*arguments, **options)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def json(self, *arguments, **options) -> dict:
        return json.loads(self.done(*arguments, "--json", **options))

    def refused(self, *arguments, code: int = 1, **options) -> str:
        """What an export that fails says; it leaves nothing on standard output."""
        finished = self.export(*arguments, **options)
        assert finished.returncode == code, (finished.returncode, finished.stdout, finished.stderr)
        assert finished.stdout == ""
        return finished.stderr


def fill(data: Path) -> None:
    execute(data / "telemetry.duckdb", (HERE / "store.sql").read_text())


@pytest.fixture(scope="session")
def store(binary, tmp_path_factory) -> Path:
    """A data folder whose tables hold the rows of store.sql; nothing runs there."""
    up = Up(tmp_path_factory.mktemp("exports"), ["--upstream", NOBODY], wait_ready_s=None)
    wait_until(lambda: (up.data / "run.json").exists(), "run.json", 20)
    assert up.stop() == 0
    fill(up.data)
    return up.data


@pytest.fixture
def program(store, tmp_path) -> Program:
    return Program(tmp_path, store)
