// Forces for a graph of this size and these degrees, so that its layout keeps to the space and comes to rest.
//
// cosmos.gl moves a node each step by its forces as they are: repulsion pushes a node at radius r by nodes * repulsion / r,
// an edge pulls its ends together by a part of their distance, gravity pulls to the middle by a tenth of its strength. With
// fixed strengths a hundred thousand nodes are pushed further in one step than the whole layout is wide, and edges of nodes
// with many neighbours pull beyond their mark: everything swings out of sight. So strengths follow from the radius
// that is wanted.
import { layoutRadius } from "./places";
import type { Scene } from "./renderer";

const PUSH = 0.06; // of the layout's radius, at its rim in the first step
const PULL = 0.35; // of the distance to where a node's edges draw it, in a step
const MOST_PULL = 1.6; // beyond 2 a node would swing wider with every step

export interface Forces {
  repulsion: number;
  gravity: number;
  spring: number;
  distance: number;
  friction: number;
}

/** How far, for a spring of 1, its edges of one direction draw each node: the mean, and the most. As cosmos.gl weighs edges. */
function pulls(scene: Scene): { mean: number; most: number } {
  const { nodes, source, target } = scene;
  const degree = new Uint32Array(nodes);
  for (let e = 0; e < source.length; ++e) {
    degree[source[e]!]! += 1;
    degree[target[e]!]! += 1;
  }
  const out = new Float32Array(nodes);
  const into = new Float32Array(nodes);
  for (let e = 0; e < source.length; ++e) {
    const [a, b] = [degree[source[e]!]!, degree[target[e]!]!];
    const strength = Math.sqrt(1 / Math.min(a, b));
    out[source[e]!]! += (strength * b) / (a + b);
    into[target[e]!]! += (strength * a) / (a + b);
  }
  let [sum, most] = [0, 0];
  for (let v = 0; v < nodes; ++v) {
    sum += out[v]! + into[v]!;
    most = Math.max(most, out[v]!, into[v]!);
  }
  return { mean: nodes ? sum / nodes : 0, most };
}

export function forcesFor(scene: Scene): Forces {
  const radius = layoutRadius(scene.nodes);
  const { mean, most } = pulls(scene);
  const spring = Math.min(PULL / Math.max(mean, 0.1), MOST_PULL / Math.max(most, 0.1), 1);
  return {
    repulsion: (PUSH * radius * radius) / Math.max(scene.nodes, 1),
    gravity: 0.2,
    spring,
    distance: (0.8 * radius) / Math.sqrt(Math.max(scene.nodes, 1)),
    friction: 0.86,
  };
}
