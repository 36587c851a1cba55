// When cosmos.gl draws, and how many edges: a sample while something moves, all of them once it rests, then nothing.
//
// cosmos.gl draws every frame for ever, and all edges in each. What begins and ends its frames, and draws one, is private
// to it, so it is reached for by name, and its version is pinned. A version without one of these names is left alone:
// it draws on as it likes, and everything still works.
import type { Graph } from "@cosmos.gl/graph";
import { EdgeBudget, MOST_ON_PROCESSOR } from "./edges";

const REST_MS = 250; // without movement, until all edges are drawn
const MOST_OPACITY = 6; // a sample's edges are drawn so much stronger at most, that the picture keeps its tone

interface Inner {
  renderFrame?(now?: number): void;
  startFrames?(): void;
  stopFrames?(): void;
  findHoveredItem?(immediate?: boolean): void;
}

export class Frames {
  /** Frames drawn, and edges in the last one. */
  drawn = 0;
  edgesDrawn = 0;
  /** How much stronger edges are drawn than the style says: those that are meant are few. */
  boost = 1;
  private readonly inner: Inner;
  private readonly byHand: EdgeBudget;
  private readonly byForces: EdgeBudget;
  private readonly most: number; // edges, at rest
  private readonly held: boolean; // whether frames can be begun and ended from here
  private limit = Infinity; // edges of the frame that is being drawn
  private movedAt = -Infinity;
  private before: number | null = null; // when the frame before began, of a movement
  private running = true;
  private pointer = 0;

  constructor(
    private readonly graph: Graph,
    private readonly edges: () => number,
    onProcessor: boolean,
  ) {
    this.byHand = new EdgeBudget(onProcessor);
    this.byForces = new EdgeBudget(onProcessor);
    this.most = onProcessor ? MOST_ON_PROCESSOR : Infinity;
    this.inner = graph as unknown as Inner;
    const { renderFrame, startFrames, stopFrames } = this.inner;
    this.held = !!(renderFrame && startFrames && stopFrames) && this.limitEdges();
    if (this.held) this.inner.renderFrame = (now) => this.render(renderFrame!, now);
  }

  /** Something moves: frames follow until it rests. */
  moving(): void {
    this.movedAt = performance.now();
    this.draw();
  }

  /** Something looks different now, and nothing moves. */
  draw(): void {
    if (!this.held || this.running) return;
    this.running = true;
    this.before = null;
    this.inner.startFrames!();
  }

  /** The pointer is over a picture that rests: only a node that comes under it is worth a frame. */
  pointed(): void {
    if (this.running || this.pointer) return;
    this.pointer = requestAnimationFrame(() => {
      this.pointer = 0;
      if (this.running) return;
      if (this.inner.findHoveredItem) this.inner.findHoveredItem(true);
      else this.draw();
    });
  }

  close(): void {
    cancelAnimationFrame(this.pointer);
  }

  private get isMoving(): boolean {
    return this.graph.isSimulationRunning || performance.now() - this.movedAt < REST_MS;
  }

  private render(draw: (now?: number) => void, now?: number): void {
    const moving = this.isMoving;
    const total = this.edges();
    const budget = this.graph.isSimulationRunning ? this.byForces : this.byHand;
    if (moving) this.learn(budget, now ?? performance.now());
    this.limit = moving ? Math.min(budget.edges, this.most) : this.most;
    this.edgesDrawn = Math.min(total, this.limit);
    const fuller = this.edgesDrawn > 0 ? Math.min(Math.sqrt(total / this.edgesDrawn), MOST_OPACITY) : 1;
    const opacity = this.boost * fuller;
    if (this.graph.config.linkOpacity !== opacity) this.graph.setConfigPartial({ linkOpacity: opacity });
    draw.call(this.graph, now);
    this.limit = Infinity;
    this.drawn += 1;
    if (!moving) this.rest();
  }

  private learn(budget: EdgeBudget, now: number): void {
    if (this.before === null) budget.begin();
    else budget.note(now - this.before);
    this.before = now;
  }

  /** After this frame's callback, in which cosmos.gl asks for the next. */
  private rest(): void {
    queueMicrotask(() => {
      if (this.isMoving) return;
      this.inner.stopFrames!();
      this.running = false;
      this.before = null;
    });
  }

  /** Lets a frame see fewer edges than there are: it draws the first of them. */
  private limitEdges(): boolean {
    const data = this.graph.graph;
    const count = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(data), "linksNumber")?.get;
    if (!count) return false;
    Object.defineProperty(data, "linksNumber", {
      get: () => {
        const all = count.call(data) as number | undefined;
        return all === undefined ? all : Math.min(all, this.limit);
      },
    });
    return true;
  }
}
