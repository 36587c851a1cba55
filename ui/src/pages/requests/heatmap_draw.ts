// What the heat map looks like: its scale, axes, cells and dots, and what lies where.
import { clockTime, count, nanoseconds } from "../../parts/format";
import { colour } from "../../shell/theme";
import type { Heatmap } from "./data";

export const LEFT = 62;
const BOTTOM = 24;
export const TOP = 8;
const RIGHT = 10;
export const HEIGHT = 240;
const DOT_REACH_PX = 8;

export interface Scale {
  width: number;
  height: number;
  x(ms: number): number;
  y(ns: number): number;
  ms(x: number): number;
  ns(y: number): number;
}

export function scaleOf(map: Heatmap, width: number): Scale {
  const plotWidth = width - LEFT - RIGHT;
  const plotHeight = HEIGHT - TOP - BOTTOM;
  const fromMs = map.from_unix_ns / 1e6;
  const spanMs = (map.bin_ns * map.x) / 1e6;
  const decades = map.bin_log10 * map.y;
  return {
    width: plotWidth,
    height: plotHeight,
    x: (ms) => LEFT + ((ms - fromMs) / spanMs) * plotWidth,
    y: (ns) => TOP + plotHeight * (1 - (Math.log10(Math.max(1000, ns)) - map.low_log10_ns) / decades),
    ms: (x) => fromMs + ((x - LEFT) / plotWidth) * spanMs,
    ns: (y) => 10 ** (map.low_log10_ns + (1 - (y - TOP) / plotHeight) * decades),
  };
}

function latencyTicks(map: Heatmap): number[] {
  const low = map.low_log10_ns;
  const high = low + map.bin_log10 * map.y;
  const factors = high - low > 2.5 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let decade = Math.floor(low); decade <= high; decade++) {
    for (const factor of factors) {
      const value = factor * 10 ** decade;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push(value);
    }
  }
  return ticks;
}

const STEPS_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
].map((seconds) => seconds * 1000);

function timeTicks(map: Heatmap, width: number): number[] {
  const span = (map.bin_ns * map.x) / 1e6;
  const most = Math.max(2, Math.floor(width / 110));
  const step = STEPS_MS.find((one) => span / one <= most) ?? Math.ceil(span / most / 86_400_000) * 86_400_000;
  const zone = new Date(map.from_unix_ns / 1e6).getTimezoneOffset() * 60_000;
  const ticks: number[] = [];
  const first = Math.ceil((map.from_unix_ns / 1e6 - zone) / step) * step + zone;
  for (let at = first; at < map.from_unix_ns / 1e6 + span; at += step) ticks.push(at);
  return ticks;
}

export function drawAxes(context: CanvasRenderingContext2D, map: Heatmap, scale: Scale): void {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("muted");
  context.strokeStyle = colour("grid");
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of latencyTicks(map)) {
    const y = Math.round(scale.y(tick)) + 0.5;
    context.beginPath();
    context.moveTo(LEFT, y);
    context.lineTo(LEFT + scale.width, y);
    context.stroke();
    context.fillText(nanoseconds(tick).replace(/[.,]0+ /, " "), LEFT - 8, y);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  const long = map.bin_ns * map.x > 86_400e9;
  for (const tick of timeTicks(map, scale.width)) {
    context.fillText(clockTime(tick, long), scale.x(tick), TOP + scale.height + 7);
  }
}

export function drawCells(context: CanvasRenderingContext2D, map: Heatmap, scale: Scale): void {
  const most = Math.max(...map.cells.map((cell) => cell[2]));
  const width = scale.width / map.x;
  const height = scale.height / map.y;
  const ink = colour("heat");
  const bad = colour("error");
  for (const [x, y, n, errors] of map.cells) {
    const left = LEFT + x * width;
    const top = TOP + scale.height - (y + 1) * height;
    // Logarithmic, so that a cell of one is seen beside one of thousands.
    context.globalAlpha = 0.22 + 0.78 * (most > 1 ? Math.log(n) / Math.log(most) : 1);
    context.fillStyle = ink;
    context.fillRect(left, top, Math.ceil(width), Math.max(1, height - 0.5));
    if (errors === 0) continue;
    context.globalAlpha = 1;
    context.fillStyle = bad;
    context.fillRect(left, top, Math.max(2, Math.ceil(width)), 2);
  }
  context.globalAlpha = 1;
}

export function drawDots(context: CanvasRenderingContext2D, map: Heatmap, scale: Scale): void {
  for (const [start, value, failed] of map.dots ?? []) {
    const x = scale.x(start / 1e6);
    const y = scale.y(value);
    context.fillStyle = colour(failed ? "error" : "heat");
    context.globalAlpha = 0.75;
    context.beginPath();
    // A failed one has another shape: colour alone says nothing to some.
    if (failed) context.rect(x - 3, y - 3, 6, 6);
    else context.arc(x, y, 3, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

export function nearestDot(map: Heatmap, scale: Scale, x: number, y: number) {
  let best = null;
  let reach = DOT_REACH_PX ** 2;
  for (const dot of map.dots ?? []) {
    const distance = (scale.x(dot[0] / 1e6) - x) ** 2 + (scale.y(dot[1]) - y) ** 2;
    if (distance <= reach) [best, reach] = [dot, distance];
  }
  return best;
}

/** A rectangle of cells, both corners included; y counts from the shortest durations. */
export interface Cells {
  left: number;
  right: number;
  low: number;
  high: number;
}

export function cellAt(map: Heatmap, scale: Scale, x: number, y: number): Cells {
  const column = Math.floor(((x - LEFT) / scale.width) * map.x);
  const row = Math.floor((1 - (y - TOP) / scale.height) * map.y);
  return { left: column, right: column, low: row, high: row };
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function boxOf(map: Heatmap, scale: Scale, cells: Cells): Box {
  const width = scale.width / map.x;
  const height = scale.height / map.y;
  return {
    left: LEFT + cells.left * width,
    right: LEFT + (cells.right + 1) * width,
    top: TOP + scale.height - (cells.high + 1) * height,
    bottom: TOP + scale.height - cells.low * height,
  };
}

/** How many requests lie in the cells, and how many of them failed. */
export function countIn(map: Heatmap, cells: Cells): { requests: number; failed: number } {
  const sum = { requests: 0, failed: 0 };
  for (const [x, y, requests, failed] of map.cells) {
    if (x < cells.left || x > cells.right || y < cells.low || y > cells.high) continue;
    sum.requests += requests;
    sum.failed += failed;
  }
  return sum;
}

/** The cells in words: when, how long, how many. */
export function cellsText(map: Heatmap, cells: Cells): string {
  const duration = (row: number) => nanoseconds(10 ** (map.low_log10_ns + row * map.bin_log10));
  const time = (column: number) => clockTime((map.from_unix_ns + column * map.bin_ns) / 1e6, false);
  const { requests, failed } = countIn(map, cells);
  const when =
    cells.left === cells.right ? time(cells.left) : `${time(cells.left)} to ${time(cells.right + 1)}`;
  const words = failed > 0 ? `, ${count(failed)} failed` : "";
  return `${when} · ${duration(cells.low)} to ${duration(cells.high + 1)} · ${count(requests)} ${requests === 1 ? "request" : "requests"}${words}`;
}
