"""Two Tesla T4s that are not there."""

import pytest

from support import nvml
from support.engine import THREADS


@pytest.fixture
def two_cards(tmp_path):
    return nvml.driver(tmp_path / "nvml", nvml.Card(), nvml.Card())


@pytest.fixture
def serve(up, llama_server, tiny_model, tmp_path):
    """serve(driver, *arguments) starts `up` on these cards, with an engine that has CUDA by its own word."""
    def start(driver, *arguments, engine=("-c", "1024"), environment=None, **options):
        wrapped = nvml.with_cuda(tmp_path, llama_server, len(driver.cards))
        return up("--model", str(tiny_model), "--llama-server", str(wrapped), *arguments,
                  engine_arguments=[*THREADS, *engine], environment={**driver.environment(), **(environment or {})},
                  **options)
    return start
