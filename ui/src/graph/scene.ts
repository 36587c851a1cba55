// The picture on the page: renderer, labels and marks together, apart from the components that ask for them.
import { colour, isDark } from "../shell/theme";
import { coloursFor, edgeStrength, sizesFor, type Legend } from "./encode";
import { FlatRenderer } from "./flat";
import { columnOf, textOf, type Picture } from "./picture";
import { firstPlaces } from "./places";
import { hasWebgl, intoSpace, type Marks, type Renderer, type RendererEvents } from "./renderer";

const LABELS = 36;
const MEANT_EDGES = 130; // drawn over a moving sample, in which they may be missing

export interface Choices {
  colour: string; // columns; "": none
  size: string;
  label: string;
}

/** Resolves when what the page shows now has been painted. A page that nobody sees does not paint. */
function nextPaint(): Promise<void> {
  if (document.hidden) return Promise.resolve();
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

async function makeRenderer(
  parent: HTMLDivElement,
  events: RendererEvents,
  plain: boolean,
): Promise<Renderer> {
  await nextPaint(); // a GPU that starts up holds frames back
  if (!plain && hasWebgl()) {
    try {
      const { WebglRenderer } = await import("./webgl");
      return await WebglRenderer.make(parent, events);
    } catch {
      parent.replaceChildren(); // the GPU refused after all: draw without it
    }
  }
  return new FlatRenderer(parent, events);
}

export class GraphScene {
  private frame = 0;
  private labels: number[] = [];
  private ranked: number[] = [];
  private sizes: Float32Array = new Float32Array();
  private marks: Marks = { nodes: null, edges: null, chosen: null };
  private picture: Picture | null = null;
  private choices: Choices = { colour: "", size: "", label: "label" };
  private constructor(
    readonly renderer: Renderer,
    private readonly overlay: HTMLCanvasElement,
    private readonly parent: HTMLDivElement,
  ) {}

  static async make(
    parent: HTMLDivElement,
    overlay: HTMLCanvasElement,
    events: Pick<RendererEvents, "chosen" | "hovered" | "settled" | "fellTogether">,
    plain: boolean,
  ): Promise<GraphScene> {
    let scene: GraphScene | null = null;
    const renderer = await makeRenderer(parent, { ...events, moved: () => scene?.drawLabelsSoon() }, plain);
    scene = new GraphScene(renderer, overlay, parent);
    return scene;
  }

  show(picture: Picture): void {
    this.picture = picture;
    const x = columnOf(picture, "x");
    const y = columnOf(picture, "y");
    const community = columnOf(picture, "community") ?? columnOf(picture, "component");
    const groups = community?.kind === "group" ? community.values : null;
    const weight = picture.edges.find((column) => column.name === "weight");
    const nodes = picture.head.node_count;
    const placed = x?.kind === "number" && y?.kind === "number";
    this.renderer.setScene({
      nodes,
      source: picture.source,
      target: picture.target,
      weight: weight?.kind === "number" ? weight.values : null,
      groups,
      positions: placed ? intoSpace(x.values, y.values) : firstPlaces(nodes, groups),
      directed: picture.head.directed,
    });
  }

  style(choices: Choices): Legend {
    const picture = this.picture!;
    this.choices = choices;
    const nodes = picture.head.node_count;
    const { rgba, legend } = coloursFor(columnOf(picture, choices.colour), nodes, isDark.peek());
    const area = Math.max(this.parent.clientWidth * this.parent.clientHeight, 100_000);
    const sizes = sizesFor(columnOf(picture, choices.size), nodes, area);
    const strength = edgeStrength(picture.head.edge_count);
    this.renderer.setStyle({
      rgba,
      sizes,
      edge: isDark.peek() ? [0.55, 0.6, 0.67, strength] : [0.3, 0.33, 0.38, strength * 0.9],
      paper: colour("panel"),
      ink: colour("ink"),
      focus: colour("focus"),
    });
    this.sizes = sizes;
    this.ranked = rank(sizes, picture);
    this.chooseLabels();
    return legend;
  }

  mark(marks: Marks): void {
    this.marks = marks;
    this.renderer.setMarks(marks);
    this.chooseLabels();
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.renderer.close();
  }

  private chooseLabels(): void {
    const { nodes, chosen } = this.marks;
    const meant = nodes ? new Set(nodes) : null;
    const list = chosen === null ? [] : [chosen];
    for (const node of this.ranked) {
      if (list.length >= LABELS) break;
      if (node !== chosen && (!meant || meant.has(node))) list.push(node);
    }
    this.labels = list;
    this.drawLabelsSoon();
  }

  drawLabelsSoon(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.drawLabels();
    });
  }

  private drawLabels(): void {
    const width = this.parent.clientWidth;
    const height = this.parent.clientHeight;
    const canvas = this.overlay;
    if (canvas.width !== Math.round(width * devicePixelRatio))
      canvas.width = Math.round(width * devicePixelRatio);
    if (canvas.height !== Math.round(height * devicePixelRatio))
      canvas.height = Math.round(height * devicePixelRatio);
    const c = canvas.getContext("2d")!;
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    c.clearRect(0, 0, width, height);
    if (!this.picture) return;
    this.drawMeantEdges(c, this.picture);
    const column = columnOf(this.picture, this.choices.label);
    if (!column) return;
    c.font = "11.5px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.lineJoin = "round";
    c.lineWidth = 3;
    c.strokeStyle = colour("panel");
    c.fillStyle = colour("ink");
    const taken: [number, number, number, number][] = [];
    const places = this.renderer.places(this.labels);
    for (const node of this.labels) {
      const at = places.get(node);
      if (!at || at[0] < 0 || at[1] < 0 || at[0] > width || at[1] > height) continue;
      const text = short(textOf(column, node));
      const wide = c.measureText(text).width;
      const away = (this.sizes[node]! * this.renderer.sizeScale) / 2 + 3;
      const onTheLeft = at[0] + away + wide > width && at[0] - away - wide >= 0;
      const left = onTheLeft ? at[0] - away - wide : at[0] + away;
      const box: [number, number, number, number] = [left, at[1] - 8, wide, 16];
      const hidden = taken.some(
        (t) =>
          box[0] < t[0] + t[2] && t[0] < box[0] + box[2] && box[1] < t[1] + t[3] && t[1] < box[1] + box[3],
      );
      if (hidden && node !== this.marks.chosen) continue;
      taken.push(box);
      c.strokeText(text, box[0], at[1]);
      c.fillText(text, box[0], at[1]);
    }
  }

  /** Edges that are meant stay where the picture, as long as it moves, has a sample of all. */
  private drawMeantEdges(c: CanvasRenderingContext2D, { source, target }: Picture): void {
    const { edges } = this.marks;
    if (!edges || edges.length > MEANT_EDGES || this.renderer.drawn.edges >= source.length) return;
    const ends = edges.map((edge) => [source[edge]!, target[edge]!] as const);
    const places = this.renderer.places([...new Set([...this.labels, ...ends.flat()])]);
    c.strokeStyle = colour("muted");
    c.lineWidth = 1;
    c.beginPath();
    for (const [from, to] of ends) {
      const [a, b] = [places.get(from), places.get(to)];
      if (!a || !b) continue;
      c.moveTo(...a);
      c.lineTo(...b);
    }
    c.stroke();
  }
}

function short(text: string): string {
  return text.length > 42 ? `${text.slice(0, 40)}…` : text;
}

// The largest nodes first; of equal ones those with more edges.
function rank(sizes: Float32Array, picture: Picture): number[] {
  const degree = columnOf(picture, "degree");
  const edges = degree?.kind === "number" ? degree.values : sizes;
  const order = Array.from({ length: sizes.length }, (_, i) => i);
  return order.sort((a, b) => sizes[b]! - sizes[a]! || edges[b]! - edges[a]!).slice(0, 2000);
}
