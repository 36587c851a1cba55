"""An instance whose store holds known rows, for the pages Trace and Graph and their API."""

import json
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.duckdb_file import execute
from support.product import Up

LARGE = "f" * 32  # the trace of others


def fill(data: Path) -> int:
    """Writes pictures.sql into a store that nobody has open; the time from which its rows count."""
    now = time.time_ns() - 600 * 1_000_000_000
    script = (Path(__file__).parent / "pictures.sql").read_text()
    execute(data / "telemetry.duckdb", script.replace("{now}", str(now)).replace("{{", "{").replace("}}", "}"))
    return now


@contextmanager
def filled(scripted, folder: Path):
    """An `up` over those rows."""
    scripted.reset()
    first = Up(folder, ["--upstream", scripted.url])
    assert first.stop() == 0
    now = fill(first.data)
    instance = Up(folder, ["--upstream", scripted.url], data=first.data)
    instance.now = now
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def pictured(binary, scripted_process, tmp_path_factory):
    """One, shared by a module's tests."""
    with filled(scripted_process, tmp_path_factory.mktemp("pictured")) as instance:
        yield instance


@pytest.fixture
def unread(binary, scripted_process, tmp_path):
    """One of a test's own: nobody has looked at its traces yet."""
    with filled(scripted_process, tmp_path) as instance:
        yield instance


def get(instance, path: str, headers: dict[str, str] | None = None):
    """The JSON document of a path, or the status where it is no success."""
    request = urllib.request.Request(instance.console + path, headers=headers or {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def status_of(instance, path: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> tuple[int, dict]:
    request = urllib.request.Request(instance.console + path, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
            return answer.status, json.loads(body) if body else {}
    except urllib.error.HTTPError as error:
        body = error.read()
        return error.code, json.loads(body) if body else {}
