"""The requests page: what one filters, sorts, chooses and drags is what the store says, and stands in the URL."""

import json
import re
import urllib.parse
import urllib.request
import uuid

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("has_page")]


@pytest.fixture(scope="module")
def filled(through):
    """Some requests of known kinds: slow ones, fast ones, failed ones."""
    mark = uuid.uuid4().hex[:8]
    for number in range(4):
        script = {"queue_ms": 2, "prefill_ms": 2, "token_ms": 2 if number else 60, "tokens": 5}
        body = {"model": f"fast-{mark}" if number else f"slow-{mark}", "stream": True, "messages": []}
        through.fetch("POST", "/v1/chat/completions", body,
                      [("X-Request-Id", f"{mark}-{number}"), ("x-script", json.dumps(script))])
    through.fetch("POST", "/v1/chat/completions", {"model": f"bad-{mark}", "messages": []},
                  [("X-Request-Id", f"{mark}-bad"), ("x-script", '{"status": 500}')])
    through.request_row(f"{mark}-bad")
    return mark


def ids(page) -> list[str]:
    return page.locator("#request-list tr.request").evaluate_all("rows => rows.map(row => row.dataset.requestId)")


def settled(page, count: int) -> list[str]:
    expect(page.locator("#request-list tr.request")).to_have_count(count, timeout=15_000)
    return ids(page)


def test_search_sort_and_back(through, open_page, filled):
    watched = open_page(through.console, f"/requests?search={filled}")
    page = watched.page
    assert settled(page, 5)[0] == f"{filled}-bad"
    page.click("th button:has-text('Total')")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Total")
    page.wait_for_function("id => document.querySelector('#request-list tr.request').dataset.requestId === id",
                           arg=f"{filled}-0")
    page.click("#errors-only")
    assert settled(page, 1) == [f"{filled}-bad"]
    page.go_back()
    settled(page, 5)
    page.reload()
    settled(page, 5)
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Total")
    assert watched.problems == [] and watched.outside == []


def test_filters_are_typed(through, open_page, filled):
    page = open_page(through.console, f"/requests?search={filled}").page
    settled(page, 5)
    page.keyboard.press("f")
    form = page.locator(".add-filter")
    form.locator("select").first.select_option("total_ns")
    form.locator("input").fill("soon")
    form.locator("button[type=submit]").click()
    expect(form.locator("[role=alert]")).to_contain_text("a duration")
    form.locator("input").fill("100 ms")
    form.locator("button[type=submit]").click()
    assert settled(page, 1) == [f"{filled}-0"]
    expect(page.locator(".chip")).to_contain_text("Total ≥ 100 ms")
    page.locator(".chip button").click()
    settled(page, 5)


def test_columns_can_be_chosen(through, open_page, filled):
    page = open_page(through.console, f"/requests?search={filled}&columns=start_unix_ns,finish_reason").page
    settled(page, 5)
    assert page.locator("#request-list thead .sorter").all_inner_texts() == ["Start ↓", "Finish"]
    page.click("#choose-columns")
    page.locator(".column-list label", has_text="User agent").click()
    expect(page.locator("#request-list thead")).to_contain_text("User agent")
    assert "user_agent" in page.url


def test_dragging_over_the_picture_selects(through, open_page, filled):
    page = open_page(through.console, f"/requests?search={filled}").page
    settled(page, 5)
    box = page.locator(".heatmap canvas").bounding_box()
    # The top of the axis: the slow request alone.
    page.mouse.move(box["x"] + 64, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + box["height"] / 4, steps=4)
    page.mouse.up()
    assert settled(page, 1) == [f"{filled}-0"]
    assert "since=" in page.url and "filter=total_ns%3Age" in page.url
    page.go_back()
    settled(page, 5)


def test_the_picture_by_keyboard(through, open_page, filled):
    watched = open_page(through.console, f"/requests?search={filled}")
    page = watched.page
    settled(page, 5)
    picture = page.locator(".heatmap canvas")
    picture.focus()
    page.keyboard.press("ArrowRight")
    status = page.locator(".heatmap-cursor")
    expect(status).to_contain_text("request")
    for key in ("Home", "PageDown", "Shift+End", "Shift+PageUp"):
        page.keyboard.press(key)
    expect(status).to_contain_text("5 requests, 1 failed")
    expect(picture).to_have_attribute("aria-label", re.compile("selected: .* 5 requests"))
    page.keyboard.press("Escape")
    expect(status).to_have_count(0)
    # The slow one alone: the topmost row of all columns.
    for key in ("ArrowLeft", "Home", "PageUp", "Shift+End", "Enter"):
        page.keyboard.press(key)
    assert settled(page, 1) == [f"{filled}-0"]
    assert "since=" in page.url and "filter=total_ns%3Age" in page.url
    page.go_back()
    settled(page, 5)
    assert watched.problems == []


def test_a_row_opens_to_its_phases(through, open_page, filled):
    page = open_page(through.console, f"/requests?search={filled}-0&columns=start_unix_ns,model").page
    settled(page, 1)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".detail tr[data-phase=decode]")).to_be_visible(timeout=15_000)
    stored = through.request_row(f"{filled}-0")
    shown = page.locator(".detail tr[data-total-ns]").get_attribute("data-total-ns")
    assert int(shown) == stored["total_ns"]


def test_the_list_is_a_query_that_can_be_taken_over(through, open_page, filled):
    page = open_page(through.console, f"/requests?search={filled}").page
    settled(page, 5)
    page.click("text=As SQL")
    expect(page.locator("#result-note")).to_contain_text("5 rows", timeout=20_000)


def test_nothing_found_says_what_to_do(through, open_page):
    page = open_page(through.console, "/requests?search=there-is-no-such-thing").page
    expect(page.locator("#request-list .empty")).to_contain_text("No request matches")


def get(instance, path: str) -> dict:
    with urllib.request.urlopen(instance.console + path, timeout=10) as answer:
        return json.load(answer)


def test_api_pages_by_any_column(through, filled):
    base = f"/api/v1/requests?search={filled}&limit=2&sort=-total_ns&columns=total_ns"
    found, after = [], ""
    while True:
        page = get(through, base + after)
        found += [row["total_ns"] for row in page["requests"]]
        if page["next"] is None:
            break
        after = f"&after={urllib.parse.quote(page['next'])}"
    assert len(found) == 5 and found == sorted(found, reverse=True)


def test_api_names_what_is_wrong(through):
    for path, parameter in (("requests?filter=nothing:eq:1", "filter"), ("requests?sort=x", "sort"),
                            ("heatmap?metric=model", "metric"), ("range?from=5&to=1", "to")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(through, f"/api/v1/{path}")
        error = json.load(refused.value)["error"]
        assert refused.value.code == 400 and parameter in error["message"] and error["hint"]


def test_api_describes_the_store(through):
    schema = get(through, "/api/v1/schema")
    tables = {table["name"]: table for table in schema["tables"]}
    assert {"requests", "steps", "turns", "losses"} <= set(tables)
    assert all(column["description"] for column in tables["requests"]["columns"])
    names = [column["name"] for column in schema["request_columns"]]
    assert "tpot_ns" in names and "request_content" not in names
