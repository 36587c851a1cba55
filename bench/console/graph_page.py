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
        if wait_for_gpu:
            self.page.add_init_script("window.llamatelemetryWaitsForGpu = true")
        self.page.goto(url, wait_until="commit")
        self.page.wait_for_function(THERE)
        self.drawn_ms = self.page.evaluate(DRAWN)
        self.box = self.page.locator(".graph-picture").bounding_box()

    def kind(self) -> str:
        return self.page.evaluate("window.llamatelemetryGraph.renderer.kind")

    def stop_forces(self) -> None:
        button = self.page.get_by_role("button", name="Forces")
        if button.get_attribute("aria-pressed") == "true":
            button.click()

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
        mouse = self.page.mouse
        left, top = self.box["x"] + MARGIN, self.box["y"] + MARGIN
        mouse.move(left + CIRCLE, top)
        mouse.down()
        found = self.sample(seconds, lambda turn: mouse.move(left + CIRCLE * math.cos(turn / 10), top + CIRCLE * math.sin(turn / 10)))
        mouse.up()
        return found

    def zoom(self, seconds: float) -> dict:
        """Closer, until an eighth of it is seen, and away again."""
        self.page.mouse.move(self.box["x"] + self.box["width"] / 2, self.box["y"] + self.box["height"] / 2)
        return self.sample(seconds, lambda turn: self.page.mouse.wheel(0, -WHEEL if turn % 36 < 18 else WHEEL))

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
    """The forces move the graph from the start on where no layout came with it."""
    least = SMOOTH if way.on_gpu and not uncapped else None
    add_frames(figures, f"{what}, forces move it", graph.sample(plan.seconds), least)
    graph.show_whole()
    add_frames(figures, f"{what}, forces and a hand move it", graph.pan(plan.seconds), least)
    keep_picture(graph, plan, f"{what}-forces")


def still_frames(figures: Figures, graph: GraphPage, what: str, way: webgl.Way, plan: Plan, uncapped: bool = False) -> None:
    least = SMOOTH if way.on_gpu and not uncapped else None
    graph.stop_forces()
    graph.show_whole()
    add_frames(figures, f"{what}, nothing moves it", graph.sample(plan.seconds), least)
    add_frames(figures, f"{what}, a hand moves it", graph.pan(plan.seconds), least)
    graph.show_whole()
    add_frames(figures, f"{what}, the wheel zooms", graph.zoom(plan.seconds), least)
    keep_picture(graph, plan, f"{what}-still")


def keep_picture(graph: GraphPage, plan: Plan, name: str) -> None:
    if plan.pictures:
        graph.show_whole()
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
