// Keeps the whole layout in view while forces move it, until the view is taken with the hand.
import type { Graph } from "@cosmos.gl/graph";

const SAMPLE = 200; // nodes that stand for all
const MARGIN = 0.09; // wider than at rest: the sample is not the outermost
const EASE = 0.15; // of the way to where the view should be, with each step

export type Box = [left: number, top: number, right: number, bottom: number];

/** Nodes spread over the graph. */
export function spread(nodes: number): number[] {
  const step = Math.max(1, nodes / SAMPLE);
  return Array.from({ length: Math.min(nodes, SAMPLE) }, (_, i) => Math.floor(i * step));
}

export class Follower {
  on = false;
  private box: Box | null = null;

  constructor(private readonly graph: Graph) {}

  start(): void {
    this.on = true;
    this.box = null;
  }

  step(places: Iterable<[number, number]>): void {
    if (!this.on) return;
    const wanted = boxOf(places);
    if (!wanted) return;
    const from = this.box ?? wanted;
    this.box = from.map((value, i) => value + (wanted[i]! - value) * EASE) as Box;
    this.graph.setZoomTransformByPointPositions(new Float32Array(this.box), 0, undefined, MARGIN, true);
  }
}

function boxOf(places: Iterable<[number, number]>): Box | null {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of places) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box[0] <= box[2] ? box : null;
}
