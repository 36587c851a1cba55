// Drawing with cosmos.gl: places, forces and picking on the GPU.
import { Graph } from "@cosmos.gl/graph";
import { SPACE, type Marks, type Renderer, type RendererEvents, type Scene, type Style } from "./renderer";

const TRACKED = 60; // labels at most
const MANY_EDGES = 20_000;

export class WebglRenderer implements Renderer {
  readonly kind = "webgl";
  private readonly graph: Graph;
  private scene: Scene | null = null;
  private tracked: number[] = [];
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
      linkGreyoutOpacity: 0.03,
      linkVisibilityDistanceRange: [60, 600],
      linkVisibilityMinTransparency: 0.25,
      simulationGravity: 0.25,
      simulationRepulsion: 1,
      simulationLinkDistance: 6,
      simulationLinkSpring: 0.8,
      simulationFriction: 0.86,
      simulationDecay: 3000,
      rescalePositions: false,
      onClick: (index) => events.chosen(index ?? null),
      onPointMouseOver: (index) => {
        const place = this.places([index]).get(index);
        if (place) events.hovered(index, place[0], place[1]);
      },
      onPointMouseOut: () => events.hovered(null, 0, 0),
      onZoom: () => events.moved(),
      onDrag: () => events.moved(),
      onSimulationTick: () => events.moved(),
      onSimulationEnd: () => events.settled(),
    });
  }

  /** Rejects when the GPU cannot be used after all. */
  static async make(parent: HTMLDivElement, events: RendererEvents): Promise<WebglRenderer> {
    const renderer = new WebglRenderer(parent, events);
    await renderer.graph.ready;
    renderer.ready = true;
    return renderer;
  }

  setScene(scene: Scene): void {
    this.scene = scene;
    const links = new Float32Array(scene.source.length * 2);
    for (let e = 0; e < scene.source.length; ++e) {
      links[2 * e] = scene.source[e]!;
      links[2 * e + 1] = scene.target[e]!;
    }
    this.graph.setPointPositions(scene.positions, true);
    this.graph.setLinks(links);
    this.graph.setConfigPartial({
      linkDefaultArrows: scene.directed && scene.source.length <= 4000,
      linkDefaultWidth: scene.source.length > MANY_EDGES ? 0.6 : 1,
    });
    this.tracked = [];
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
    this.graph.render(this.isNew ? 0 : undefined, 0);
    if (this.isNew) this.graph.fitView(0, 0.12);
    this.isNew = false;
  }

  setMarks(marks: Marks): void {
    const set = (name: string, value: unknown) => ({ [name]: value ?? undefined });
    this.graph.setConfigPartial({
      ...set("highlightedPointIndices", marks.nodes),
      ...set("highlightedLinkIndices", marks.edges),
      ...set("focusedPointIndex", marks.chosen),
    } as Parameters<Graph["setConfigPartial"]>[0]);
  }

  fit(nodes: number[] | null): void {
    if (nodes && nodes.length > 0) this.graph.fitViewByPointIndices(nodes, 250, 0.25);
    else this.graph.fitView(250, 0.12);
  }

  zoom(factor: number): void {
    this.graph.zoom(this.graph.getZoomLevel() * factor, 120);
  }

  places(nodes: number[]): Map<number, [number, number]> {
    const out = new Map<number, [number, number]>();
    if (!this.ready || this.closed) return out;
    const wanted = nodes.slice(0, TRACKED);
    if (wanted.some((node) => !this.tracked.includes(node)) || wanted.length < this.tracked.length) {
      this.tracked = wanted;
      this.graph.trackPointPositionsByIndices(wanted);
    }
    for (const [node, at] of this.graph.getTrackedPointPositionsMap())
      out.set(node, this.graph.spaceToScreenPosition(at));
    return out;
  }

  simulate(on: boolean): boolean {
    if (on) {
      this.graph.setConfigPartial({ enableSimulation: true });
      this.graph.start(1);
    } else {
      this.graph.pause();
      this.graph.setConfigPartial({ enableSimulation: false });
    }
    return true;
  }

  close(): void {
    this.closed = true;
    this.graph.destroy();
    this.parent.replaceChildren();
  }
}
