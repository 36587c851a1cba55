// Drawing without WebGL: the same picture on a plain canvas, with as many edges as that bears.
import {
  SPACE,
  type Drawn,
  type Marks,
  type Renderer,
  type RendererEvents,
  type Scene,
  type Style,
} from "./renderer";

const MOST_EDGES = 30_000; // drawn; more are left out evenly, and the page says so

export class FlatRenderer implements Renderer {
  readonly kind = "canvas";
  readonly onProcessor = true;
  readonly sizeScale = 1;
  readonly mostEdges = MOST_EDGES;
  private frames = 0;
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;
  private readonly observer: ResizeObserver;
  private scene: Scene | null = null;
  private style: Style | null = null;
  private marks: Marks = { nodes: null, edges: null, chosen: null };
  private meant: Set<number> | null = null;
  private scale = 1; // pixels for one unit of space
  private left = 0; // of space, at the canvas's left edge
  private top = 0;
  private frame = 0;
  private drag: { x: number; y: number; moved: boolean } | null = null;

  constructor(
    private readonly parent: HTMLDivElement,
    private readonly events: RendererEvents,
  ) {
    this.context = this.canvas.getContext("2d")!;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "The graph, drawn without WebGL");
    parent.append(this.canvas);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(parent);
    this.listen();
    this.resize();
  }

  get drawn(): Drawn {
    return { frames: this.frames, edges: Math.min(this.scene?.source.length ?? 0, MOST_EDGES) };
  }

  screenAt(x: number, y: number): [number, number] {
    return [(x - this.left) * this.scale, (y - this.top) * this.scale];
  }

  positions(): ArrayLike<number> {
    return this.scene?.positions ?? [];
  }

  setScene(scene: Scene): void {
    this.scene = scene;
    this.fit(null);
  }

  setStyle(style: Style): void {
    this.style = style;
    this.redraw();
  }

  setMarks(marks: Marks): void {
    this.marks = marks;
    this.meant = marks.nodes ? new Set(marks.nodes) : null;
    this.redraw();
  }

  fit(nodes: number[] | null): void {
    if (!this.scene || this.scene.nodes === 0) return;
    const at = this.scene.positions;
    let low = [Infinity, Infinity];
    let high = [-Infinity, -Infinity];
    const take = (v: number) => {
      low = [Math.min(low[0]!, at[2 * v]!), Math.min(low[1]!, at[2 * v + 1]!)];
      high = [Math.max(high[0]!, at[2 * v]!), Math.max(high[1]!, at[2 * v + 1]!)];
    };
    if (nodes && nodes.length > 0) nodes.forEach(take);
    else for (let v = 0; v < this.scene.nodes; ++v) take(v);
    const margin = SPACE * 0.03;
    const width = high[0]! - low[0]! + 2 * margin;
    const height = high[1]! - low[1]! + 2 * margin;
    this.scale = Math.min(this.width / width, this.height / height);
    this.left = (low[0]! + high[0]!) / 2 - this.width / this.scale / 2;
    this.top = (low[1]! + high[1]!) / 2 - this.height / this.scale / 2;
    this.redraw();
  }

  zoom(factor: number): void {
    this.zoomAt(factor, this.width / 2, this.height / 2);
  }

  places(nodes: number[]): Map<number, [number, number]> {
    return new Map(nodes.map((node) => [node, this.placeOf(node)]));
  }

  simulate(): boolean {
    return false;
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.canvas.remove();
  }

  private get width(): number {
    return Math.max(this.parent.clientWidth, 50);
  }

  private get height(): number {
    return Math.max(this.parent.clientHeight, 50);
  }

  private resize(): void {
    this.canvas.width = Math.round(this.width * devicePixelRatio);
    this.canvas.height = Math.round(this.height * devicePixelRatio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.redraw();
  }

  private placeOf(node: number): [number, number] {
    const at = this.scene?.positions;
    if (!at) return [0, 0];
    return this.screenAt(at[2 * node]!, at[2 * node + 1]!);
  }

  private zoomAt(factor: number, x: number, y: number): void {
    const space = [this.left + x / this.scale, this.top + y / this.scale];
    this.scale = Math.min(Math.max(this.scale * factor, 0.01), 200);
    this.left = space[0]! - x / this.scale;
    this.top = space[1]! - y / this.scale;
    this.redraw();
  }

  private redraw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
      this.events.moved();
    });
  }

  private draw(): void {
    const c = this.context;
    const { scene, style } = this;
    this.frames += 1;
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    if (!scene || !style) return;
    this.drawEdges(scene, style);
    for (let v = 0; v < scene.nodes; ++v) {
      const [x, y] = this.placeOf(v);
      if (x < -20 || y < -20 || x > this.width + 20 || y > this.height + 20) continue;
      const [r, g, b] = [0, 1, 2].map((k) => Math.round(style.rgba[4 * v + k]! * 255));
      c.globalAlpha = !this.meant || this.meant.has(v) ? 1 : 0.12;
      c.fillStyle = `rgb(${r} ${g} ${b})`;
      c.beginPath();
      c.arc(x, y, style.sizes[v]! / 2, 0, 7);
      c.fill();
    }
    c.globalAlpha = 1;
    if (this.marks.chosen !== null) this.drawRing(this.marks.chosen, style);
  }

  private drawEdges(scene: Scene, style: Style): void {
    const c = this.context;
    const [r, g, b, a] = style.edge;
    const paint = (alpha: number) =>
      `rgb(${Math.round(r * 255)} ${Math.round(g * 255)} ${Math.round(b * 255)} / ${alpha})`;
    const line = (e: number) => {
      const [x, y] = this.placeOf(scene.source[e]!);
      const [u, w] = this.placeOf(scene.target[e]!);
      c.moveTo(x, y);
      c.lineTo(u, w);
    };
    const step = Math.max(1, scene.source.length / MOST_EDGES);
    c.strokeStyle = paint(this.meant ? a * 0.2 : a);
    c.beginPath();
    for (let e = 0; e < scene.source.length; e += step) line(Math.floor(e));
    c.stroke();
    if (!this.marks.edges) return;
    c.strokeStyle = style.focus;
    c.lineWidth = 2;
    c.beginPath();
    this.marks.edges.slice(0, MOST_EDGES).forEach(line);
    c.stroke();
    c.lineWidth = 1;
  }

  private drawRing(node: number, style: Style): void {
    const c = this.context;
    const [x, y] = this.placeOf(node);
    c.strokeStyle = style.focus;
    c.lineWidth = 3;
    c.beginPath();
    c.arc(x, y, style.sizes[node]! / 2 + 4, 0, 7);
    c.stroke();
    c.lineWidth = 1;
  }

  private nodeAt(x: number, y: number): number | null {
    const { scene, style } = this;
    if (!scene || !style) return null;
    let best: number | null = null;
    let nearest = Infinity;
    for (let v = 0; v < scene.nodes; ++v) {
      const [px, py] = this.placeOf(v);
      const away = Math.hypot(px - x, py - y) - style.sizes[v]! / 2;
      if (away < 5 && away < nearest) {
        best = v;
        nearest = away;
      }
    }
    return best;
  }

  private listen(): void {
    const canvas = this.canvas;
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoomAt(Math.exp(-event.deltaY * 0.0016), event.offsetX, event.offsetY);
      },
      { passive: false },
    );
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.drag = { x: event.offsetX, y: event.offsetY, moved: false };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.drag) {
        const node = this.nodeAt(event.offsetX, event.offsetY);
        this.events.hovered(node, event.offsetX, event.offsetY);
        return;
      }
      const dx = event.offsetX - this.drag.x;
      const dy = event.offsetY - this.drag.y;
      if (!this.drag.moved && Math.hypot(dx, dy) < 4) return;
      this.left -= dx / this.scale;
      this.top -= dy / this.scale;
      this.drag = { x: event.offsetX, y: event.offsetY, moved: true };
      this.redraw();
    });
    canvas.addEventListener("pointerup", (event) => {
      if (this.drag && !this.drag.moved) this.events.chosen(this.nodeAt(event.offsetX, event.offsetY));
      this.drag = null;
    });
  }
}
