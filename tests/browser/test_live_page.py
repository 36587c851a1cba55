"""The live page as people see it: real browser, real binary, scripted engine behind it."""

import uuid

import pytest

from .chromium import fits

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("has_page")]

SCRIPT = {"queue_ms": 40, "prefill_ms": 60, "token_ms": 5, "tokens": 12}


def new_id() -> str:
    return f"page-{uuid.uuid4().hex[:12]}"


def row(page, request_id: str):
    return page.locator(f'tr.request[data-request-id="{request_id}"]')


def test_loads_without_errors_and_without_the_outside(through, open_page):
    watched = open_page(through.console, charts=True)
    watched.page.wait_for_timeout(2500)  # at least two ticks are drawn
    assert watched.problems == []
    assert watched.outside == []


def test_requests_appear_by_themselves(through, open_page, send_chat):
    page = open_page(through.console).page
    request_id = new_id()
    send_chat(through, request_id, **SCRIPT)
    row(page, request_id).wait_for(timeout=15_000)


def test_curves_move_by_themselves(through, open_page, send_chat):
    page = open_page(through.console, charts=True).page
    send_chat(through, new_id(), **SCRIPT)
    # The newest second with a request in it is drawn: the curve of ended requests rises above 0 at its end.
    page.wait_for_function(
        """() => {
             const y = document.querySelector('#plot-requests').data?.[0].y;
             return y?.slice(-15).some((value) => value > 0);
           }""", timeout=15_000)


def test_row_opens_to_phases_that_add_up(through, open_page, send_chat):
    page = open_page(through.console).page
    request_id = new_id()
    send_chat(through, request_id, **SCRIPT)
    opener = row(page, request_id).locator("button.opener")
    opener.click()
    assert opener.get_attribute("aria-expanded") == "true"
    detail = page.locator(f"#{opener.get_attribute('aria-controls')}")
    phases = detail.locator("tr[data-phase]").evaluate_all(
        "rows => Object.fromEntries(rows.map(row => [row.dataset.phase, row.dataset.ns === undefined ? null : Number(row.dataset.ns)]))")
    total = int(detail.locator("tr[data-total-ns]").get_attribute("data-total-ns"))
    assert list(phases) == ["receive", "gateway", "connect", "queue", "prefill", "decode", "unattributed", "client"]
    assert sum(value or 0 for value in phases.values()) == total
    assert phases["queue"] >= 35e6 and phases["prefill"] >= 55e6 and phases["decode"] >= 50e6, phases
    stored = through.request_row(request_id)
    assert total == stored["total_ns"] and phases["decode"] == stored["decode_ns"]
    assert "the phases add up" in detail.inner_text()
    detail.locator(".spans li", has_text="prefill").wait_for(timeout=15_000)


def test_row_opens_with_the_keyboard(through, open_page, send_chat):
    page = open_page(through.console).page
    request_id = new_id()
    send_chat(through, request_id, **SCRIPT)
    opener = row(page, request_id).locator("button.opener")
    opener.focus()
    page.keyboard.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Space")
    assert opener.get_attribute("aria-expanded") == "false"


def test_nothing_moves_under_a_reader(through, open_page, send_chat):
    page = open_page(through.console).page
    first, second = new_id(), new_id()
    send_chat(through, first, **SCRIPT)
    row(page, first).locator("button.opener").click()
    send_chat(through, second, **SCRIPT)
    fresh = page.locator("button.fresh")
    fresh.wait_for(timeout=15_000)
    assert row(page, second).count() == 0
    fresh.click()
    row(page, second).wait_for(timeout=2000)


def test_failed_requests_say_why(through, open_page):
    page = open_page(through.console).page
    request_id = new_id()
    through.fetch("POST", "/v1/chat/completions", {"model": "m", "messages": []},
                  [("X-Request-Id", request_id), ("x-script", '{"status": 500}')])
    failed = row(page, request_id).locator(".status.bad")
    failed.wait_for(timeout=15_000)
    assert failed.inner_text().startswith("500")


def test_unknown_is_a_dash_with_a_reason(through, open_page):
    page = open_page(through.console).page
    request_id = new_id()
    through.fetch("POST", "/v1/chat/completions", {"model": "m", "messages": []}, [("X-Request-Id", request_id)])
    dash = row(page, request_id).locator("td.ttft .unknown")
    dash.wait_for(timeout=15_000)
    assert dash.get_attribute("title") == "the answer was not a stream"


def test_pause_holds_the_page_still(through, open_page, send_chat):
    page = open_page(through.console).page
    send_chat(through, new_id(), **SCRIPT)
    page.locator("tr.request").first.wait_for(timeout=15_000)
    page.click("#pause")
    request_id = new_id()
    send_chat(through, request_id, **SCRIPT)
    page.locator("button.fresh").wait_for(timeout=15_000)
    assert row(page, request_id).count() == 0
    page.click("#pause")
    row(page, request_id).wait_for(timeout=2000)


def test_no_width_scrolls_sideways(through, open_page, send_chat):
    request_id = new_id()
    send_chat(through, request_id, **SCRIPT)
    page = open_page(through.console, charts=True, viewport={"width": 390, "height": 844}, color_scheme="dark").page
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.wait_for_selector("#plot-phases .main-svg", timeout=30_000)
    row(page, request_id).locator("button.opener").click()
    page.locator(".spans li").first.wait_for(timeout=15_000)
    fits(page, 390, 1440, 768, 390)
    page.emulate_media(color_scheme="light")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'light'")


def test_theme_can_be_chosen(through, open_page):
    page = open_page(through.console, color_scheme="light").page
    theme = lambda: page.evaluate("document.documentElement.dataset.theme")  # noqa: E731
    assert theme() == "light"
    page.click("#theme")  # system -> light
    page.click("#theme")  # light -> dark
    assert theme() == "dark"
    page.reload()
    assert theme() == "dark"
