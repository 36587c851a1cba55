"""The GPU cards on the live page: beside each other, with their memory, and red where a process does not belong."""

import pytest

from engine.console import engine_status
from support import nvml
from support.engine import THREADS

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("has_page")]


def test_cards_show_what_runs_on_them(up, llama_server, tiny_model, tmp_path, open_page):
    driver = nvml.driver(tmp_path / "nvml", nvml.Card(used=2 << 30, utilization=87, milliwatts=68_500, throttle=4), nvml.Card())
    instance = up("--model", str(tiny_model), "--llama-server", str(nvml.with_cuda(tmp_path, llama_server)),
                  engine_arguments=[*THREADS, "-c", "512"], environment=driver.environment())
    driver.processes = [(1, engine_status(instance)["pid"], 300 << 20)]
    driver.write()
    watched = open_page(instance.console)
    cards = watched.page.locator("#gpus .gpu")
    cards.nth(1).locator(".misplaced").wait_for(timeout=10_000)
    assert cards.count() == 2
    first, second = cards.nth(0).inner_text(), cards.nth(1).inner_text()
    assert "GPU 0" in first and "engine" in first and "87.0 %" in first and "68.5 W" in first and "power cap" in first
    assert "planned" in first and "2.00 GiB of 15.0 GiB used" in first
    assert "analytics" in second and "which is meant for analytics" in second
    assert watched.problems == [] and watched.outside == []


def test_without_a_gpu_the_panel_says_what_it_is_for(through, open_page):
    page = open_page(through.console).page
    if page.locator("#gpus .gpu").count():
        pytest.skip("this machine has a GPU")
    assert "No NVIDIA or AMD GPU here" in page.locator("#gpus").inner_text()
