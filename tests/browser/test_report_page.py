"""`report --html` in a browser: one file that draws its charts without asking anybody for anything."""

import secrets

import pytest

from browser.chromium import watched_page

CHARTS = ["traffic", "tokens", "ttft", "tpot", "phases", "spread", "prompts"]


@pytest.fixture
def page_file(has_page, through, send_chat, tmp_path):
    run = secrets.token_hex(4)
    for i in range(4):
        send_chat(through, f"report-{run}-{i}", tokens=4, queue_ms=5 * i)
    through.request_row(f"report-{run}-3")
    path = tmp_path / "report.html"
    through.command("report", "--html", str(path))
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn_from_the_file_alone(browser, page_file, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1100, "height": 900}, offline=True)
    try:
        watched = watched_page(context, "")
        watched.page.goto(page_file.as_uri())
        watched.page.wait_for_selector("html[data-charts=drawn]", timeout=30_000)
        for chart in CHARTS:
            assert watched.page.locator(f"#{chart} .main-svg").count() > 0, chart
        assert watched.page.locator("#spread .points path").count() >= 4
        assert watched.page.locator("h2").count() >= 6, "the tables are there too"
        assert watched.problems == []
        assert [url for url in watched.outside if not url.startswith("file:")] == []
        width = watched.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 1100
    finally:
        context.close()


def test_it_can_be_mailed(page_file):
    assert page_file.stat().st_size < 3_000_000


def test_it_reads_without_scripts(browser, page_file):
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(page_file.as_uri())
        assert "The charts need JavaScript" in page.locator("#charts").inner_text()
        assert page.locator("table").count() >= 3
    finally:
        context.close()
