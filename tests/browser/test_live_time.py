"""The live page at other times: ranges of the store, comparison, objectives, files, and the engine's slots."""

import time
import uuid

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("has_page")]

SCRIPT = {"queue_ms": 5, "prefill_ms": 20, "token_ms": 5, "tokens": 8}


def ended(page) -> float:
    """Requests under the curve of ended ones, per second times seconds."""
    return page.evaluate("""() => {
      const {x, y} = document.querySelector('#plot-requests').data?.[0];
      const step = x.length > 1 ? (Date.parse(x[1] + 'Z') - Date.parse(x[0] + 'Z')) / 1000 : 1;
      return y.reduce((sum, value) => sum + (value ?? 0), 0) * step;
    }""")


def test_a_longer_time_comes_from_the_store(through, open_page, send_chat):
    for _ in range(3):
        send_chat(through, f"range-{uuid.uuid4().hex[:8]}", **SCRIPT)
    stored = through.sql("SELECT count(*) AS n FROM requests WHERE operation IS NOT NULL")[0]["n"]
    watched = open_page(through.console, "/?span=3600", charts=True)
    page = watched.page
    page.wait_for_function("() => (document.querySelector('#plot-requests').data?.[0].x.length ?? 0) > 100", timeout=20_000)
    assert ended(page) == pytest.approx(stored, abs=0.1) or ended(page) >= 3
    page.click("label[for=span-60]")
    assert "span=60" in page.url
    page.go_back()
    assert "span=3600" in page.url
    assert watched.problems == [] and watched.outside == []


def test_a_stretch_of_the_past(through, open_page):
    page = open_page(through.console, charts=True).page
    page.click("#choose-stretch")
    now = int(time.time())
    inputs = page.locator("#stretch input")
    local = "seconds => { const at = new Date(seconds * 1000); return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19); }"
    inputs.nth(0).fill(page.evaluate(local, now - 7200))
    inputs.nth(1).fill(page.evaluate(local, now - 3600))
    page.click("#stretch button[type=submit]")
    assert f"from={now - 7200}&to={now - 3600}" in page.url
    page.wait_for_function("() => document.querySelector('#plot-requests').data?.[0].x.length > 100", timeout=20_000)
    expect(page.locator("text=The requests of this time")).to_be_visible()


def test_a_comparison_lies_under_the_curves(through, open_page):
    page = open_page(through.console, "/?compare=3600", charts=True).page
    page.wait_for_function("() => document.querySelector('#plot-ttft').data?.some((one) => one.name === 'p95, earlier')", timeout=20_000)
    expect(page.locator("#chart-phases dt", has_text="all, earlier")).to_be_visible()


def test_objectives_stand_in_the_url_and_are_judged(through, open_page, send_chat):
    send_chat(through, f"slo-{uuid.uuid4().hex[:8]}", **SCRIPT)
    page = open_page(through.console).page
    page.click("#set-objectives")
    page.fill("[name=slo_ttft]", "soon")
    page.click("#objectives button[type=submit]")
    expect(page.locator("#objectives [role=alert]")).to_contain_text("no duration")
    page.fill("[name=slo_ttft]", "30 s")
    page.fill("[name=slo_tpot]", "1 us")
    page.click("#objectives button[type=submit]")
    assert "slo_ttft=30000" in page.url and "slo_tpot=0.001" in page.url
    expect(page.locator("#attainment")).to_contain_text("100 %", timeout=15_000)
    expect(page.locator("#attainment")).to_contain_text("0 %")
    expect(page.locator("#chart-ttft .slo-kept")).to_be_visible(timeout=15_000)
    expect(page.locator("#chart-tpot .slo-missed")).to_be_visible(timeout=15_000)


def test_every_chart_is_a_file(through, open_page):
    page = open_page(through.console, charts=True).page
    with page.expect_download() as table:
        page.click("#chart-ttft button:has-text('CSV')")
    lines = open(table.value.path(), encoding="utf-8", newline="").read().split("\r\n")
    assert lines[0] == "time,ttft_p50,ttft_p95,ttft_p99" and len(lines) > 100
    with page.expect_download(timeout=30_000) as picture:
        page.click("#chart-ttft button:has-text('PNG')")
    assert open(picture.value.path(), "rb").read(8) == b"\x89PNG\r\n\x1a\n"


def test_without_a_probe_the_slots_say_so(through, open_page):
    page = open_page(through.console).page
    expect(page.locator("#batches")).to_contain_text("needs the probe")


def test_slots_and_steps_of_a_real_engine(served, open_page):
    watched = open_page(served.console)
    page = watched.page
    body = {"model": "any", "stream": True, "max_tokens": 40, "messages": [{"role": "user", "content": "Hello there"}]}
    served.fetch("POST", "/v1/chat/completions", body, [("X-Request-Id", "in-a-slot")])
    served.request_row("in-a-slot")
    if not served.sql("SELECT 1 AS one FROM steps LIMIT 1"):
        pytest.skip("this engine has no probe: it does not use a shared libllama")
    page.locator(".turn").first.wait_for(timeout=20_000)
    assert page.locator(".lane").count() == 2, "both slots stand there, the idle one too"
    page.wait_for_selector("#steps-canvas")
    title = page.locator(".turn").first.get_attribute("title") or page.locator(".turn").first.get_attribute("aria-label")
    assert "generated" in title
    assert watched.problems == [] and watched.outside == []
