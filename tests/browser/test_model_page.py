"""The page Model in a real browser, over a real llama-server."""

import pytest

from .chromium import fits, watched_page

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def at(browser, served):
    contexts = []

    def open_(path: str, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        watched = watched_page(context, served.console)
        watched.page.goto(served.console + path)
        return watched

    yield open_
    for context in contexts:
        context.close()


def test_layers_are_drawn_and_walked_through(at):
    watched = at("/model")
    page = watched.page
    page.wait_for_selector(".layer-rows li", timeout=20_000)
    names = page.locator(".layer-name").all_inner_texts()
    assert names[0] == "input" and "layer 0" in names
    page.locator(".layer-rows li").nth(1).locator(".tensor").first.focus()
    page.wait_for_function("() => document.querySelector('.layers-foot').textContent.includes('blk.0.')")
    before = page.inner_text(".layers-foot")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => document.querySelector('.layers-foot').textContent !== {before!r}")
    page.locator("label[for=model-by-role]").click()
    page.wait_for_function("() => document.querySelector('.layers .key').textContent.includes('attention')")
    assert watched.problems == [] and watched.outside == []


def test_sliders_replan(at):
    watched = at("/model?gpus=kaggle-2xt4")
    page = watched.page
    page.wait_for_selector(".placement", timeout=20_000)
    assert page.locator(".placement h3").all_inner_texts()[0].startswith("split")
    assert page.locator(".placement").count() == 3
    before = page.inner_text(".placements")
    page.locator("#plan-context").fill("0")
    page.wait_for_function("() => location.search.includes('context=512')")
    page.wait_for_function(f"() => document.querySelector('.placements').innerText !== {before!r}")
    page.locator("#plan-split").fill("14")
    page.wait_for_function("() => decodeURIComponent(location.search).includes('tensor_split=0.7,0.3')")
    page.wait_for_function("() => document.querySelector('.plans').getAttribute('aria-busy') === 'false'")
    page.select_option("#plan-kv", "q8_0")
    page.locator("#plan-parallel").fill("7")
    page.wait_for_function("() => location.search.includes('parallel=8')")
    page.reload()
    page.wait_for_selector(".placement", timeout=20_000)
    assert page.input_value("#plan-kv") == "q8_0" and "8, a cache each" in page.inner_text(".plan-options")
    assert watched.problems == []


def test_a_model_too_large_says_what_would_help(at):
    page = at("/model?gpus=1MiB").page
    page.wait_for_selector(".verdict-does-not-fit", timeout=20_000)
    assert "too much" in page.inner_text(".placements")


def test_a_wrong_size_is_said(at):
    page = at("/model?gpus=banana").page
    page.wait_for_selector(".plans [role=alert]", timeout=20_000)
    assert "banana" in page.inner_text(".plans [role=alert]")


def test_nothing_scrolls_sideways(at):
    page = at("/model?gpus=kaggle-2xt4").page
    page.wait_for_selector(".placement", timeout=20_000)
    page.wait_for_selector(".layer-rows li")
    fits(page, 390, 1280)


def test_attached_servers_do_not_show_their_model(browser, through):
    context = browser.new_context()
    watched = watched_page(context, through.console)
    watched.page.goto(through.console + "/model")
    watched.page.wait_for_selector(".page-note code", timeout=20_000)
    assert "no model file is known here" in watched.page.inner_text(".page-note")
    context.close()
