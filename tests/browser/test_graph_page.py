"""The page Graph in a real browser: with software WebGL, and on a plain canvas where there is none."""

import base64
import json
import math
import random
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from . import chromium
from .pictures import pictured  # noqa: F401 (a fixture)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def webgl(browser):
    """A browser that draws WebGL on the processor."""
    another = browser.browser_type.launch(executable_path=chromium.executable(), args=chromium.WEBGL_FLAGS, headless=True)
    yield another
    another.close()


@pytest.fixture
def at(webgl, pictured):
    with chromium.opener(webgl, pictured.console) as open_:
        yield open_


def drawn(page, kind: str | None = None) -> None:
    page.wait_for_function("() => window.llamatelemetryGraph?.picture", timeout=60_000)
    if kind:
        assert page.evaluate("window.llamatelemetryGraph.renderer.kind") == kind


def drop_edges(page, rows: str) -> None:
    page.set_input_files("#graph-file", {"name": "edges.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    page.wait_for_url("**graph=edges-*", timeout=30_000)
    page.wait_for_function("() => window.llamatelemetryGraph?.picture?.head.graph.startsWith('edges-')", timeout=60_000)


def posted(console: str, rows: str) -> str:
    with urllib.request.urlopen(f"{console}/api/v1/graphs/edges", rows.encode(), timeout=30) as answer:
        return json.load(answer)["graph"]


def communities(count: int, members: int, edges: int) -> str:
    """Eight in nine edges inside a community."""
    dice = random.Random(5)
    rows = ["src,dst"]
    for i in range(edges):
        node = dice.randrange(count * members)
        other = dice.randrange(members) + node // members * members if i % 9 else dice.randrange(count * members)
        rows.append(f"{node},{other}")
    return "\n".join(rows) + "\n"


def at_rest(page) -> None:
    """Nothing has been drawn for a while."""
    page.wait_for_function("""() => { const now = window.llamatelemetryGraph.renderer.drawn.frames, seen = window.seenFrames;
      if (seen?.frames !== now) window.seenFrames = { frames: now, at: performance.now() };
      return now > 0 && seen?.frames === now && performance.now() - seen.at > 1000; }""", timeout=90_000)


SPACE = 1024  # ui/src/graph/renderer.ts
PLACES = """() => {
  const { renderer, picture } = window.llamatelemetryGraph;
  const at = renderer.positions(), box = document.querySelector('.graph-picture').getBoundingClientRect();
  const groups = picture.nodes.find((column) => column.name === 'community').values;
  const nodes = Array.from(groups, (group, v) => ({ group, x: at[2 * v], y: at[2 * v + 1] }));
  const inView = nodes.filter((node) => {
    const [x, y] = renderer.screenAt(node.x, node.y);
    return x > 0 && y > 0 && x < box.width && y < box.height;
  });
  return { nodes, inView: inView.length };
}"""
# Of how many hues, in steps of 20 degrees, the picture has at least 40 pixels.
HUES = """async (png) => {
  const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0))]));
  const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const seen = new Array(18).fill(0), { data } = context.getImageData(0, 0, image.width, image.height);
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]], high = Math.max(r, g, b), spread = high - Math.min(r, g, b);
    if (spread < 60) continue;
    const turn = high === r ? (g - b) / spread : high === g ? 2 + (b - r) / spread : 4 + (r - g) / spread;
    seen[Math.floor(((turn + 6) % 6) * 3)] += 1;
  }
  return seen.filter((pixels) => pixels >= 40).length;
}"""


def centres(nodes: list[dict]) -> tuple[list[tuple[float, float]], float]:
    """Of each community, and how far a node is from its own, on average."""
    groups: dict[int, list[dict]] = {}
    for node in nodes:
        groups.setdefault(node["group"], []).append(node)
    middle = {group: (sum(n["x"] for n in own) / len(own), sum(n["y"] for n in own) / len(own)) for group, own in groups.items()}
    away = [math.dist((node["x"], node["y"]), middle[node["group"]]) for node in nodes]
    return list(middle.values()), sum(away) / len(away)


CHAIN = "src,dst\na,b\nb,c\nc,d\nd,e\na,x\nx,y\n"


def test_webgl_draws_and_says_what_it_found(at):
    watched = at("/graph?graph=interference")
    page = watched.page
    drawn(page, "webgl")
    assert "2 nodes, 1 edges" in page.inner_text("#findings-title")
    assert page.locator(".findings .sentences li").count() > 0
    assert "community" in page.inner_text(".legend")
    assert watched.problems == [] and watched.outside == []


def test_forces_of_a_large_graph_wait_for_a_hand_without_a_gpu(at, pictured):
    many = posted(pictured.console, "src,dst\n" + "".join(f"{i},{i + 1}\n{i},{i + 7}\n" for i in range(10_001)))
    watched = at(f"/graph?graph={many}&layout=none")
    page = watched.page
    drawn(page, "webgl")
    expect(page.locator("[data-note=forces]")).to_contain_text("without a GPU")
    assert page.get_by_role("button", name="Forces").get_attribute("aria-pressed") == "false"
    page.goto(f"{pictured.console}/graph?graph={posted(pictured.console, CHAIN)}&layout=none")
    expect(page.get_by_role("button", name="Forces")).to_have_attribute("aria-pressed", "true", timeout=30_000)
    assert page.locator("[data-note=forces]").count() == 0
    assert watched.problems == []


def test_forces_come_to_rest_with_communities_apart_and_in_view(at, pictured):
    rows = communities(6, 60, 1500)
    watched = at(f"/graph?graph={posted(pictured.console, rows)}&layout=none")
    page = watched.page
    drawn(page, "webgl")
    button = page.get_by_role("button", name="Forces")
    expect(button).to_have_attribute("aria-pressed", "true", timeout=30_000)
    expect(button).to_have_attribute("aria-pressed", "false", timeout=120_000)
    at_rest(page)
    found = page.evaluate(PLACES)
    assert len(found["nodes"]) == 360 == found["inView"]
    assert all(math.isfinite(node["x"]) and math.isfinite(node["y"]) for node in found["nodes"])
    assert all(1 < node[axis] < SPACE - 1 for node in found["nodes"] for axis in "xy")  # none flew to the border
    middles, away = centres(found["nodes"])
    nearest = [min(math.dist(one, other) for other in middles if other != one) for one in middles]
    assert min(nearest) > 1.5 * away
    across = max(math.dist(one, other) for one in middles for other in middles)
    assert away > across / 50  # communities are clouds, not dots
    picture = base64.b64encode(page.locator(".graph-picture").screenshot()).decode()
    assert page.evaluate(HUES, picture) >= 4
    assert watched.problems == []


def test_a_moving_picture_has_fewer_edges_and_a_resting_one_is_not_drawn(at, pictured):
    rows = communities(5, 100, 900)
    watched = at(f"/graph?graph={posted(pictured.console, rows)}")
    page = watched.page
    drawn(page, "webgl")
    at_rest(page)
    edges = page.evaluate("window.llamatelemetryGraph.picture.head.edge_count")
    assert page.evaluate("window.llamatelemetryGraph.renderer.drawn.edges") == edges
    box = page.locator(".graph-picture").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    frames = page.evaluate("window.llamatelemetryGraph.renderer.drawn.frames")
    page.mouse.move(box["x"] + 40, box["y"] + 40, steps=4)
    page.wait_for_function("([frames, edges]) => { const { drawn } = window.llamatelemetryGraph.renderer; return drawn.frames > frames && drawn.edges < edges; }",
                           arg=[frames, edges])
    page.mouse.up()
    at_rest(page)
    assert page.evaluate("window.llamatelemetryGraph.renderer.drawn.edges") == edges
    frames = page.evaluate("window.llamatelemetryGraph.renderer.drawn.frames")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.llamatelemetryGraph.renderer.drawn.frames") == frames
    node = page.evaluate("""() => { const { renderer } = window.llamatelemetryGraph, at = renderer.positions(); return renderer.screenAt(at[0], at[1]); }""")
    page.mouse.move(box["x"] + node[0], box["y"] + node[1], steps=2)
    expect(page.locator(".graph-tip")).to_be_visible()
    page.mouse.click(box["x"] + node[0], box["y"] + node[1])
    page.wait_for_selector(".chosen")
    page.wait_for_function("(frames) => window.llamatelemetryGraph.renderer.drawn.frames > frames", arg=frames)
    assert watched.problems == []


def test_without_webgl_the_page_says_so_and_draws(browser, pictured):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = chromium.watched_page(context, pictured.console)
    page = watched.page
    page.goto(pictured.console + "/graph?graph=interference&webgl=0")
    drawn(page, "canvas")
    assert "without WebGL" in page.inner_text("[data-banner=webgl]")
    painted = page.evaluate("""() => { const c = document.querySelector('.graph-picture canvas');
      return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0); }""")
    assert painted
    context.close()
    assert watched.problems == []


def test_columns_colour_size_and_label(at):
    watched = at("/graph?graph=interference")
    page = watched.page
    drawn(page)
    for select, value in (("#graph-colour", "total"), ("#graph-size", "input_tokens"), ("#graph-label", "model")):
        page.select_option(select, value)
    page.wait_for_function("() => location.search.includes('colour=total') && location.search.includes('label=model')")
    assert "500 ms" in page.inner_text(".legend-ramp") and "1,000 ms" in page.inner_text(".legend-ramp")
    page.select_option("#graph-colour", "model")
    page.wait_for_function("() => document.querySelector('.legend-items').textContent.includes('m')")
    page.reload()
    drawn(page)
    assert page.input_value("#graph-size") == "input_tokens"
    assert watched.problems == []


def test_no_label_is_cut_off_at_the_edge(at):
    watched = at("/graph")
    page = watched.page
    drop_edges(page, "src,dst\nthe name of one side,the name of the other\n")
    page.add_init_script("""window.labels = []; const draw = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        const end = x + this.measureText(text).width;
        window.labels.push({ text, inside: x >= 0 && end <= this.canvas.width / devicePixelRatio });
        draw.call(this, text, x, y); };""")
    page.reload()
    drawn(page)
    at_rest(page)
    last = {label["text"]: label["inside"] for label in page.evaluate("window.labels")}
    assert last == {"the name of one side": True, "the name of the other": True}
    assert watched.problems == []


def test_search_neighbourhood_and_path(at):
    watched = at("/graph")
    page = watched.page
    page.wait_for_selector("#graph-file", state="attached")
    drop_edges(page, CHAIN)
    page.fill("#graph-find", "a")
    page.press("#graph-find", "Enter")
    page.wait_for_selector(".chosen")
    assert "2 neighbours" in page.inner_text(".chosen")
    page.select_option(".chosen select", "1")
    page.wait_for_function("() => document.querySelector('.chosen').textContent.includes('3 nodes are meant')")
    page.get_by_role("button", name="Path to…").click()
    page.fill("#graph-find", "e")
    page.press("#graph-find", "Enter")
    page.wait_for_selector(".path")
    assert "Path of 4 edges to e" in page.inner_text(".path")
    assert page.locator(".path li").count() == 5
    page.go_back()
    page.wait_for_selector(".path", state="detached")
    assert watched.problems == []


def test_algorithms_that_begin_somewhere_take_the_chosen_node(at):
    page = at("/graph").page
    page.wait_for_selector("#graph-file", state="attached")
    drop_edges(page, CHAIN)
    page.fill("#graph-find", "c")
    page.press("#graph-find", "Enter")
    page.wait_for_selector(".chosen")
    page.select_option("#graph-algorithm", "bfs")
    page.wait_for_function("() => window.llamatelemetryGraph.picture.nodes.some((column) => column.name === 'distance')", timeout=30_000)
    page.wait_for_function("() => document.querySelector('.chosen .attributes').textContent.includes('distance')")


def test_a_broken_file_is_refused_in_words(at):
    page = at("/graph?graph=interference").page
    drawn(page)
    page.set_input_files("#graph-file", {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"src,dst,weight\na,b,-4\n"})
    page.wait_for_selector(".toast.bad")
    assert "negative" in page.inner_text(".toast.bad")


def test_time_is_brushed_and_replayed(at):
    watched = at("/graph?graph=interference")
    page = watched.page
    drawn(page)
    page.wait_for_selector(".brush")
    page.get_by_label("To", exact=True).fill("100")
    page.wait_for_function("() => location.search.includes('t1=')")
    page.wait_for_function("() => window.llamatelemetryGraph.marks.nodes?.length === 1")
    page.get_by_role("button", name="Replay").click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('t0') > 0")
    page.get_by_role("button", name="Stop").click()
    page.locator(".brush").get_by_role("button", name="All").click()
    page.wait_for_function("() => !location.search.includes('t0=')")
    assert watched.problems == []


def test_views_are_kept(at):
    page = at("/graph?graph=interference&colour=total").page
    drawn(page)
    page.click(".saved summary")
    page.fill("#view-name", "By time")
    page.press("#view-name", "Enter")
    page.goto(page.url.split("?")[0] + "?graph=interference")
    drawn(page)
    page.click(".saved summary")
    page.get_by_role("button", name="By time", exact=True).click()
    page.wait_for_function("() => location.search.includes('colour=total')")
    page.get_by_role("button", name="Forget By time").click()
    assert page.locator(".saved li").count() == 0


def test_an_empty_graph_teaches(at):
    page = at("/graph?graph=prefix").page
    page.wait_for_selector(".graph-empty", timeout=30_000)
    assert "No prompt has come twice" in page.inner_text(".graph-empty")


def test_a_query_is_drawn_as_a_graph(at):
    rows = "SELECT * FROM (VALUES ('a', 1, 'b', 7), ('b', 2, 'c', 1), (NULL, 3, 'c', 1), ('c', 4, 'd', -1)) t(one, n, other, cost)"
    watched = at("/sql?" + urllib.parse.urlencode({"view": "graph", "q": rows}))
    page = watched.page
    drawn(page, "webgl")
    result = page.locator(".result-graph")
    expect(result).to_contain_text("3 of 4 rows are edges; 1 are left out")
    expect(page.locator("#findings-title")).to_have_text("4 nodes, 3 edges")
    page.get_by_label("Weight").select_option("cost")
    expect(result).to_contain_text("2 of 4 rows are edges; 2 are left out")
    expect(page.locator("#findings-title")).to_have_text("3 nodes, 2 edges")
    page.wait_for_function("() => window.llamatelemetryGraph.picture.edges.find((one) => one.name === 'weight')?.values[0] === 7")
    page.get_by_label("To", exact=True).select_option("n")
    expect(page.locator("#findings-title")).to_have_text("4 nodes, 2 edges")
    assert "target=n" in page.url and "weight=cost" in page.url
    page.get_by_role("link", name="On the Graph page").click()
    page.wait_for_url("**/graph?graph=edges-*")
    expect(page.locator("#findings-title")).to_have_text("4 nodes, 2 edges")
    assert watched.problems == [] and watched.outside == []


def test_a_result_that_is_no_graph_says_why(at):
    page = at("/sql?" + urllib.parse.urlencode({"view": "graph", "q": "SELECT 1 AS one"})).page
    expect(page.locator("#result")).to_contain_text("A graph needs two columns")


def test_nothing_scrolls_sideways(at):
    page = at("/graph?graph=interference").page
    drawn(page)
    chromium.fits(page, 390, 1280)


def test_forces_that_a_gpu_cannot_compute_are_given_up(webgl, pictured):
    """Seen on a GPU: after one step all nodes are in one place, or their places are no numbers."""
    with chromium.opener(webgl, pictured.console) as open_:
        page = open_("/graph?graph=services&layout=none").page
        page.wait_for_function("() => window.llamatelemetryGraph?.renderer?.kind === 'webgl' && window.llamatelemetryGraph.renderer.scene")
        page.get_by_role("button", name="Forces").wait_for()
        page.evaluate("""() => {
          const { renderer } = window.llamatelemetryGraph;
          renderer.graph.getPointPositions = () => renderer.scene.positions.map(() => 7);
          renderer.simulate(false);
          renderer.simulate(true);
        }""")
        page.locator("[data-note=fell-together]").wait_for(timeout=30_000)
        assert page.get_by_role("button", name="Forces").get_attribute("aria-pressed") == "false"
        assert page.evaluate("() => window.llamatelemetryGraph.renderer.graph.isSimulationRunning") is False
