// Time by latency: how many requests fell into each cell, as the store counted them. Dragging, or arrow keys with Shift,
// select a stretch of time and latency; a dot leads to its request.
import { useEffect, useRef, useState } from "preact/hooks";
import { clockTime, nanoseconds } from "../../parts/format";
import { linkTo } from "../../shell/pages";
import { go } from "../../shell/router";
import { isDark } from "../../shell/theme";
import type { Heatmap } from "./data";
import { useCellCursor } from "./heatmap_cursor";
import {
  boxOf,
  cellAt,
  cellsText,
  countIn,
  drawAxes,
  drawCells,
  drawDots,
  HEIGHT,
  LEFT,
  nearestDot,
  scaleOf,
  TOP,
  type Cells,
} from "./heatmap_draw";

const CLICK_PX = 4; // a press that moves less is a click
const KEYS = "arrow keys move a cell cursor, Shift extends it, Enter selects what it covers, Escape leaves";

export interface Selection {
  fromMs: number;
  toMs: number;
  lowNs: number;
  highNs: number;
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

  const filledText = (x: number, y: number) => {
    const cell = cellAt(map, scale, x, y);
    return countIn(map, cell).requests > 0 ? cellsText(map, cell) : "";
  };
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
    cursor.leave();
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
        : filledText(x, y);
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
    else if (!map.dots && filledText(x, y)) selectCells(cellAt(map, scale, x, y));
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
  const selectCells = (cells: Cells) => {
    const box = boxOf(map, scale, cells);
    select(box.left, box.top, box.right, box.bottom);
  };
  const cursor = useCellCursor(map, selectCells);
  const marked = cursor.cells && boxOf(map, scale, cursor.cells);
  const words = cursor.cells ? `selected: ${cellsText(map, cursor.cells)}` : KEYS;
  return (
    <div class="heatmap">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="heat map"
        aria-label={`${label}; ${words}`}
        style={{ height: `${HEIGHT}px` }}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerLeave={() => setTip({ text: "", x: 0, y: 0 })}
        onKeyDown={cursor.onKeyDown}
        onBlur={cursor.leave}
      />
      {marked && (
        <span
          class="heatmap-drag"
          style={{
            left: `${marked.left}px`,
            top: `${marked.top}px`,
            width: `${marked.right - marked.left}px`,
            height: `${marked.bottom - marked.top}px`,
          }}
        />
      )}
      <p class={cursor.cells ? "note heatmap-cursor" : "hidden"} role="status">
        {cursor.cells && `${cellsText(map, cursor.cells)} — Enter selects, Escape leaves`}
      </p>
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
