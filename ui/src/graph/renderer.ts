// What draws a graph: WebGL where there is one, a plain canvas otherwise.

export interface Scene {
  nodes: number;
  source: Uint32Array;
  target: Uint32Array;
  weight: Float32Array | null; // of each edge
  groups: Uint32Array | null; // of each node its community
  /** x and y of each node, within 0 to SPACE. */
  positions: Float32Array;
  directed: boolean;
}

/** Each step of the forces clears grids of twice its square: larger costs time, smaller room for a
 * hundred thousand nodes. */
export const SPACE = 1024;

export interface Style {
  rgba: Float32Array; // four for each node
  sizes: Float32Array; // diameters in pixels
  edge: [number, number, number, number];
  paper: string;
  ink: string;
  focus: string;
}

/** What was drawn, for tests and measurements. */
export interface Drawn {
  frames: number; // since the renderer began
  edges: number; // in the last of them
}

export interface Marks {
  /** What is meant; everything else steps back. null: all. */
  nodes: number[] | null;
  edges: number[] | null;
  chosen: number | null;
}

export interface RendererEvents {
  chosen(node: number | null): void;
  hovered(node: number | null, x: number, y: number): void;
  moved(): void; // places on the screen changed
  settled(): void; // the layout came to rest
  fellTogether(): void; // the forces are off: this GPU computes no places with them
}

export interface Renderer {
  readonly kind: "webgl" | "canvas";
  /** Whether the processor draws, to which the forces of a large graph are seconds a step. */
  readonly onProcessor: boolean;
  /** By how much nodes are drawn larger than the style's sizes, as the view comes closer. */
  readonly sizeScale: number;
  readonly drawn: Drawn;
  /** Edges of a picture at rest; of more, a sample is drawn. */
  readonly mostEdges: number;
  /** Shown with the style that comes next: a large graph takes seconds to be made ready, once. */
  setScene(scene: Scene): void;
  setStyle(style: Style): void;
  setMarks(marks: Marks): void;
  fit(nodes: number[] | null): void;
  zoom(factor: number): void;
  /** Where nodes are on the screen, in pixels from the picture's corner. */
  places(nodes: number[]): Map<number, [number, number]>;
  /** x and y of each node in the space, read back from what draws it. */
  positions(): ArrayLike<number>;
  /** Where a place of the space is on the screen, in pixels from the picture's corner. */
  screenAt(x: number, y: number): [number, number];
  /** Lets forces move the nodes, or stops them. False: this renderer cannot. */
  simulate(on: boolean): boolean;
  close(): void;
}

/** Whether this browser draws with WebGL 2. */
export function hasWebgl(): boolean {
  try {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

/** Fits places into the space, with a margin, keeping their shape. */
export function intoSpace(x: Float32Array, y: Float32Array): Float32Array {
  let lowX = Infinity;
  let lowY = Infinity;
  let highX = -Infinity;
  let highY = -Infinity;
  for (let i = 0; i < x.length; ++i) {
    lowX = Math.min(lowX, x[i]!);
    highX = Math.max(highX, x[i]!);
    lowY = Math.min(lowY, y[i]!);
    highY = Math.max(highY, y[i]!);
  }
  const span = Math.max(highX - lowX, highY - lowY, 1e-9);
  const scale = (SPACE * 0.8) / span;
  const out = new Float32Array(x.length * 2);
  for (let i = 0; i < x.length; ++i) {
    out[2 * i] = SPACE / 2 + (x[i]! - (lowX + highX) / 2) * scale;
    out[2 * i + 1] = SPACE / 2 + (y[i]! - (lowY + highY) / 2) * scale;
  }
  return out;
}
