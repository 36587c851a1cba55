// Time by latency: how many requests fell into each cell, as the store counted them. Dragging selects a
// stretch of time and latency; a dot leads to its request.
import { useEffect, useRef, useState } from "preact/hooks";
import { clockTime, count, nanoseconds } from "../../parts/format";
import { linkTo } from "../../shell/pages";
import { go } from "../../shell/router";
import { colour, isDark } from "../../shell/theme";
import type { Heatmap } from "./data";

const LEFT = 62;
const BOTTOM = 24;
const TOP = 8;
const RIGHT = 10;
const HEIGHT = 240;
const CLICK_PX = 4; // a press that moves less is a click
const DOT_REACH_PX = 8;

export interface Selection {
  fromMs: number;
  toMs: number;
  lowNs: number;
  highNs: number;
}

interface Scale {
  width: number;
  height: number;
  x(ms: number): number;
  y(ns: number): number;
  ms(x: number): number;
  ns(y: number): number;
}

function scaleOf(map: Heatmap, width: number): Scale {
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

function drawAxes(context: CanvasRenderingContext2D, map: Heatmap, scale: Scale): void {
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

function drawCells(context: CanvasRenderingContext2D, map: Heatmap, scale: Scale): void {
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

function drawDots(context: CanvasRenderingContext2D, map: Heatmap, scale: Scale): void {
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

function nearestDot(map: Heatmap, scale: Scale, x: number, y: number) {
  let best = null;
  let reach = DOT_REACH_PX ** 2;
  for (const dot of map.dots ?? []) {
    const distance = (scale.x(dot[0] / 1e6) - x) ** 2 + (scale.y(dot[1]) - y) ** 2;
    if (distance <= reach) [best, reach] = [dot, distance];
  }
  return best;
}

function cellText(map: Heatmap, scale: Scale, x: number, y: number): string {
  const column = Math.floor(((x - LEFT) / scale.width) * map.x);
  const row = Math.floor((1 - (y - TOP) / scale.height) * map.y);
  const cell = map.cells.find((one) => one[0] === column && one[1] === row);
  if (!cell) return "";
  const low = 10 ** (map.low_log10_ns + row * map.bin_log10);
  const high = 10 ** (map.low_log10_ns + (row + 1) * map.bin_log10);
  const start = (map.from_unix_ns + column * map.bin_ns) / 1e6;
  const failed = cell[3] > 0 ? `, ${count(cell[3])} failed` : "";
  return `${clockTime(start, false)} · ${nanoseconds(low)} to ${nanoseconds(high)} · ${count(cell[2])} requests${failed}`;
}

interface Props {
  map: Heatmap;
  label: string;
  onSelect(selection: Selection): void;
}

interface Drag {
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
}

export function HeatmapPicture({ map, label, onSelect }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [tip, setTip] = useState({ text: "", x: 0, y: 0 });
  const scale = scaleOf(map, width);
  const dark = isDark.value;

  useEffect(() => {
    const box = canvas.current!.parentElement!;
    const observer = new ResizeObserver(() => setWidth(box.clientWidth));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = canvas.current!;
    const context = element.getContext("2d")!;
    const ratio = devicePixelRatio || 1;
    element.width = width * ratio;
    element.height = HEIGHT * ratio;
    context.scale(ratio, ratio);
    if (map.known === 0 || width === 0) return;
    drawAxes(context, map, scale);
    if (map.dots) drawDots(context, map, scale);
    else drawCells(context, map, scale);
  }, [map, width, dark]);

  const position = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const inside = (value: number, low: number, size: number) => Math.max(low, Math.min(low + size, value));
    return {
      x: inside(event.clientX - box.left, LEFT, scale.width),
      y: inside(event.clientY - box.top, TOP, scale.height),
    };
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || map.known === 0) return;
    canvas.current!.setPointerCapture(event.pointerId);
    const { x, y } = position(event);
    setDrag({ fromX: x, fromY: y, toX: x, toY: y });
  };
  const onMove = (event: PointerEvent) => {
    if (map.known === 0) return;
    const { x, y } = position(event);
    if (drag) setDrag({ ...drag, toX: x, toY: y });
    const dot = nearestDot(map, scale, x, y);
    const text = dot
      ? `${clockTime(dot[0] / 1e6, false)} · ${nanoseconds(dot[1])} · ${dot[3]}${dot[2] ? " · failed" : ""}`
      : map.dots
        ? ""
        : cellText(map, scale, x, y);
    setTip({ text, x, y });
  };
  const onUp = (event: PointerEvent) => {
    if (!drag) return;
    setDrag(null);
    const { x, y } = position(event);
    if (Math.hypot(x - drag.fromX, y - drag.fromY) >= CLICK_PX) {
      select(drag.fromX, drag.fromY, x, y);
      return;
    }
    const dot = nearestDot(map, scale, x, y);
    if (dot) go(linkTo("trace", dot[3]) ?? `/requests?search=${encodeURIComponent(dot[3])}`);
    else if (!map.dots && cellText(map, scale, x, y)) selectCell(x, y);
  };
  // What is dragged to an edge means all that lies there; floats must not lose the outermost request.
  const select = (x1: number, y1: number, x2: number, y2: number) => {
    const right = LEFT + scale.width;
    const bottom = TOP + scale.height;
    const [left, top] = [Math.min(x1, x2), Math.min(y1, y2)];
    const [farRight, farBottom] = [Math.max(x1, x2), Math.max(y1, y2)];
    const reaches = (a: number, b: number) => Math.abs(a - b) <= CLICK_PX;
    onSelect({
      fromMs: Math.floor(scale.ms(reaches(left, LEFT) ? LEFT : left)),
      toMs: Math.ceil(scale.ms(reaches(farRight, right) ? right : farRight)) + 1,
      lowNs: Math.floor(0.999999 * scale.ns(reaches(farBottom, bottom) ? bottom : farBottom)),
      highNs: Math.ceil(1.000001 * scale.ns(reaches(top, TOP) ? TOP : top)),
    });
  };
  const selectCell = (x: number, y: number) => {
    const width1 = scale.width / map.x;
    const height1 = scale.height / map.y;
    const left = LEFT + Math.floor((x - LEFT) / width1) * width1;
    const top = TOP + Math.floor((y - TOP) / height1) * height1;
    select(left, top, left + width1, top + height1);
  };
  return (
    <div class="heatmap">
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        style={{ height: `${HEIGHT}px` }}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerLeave={() => setTip({ text: "", x: 0, y: 0 })}
      />
      {drag && (
        <span
          class="heatmap-drag"
          style={{
            left: `${Math.min(drag.fromX, drag.toX)}px`,
            top: `${Math.min(drag.fromY, drag.toY)}px`,
            width: `${Math.abs(drag.toX - drag.fromX)}px`,
            height: `${Math.abs(drag.toY - drag.fromY)}px`,
          }}
        />
      )}
      {tip.text && !drag && (
        <span
          class="heatmap-tip"
          style={{ left: `${Math.min(tip.x + 12, Math.max(LEFT, width - 300))}px`, top: `${tip.y + 14}px` }}
        >
          {tip.text}
        </span>
      )}
    </div>
  );
}
