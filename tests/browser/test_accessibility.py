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


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_live_page_with_a_row_open(through, open_page, send_chat, scheme, width):
    request_id = f"axe-{uuid.uuid4().hex[:12]}"
    send_chat(through, request_id, queue_ms=5, prefill_ms=5, token_ms=2, tokens=5)
    page = open_page(through.console, "/?slo_ttft=500", color_scheme=scheme, viewport={"width": width, "height": 900}).page
    page.locator(f'tr.request[data-request-id="{request_id}"] button.opener').click()
    page.locator(".spans li").first.wait_for(timeout=15_000)
    assert serious_findings(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/requests", "/sql?q=SELECT+1+AS+one"])
def test_the_other_pages(through, open_page, send_chat, path, scheme):
    send_chat(through, f"axe-{uuid.uuid4().hex[:12]}", tokens=3)
    page = open_page(through.console, path, color_scheme=scheme).page
    if path == "/requests":
        page.click("#choose-columns")
        page.locator("tr.request").first.wait_for(timeout=15_000)
    else:
        page.locator("#result-note").wait_for(timeout=15_000)
    assert serious_findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.locator("#palette li").first.wait_for()
    assert serious_findings(page) == []
