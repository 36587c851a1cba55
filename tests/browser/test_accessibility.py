"""axe-core finds nothing serious, in light and dark, with a row open and on a phone."""

import uuid

import pytest
from support.places import REPOSITORY

AXE = REPOSITORY / "ui/node_modules/axe-core/axe.min.js"

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("has_page")]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_serious_findings(through, open_page, send_chat, scheme, width):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm --prefix ui ci)")
    request_id = f"axe-{uuid.uuid4().hex[:12]}"
    send_chat(through, request_id, queue_ms=5, prefill_ms=5, token_ms=2, tokens=5)
    page = open_page(through.console, color_scheme=scheme, viewport={"width": width, "height": 900}).page
    page.locator(f'tr.request[data-request-id="{request_id}"] button.opener').click()
    page.locator(".spans li").first.wait_for(timeout=15_000)
    page.evaluate(AXE.read_text())
    result = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    serious = [f"{found['id']}: {found['help']}: {[node['html'][:150] for node in found['nodes'][:3]]}"
               for found in result["violations"] if found["impact"] in ("serious", "critical")]
    assert serious == []
