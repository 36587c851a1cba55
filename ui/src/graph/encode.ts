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

export interface Legend {
  title: string;
  meaning: string;
  items: { colour: string; text: string; count: number }[];
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

/** Groups and categories: the largest get a hue each, the rest share grey. */
function colourGroups(column: Column & { kind: "group" | "category" }, dark: boolean): Colours {
  const hues = dark ? HUES_DARK : HUES_LIGHT;
  const greyHex = dark ? "#6b7480" : "#a9aeb6";
  const counts = new Map<number, number>();
  for (const value of column.values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const unknown = counts.get(MISSING) ?? 0;
  counts.delete(MISSING);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const place = new Map(ranked.map(([value], i) => [value, i]));
  const palette = hues.map(rgb);
  const grey = rgb(greyHex);
  const rgba = new Float32Array(column.values.length * 4);
  column.values.forEach((value, i) => paint(rgba, i, palette[place.get(value) ?? hues.length] ?? grey));
  const name = (value: number) =>
    column.kind === "category" ? (column.names[value] ?? "?") : `${column.name} ${value}`;
  const items = ranked
    .slice(0, hues.length)
    .map(([value, count], i) => ({ colour: hues[i]!, text: name(value), count }));
  const rest = ranked.slice(hues.length);
  if (rest.length > 0) {
    const sum = rest.reduce((all, [, count]) => all + count, 0);
    items.push({ colour: greyHex, text: `${rest.length.toLocaleString()} more`, count: sum });
  }
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

/** Diameters in pixels: areas follow the numbers. */
export function sizesFor(column: Column | null, nodes: number): Float32Array {
  const base = nodes > 20_000 ? 3 : nodes > 2000 ? 4.5 : 8;
  const most = nodes > 20_000 ? 14 : nodes > 2000 ? 20 : 30;
  const sizes = new Float32Array(nodes).fill(base);
  if (column?.kind !== "number") return sizes;
  const scale = scaleOf(column.values);
  column.values.forEach((value, i) => {
    if (Number.isFinite(value))
      sizes[i] = base + (most - base) * Math.sqrt(Math.min(Math.max(scale.share(value), 0), 1));
  });
  return sizes;
}
