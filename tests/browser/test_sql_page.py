"""The SQL page: questions, answers as table, chart and files, errors, and all of it in the URL."""

import urllib.parse

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("has_page")]


def at(sql: str, **more) -> str:
    return "/sql?" + urllib.parse.urlencode({"q": sql, **more})


def write(page, sql: str) -> None:
    page.locator(".editor textarea").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(sql)


def test_a_query_runs_and_stands_in_the_url(through, open_page):
    watched = open_page(through.console, "/sql")
    page = watched.page
    write(page, "SELECT 40 + 2 AS answer, NULL AS nothing, 'a,\"b' AS text")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result-note")).to_contain_text("1 row in", timeout=15_000)
    assert page.locator(".result-table td").all_inner_texts() == ["42", "NULL", 'a,"b']
    page.reload()
    expect(page.locator(".result-table td").first).to_have_text("42", timeout=15_000)
    assert watched.problems == [] and watched.outside == []


def test_numbers_keep_all_their_digits(through, open_page):
    page = open_page(through.console, at("SELECT 9223372036854775807 AS big, 1764122245123456789 AS ns")).page
    expect(page.locator(".result-table td").first).to_have_text("9223372036854775807", timeout=15_000)
    expect(page.locator(".result-table td").nth(1)).to_have_text("1764122245123456789")


def test_errors_say_what_and_what_to_do(through, open_page):
    page = open_page(through.console, at("SELECT nonsense FROM requests")).page
    expect(page.locator(".query-error pre")).to_contain_text("nonsense", timeout=15_000)
    write(page, "DELETE FROM requests")
    page.click("#run")
    expect(page.locator(".query-error p")).not_to_be_empty(timeout=15_000)


def test_a_cut_result_says_so(through, open_page):
    page = open_page(through.console, at("FROM range(5000)", limit="100")).page
    expect(page.locator("#result-note")).to_contain_text("100 rows, and more that are not shown", timeout=15_000)
    page.select_option("#limit", "10000")
    expect(page.locator("#result-note")).to_contain_text("5,000 rows in", timeout=15_000)


def test_a_running_query_can_be_stopped(through, open_page):
    page = open_page(through.console, at("SELECT count(*) FROM range(100000000000) a")).page
    page.click("text=Stop")
    expect(page.locator("#result")).to_contain_text("Run the query")
    expect(page.locator("#run")).to_be_enabled()


def test_the_result_as_a_chart(through, open_page):
    watched = open_page(through.console, at("SELECT range AS x, range * range AS y FROM range(50)", view="chart"), charts=True)
    page = watched.page
    page.wait_for_selector("#plot-result .main-svg", timeout=30_000)
    assert page.evaluate("document.querySelector('#plot-result').data[0].y.at(-1)") == 49 * 49
    page.locator(".chart-choices select").first.select_option("bar")
    page.wait_for_function("() => document.querySelector('#plot-result').data[0].type === 'bar'")
    assert "kind=bar" in page.url
    assert watched.problems == [] and watched.outside == []


@pytest.mark.parametrize("name, ending, starts", [("CSV", "csv", b"n,text"), ("Parquet", "parquet", b"PAR1"),
                                                  ("Arrow", "arrows", b"\xff\xff\xff\xff")])
def test_the_result_as_a_file(through, open_page, tmp_path, name, ending, starts):
    page = open_page(through.console, at("SELECT range AS n, 'x' AS text FROM range(2000)", limit="100")).page
    expect(page.locator("#result-note")).to_contain_text("100 rows", timeout=15_000)
    with page.expect_download() as saved:
        page.click(f".sql-files button:has-text('{name}')")
    assert saved.value.suggested_filename.endswith(f".{ending}")
    content = open(saved.value.path(), "rb").read()
    assert content.startswith(starts)
    if name == "CSV":
        assert content.count(b"\n") == 2001, "all rows, not those that are shown"


def test_examples_run_on_any_store(through, open_page):
    page = open_page(through.console, "/sql").page
    titles = page.locator(".examples button").all_inner_texts()
    assert len(titles) >= 10
    for title in titles:
        page.click(f".examples button:text-is('{title}')" if "'" not in title else f'.examples button:text-is("{title}")')
        page.wait_for_function("() => document.querySelector('#result').getAttribute('aria-busy') === 'false'", timeout=20_000)
        assert page.locator(".query-error").count() == 0, f"{title}: {page.locator('.query-error').inner_text()}"


def test_tables_can_be_found_and_put_in(through, open_page):
    page = open_page(through.console, "/sql").page
    write(page, "SELECT ")
    page.fill(".schema input", "copied_from")
    page.click(".schema li button:has-text('copied_from')")
    expect(page.locator(".editor textarea")).to_have_value("SELECT copied_from")


def test_what_is_typed_is_completed_from_the_tables(through, open_page):
    watched = open_page(through.console, "/sql")
    page = watched.page
    page.locator(".schema details").first.wait_for()  # the tables are known
    write(page, "SELECT r. FROM requests r")
    page.keyboard.press("Home")
    for _ in "SELECT r.":
        page.keyboard.press("ArrowRight")
    page.keyboard.type("ttf")
    options = page.locator(".pce-ac-row")
    expect(options.first).to_contain_text("ttft_ns")
    page.keyboard.press("Enter")
    expect(page.locator(".editor textarea")).to_have_value("SELECT r.ttft_ns FROM requests r")
    page.keyboard.press("Control+z")
    page.keyboard.press("Tab")
    expect(page.locator("#run")).to_be_focused()
    assert watched.problems == [] and watched.outside == []
