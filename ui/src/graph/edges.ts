// Which edges are drawn while something moves: as many as the machine draws within a frame, the same for the same graph.

/** Edges that a machine is first trusted with in a moving picture, and those that one without a GPU draws at all. */
const FIRST = 100_000;
const FIRST_ON_PROCESSOR = 500;
export const MOST_ON_PROCESSOR = 5000;
const LEAST = 200;
const LATE_MS = 19; // a frame of 60 a second, and what a clock wavers
const VERY_LATE_MS = 60;
const UNSURE = 3; // frames after the first, in which a GPU still draws what came before

/** How many edges a moving picture may have: it learns from the intervals between frames. */
export class EdgeBudget {
  edges: number;
  private ceiling = Infinity; // so many made frames late
  private late = 0;
  private smooth = 0;
  private seen = 0;

  constructor(onProcessor: boolean) {
    this.edges = onProcessor ? FIRST_ON_PROCESSOR : FIRST;
  }

  /** A movement begins. */
  begin(): void {
    this.seen = 0;
    this.smooth = 0;
    this.late = 0;
  }

  note(interval: number): void {
    if (++this.seen <= UNSURE) return;
    if (interval > LATE_MS) {
      this.late += interval > VERY_LATE_MS ? 1.5 : 1;
      this.smooth = 0;
    } else {
      this.smooth += 1;
      this.late = Math.max(0, this.late - 0.1);
    }
    if (this.late >= 3) {
      this.ceiling = this.edges;
      this.resize(Math.min(Math.max(LATE_MS / interval, 0.2), 0.7));
    } else if (this.smooth >= 30 && this.edges * 1.25 < this.ceiling) this.resize(1.25);
  }

  private resize(by: number): void {
    this.edges = Math.max(LEAST, Math.round(this.edges * by));
    this.begin();
  }
}

/**
 * Edges in an order of which every beginning is a fair sample: heavy edges come early more often, and the first of each
 * node's community comes before all others. null: as they are, for there are few.
 */
export function sampleOrder(
  source: Uint32Array,
  weight: Float32Array | null,
  groups: Uint32Array | null,
): Uint32Array | null {
  const count = source.length;
  if (count <= LEAST) return null;
  // A key and an edge in one number, so that sorting plain numbers sorts edges: 21 bits of a key before 32 of an edge.
  const keys = new Float64Array(count);
  const first = new Map<number, number>();
  let seed = 2463534242;
  for (let e = 0; e < count; ++e) {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    const heavy = weight && weight[e]! > 0 ? weight[e]! : 1;
    const drawn = -Math.log(((seed >>> 0) + 1) / 2 ** 32) / heavy;
    const key = 1 + Math.floor((drawn / (1 + drawn)) * (2 ** 21 - 2));
    keys[e] = key * 2 ** 32 + e;
    const group = groups?.[source[e]!] ?? 0;
    const before = first.get(group);
    if (before === undefined || keys[e]! < keys[before]!) first.set(group, e);
  }
  for (const e of first.values()) keys[e] = e;
  keys.sort();
  return Uint32Array.from(keys, (key) => key % 2 ** 32);
}
