"""The GPU cards on the live page: beside each other, with their memory, and red where a process does not belong."""

import json
import time
import urllib.request

import pytest
from playwright.sync_api import expect

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
    watched = open_page(instance.console, charts=True)
    cards = watched.page.locator("#gpus .gpu")
    cards.nth(1).locator(".misplaced").wait_for(timeout=10_000)
    assert cards.count() == 2
    first, second = cards.nth(0).inner_text(), cards.nth(1).inner_text()
    assert "GPU 0" in first and "engine" in first and "87.0 %" in first and "68.5 W" in first and "power cap" in first
    assert "planned" in first and "2.00 GiB of 15.0 GiB used" in first
    assert "analytics" in second and "which is meant for analytics" in second
    page = watched.page
    page.wait_for_function("""() => { const curve = (id) => document.querySelector(`#plot-gpu-${id}`)?.data;
      const last = (id, line = 0) => curve(id)?.[line]?.y.at(-1);
      return last('0-use') === 87 && last('0-power') === 68.5 && last('0-memory', 2) === 2 && last('1-memory', 0) > 0.29; }""",
                           timeout=20_000)
    page.locator("#gpus summary").first.click()
    expect(page.locator("#plot-gpu-0-use")).to_have_count(0)
    rows = in_range(instance)
    assert {row["gpu"] for row in rows} == {0, 1}
    assert [row["power_watts"] for row in rows if row["gpu"] == 0][-1] == 68.5
    assert watched.problems == [] and watched.outside == []


def in_range(instance) -> list[dict]:
    """What the API has of the cards' last minute."""
    now = int(time.time())
    with urllib.request.urlopen(f"{instance.console}/api/v1/range?from={now - 60}&to={now + 1}", timeout=10) as answer:
        document = json.load(answer)
    return [dict(zip(document["gpu_columns"], row)) for row in document["gpu_rows"]]


def test_without_a_gpu_the_panel_says_what_it_is_for(through, open_page):
    page = open_page(through.console).page
    if page.locator("#gpus .gpu").count():
        pytest.skip("this machine has a GPU")
    assert "No NVIDIA or AMD GPU here" in page.locator("#gpus").inner_text()
