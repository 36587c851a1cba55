"""A store with known rows, and the program run as a user would run it."""

import os
import re
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
    """The command line with a clean environment and an empty home folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "LLAMATELEMETRY_", "XDG_"))}
        self.environment = {**kept, "HOME": str(folder)}

    def __call__(self, *arguments: str, stdin: str = "", environment: dict[str, str] | None = None, text: bool = True):
        return subprocess.run([places.product(), *arguments], input=stdin if text else stdin.encode(), text=text,
                              capture_output=True, cwd=self.folder, timeout=30,
                              env={**self.environment, **(environment or {})})


@pytest.fixture
def program(binary, tmp_path) -> Program:
    return Program(tmp_path)


@pytest.fixture(scope="session")
def store(binary, tmp_path_factory) -> Path:
    """A data folder whose tables hold the rows of store.sql."""
    folder = tmp_path_factory.mktemp("store")
    up = Up(folder, ["--upstream", NOBODY], wait_ready_s=None)
    wait_until(lambda: (up.data / "run.json").exists(), "run.json", 20)
    assert up.stop() == 0
    execute(up.data / "telemetry.duckdb", (HERE / "store.sql").read_text())
    return up.data


@pytest.fixture
def golden():
    """golden(name, text): compares with expected/name; UPDATE_GOLDEN=1 writes it instead."""

    def compare(name: str, text: str) -> None:
        text = re.sub(r'"version": "[^"]+"', '"version": "X"', text)
        path = HERE / "expected" / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text)
        assert text == path.read_text()

    return compare
