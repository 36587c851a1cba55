"""Fixtures for all whole-program tests. One real engine runs at a time."""

import os
import subprocess
from pathlib import Path

import pytest

from support import places
from support.engine import THREADS, DirectEngine
from support.product import Up
from support.scripted import Scripted


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the end of each involved `up` log beside a failure."""
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            for instance in [value] if isinstance(value, Up) else getattr(value, "instances", []):
                report.sections.append((f"log of up {instance.pid}", instance.log()[-6000:]))


@pytest.fixture(scope="session")
def binary() -> Path:
    path = places.product()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is not built: run scripts/build, or set LLAMATELEMETRY_BIN")
    return path


@pytest.fixture(scope="session")
def llama_server() -> Path:
    path = places.llama_server()
    if path is None:
        pytest.skip("no llama-server on this machine (scripts/build gets one; LLAMATELEMETRY_LLAMA_SERVER names one)")
    return path


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def tiny_model(models) -> Path:
    """Thousands of tokens a second on one core."""
    return places.tiny_model(models, type="q8_0")


@pytest.fixture(scope="session")
def slow_model(models) -> Path:
    """Some dozens of tokens a second, so that there is time to leave in the middle."""
    return places.tiny_model(models, "slow", layers=16, embd=768, ff=3072, heads=12, kv_heads=4)


@pytest.fixture
def up(binary, tmp_path):
    """up(*arguments, **options) starts the program; everything started is stopped and checked at the end."""
    started: list[Up] = []

    def start(*arguments: str, **options) -> Up:
        instance = Up(tmp_path, list(arguments), **options)
        started.append(instance)
        return instance

    start.instances = started
    yield start
    for instance in reversed(started):
        if instance.process.poll() is None:
            instance.stop()


@pytest.fixture(scope="session")
def scripted_process():
    engine = Scripted()
    yield engine
    engine.stop()


@pytest.fixture
def scripted(scripted_process) -> Scripted:
    """The scripted engine with a clean log, well-behaved until told otherwise."""
    scripted_process.reset()
    return scripted_process


@pytest.fixture(scope="module")
def through(binary, scripted_process, tmp_path_factory):
    """One `up` before the scripted engine, shared by a module's tests."""
    scripted_process.reset()
    instance = Up(tmp_path_factory.mktemp("through"), ["--upstream", scripted_process.url])
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def served(binary, llama_server, tiny_model, tmp_path_factory):
    """One `up` with a real llama-server and the tiny model, shared by a module's tests."""
    folder = tmp_path_factory.mktemp("served")
    instance = Up(folder, ["--model", str(tiny_model), "--llama-server", str(llama_server)],
                  engine_arguments=[*THREADS, "-np", "2", "-c", "8192"])
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def engine_direct(llama_server, tiny_model, tmp_path_factory):
    """A real llama-server alone, with the same model and arguments as `served`."""
    engine = DirectEngine(tmp_path_factory.mktemp("direct"), tiny_model, ["-np", "2", "-c", "8192"])
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def node() -> str:
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False, timeout=10)
    if done.returncode:
        pytest.skip("node is not installed")
    return "node"
