"""What is around every page: navigation, keys, palette, help, the URL, and trouble with the console."""

import re
import uuid

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("has_page")]

SCRIPT = {"queue_ms": 5, "prefill_ms": 5, "token_ms": 2, "tokens": 5}


def path_of(page) -> str:
    return page.evaluate("location.pathname")


def test_navigation_and_the_back_button(through, open_page):
    watched = open_page(through.console, charts=True)
    page = watched.page
    page.click("nav.pages >> text=Requests")
    page.wait_for_selector("h1:has-text('Requests')")
    assert path_of(page) == "/requests" and page.title() == "Requests · llamatelemetry"
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_selector("h1:has-text('SQL')")
    assert page.locator("nav.pages a[aria-current=page]").inner_text() == "SQL"
    page.go_back()
    page.wait_for_selector("h1:has-text('Requests')")
    page.go_back()
    page.wait_for_selector("#plot-phases .main-svg")
    page.go_forward()
    page.wait_for_selector("h1:has-text('Requests')")
    page.reload()
    page.wait_for_selector("h1:has-text('Requests')")
    assert watched.problems == [] and watched.outside == []


@pytest.mark.parametrize("keys, dialog", [("Control+k", "#palette"), ("?", "#help")])
def test_a_dialog_is_there_before_the_next_key(through, open_page, keys, dialog):
    page = open_page(through.console, "/sql").page
    page.click("h1")  # out of the editor
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 20})
    page.evaluate("""dialog => addEventListener("keyup", () => {
        window.openAtKeyUp ??= document.querySelector(dialog).open; }, true)""", dialog)
    page.keyboard.press(keys)
    assert page.evaluate("window.openAtKeyUp")


def test_palette_finds_pages_commands_and_requests(through, open_page, send_chat):
    request_id = f"palette-{uuid.uuid4().hex[:8]}"
    send_chat(through, request_id, **SCRIPT)
    page = open_page(through.console).page
    page.locator(f'tr.request[data-request-id="{request_id}"]').wait_for(timeout=15_000)
    page.keyboard.press("Control+k")
    page.keyboard.type(request_id[:12])
    expect(page.locator("#palette li[role=option]").first).to_contain_text(request_id)
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.pathname !== '/'")
    assert request_id in page.url
    page.keyboard.press("Control+k")
    page.keyboard.type("sql")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('SQL')")
    page.keyboard.press("Control+k")
    page.keyboard.type("no such thing at all")
    expect(page.locator(".palette-none")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_help_lists_the_keys_of_the_page(through, open_page):
    page = open_page(through.console).page
    page.keyboard.press("?")
    expect(page.locator("#help dt", has_text="Pause or resume")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#connection")).to_have_text("paused")


def test_keys_are_letters_where_one_types(through, open_page):
    page = open_page(through.console, "/requests").page
    page.locator("input[type=search]").click()
    page.keyboard.type("gs?t")
    assert path_of(page) == "/requests" and page.locator("dialog[open]").count() == 0
    page.wait_for_function("() => location.search.includes('search=gs')")


def test_a_path_that_is_no_page(through, open_page, browser):
    page = browser.new_page()
    assert page.goto(f"{through.console}/nothing").status == 404
    page.close()


def test_every_number_is_explained(through, open_page):
    page = open_page(through.console).page
    page.locator("#chart-ttft .what").focus()
    bubble = page.locator(".bubble")
    expect(bubble).to_contain_text("first byte of the request")
    page.keyboard.press("Escape")
    expect(bubble).to_have_count(0)


def test_offline_is_said_and_ends(through, open_page):
    page = open_page(through.console, "/sql").page
    page.context.set_offline(True)
    page.locator("#run").click()
    expect(page.locator(".query-error")).to_be_visible(timeout=15_000)
    page.locator('[data-banner="connection"]').wait_for(timeout=30_000)
    page.context.set_offline(False)
    page.wait_for_selector("#connection[data-state=live]", timeout=30_000)
    expect(page.locator('[data-banner="connection"]')).to_have_count(0)


def test_ten_viewers_see_the_same(through, open_page, send_chat):
    pages = [open_page(through.console).page for _ in range(10)]
    request_id = f"viewers-{uuid.uuid4().hex[:8]}"
    send_chat(through, request_id, **SCRIPT)
    for page in pages:
        page.locator(f'tr.request[data-request-id="{request_id}"]').wait_for(timeout=20_000)
    assert all(re.fullmatch(r"[\d.]+/s", page.inner_text("#chart-requests dd >> nth=0")) for page in pages)


@pytest.mark.parametrize("path", ["/", "/requests", "/sql"])
def test_phones_have_the_pages_at_the_bottom(through, open_page, send_chat, path):
    send_chat(through, f"phone-{uuid.uuid4().hex[:8]}", **SCRIPT)
    page = open_page(through.console, path, viewport={"width": 390, "height": 844}).page
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("nav.pages").bounding_box()
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
