// From columns to colours and sizes.
import { MISSING, textOf, type Column } from "./picture";

// Twelve hues that stay apart in pairs of lightness for every common kind of colour blindness (after Okabe and Ito, and
// Tol); names stand beside them in the legend, and what is chosen is named in words.
const HUES_LIGHT = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#b0699b",
  "#8a6d00",
  "#2f9fd0",
  "#5b4bc4",
  "#7a7a7a",
  "#a3312c",
  "#3d7a1f",
  "#c98b00",
  "#00808a",
];
const HUES_DARK = [
  "#56b4e9",
  "#f0803c",
  "#2ec49a",
  "#d694c1",
  "#e8cf5a",
  "#9ad4f5",
  "#a99bff",
  "#b5b5b5",
  "#ff8a80",
  "#9ccc65",
  "#ffc457",
  "#4dd0d8",
];
// From little to much: even steps of lightness (after Viridis).
const RAMP_LIGHT = ["#d9e8c4", "#7fc8a0", "#2f9c8f", "#2a6f8e", "#3b4a88", "#3c1361"];
const RAMP_DARK = ["#433a78", "#3a6a94", "#2f9494", "#4fbf86", "#a8dd5a", "#fdf07a"];

const GREY_LIGHT = "#a9aeb6";
const GREY_DARK = "#6b7480";
const NAMED = 12; // in the legend
const TURNS = 5; // of the palette

export interface LegendItem {
  colours: string[]; // one, or those that take turns
  text: string;
  count: number;
}

export interface Legend {
  title: string;
  meaning: string;
  items: LegendItem[];
  /** For numbers: the ends of the scale instead of items. */
  range: { from: string; to: string; colours: string[] } | null;
  unknown: number;
}

export interface Colours {
  rgba: Float32Array; // four for each node
  legend: Legend;
}

function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
}

function hex(colour: [number, number, number]): string {
  return `#${colour
    .map((c) =>
      Math.round(c * 255)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

function between(ramp: [number, number, number][], share: number): [number, number, number] {
  const at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const low = Math.min(Math.floor(at), ramp.length - 2);
  const part = at - low;
  return ramp[low]!.map((c, i) => c + (ramp[low + 1]![i]! - c) * part) as [number, number, number];
}

function finite(values: Float32Array): Float32Array {
  return values.filter((value) => Number.isFinite(value)).sort();
}

/** A number as its share of the scale: by rank within the middle, so that one giant does not hide the rest. */
export function scaleOf(values: Float32Array): { share(value: number): number; low: number; high: number } {
  const sorted = finite(values);
  const low = sorted[0] ?? 0;
  const high = sorted[sorted.length - 1] ?? 0;
  const top = sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0;
  const skewed = low >= 0 && top > 0 && high > top * 3;
  const end = skewed ? high : Math.max(high, low + 1e-12);
  const share = skewed
    ? (value: number) => Math.log1p(value - low) / Math.log1p(Math.max(end - low, 1e-12))
    : (value: number) => (value - low) / (end - low);
  return { share, low, high };
}

function paint(rgba: Float32Array, i: number, [r, g, b]: [number, number, number]): void {
  rgba.set([r, g, b, 1], i * 4);
}

function colourNumbers(column: Column & { kind: "number" }, dark: boolean): Colours {
  const ramp = (dark ? RAMP_DARK : RAMP_LIGHT).map(rgb);
  const grey = rgb(dark ? "#5d6673" : "#b9bec7");
  const scale = scaleOf(column.values);
  const rgba = new Float32Array(column.values.length * 4);
  let unknown = 0;
  column.values.forEach((value, i) => {
    const known = Number.isFinite(value);
    if (!known) unknown += 1;
    paint(rgba, i, known ? between(ramp, scale.share(value)) : grey);
  });
  const text = (value: number) => textOf({ ...column, values: Float32Array.of(value) }, 0);
  const range = { from: text(scale.low), to: text(scale.high), colours: dark ? RAMP_DARK : RAMP_LIGHT };
  return { rgba, legend: { title: column.name, meaning: column.meaning, items: [], range, unknown } };
}

/** The palette, then the same hues lighter, then darker: as many colours as can be told from one another. */
function paletteOf(dark: boolean): [number, number, number][] {
  const hues = (dark ? HUES_DARK : HUES_LIGHT).map(rgb);
  const towards = (end: number, share: number) =>
    hues.map((hue) => hue.map((c) => c + (end - c) * share) as [number, number, number]);
  return [...hues, ...towards(1, 0.4), ...towards(0, 0.35)];
}

/**
 * Groups and categories: the largest get a colour each, named in the legend as far as it goes; those after them take
 * turns with the same colours, so that neighbours still stand apart; what is left of very many shares grey.
 */
function colourGroups(column: Column & { kind: "group" | "category" }, dark: boolean): Colours {
  const counts = new Map<number, number>();
  for (const value of column.values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const unknown = counts.get(MISSING) ?? 0;
  counts.delete(MISSING);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const palette = paletteOf(dark);
  const grey = rgb(dark ? GREY_DARK : GREY_LIGHT);
  const coloured = Math.min(ranked.length, palette.length * TURNS);
  const paints = new Map(
    ranked.slice(0, coloured).map(([value], i) => [value, palette[i % palette.length]!]),
  );
  const rgba = new Float32Array(column.values.length * 4);
  column.values.forEach((value, i) => paint(rgba, i, paints.get(value) ?? grey));
  const name = (value: number) =>
    column.kind === "category" ? (column.names[value] ?? "?") : `${column.name} ${value}`;
  const items: LegendItem[] = ranked
    .slice(0, NAMED)
    .map(([value, count], i) => ({ colours: [hex(palette[i]!)], text: name(value), count }));
  const together = (from: number, to: number, colours: [number, number, number][], text: string) => {
    if (to <= from) return;
    const count = ranked.slice(from, to).reduce((all, [, size]) => all + size, 0);
    items.push({ colours: colours.map(hex), text: `${(to - from).toLocaleString()} more, ${text}`, count });
  };
  const own = Math.min(coloured, palette.length);
  together(NAMED, own, palette.slice(NAMED, own), "a colour each");
  together(own, coloured, palette, "the same colours in turn");
  together(coloured, ranked.length, [grey], "grey");
  return { rgba, legend: { title: column.name, meaning: column.meaning, items, range: null, unknown } };
}

export function coloursFor(column: Column | null, nodes: number, dark: boolean): Colours {
  if (column?.kind === "number") return colourNumbers(column, dark);
  if (column?.kind === "group" || column?.kind === "category") return colourGroups(column, dark);
  const rgba = new Float32Array(nodes * 4);
  const plain = rgb(dark ? "#56b4e9" : "#0072b2");
  for (let i = 0; i < nodes; ++i) paint(rgba, i, plain);
  return { rgba, legend: { title: "", meaning: "", items: [], range: null, unknown: 0 } };
}

const COVERED = 0.14; // of the picture's area, by all nodes together
const SMALLEST = 1;
const LARGEST_OF_FEW = 8; // where nodes are few, the smallest is this large
const SPREAD = 2.75; // the largest is so much larger than the smallest

/** Diameters in pixels: areas follow the numbers, and all of them together leave most of the picture's area free. */
export function sizesFor(column: Column | null, nodes: number, area: number): Float32Array {
  const sizes = new Float32Array(nodes).fill(1);
  if (column?.kind === "number") {
    const scale = scaleOf(column.values);
    column.values.forEach((value, i) => {
      if (Number.isFinite(value))
        sizes[i] = 1 + SPREAD * Math.sqrt(Math.min(Math.max(scale.share(value), 0), 1));
    });
  }
  const sum = sizes.reduce((all, size) => all + (Math.PI / 4) * size * size, 0);
  const unit = Math.min(Math.sqrt((COVERED * area) / Math.max(sum, 1e-9)), LARGEST_OF_FEW);
  return sizes.map((size) => Math.max(size * unit, SMALLEST));
}

/** How opaque an edge is: fainter the more there are, and never so faint that eight bits of a colour lose it. */
export function edgeStrength(edges: number): number {
  return Math.min(Math.max(0.45 * Math.sqrt(1000 / Math.max(edges, 1)), 0.02), 0.45);
}
