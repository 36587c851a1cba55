// Mends cosmos.gl's shaders where only some GPUs forgive them. Seen on an NVIDIA H100 (driver 580), by Vulkan and by
// OpenGL ES: all nodes fell into one place with the first step of the forces.
//
// - Textures are read with low precision unless it is said otherwise. There that means 16 bits: sums of places overflow, the
//   push of a cell is no number, and places snap to a grid.
// - A cell's push is by angle, as in cosmos.gl's own shader for a node's own cell: it stays a number when the sums do not.
// - A node's place was read between two pixels of a texture, so some nodes read the place of their neighbour.
const MENDS = [
  ["precision highp float;", "precision highp float;\nprecision highp sampler2D;"],
  [
    "add = addV * normalize(distVector);",
    "float angle = atan(distVector.y, distVector.x);\n      add = addV * vec2(cos(angle), sin(angle));",
  ],
  ["pointIndices / pointsTextureSize", "(pointIndices + 0.5) / pointsTextureSize"],
];

export function mendCosmos() {
  return {
    name: "mend-cosmos",
    transform(code, id) {
      if (!/@cosmos\.gl\/graph\/dist\/index(\.min)?\.js/.test(id)) return null;
      let mended = code;
      for (const [from, to] of MENDS) {
        if (!mended.includes(from))
          this.error(`cosmos.gl has no "${from}" any more: is scripts/mend_cosmos.mjs still needed?`);
        mended = mended.replaceAll(from, to);
      }
      return { code: mended, map: null };
    },
  };
}
