// Questions that the page answers itself, on the edges that it holds.

export interface Adjacency {
  begin: Uint32Array; // of each node its first neighbour; one entry more than nodes
  neighbour: Uint32Array;
  edge: Uint32Array; // beside neighbour
}

/** Both ways, whatever the edges' direction. */
export function adjacency(nodes: number, source: Uint32Array, target: Uint32Array): Adjacency {
  const begin = new Uint32Array(nodes + 1);
  for (let e = 0; e < source.length; ++e) {
    begin[source[e]! + 1]! += 1;
    begin[target[e]! + 1]! += 1;
  }
  for (let v = 0; v < nodes; ++v) begin[v + 1]! += begin[v]!;
  const next = begin.slice(0, nodes);
  const neighbour = new Uint32Array(source.length * 2);
  const edge = new Uint32Array(source.length * 2);
  for (let e = 0; e < source.length; ++e) {
    for (const [from, to] of [
      [source[e]!, target[e]!],
      [target[e]!, source[e]!],
    ] as const) {
      const at = next[from]!++;
      neighbour[at] = to;
      edge[at] = e;
    }
  }
  return { begin, neighbour, edge };
}

/** What is within `hops` edges of a node, itself first. */
export function around(graph: Adjacency, node: number, hops: number): number[] {
  const seen = new Set([node]);
  let front = [node];
  for (let hop = 0; hop < hops; ++hop) {
    const next: number[] = [];
    for (const v of front) {
      for (let i = graph.begin[v]!; i < graph.begin[v + 1]!; ++i) {
        const other = graph.neighbour[i]!;
        if (!seen.has(other)) {
          seen.add(other);
          next.push(other);
        }
      }
    }
    front = next;
  }
  return [...seen];
}

/** A shortest path by edges, both ends included, and the edges on it; null when there is none. */
export function pathBetween(
  graph: Adjacency,
  from: number,
  to: number,
): { nodes: number[]; edges: number[] } | null {
  const before = new Int32Array(graph.begin.length - 1).fill(-1);
  const by = new Int32Array(before.length).fill(-1);
  before[from] = from;
  let front = [from];
  while (front.length > 0 && before[to] === -1) {
    const next: number[] = [];
    for (const v of front) {
      for (let i = graph.begin[v]!; i < graph.begin[v + 1]!; ++i) {
        const other = graph.neighbour[i]!;
        if (before[other] !== -1) continue;
        before[other] = v;
        by[other] = graph.edge[i]!;
        next.push(other);
      }
    }
    front = next;
  }
  if (before[to] === -1) return null;
  const nodes = [to];
  const edges: number[] = [];
  for (let v = to; v !== from; v = before[v]!) {
    edges.push(by[v]!);
    nodes.push(before[v]!);
  }
  return { nodes: nodes.reverse(), edges: edges.reverse() };
}
