"""The page outlives the server: it says that the connection is lost, comes back, and keeps its history."""

import socket

import pytest

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("has_page")]


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_page_survives_a_restart(up, scripted, open_page, send_chat):
    console = free_address()
    first = up("--upstream", scripted.url, "--console", console)
    send_chat(first, "before-restart", tokens=3)
    page = open_page(first.console, charts=True).page
    before = page.locator('tr.request[data-request-id="before-restart"]')
    before.wait_for(timeout=15_000)
    first.stop()
    page.locator('[data-banner="connection"]').wait_for(timeout=20_000)
    assert before.count() == 1, "what was known stays on the page"

    second = up("--upstream", scripted.url, "--console", console, data=first.data)
    page.wait_for_selector("#connection[data-state=live]", timeout=20_000)
    assert page.locator('[data-banner="connection"]').count() == 0
    send_chat(second, "after-restart", tokens=3)
    page.locator('tr.request[data-request-id="after-restart"]').wait_for(timeout=15_000)
    assert before.count() == 1
    # The curves are read from the store again, so the time before the restart is still there.
    page.wait_for_function(  # a function: the page's policy forbids evaluating an expression's text
        "() => document.querySelector('#plot-requests').data?.[0].y.reduce((sum, value) => sum + value, 0) >= 2",
        timeout=15_000)


def test_empty_page_teaches(up, scripted, open_page):
    instance = up("--upstream", scripted.url)
    page = open_page(instance.console).page
    hint = page.locator("#requests-body .empty pre")
    hint.wait_for(timeout=15_000)
    assert f"curl {instance.gateway}/v1/chat/completions" in hint.inner_text()


def test_key_is_asked_for(up, scripted, browser, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("sesame\n")
    keys.chmod(0o600)
    instance = up("--upstream", scripted.url, "--api-key-file", str(keys))
    page = browser.new_page()
    page.goto(instance.console)
    page.locator("#key").fill("sesame", timeout=20_000)
    page.keyboard.press("Enter")
    page.wait_for_selector("#connection[data-state=live]", timeout=20_000)
    page.close()
