"""Fixtures for the tests of the live page in a real browser."""

import importlib.util
import json
import urllib.request

import pytest

from . import chromium


# What a page shows when it is there.
READY = {"/": "#charts .values", "/requests": "#request-list table[aria-busy=false]", "/sql": ".editor textarea"}


@pytest.fixture(scope="session")
def browser():
    if chromium.executable() is None:
        pytest.skip("no chromium on this machine (apt-get install chromium; LLAMATELEMETRY_CHROMIUM names one)")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed (pip install -r tests/browser/requirements.txt)")
    with chromium.launched() as instance:
        yield instance


@pytest.fixture
def open_page(browser):
    """open_page(console, path, charts=False, **context options): a page of the console that shows what it is for.
    Plotly is most of what a page costs, so it comes to those alone whose charts are looked at."""
    contexts = []

    def open_(console: str, path: str = "/", charts: bool = False, **options) -> chromium.Watched:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        watched = chromium.watched_page(context, console)
        if not charts:
            watched.page.route("**/assets/plotly*", lambda route: None)  # it is still on its way when the test is over
        watched.page.goto(console + path)
        watched.page.wait_for_selector("#connection[data-state=live]", timeout=15_000)
        watched.page.wait_for_selector(READY.get(path.split("?")[0], "main h1"), timeout=30_000)
        return watched

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def has_page(through):
    """The binary holds the page; one built without Node holds a note in its place."""
    with urllib.request.urlopen(f"{through.console}/", timeout=10) as answer:
        if b'type="module"' not in answer.read():
            pytest.skip("this binary was built without the page (npm --prefix ui ci && npm --prefix ui run build)")


def chat(instance, request_id: str, **script) -> None:
    """One streamed chat through the gateway; `script` is for the scripted engine."""
    body = {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    answer = instance.fetch("POST", "/v1/chat/completions", body,
                            [("X-Request-Id", request_id), ("x-script", json.dumps(script))])
    assert answer.status == 200, answer


@pytest.fixture
def send_chat():
    return chat
