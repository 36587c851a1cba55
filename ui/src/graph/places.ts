// Where nodes begin: every community a disc of its own, the largest in the middle, the others packed around it. Cheap, and
// the same for the same graph, so that a graph of any size shows its communities before a force has moved anything.
import { SPACE } from "./renderer";

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const APART = 1.15; // a disc's room, in its radius
const PACKED = 300; // discs that are packed one by one; smaller ones follow on a spiral
const STEP = 0.2; // of a disc's radius, between two places that are tried

interface Disc {
  x: number;
  y: number;
  radius: number;
}

/** The radius that a layout of so many nodes takes: room for each, and never the edge of the space. */
export function layoutRadius(nodes: number): number {
  return Math.min(30 * Math.sqrt(Math.max(nodes, 1)), SPACE * 0.34);
}

export function firstPlaces(nodes: number, groups: Uint32Array | null): Float32Array {
  const members = membersOf(nodes, groups);
  const discs = pack(members.map((list) => Math.sqrt(list.length)));
  centre(discs);
  const whole = discs.reduce((most, disc) => Math.max(most, reach(disc)), 1e-9);
  const scale = layoutRadius(nodes) / whole;
  const out = new Float32Array(nodes * 2);
  members.forEach((list, at) => {
    const disc = discs[at]!;
    list.forEach((node, i) => {
      const away = disc.radius * Math.sqrt((i + 0.5) / list.length);
      out[2 * node] = SPACE / 2 + (disc.x + away * Math.cos(i * GOLDEN)) * scale;
      out[2 * node + 1] = SPACE / 2 + (disc.y + away * Math.sin(i * GOLDEN)) * scale;
    });
  });
  return out;
}

/** The nodes of each group, the largest group first. */
function membersOf(nodes: number, groups: Uint32Array | null): number[][] {
  const byGroup = new Map<number, number[]>();
  for (let v = 0; v < nodes; ++v) {
    const group = groups?.[v] ?? 0;
    const list = byGroup.get(group);
    if (list) list.push(v);
    else byGroup.set(group, [v]);
  }
  return [...byGroup].sort((a, b) => b[1].length - a[1].length || a[0] - b[0]).map(([, list]) => list);
}

function reach(disc: Disc): number {
  return Math.hypot(disc.x, disc.y) + disc.radius;
}

function centre(discs: Disc[]): void {
  const middle = (along: "x" | "y") => {
    const low = discs.reduce((least, disc) => Math.min(least, disc[along] - disc.radius), Infinity);
    const high = discs.reduce((most, disc) => Math.max(most, disc[along] + disc.radius), -Infinity);
    return (low + high) / 2;
  };
  const [x, y] = [middle("x"), middle("y")];
  for (const disc of discs) {
    disc.x -= x;
    disc.y -= y;
  }
}

/** Discs of these radii, which fall: none touches another of the first PACKED. */
function pack(radii: number[]): Disc[] {
  const discs: Disc[] = [];
  let angle = 0;
  for (const radius of radii.slice(0, PACKED)) {
    const place = nextFree(discs, radius, angle);
    angle = Math.max(place.angle - 2 * Math.PI, 0); // a smaller disc may fit into the turn before
    discs.push(place);
  }
  const rest = radii.slice(PACKED);
  let area = (discs.reduce((most, disc) => Math.max(most, reach(disc)), 0) * APART) ** 2;
  rest.forEach((radius, i) => {
    area += (2 * APART * radius) ** 2;
    const away = Math.sqrt(area);
    discs.push({ x: away * Math.cos(i * GOLDEN), y: away * Math.sin(i * GOLDEN), radius });
  });
  return discs;
}

/** Along a spiral around the middle, from `angle` on. */
function nextFree(discs: Disc[], radius: number, angle: number): Disc & { angle: number } {
  const pitch = (radius * APART) / (2 * Math.PI);
  for (let turn = angle; ; turn += Math.min((STEP * radius) / Math.max(pitch * turn, 1e-9), 0.5)) {
    const x = pitch * turn * Math.cos(turn);
    const y = pitch * turn * Math.sin(turn);
    const free = discs.every(
      (other) => Math.hypot(other.x - x, other.y - y) >= (other.radius + radius) * APART,
    );
    if (free) return { x, y, radius, angle: turn };
  }
}

/** Width and height of where these nodes are; NaN when a place is no number. */
export function extent(positions: ArrayLike<number>, nodes: number[]): [number, number] {
  const side = (axis: number) => {
    const at = nodes.map((node) => positions[2 * node + axis]!);
    return Math.max(...at) - Math.min(...at);
  };
  return [side(0), side(1)];
}
