"""The page Trace in a real browser: the list, the timeline, its keys and its pointer."""

import pytest

from .chromium import fits, opener
from .pictures import LARGE, pictured, unread  # noqa: F401 (fixtures)

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def at(browser, pictured):
    """at(path, **context options): a watched page of the console."""
    with opener(browser, pictured.console) as open_:
        yield open_


def in_page(page, expression: str):
    return page.evaluate(f"(() => {{ const t = window.llamatelemetryTimeline; return {expression}; }})()")


def timeline(page) -> None:
    page.wait_for_selector(".timeline-canvas", timeout=20_000)
    page.wait_for_function("() => window.llamatelemetryTimeline?.trace.whole", timeout=20_000)


def test_the_list_leads_to_a_timeline(at):
    watched = at("/trace")
    page = watched.page
    page.wait_for_selector(".trace-row", timeout=20_000)
    assert page.locator(".trace-row").first.inner_text().find("30,101 spans") >= 0
    page.get_by_label("failed only").check()
    page.wait_for_function("() => document.querySelectorAll('.trace-row').length === 2")
    page.get_by_label("failed only").uncheck()
    page.fill("#trace-find", "slo")
    page.press("#trace-find", "Enter")
    page.wait_for_function("() => document.querySelectorAll('.trace-row').length === 1")
    page.click(".trace-row a")
    timeline(page)
    assert page.url.endswith("/trace/slow")
    assert "59 % decode" in page.inner_text(".why")
    assert "Request neighbour held it up most" in page.inner_text(".why")
    page.go_back()
    page.wait_for_selector(".trace-row")
    assert watched.problems == [] and watched.outside == []


def test_an_id_that_is_not_there_teaches(at):
    page = at("/trace/nobody").page
    page.wait_for_selector("[role=alert]", timeout=20_000)
    assert "no trace and no request has the id nobody" in page.inner_text("[role=alert]")


def test_a_search_without_hits_teaches(at):
    page = at("/trace?find=zzz").page
    page.wait_for_selector(".page-note", timeout=20_000)
    page.wait_for_function("() => document.querySelector('.page-note')?.textContent.includes('zzz')")


def test_keys_move_zoom_and_choose(at):
    watched = at("/trace/slow")
    page = watched.page
    timeline(page)
    page.locator(".timeline-canvas").focus()
    whole = in_page(page, "t.range")
    page.keyboard.press("w")
    page.keyboard.press("w")
    near = in_page(page, "t.range")
    assert near["to"] - near["from"] < (whole["to"] - whole["from"]) / 1.7
    page.keyboard.press("d")
    assert in_page(page, "t.range")["from"] > near["from"]
    page.keyboard.press("0")
    assert in_page(page, "t.range") == pytest.approx(whole)
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".row-panel .facts")
    first = page.inner_text("#row-title")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => document.querySelector('#row-title').textContent !== {first!r}")
    page.keyboard.press("f")
    page.wait_for_function("() => new URLSearchParams(location.search).get('from')")
    page.keyboard.press("Escape")
    page.wait_for_selector(".row-panel", state="detached")
    assert watched.problems == []


def test_a_link_shows_the_same_part(at):
    page = at("/trace/slow?from=100000000&to=200000000&path=0").page
    timeline(page)
    shown = in_page(page, "t.range")
    assert shown == {"from": 100_000_000, "to": 200_000_000}
    assert page.get_by_role("button", name="Critical path").get_attribute("aria-pressed") == "false"


def test_wheel_drag_and_click(at):
    watched = at("/trace/slow")
    page = watched.page
    timeline(page)
    page.locator(".timeline-canvas").scroll_into_view_if_needed()
    box = page.locator(".timeline-canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    whole = in_page(page, "t.range")
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"() => window.llamatelemetryTimeline.range.to - window.llamatelemetryTimeline.range.from < {(whole['to'] - whole['from']) * 0.8}")
    zoomed = in_page(page, "t.range")
    page.mouse.down()
    page.mouse.move(middle[0] - 200, middle[1], steps=4)
    page.mouse.up()
    assert in_page(page, "t.range")["from"] > zoomed["from"]
    page.get_by_role("button", name="Everything").click()
    # The lane of the slot where the neighbour was.
    where = page.evaluate("""() => {
      const t = window.llamatelemetryTimeline, track = t.trace.tracks.find((one) => one.id === "slot-0-1");
      const place = t.placeOf(track.first_lane, 400e6);
      return {x: place.x, y: place.y + 8};
    }""")
    page.mouse.click(box["x"] + where["x"], box["y"] + where["y"])
    page.wait_for_selector(".members")
    assert "this request" in page.inner_text(".members") and "neighbour" in page.inner_text(".members")
    page.click(".members a")
    page.wait_for_url("**/trace/neighbour")
    assert watched.problems == []


def test_large_traces_zoom_to_single_rows(at):
    watched = at(f"/trace/{LARGE}")
    page = watched.page
    timeline(page)
    page.evaluate("window.llamatelemetryTimeline.zoomTo(50_000_000_000, 50_020_000_000)")
    page.wait_for_function("""() => { const s = window.llamatelemetryTimeline.shown;
      return s && s.from > 0 && [...s.count].every((n) => n === 1) && s.count.length > 5; }""", timeout=20_000)
    assert "On the critical path task of workers took most" in page.inner_text(".why")
    assert watched.problems == []


def test_a_large_trace_is_drawn_before_it_is_read(browser, unread):
    with opener(browser, unread.console) as open_:
        watched = open_("/requests")
        page = watched.page
        hold = []  # the whole, until the sketch has been looked at
        page.route(lambda url: f"/traces/{LARGE}" in url and "sketch=0" in url, lambda route: hold.append(route))
        page.goto(f"{unread.console}/trace/{LARGE}")
        page.wait_for_function("() => performance.getEntriesByName('trace-first-paint').length > 0", timeout=20_000)
        assert "All 30,101 spans are being read; the longest of them are drawn already" in page.inner_text(".why")
        assert in_page(page, "[t.trace.whole, t.trace.rows, t.best().count.reduce((a, b) => a + b)]") == [False, 5000, 5000]
        assert "Nothing that was measured" not in page.inner_text(".why") and "batch steps" not in page.inner_text(".trace-facts")
        in_page(page, "t.zoomTo(10_000_000_000, 20_000_000_000)")
        near = in_page(page, "t.range")
        page.locator(".timeline-canvas").focus()
        page.keyboard.press("ArrowDown")
        page.wait_for_selector(".row-panel .facts")
        for route in hold:
            route.continue_()
        timeline(page)
        assert in_page(page, "t.range") == near  # where the reader was
        page.wait_for_selector(".row-panel", state="detached")
        assert "On the critical path task of workers took most" in page.inner_text(".why")
        assert page.evaluate("document.querySelectorAll('.timeline-canvas').length") == 1
        assert watched.problems == []


@pytest.mark.parametrize("path", ["/trace", "/trace/slow"])
def test_nothing_scrolls_sideways(at, path):
    page = at(path).page
    page.wait_for_selector(".trace-row, .timeline-canvas", timeout=20_000)
    fits(page, 390, 1280)
