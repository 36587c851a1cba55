"""axe-core finds nothing serious on any page, in light and dark, with a row open and on a phone."""

import uuid

import pytest
from support.places import REPOSITORY

AXE = REPOSITORY / "ui/node_modules/axe-core/axe.min.js"

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("has_page")]


def serious_findings(page) -> list[str]:
    page.evaluate(AXE.read_text())
    result = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    return [f"{found['id']}: {found['help']}: {[node['html'][:150] for node in found['nodes'][:3]]}"
            for found in result["violations"] if found["impact"] in ("serious", "critical")]


@pytest.fixture(autouse=True)
def axe_is_there():
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm --prefix ui ci)")


def in_both_schemes(page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"() => document.documentElement.dataset.theme === '{scheme}'")
        assert serious_findings(page) == [], scheme


def test_the_live_page_with_a_row_open(through, open_page, send_chat):
    request_id = f"axe-{uuid.uuid4().hex[:12]}"
    send_chat(through, request_id, queue_ms=5, prefill_ms=5, token_ms=2, tokens=5)
    page = open_page(through.console, "/?slo_ttft=500", charts=True).page
    page.wait_for_selector("#plot-phases .main-svg", timeout=30_000)
    page.locator(f'tr.request[data-request-id="{request_id}"] button.opener').click()
    page.locator(".spans li").first.wait_for(timeout=15_000)
    in_both_schemes(page)
    page.set_viewport_size({"width": 390, "height": 900})
    in_both_schemes(page)


@pytest.mark.parametrize("path", ["/requests", "/sql?q=SELECT+1+AS+one"])
def test_the_other_pages(through, open_page, send_chat, path):
    send_chat(through, f"axe-{uuid.uuid4().hex[:12]}", tokens=3)
    page = open_page(through.console, path).page
    if path == "/requests":
        page.click("#choose-columns")
        page.locator("tr.request").first.wait_for(timeout=15_000)
    else:
        page.locator("#result-note").wait_for(timeout=15_000)
    in_both_schemes(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.locator("#palette li").first.wait_for()
    in_both_schemes(page)
