"""`up` with an engine of four slots that runs with the probe."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support import places
from support.engine import THREADS, DirectEngine
from support.product import Up
from support.waiting import wait_until

SLOTS = ["-np", "4", "-c", "16384", "-b", "512", "-ub", "512"]


@pytest.fixture(scope="session")
def steady_model(models) -> Path:
    """A few milliseconds a step, so that a prompt of a thousand tokens is a stall that can be seen."""
    return places.tiny_model(models, "steady", layers=6, embd=384, ff=1024, heads=6, kv_heads=2)


@pytest.fixture(scope="session")
def drafting_model(models) -> Path:
    """Another model with the same vocabulary, which expects other tokens."""
    return places.tiny_model(models, "drafting", seed=99)


@pytest.fixture(scope="module")
def probed(binary, llama_server, steady_model, tmp_path_factory):
    instance = Up(tmp_path_factory.mktemp("probed"), ["--model", str(steady_model), "--llama-server",
                  str(llama_server), "--probe", "on"], engine_arguments=[*THREADS, *SLOTS])
    wait_until(lambda: "are recorded" in instance.log(), "the engine is seen with its probe", 10)
    yield instance
    instance.stop()


def probe_environment(data: Path) -> dict[str, str]:
    """What `probe print-env` says for this data folder."""
    done = subprocess.run([places.product(), "probe", "print-env", "--data", str(data)], capture_output=True,
                          text=True, timeout=10)
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def forget_rings(data: Path) -> None:
    """Of engines that ended when nobody read them: each is 8 MiB of memory."""
    shutil.rmtree(probe_environment(data)["LLAMATELEMETRY_PROBE_DIR"], ignore_errors=True)


@pytest.fixture
def foreign(binary, llama_server, steady_model, tmp_path):
    """foreign(probe=True) starts a llama-server of somebody else's, which `up` with tmp_path/data can look into."""
    started = []

    def start(probe: bool = True, arguments: list[str] = (), model: Path | None = None,
              environment: dict[str, str] = {}) -> DirectEngine:
        environment = {**environment, **(probe_environment(tmp_path / "data") if probe else {})}
        started.append(DirectEngine(tmp_path, model or steady_model, [*SLOTS, *arguments], environment))
        return started[-1]

    yield start
    for engine in started:
        engine.stop()
    forget_rings(tmp_path / "data")


def attribution(up: Up, tags: list[str]) -> dict[str, dict]:
    """The rows of these requests, once all are there."""
    names = ",".join(f"'{tag}'" for tag in tags)
    query = f"SELECT * FROM attribution WHERE request_id IN ({names})"
    rows = wait_until(lambda: len(found := up.sql(query)) == len(tags) and found, f"attribution of {tags}", 15,
                      every_s=0.2)
    return {row["request_id"]: row for row in rows}


def turns(up: Up, tags: list[str], at_least: int | None = None) -> dict[str, list[dict]]:
    """The turns of these requests by request, once all are there."""
    names = ",".join(f"'{tag}'" for tag in tags)
    query = f"SELECT * FROM turns WHERE request_id IN ({names}) ORDER BY turn"
    wanted = at_least or len(tags)
    rows = wait_until(lambda: len(found := up.sql(query)) >= wanted and found, f"turns of {tags}", 25, every_s=0.2)
    found: dict[str, list[dict]] = {}
    for row in rows:
        found.setdefault(row["request_id"], []).append(row)
    return found
