// Drawing with cosmos.gl: places, forces and picking on the GPU.
import { Graph } from "@cosmos.gl/graph";
import { MOST_ON_PROCESSOR, sampleOrder } from "./edges";
import { edgeStrength } from "./encode";
import { Follower, spread } from "./follow";
import { forcesFor } from "./forces";
import { Frames } from "./frames";
import { extent } from "./places";
import {
  SPACE,
  type Drawn,
  type Marks,
  type Renderer,
  type RendererEvents,
  type Scene,
  type Style,
} from "./renderer";

const TRACKED = 300; // nodes of labels and of edges that are meant, at most
const MANY_EDGES = 20_000;
const MARGIN = 0.07; // around the whole graph
const GREYED_OUT = 0.03; // of an edge's opacity, when others are meant
const FIT_MS = 250;
const STEPS = 600; // of the forces, until they rest
const PROCESSOR_STEPS = 60;
const CHECKED_AFTER = 3; // steps of the forces
const LEAST_LEFT = 0.05; // of a layout's width and height, after these
const FOLLOW_EVERY = 3; // steps
const LARGEST_CLOSE = 24; // pixels, what the largest node grows to as the view comes closer
const SOFTWARE = /swiftshader|llvmpipe|softpipe|lavapipe|basic render/i;

function drawnByProcessor(canvas: HTMLCanvasElement | null): boolean {
  const gl = canvas?.getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  return SOFTWARE.test(String(gl?.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

export class WebglRenderer implements Renderer {
  readonly kind = "webgl";
  onProcessor = false;
  sizeScale = 1;
  private readonly graph: Graph;
  private frames!: Frames; // from ready on, as all that follows
  private readonly follower: Follower;
  private readonly observer = new ResizeObserver(() => this.touched());
  private scene: Scene | null = null;
  private order: Uint32Array | null = null; // of the edges, as they are drawn
  private sample: number[] = []; // nodes that stand for the whole
  private wholeZoom = 1; // at which the whole is in view
  private fitting = false; // the view is on its way there
  private ticks = 0;
  private unchecked = 0; // steps of the forces until it is looked at what they did
  private largest = 1; // of the sizes
  private placeOf: Uint32Array | null = null; // of an edge, in that order
  private tracked = new Set<number>();
  private isNew = false;
  private ready = false;
  private closed = false;

  private constructor(
    private readonly parent: HTMLDivElement,
    events: RendererEvents,
  ) {
    this.graph = new Graph(parent, {
      spaceSize: SPACE,
      enableSimulation: false,
      transitionDuration: 0,
      fitViewOnInit: false,
      attribution: "",
      enableDrag: true,
      enableRightClickRepulsion: false,
      scalePointsOnZoom: false,
      pointDefaultSize: 6,
      pointGreyoutOpacity: 0.12,
      linkGreyoutOpacity: GREYED_OUT,
      linkVisibilityDistanceRange: [60, 600],
      rescalePositions: false,
      onClick: (index) => events.chosen(index ?? null),
      onPointMouseOver: (index, at) => {
        const [x, y] = this.graph.spaceToScreenPosition(at);
        events.hovered(index, x, y);
        this.frames.draw();
      },
      onPointMouseOut: () => {
        events.hovered(null, 0, 0);
        this.frames.draw();
      },
      onZoomStart: (_, byHand) => {
        if (byHand) this.follower.on = false;
      },
      onZoom: () => this.viewMoved(events),
      onZoomEnd: () => {
        this.fitting = false;
      },
      onDrag: () => this.viewMoved(events),
      onSimulationTick: () => this.tick(events),
      onSimulationEnd: () => {
        if (this.follower.on) this.fit(null);
        this.follower.on = false;
        this.frames.moving();
        events.settled();
      },
    });
    this.follower = new Follower(this.graph);
  }

  /** Rejects when the GPU cannot be used after all. */
  static async make(parent: HTMLDivElement, events: RendererEvents): Promise<WebglRenderer> {
    const renderer = new WebglRenderer(parent, events);
    await renderer.graph.ready;
    renderer.onProcessor = drawnByProcessor(parent.querySelector("canvas"));
    renderer.frames = new Frames(
      renderer.graph,
      () => renderer.scene?.source.length ?? 0,
      renderer.onProcessor,
    );
    renderer.ready = true;
    renderer.listen();
    return renderer;
  }

  get mostEdges(): number {
    return this.onProcessor ? MOST_ON_PROCESSOR : Infinity;
  }

  get drawn(): Drawn {
    return { frames: this.frames.drawn, edges: this.frames.edgesDrawn };
  }

  setScene(scene: Scene): void {
    this.scene = scene;
    this.placeOf = null;
    this.order = sampleOrder(scene.source, scene.weight, scene.groups);
    const links = new Float32Array(scene.source.length * 2);
    for (let i = 0; i < scene.source.length; ++i) {
      const e = this.order?.[i] ?? i;
      links[2 * i] = scene.source[e]!;
      links[2 * i + 1] = scene.target[e]!;
    }
    this.graph.setPointPositions(scene.positions, true);
    this.graph.setLinks(links);
    const many = scene.source.length > MANY_EDGES;
    this.graph.setConfigPartial({
      linkDefaultArrows: scene.directed && scene.source.length <= 4000,
      linkDefaultWidth: many ? 0.6 : 1,
      linkVisibilityMinTransparency: many ? 0.6 : 0.25,
    });
    this.sample = spread(scene.nodes);
    this.tracked = new Set();
    this.isNew = true;
  }

  setStyle(style: Style): void {
    if (!this.scene) return;
    this.graph.setConfigPartial({
      backgroundColor: style.paper,
      linkDefaultColor: style.edge,
      hoveredPointRingColor: style.ink,
      renderHoveredPointRing: true,
      focusedPointRingColor: style.focus,
    });
    this.graph.setPointColors(style.rgba);
    this.graph.setPointSizes(style.sizes);
    this.largest = style.sizes.reduce((most, size) => Math.max(most, size), 1);
    this.graph.render(this.isNew ? 0 : undefined, 0);
    if (this.isNew) this.fit(null);
    this.isNew = false;
    this.frames.moving();
  }

  setMarks(marks: Marks): void {
    const set = (name: string, value: unknown) => ({ [name]: value ?? undefined });
    const all = this.scene?.source.length ?? 0;
    this.frames.boost = marks.edges ? edgeStrength(marks.edges.length) / edgeStrength(all) : 1;
    this.graph.setConfigPartial({
      linkGreyoutOpacity: GREYED_OUT / this.frames.boost,
      ...set("highlightedPointIndices", marks.nodes),
      ...set("highlightedLinkIndices", marks.edges && this.drawnAt(marks.edges)),
      ...set("focusedPointIndex", marks.chosen),
    } as Parameters<Graph["setConfigPartial"]>[0]);
    this.frames.draw();
  }

  fit(nodes: number[] | null): void {
    if (nodes && nodes.length > 0) {
      this.follower.on = false;
      this.graph.fitViewByPointIndices(nodes, FIT_MS, 0.25);
    } else if (this.graph.isSimulationRunning) this.follower.start();
    else {
      this.fitting = true;
      this.graph.fitView(this.isNew ? 0 : FIT_MS, MARGIN);
    }
    this.frames.moving();
  }

  zoom(factor: number): void {
    this.follower.on = false;
    this.graph.zoom(this.graph.getZoomLevel() * factor, 120);
    this.frames.moving();
  }

  places(nodes: number[]): Map<number, [number, number]> {
    const out = new Map<number, [number, number]>();
    if (!this.ready || this.closed) return out;
    const wanted = nodes.slice(0, TRACKED);
    if (wanted.some((node) => !this.tracked.has(node))) {
      this.tracked = new Set([...wanted, ...this.sample]);
      this.graph.trackPointPositionsByIndices([...this.tracked]);
    }
    const places = this.graph.getTrackedPointPositionsMap();
    for (const node of wanted) {
      const at = places.get(node);
      if (at) out.set(node, this.graph.spaceToScreenPosition(at));
    }
    return out;
  }

  positions(): ArrayLike<number> {
    return this.graph.getPointPositions();
  }

  screenAt(x: number, y: number): [number, number] {
    return this.graph.spaceToScreenPosition([x, y]);
  }

  simulate(on: boolean): boolean {
    if (on && this.scene) {
      const forces = forcesFor(this.scene);
      this.graph.setConfigPartial({
        simulationRepulsion: forces.repulsion,
        simulationGravity: forces.gravity,
        simulationLinkSpring: forces.spring,
        simulationLinkDistance: forces.distance,
        simulationFriction: forces.friction,
        simulationDecay: this.onProcessor ? PROCESSOR_STEPS : STEPS,
        enableSimulation: true,
      });
      this.unchecked = CHECKED_AFTER;
      this.graph.start(1);
      this.follower.start();
      this.frames.moving();
    } else {
      this.follower.on = false;
      this.graph.pause();
      this.graph.setConfigPartial({ enableSimulation: false });
      this.frames.moving();
    }
    return true;
  }

  close(): void {
    this.closed = true;
    this.frames.close();
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.touched);
    this.parent.removeEventListener("pointermove", this.pointed);
    this.parent.removeEventListener("pointerdown", this.touched);
    this.graph.destroy();
    this.parent.replaceChildren();
  }

  private listen(): void {
    this.parent.addEventListener("pointermove", this.pointed);
    this.parent.addEventListener("pointerdown", this.touched);
    document.addEventListener("visibilitychange", this.touched);
    this.observer.observe(this.parent);
  }

  private readonly pointed = (event: PointerEvent) => {
    if (event.buttons === 0) this.frames.pointed();
    else this.frames.moving();
  };

  private readonly touched = () => this.frames.moving();

  private viewMoved(events: RendererEvents): void {
    if (!this.ready) return; // cosmos.gl sets a view before it is
    const zoom = this.graph.getZoomLevel();
    if (this.fitting || this.follower.on) this.wholeZoom = zoom;
    const closer = Math.sqrt(Math.max(zoom / this.wholeZoom, 1));
    const scale = Math.min(closer, Math.max(LARGEST_CLOSE / this.largest, 1));
    if (Math.abs(scale / this.sizeScale - 1) > 0.01) {
      this.sizeScale = scale;
      this.graph.setConfigPartial({ pointSizeScale: scale });
    }
    this.frames.moving();
    events.moved();
  }

  private tick(events: RendererEvents): void {
    if (this.unchecked > 0 && --this.unchecked === 0 && this.haveFallenTogether())
      queueMicrotask(() => this.giveUp(events));
    if (++this.ticks % FOLLOW_EVERY === 0 && this.follower.on) {
      const places = this.graph.getTrackedPointPositionsMap();
      this.follower.step(this.sample.flatMap((node) => (places.has(node) ? [places.get(node)!] : [])));
    }
    events.moved();
  }

  /** On some GPUs the repulsion of cosmos.gl is no number, and all nodes end in one place. */
  private haveFallenTogether(): boolean {
    const before = extent(this.scene!.positions, this.sample);
    const now = extent(this.graph.getPointPositions(), this.sample);
    return before.some((side, i) => side > 0 && !(now[i]! > side * LEAST_LEFT));
  }

  private giveUp(events: RendererEvents): void {
    if (this.closed) return;
    this.simulate(false);
    this.graph.setPointPositions(this.scene!.positions, true);
    this.graph.render(0, 0);
    this.fit(null);
    events.fellTogether();
  }

  /** Where these edges stand among those that are drawn. */
  private drawnAt(edges: number[]): number[] {
    if (!this.order) return edges;
    if (!this.placeOf) {
      this.placeOf = new Uint32Array(this.order.length);
      this.order.forEach((edge, i) => (this.placeOf![edge] = i));
    }
    return edges.map((edge) => this.placeOf![edge]!);
  }
}
