"""The graph page with a large graph: until it is drawn, its frames while forces or a hand move it, its memory."""

import json
import math
import random
import statistics
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import webgl
from figures import Figures, percentile

DRAWN = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""
THERE = "() => window.llamatelemetryGraph?.picture?.head.node_count > 0"
SMOOTH = 58  # frames a second, of 60
FEW = 10     # intervals of which no percentile is told
MARGIN = 30  # pixels from the picture's corner, where no node is
CIRCLE = 60  # pixels, the radius of a pan
WHEEL = 60   # a wheel's turn
FIT_MS = 600 # more than the page takes to show the whole graph
REST_SECONDS = 120 # for the forces, at most
STILL = "() => llamatelemetryStill(1000)"
STILL_SCRIPT = """window.llamatelemetryStill = (ms) => {
  const frames = window.llamatelemetryGraph.renderer.drawn.frames, now = performance.now(), seen = window.llamatelemetrySeen;
  if (seen?.frames !== frames) window.llamatelemetrySeen = { frames, at: now };
  return seen?.frames === frames && now - seen.at > ms;
};"""
DRAWN_NOW = "() => window.llamatelemetryGraph.renderer.drawn"
# How many points are numbers and in view, how far a node is from its community's middle, and the middles from each other.
POINTS = """() => {
  const { renderer, picture } = window.llamatelemetryGraph;
  const at = renderer.positions(), box = document.querySelector('.graph-picture').getBoundingClientRect();
  const groups = picture.nodes.find((column) => column.name === 'community')?.values, middles = new Map();
  let finite = 0, inView = 0;
  for (let v = 0; 2 * v < at.length; ++v) {
    if (!Number.isFinite(at[2 * v]) || !Number.isFinite(at[2 * v + 1])) continue;
    finite += 1;
    const [x, y] = renderer.screenAt(at[2 * v], at[2 * v + 1]);
    if (x >= 0 && y >= 0 && x <= box.width && y <= box.height) inView += 1;
    const sums = middles.get(groups?.[v] ?? 0) ?? [0, 0, 0];
    middles.set(groups?.[v] ?? 0, [sums[0] + x, sums[1] + y, sums[2] + 1]);
  }
  const places = [...middles.values()].map(([x, y, n]) => [x / n, y / n]);
  const apart = places.map((one) => Math.min(...places.filter((other) => other !== one).map((other) => Math.hypot(one[0] - other[0], one[1] - other[1]))));
  let away = 0;
  for (let v = 0; 2 * v < at.length; ++v) {
    const [x, y] = renderer.screenAt(at[2 * v], at[2 * v + 1]), [sx, sy, n] = middles.get(groups?.[v] ?? 0);
    away += Math.hypot(x - sx / n, y - sy / n) || 0;
  }
  const first = places[0] ?? [box.width / 2, box.height / 2];
  return { points: at.length / 2, finite, inView, away: away / Math.max(finite, 1), apart: apart.length > 1 ? apart.reduce((a, b) => a + b) / apart.length : null, first };
}"""


@dataclass
class Plan:
    nodes: int
    edges: int
    seconds: float         # of each sample of frames
    layout_seconds: float  # how long the server may take for its layout; 0: not asked
    pictures: Path | None  # where screenshots go


def edge_list(nodes: int, edges: int) -> bytes:
    """Communities of about a thousand, four in five edges inside them."""
    dice = random.Random(1)
    size = 1000
    lines = ["src,dst"]
    for _ in range(edges):
        a = dice.randrange(nodes)
        b = dice.randrange(nodes) if dice.random() < 0.2 else min(nodes - 1, a // size * size + dice.randrange(size))
        lines.append(f"{a},{b}")
    return "\n".join(lines).encode()


def post(figures: Figures, console: str, plan: Plan) -> str:
    """The name under which the console knows the graph."""
    request = urllib.request.Request(f"{console}/api/v1/graphs/edges", edge_list(plan.nodes, plan.edges))
    begin = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as answer:
        name = json.load(answer)["graph"]
    figures.add(f"edge list of {plan.edges:,} edges, taken (API)", (time.perf_counter() - begin) * 1000, "ms")
    return name


def answered(console: str, name: str, query: str, seconds: float) -> float | None:
    """Milliseconds, or None when it took longer than these seconds."""
    begin = time.perf_counter()
    try:
        with urllib.request.urlopen(f"{console}/api/v1/graphs/{name}?{query}format=binary", timeout=seconds) as answer:
            answer.read()
    except (TimeoutError, urllib.error.URLError):
        return None
    return (time.perf_counter() - begin) * 1000


class GraphPage:
    def __init__(self, browser, url: str, wait_for_gpu: bool = False):
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.set_default_timeout(300_000)
        self.page.add_init_script(path=webgl.FRAMES)
        self.page.add_init_script(STILL_SCRIPT)
        if wait_for_gpu:
            self.page.add_init_script("window.llamatelemetryWaitsForGpu = true")
        self.page.goto(url, wait_until="commit")
        self.page.wait_for_function(THERE)
        self.drawn_ms = self.page.evaluate(DRAWN)
        self.box = self.page.locator(".graph-picture").bounding_box()

    def kind(self) -> str:
        return self.page.evaluate("window.llamatelemetryGraph.renderer.kind")

    def forces(self):
        return self.page.get_by_role("button", name="Forces")

    def has_forces(self) -> bool:
        return self.forces().get_attribute("aria-pressed") == "true"

    def sample(self, seconds: float, move=None) -> dict:
        """Frames for these seconds, while `move` moves the mouse: again and again, with the turn's number."""
        self.page.evaluate("llamatelemetryFrames.start()")
        end, turn = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            if move:
                move(turn)
            self.page.wait_for_timeout(min(4 if move else 200, left * 1000))
            turn += 1
        return self.page.evaluate("llamatelemetryFrames.stop()")

    def show_whole(self) -> None:
        """Nothing is measured that is out of sight."""
        self.page.get_by_role("button", name="Whole graph").click()
        self.page.wait_for_timeout(FIT_MS)

    def pan(self, seconds: float) -> dict:
        """Around in a small circle, the graph in the hand."""
        self.move_to(0)
        self.page.mouse.down()
        found = self.sample(seconds, self.move_to)
        found["edges"] = self.drawn_now()["edges"]
        self.page.mouse.up()
        return found

    def zoom(self, seconds: float) -> dict:
        """Closer, until an eighth of it is seen, and away again."""
        self.page.mouse.move(self.box["x"] + self.box["width"] / 2, self.box["y"] + self.box["height"] / 2)
        return self.sample(seconds, lambda turn: self.page.mouse.wheel(0, -WHEEL if turn % 36 < 18 else WHEEL))

    def drawn_now(self) -> dict:
        return self.page.evaluate(DRAWN_NOW)

    def wait_until_still(self) -> None:
        """All edges are drawn once a movement is over, and then nothing is."""
        self.page.wait_for_function(STILL)

    def wait_until_forces_rest(self) -> float | None:
        """Seconds until then; None when it takes too long."""
        begin = time.monotonic()
        while time.monotonic() - begin < REST_SECONDS:
            if not self.has_forces():
                return time.monotonic() - begin
            self.page.wait_for_timeout(200)
        return None

    def move_to(self, turn: int) -> None:
        """A place of the circle of a pan."""
        left, top = self.box["x"] + MARGIN + CIRCLE, self.box["y"] + MARGIN
        self.page.mouse.move(left + CIRCLE * math.cos(turn / 10), top + CIRCLE * math.sin(turn / 10))

    def come_close(self, x: float, y: float) -> None:
        """To a place of the picture, some eight times closer."""
        self.page.mouse.move(self.box["x"] + x, self.box["y"] + y)
        for _ in range(12):
            self.page.mouse.wheel(0, -100)
            self.page.wait_for_timeout(30)

    def heap_mb(self) -> float:
        session = self.page.context.new_cdp_session(self.page)
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"] / 1e6

    def close(self) -> None:
        self.page.context.close()


def add_frames(figures: Figures, what: str, sample: dict, least: float | None = None) -> None:
    figures.add(f"{what}, frames a second, mean", sample["frames"] / sample["seconds"], "/s", least, least=True)
    intervals = sample["intervals"]
    if len(intervals) < FEW:
        print(f"{what}: {sample['frames']} frames in {sample['seconds']:.1f} s are too few to say more", flush=True)
        return
    figures.add(f"{what}, a frame's interval, median", statistics.median(intervals), "ms")
    figures.add(f"{what}, a frame's interval, 95th percentile", percentile(intervals, 0.95), "ms")
    figures.add(f"{what}, a frame's interval, longest", max(intervals), "ms")
    figures.add(f"{what}, the page's work in a frame, median", statistics.median(sample["script"]), "ms")
    figures.add(f"{what}, the GPU's time in a frame, median", percentile(sample["gpu"], 0.5), "ms")
    figures.add(f"{what}, the GPU's time in a frame, 95th percentile", percentile(sample["gpu"], 0.95), "ms")


def measure(figures: Figures, way: webgl.Way, console: str, plan: Plan) -> None:
    name = post(figures, console, plan)
    figures.add("its communities and ranks, without layout (API)", answered(console, name, "layout=none&", 300), "ms")
    in_browser = f"{console}/graph?graph={name}&layout=none"
    with webgl.opened(way) as browser:
        before = webgl.card_memory_mb() if way.on_gpu else None
        graph = GraphPage(browser, in_browser)
        drew = way.renderer if graph.kind() == "webgl" else "no WebGL, a plain canvas"
        print(f"graph page of {plan.nodes:,} nodes and {plan.edges:,} edges, drawn by {drew}", flush=True)
        figures.add("graph page, until the graph is drawn", graph.drawn_ms, "ms")
        moving_frames(figures, graph, "graph", way, plan)
        still_frames(figures, graph, "graph", way, plan)
        add_memory(figures, browser, graph, way, before)
        graph.close()
    with webgl.opened(way, uncapped=True) as browser:
        graph = GraphPage(browser, in_browser, wait_for_gpu=True)
        moving_frames(figures, graph, "uncapped", way, plan, uncapped=True)
        still_frames(figures, graph, "uncapped", way, plan, uncapped=True)
        graph.close()
    if plan.layout_seconds:
        measure_placed(figures, way, console, name, plan)


def measure_placed(figures: Figures, way: webgl.Way, console: str, name: str, plan: Plan) -> None:
    """At the server's places. The console keeps its answer for 30 seconds, in which the page asks for it."""
    figures.add("the server's layout (API)", answered(console, name, "", plan.layout_seconds), "ms")
    if figures.rows[-1]["what"] != "the server's layout (API)":
        print(f"the server's layout took longer than {plan.layout_seconds:g} s: no figures of it", flush=True)
        return
    with webgl.opened(way) as browser:
        graph = GraphPage(browser, f"{console}/graph?graph={name}")
        figures.add("graph page with the server's layout, until it is drawn", graph.drawn_ms, "ms")
        still_frames(figures, graph, "server's layout", way, plan)
        graph.close()


def moving_frames(figures: Figures, graph: GraphPage, what: str, way: webgl.Way, plan: Plan, uncapped: bool = False) -> None:
    """The forces move the graph from the start on where no layout came with it, unless the processor would have to."""
    if not graph.has_forces():
        print(f"{what}: the page lets no forces move so many edges without a GPU", flush=True)
        return
    least = SMOOTH if way.on_gpu and not uncapped else None
    begin = time.monotonic()
    add_frames(figures, f"{what}, forces move it", graph.sample(plan.seconds), least)
    figures.add(f"{what}, forces move it, edges drawn", graph.drawn_now()["edges"], "edges")
    add_points(figures, graph, f"{what}, after {time.monotonic() - begin:.0f} s of forces")
    graph.show_whole()
    add_frames(figures, f"{what}, forces and a hand move it", graph.pan(plan.seconds), least)
    graph.show_whole()
    keep_picture(graph, plan, f"{what}-forces", whole=False)
    more = graph.wait_until_forces_rest()
    figures.add(f"{what}, until the forces rest", None if more is None else time.monotonic() - begin, "s")
    if more is not None:
        graph.wait_until_still()
        add_points(figures, graph, f"{what}, when the forces rest")
        keep_picture(graph, plan, f"{what}-rest", whole=False)


def still_frames(figures: Figures, graph: GraphPage, what: str, way: webgl.Way, plan: Plan, uncapped: bool = False) -> None:
    least = SMOOTH if way.on_gpu and not uncapped else None
    if graph.has_forces():
        graph.forces().click()
    graph.show_whole()
    graph.wait_until_still()
    before = graph.drawn_now()["frames"]
    add_frames(figures, f"{what}, nothing moves it", graph.sample(plan.seconds), least)
    after = graph.drawn_now()
    figures.add(f"{what}, nothing moves it, pictures drawn a second", (after["frames"] - before) / plan.seconds, "/s", 0)
    figures.add(f"{what}, nothing moves it, edges drawn", after["edges"], "edges")
    moved = graph.pan(plan.seconds)
    add_frames(figures, f"{what}, a hand moves it", moved, least)
    figures.add(f"{what}, a hand moves it, edges drawn", moved["edges"], "edges")
    graph.show_whole()
    add_frames(figures, f"{what}, the wheel zooms", graph.zoom(plan.seconds), least)
    if plan.pictures and not uncapped:
        keep_moving_pictures(graph, plan, what)
    keep_picture(graph, plan, f"{what}-still")


def add_points(figures: Figures, graph: GraphPage, what: str) -> None:
    found = graph.page.evaluate(POINTS)
    figures.add(f"{what}, points that are numbers", found["finite"], "points", found["points"], least=True)
    figures.add(f"{what}, points in view", found["inView"], "points", found["points"] * 0.99, least=True)
    figures.add(f"{what}, a node from its community's middle, mean", found["away"], "px")
    figures.add(f"{what}, a community's middle from the nearest other, mean", found["apart"], "px")


def keep_moving_pictures(graph: GraphPage, plan: Plan, what: str) -> None:
    """In the hand, and with one community close."""
    graph.show_whole()
    first = graph.page.evaluate(POINTS)["first"]
    graph.move_to(0)
    graph.page.mouse.down()
    for turn in range(10):
        graph.move_to(turn)
        graph.page.wait_for_timeout(16)
    keep_picture(graph, plan, f"{what}-panning", whole=False)
    graph.page.mouse.up()
    graph.show_whole()
    graph.come_close(*first)
    graph.wait_until_still()
    keep_picture(graph, plan, f"{what}-close", whole=False)


def keep_picture(graph: GraphPage, plan: Plan, name: str, whole: bool = True) -> None:
    if plan.pictures:
        if whole:
            graph.show_whole()
            graph.wait_until_still()
        graph.page.screenshot(path=plan.pictures / f"graph-{name.replace(' ', '-').replace(chr(39), '')}.png")


def add_memory(figures: Figures, browser, graph: GraphPage, way: webgl.Way, before: float | None) -> None:
    figures.add("graph page, JavaScript heap", graph.heap_mb(), "MB")
    pid = webgl.gpu_process(browser)
    if pid is None:
        return
    figures.add("graph page, chromium's GPU process, resident", webgl.resident_mb(pid), "MB")
    if way.on_gpu:
        figures.add("graph page, GPU memory of that process (nvidia-smi)", webgl.card_memory_mb(pid), "MB")
        after = webgl.card_memory_mb()
        more = None if before is None or after is None else after - before
        figures.add("graph page, GPU memory in use more than before it opened", more, "MB")
