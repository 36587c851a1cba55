// What a timeline looks like: lanes of blocks, heads of tracks, the axis and the selection, on a canvas.
import { count, fixed } from "../../parts/format";
import { colour } from "../../shell/theme";
import { firstAfter, HUES, type Shown } from "./blocks";
import { AXIS, BAR, HEAD, type Lanes } from "./lanes";
import { CRITICAL, FAILED, TONES, type Trace } from "./types";

const LABEL_FROM = 34; // css pixels a block must be wide to be named

/** Everything that one picture depends on. */
export interface Frame {
  trace: Trace;
  from: number;
  to: number;
  scroll: number;
  width: number;
  height: number;
  whole: Shown; // everything, coarsely: what is drawn until better is there
  shown: Shown | null;
  selected: { lane: number; start: number; end: number } | null;
  lit: boolean; // the critical path
  hoverX: number | null;
}

interface Palette {
  tones: string[];
  hues: string[];
  ink: string;
  muted: string;
  grid: string;
  panel: string;
  error: string;
  focus: string;
}

export class Painter {
  private readonly context: CanvasRenderingContext2D;
  private palette = readPalette();
  private frame!: Frame; // of the picture that is being drawn

  constructor(
    canvas: HTMLCanvasElement,
    private readonly lanes: Lanes,
  ) {
    this.context = canvas.getContext("2d")!;
  }

  themeChanged(): void {
    this.palette = readPalette();
  }

  draw(frame: Frame): void {
    this.frame = frame;
    const c = this.context;
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    c.fillStyle = this.palette.panel;
    c.fillRect(0, 0, this.frame.width, this.frame.height);
    const { first, count } = this.lanes.inView(frame.scroll, frame.height);
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "middle";
    this.drawGrid();
    for (let lane = first; lane < first + count; ++lane) this.drawLane(lane);
    this.drawTracks();
    this.drawAxis();
    this.drawSelection();
  }

  private drawLane(lane: number): void {
    const holds = (shown: Shown | null) =>
      shown && lane >= shown.firstLane && lane < shown.firstLane + shown.lanes ? shown : null;
    const fine = holds(this.frame.shown);
    const covers =
      fine &&
      fine.from <= Math.max(this.frame.from, 0) &&
      fine.to >= Math.min(this.frame.to, this.frame.trace.duration_ns);
    const shown = covers ? fine : (holds(this.frame.whole) ?? fine);
    if (!shown) return;
    const c = this.context;
    const top = this.lanes.top(lane) - this.frame.scroll;
    const end = shown.laneBegin[lane - shown.firstLane + 1]!;
    let at = firstAfter(shown, shown.laneBegin[lane - shown.firstLane]!, end, this.frame.from);
    for (; at < end && shown.start[at]! <= this.frame.to; ++at) {
      const left = Math.max(this.x(shown.start[at]!), -2);
      const right = Math.min(this.x(shown.end[at]!), this.frame.width + 2);
      const width = Math.max(right - left, 1);
      const marks = shown.marks[at]!;
      const merged = shown.count[at]! > 1;
      const dim = this.frame.lit && !(marks & CRITICAL) && shown.tone[at] === 0;
      const share = merged ? shown.busy[at]! / Math.max(shown.end[at]! - shown.start[at]!, 1) : 1;
      c.globalAlpha = (dim ? 0.45 : 1) * (merged ? Math.max(0.35, Math.min(share, 1)) : 1);
      c.fillStyle = this.fill(shown, at);
      c.fillRect(left, top, width > 3 ? width - 0.5 : width, BAR);
      c.globalAlpha = 1;
      if (this.frame.lit && marks & CRITICAL) {
        c.fillStyle = this.palette.ink;
        c.fillRect(left, top + BAR - 2, width, 2);
      }
      if (marks & FAILED) {
        c.fillStyle = this.palette.error;
        c.fillRect(left, top, Math.max(Math.min(width, 4), 1.5), BAR);
      }
      if (width > LABEL_FROM) this.drawLabel(shown, at, left, width, top, dim);
    }
  }

  private fill(shown: Shown, at: number): string {
    const tone = shown.tone[at]!;
    if (tone !== 0) return this.palette.tones[tone]!;
    return this.palette.hues[shown.hues[shown.name[at]!]!]!;
  }

  private drawLabel(shown: Shown, at: number, left: number, width: number, top: number, dim: boolean): void {
    const c = this.context;
    const merged = shown.count[at]!;
    const failed = shown.marks[at]! & FAILED ? "✕ " : "";
    const name = shown.names[shown.name[at]!]!;
    const text = merged > 1 ? `${count(merged)} rows, longest: ${name}` : failed + name;
    const from = Math.max(left, 0) + 5;
    const room = Math.min(left + width, this.frame.width) - from - 3;
    if (room < 12) return;
    const fits = Math.floor(room / 6.1);
    c.fillStyle = dim || shown.tone[at] === 0 ? this.palette.ink : this.palette.panel;
    c.fillText(
      text.length > fits ? `${text.slice(0, Math.max(fits - 1, 1))}…` : text,
      from,
      top + BAR / 2 + 0.5,
    );
  }

  private drawTracks(): void {
    const c = this.context;
    for (const track of this.frame.trace.tracks) {
      const top = this.lanes.top(track.first_lane) - HEAD - this.frame.scroll;
      if (top > this.frame.height || top < AXIS - HEAD) continue;
      c.fillStyle = this.palette.muted;
      c.font = "600 11px system-ui, sans-serif";
      c.fillText(track.title, 6, top + HEAD / 2 + 3);
      c.strokeStyle = this.palette.grid;
      c.beginPath();
      c.moveTo(0, Math.round(top) + 0.5);
      c.lineTo(this.frame.width, Math.round(top) + 0.5);
      c.stroke();
    }
    c.font = "11px system-ui, sans-serif";
  }

  private ticks(): { step: number; first: number } {
    const wanted = (this.frame.to - this.frame.from) / Math.max(this.frame.width / 110, 2);
    const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= wanted) ?? power * 10;
    return { step, first: Math.ceil(this.frame.from / step) * step };
  }

  private drawGrid(): void {
    const c = this.context;
    const { step, first } = this.ticks();
    c.strokeStyle = this.palette.grid;
    c.beginPath();
    for (let time = first; time <= this.frame.to; time += step) {
      const x = Math.round(this.x(time)) + 0.5;
      c.moveTo(x, AXIS);
      c.lineTo(x, this.frame.height);
    }
    c.stroke();
  }

  private drawAxis(): void {
    const c = this.context;
    c.fillStyle = this.palette.panel;
    c.fillRect(0, 0, this.frame.width, AXIS);
    c.fillStyle = this.palette.muted;
    const { step, first } = this.ticks();
    for (let time = first; time <= this.frame.to; time += step) {
      if (this.x(time) < this.frame.width - 40) c.fillText(axisText(time, step), this.x(time) + 3, AXIS / 2);
    }
    c.strokeStyle = this.palette.grid;
    c.strokeRect(-1, -1, this.frame.width + 2, AXIS + 0.5);
    if (this.frame.hoverX === null) return;
    c.strokeStyle = this.palette.muted;
    c.beginPath();
    c.moveTo(Math.round(this.frame.hoverX) + 0.5, 0);
    c.lineTo(Math.round(this.frame.hoverX) + 0.5, this.frame.height);
    c.stroke();
  }

  private drawSelection(): void {
    if (!this.frame.selected) return;
    const c = this.context;
    const left = Math.max(this.x(this.frame.selected.start), -4);
    const right = Math.min(this.x(this.frame.selected.end), this.frame.width + 4);
    c.strokeStyle = this.palette.focus;
    c.lineWidth = 2;
    c.strokeRect(
      left - 1,
      this.lanes.top(this.frame.selected.lane) - this.frame.scroll - 1,
      Math.max(right - left, 2) + 2,
      BAR + 2,
    );
    c.lineWidth = 1;
  }

  private x(time: number): number {
    return ((time - this.frame.from) / (this.frame.to - this.frame.from)) * this.frame.width;
  }
}

/** A time on an axis whose lines are `step` apart, with as many digits as tell them apart. */
export function axisText(ns: number, step: number): string {
  const [unit, size] =
    step >= 1e9
      ? ["s", 1e9]
      : step >= 1e6
        ? Math.abs(ns) >= 1e10
          ? ["s", 1e9]
          : ["ms", 1e6]
        : step >= 1e3
          ? ["ms", 1e6]
          : ["µs", 1e3];
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / (size as number)) - 1e-9)));
  return `${fixed(ns / (size as number), digits)} ${unit}`;
}

function readPalette(): Palette {
  const names: Record<string, string> = {
    neutral: "neutral",
    queue: "queue",
    prefill: "prefill",
    decode: "decode",
  };
  return {
    tones: TONES.map((tone) => colour(names[tone] ?? `trace-${tone.replace("_", "-")}`)),
    hues: Array.from({ length: HUES }, (_, i) => colour(`trace-hue-${i + 1}`)),
    ink: colour("ink"),
    muted: colour("muted"),
    grid: colour("grid"),
    panel: colour("panel"),
    error: colour("error"),
    focus: colour("focus"),
  };
}
