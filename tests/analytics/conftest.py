"""`graph --edges` run as a user would run it."""

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

from support import places


class Graphs:
    """Writes edge lists and asks the real program about them."""

    def __init__(self, folder: Path):
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMATELEMETRY_", "XDG_", "CUDA_"))}
        self.environment = {**kept, "HOME": str(folder)}

    def file(self, text: str | bytes, name: str = "edges.csv") -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def write(self, rows, weighted: bool) -> Path:
        path = self.folder / "edges.csv"
        with path.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["src", "dst", "weight"] if weighted else ["src", "dst"])
            writer.writerows(row[:3 if weighted else 2] for row in rows)
        return path

    def run(self, path: Path, *arguments: str, environment: dict[str, str] | None = None):
        return subprocess.run([places.product(), "graph", "--edges", path, *arguments], text=True, capture_output=True,
                              cwd=self.folder, timeout=50, env={**self.environment, **(environment or {})})

    def ask(self, path: Path, algorithm: str, *arguments: str, **options) -> dict:
        done = self.run(path, "--algorithm", algorithm, "--json", *arguments, **options)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)


@pytest.fixture
def graphs(binary, tmp_path) -> Graphs:
    return Graphs(tmp_path)


@pytest.fixture
def plugin(binary):
    folder = places.product().parent / "test_rapids"
    if not (folder / "libllamatelemetry_rapids.so").exists():
        pytest.skip(f"no plugin for tests in {folder}: it is built with the unit tests")
    return lambda fault="": {"LLAMATELEMETRY_RAPIDS": str(folder), "LLT_TEST_PLUGIN": fault}
