// What draws a graph: WebGL where there is one, a plain canvas otherwise.

export interface Scene {
  nodes: number;
  source: Uint32Array;
  target: Uint32Array;
  /** x and y of each node, within 0 to SPACE. */
  positions: Float32Array;
  directed: boolean;
}

export const SPACE = 4096;

export interface Style {
  rgba: Float32Array; // four for each node
  sizes: Float32Array; // diameters in pixels
  edge: [number, number, number, number];
  paper: string;
  ink: string;
  focus: string;
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
}

export interface Renderer {
  readonly kind: "webgl" | "canvas";
  /** Shown with the style that comes next: a large graph takes seconds to be made ready, once. */
  setScene(scene: Scene): void;
  setStyle(style: Style): void;
  setMarks(marks: Marks): void;
  fit(nodes: number[] | null): void;
  zoom(factor: number): void;
  /** Where nodes are on the screen, in pixels from the picture's corner. */
  places(nodes: number[]): Map<number, [number, number]>;
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

/** A place to begin with: communities on a spiral, their members around them. The same for the same graph. */
export function firstPlaces(nodes: number, groups: Uint32Array | null): Float32Array {
  const out = new Float32Array(nodes * 2);
  let seed = 12345;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 0xffffffff;
  };
  for (let i = 0; i < nodes; ++i) {
    const group = groups?.[i] ?? 0;
    const angle = group * 2.39996;
    const radius = groups ? Math.sqrt(group + 0.5) * 90 : 0;
    const spread = groups ? 60 : SPACE * 0.3;
    out[2 * i] = clamp(SPACE / 2 + Math.cos(angle) * radius + (random() - 0.5) * spread * 2);
    out[2 * i + 1] = clamp(SPACE / 2 + Math.sin(angle) * radius + (random() - 0.5) * spread * 2);
  }
  return out;
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 20), SPACE - 20);
}
