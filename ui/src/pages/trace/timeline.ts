// The timeline: a canvas that draws what of a trace is in view, and is moved by wheel, drag, touch and keys.
import { milliseconds } from "../../parts/format";
import { colour } from "../../shell/theme";
import { askBlocks, blockAt, firstAfter, type Shown } from "./blocks";
import { CRITICAL, FAILED, TONES, type Trace } from "./types";

const LANE = 19; // css pixels
const BAR = 16;
const HEAD = 22; // of a track
const AXIS = 24;
const FETCH_LANES = 160; // at most this many at once
const HUES = 6;
const LABEL_FROM = 34; // css pixels a block must be wide to be named
const KEY_ZOOM = 1.35;
const KEY_PAN = 0.15;

export interface Selection {
  lane: number;
  row: number;
  rows: number; // merged ones; 1: the row itself
  name: string;
  start: number;
  end: number;
  busy: number;
}

export interface TimelineEvents {
  select(selection: Selection | null): void;
  moved(from: number, to: number): void;
  hovered(text: string): void;
  failed(error: Error): void;
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

export class Timeline {
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private from = 0;
  private to: number;
  private scroll = 0;
  private whole: Shown | null = null; // everything, coarsely: what is drawn until better is there
  private shown: Shown | null = null;
  private asking = 0;
  private pending = false;
  private frame = 0;
  private width = 1;
  private height = 1;
  private palette: Palette = readPalette();
  private selected: Selection | null = null;
  private lit = true;
  private hoverX: number | null = null;
  private readonly observer: ResizeObserver;
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private dragged = false;
  private closed = false;
  /** Times of the last frames' drawing, for measurements. */
  readonly drawMs: number[] = [];

  constructor(
    parent: HTMLElement,
    private readonly id: string,
    private readonly trace: Trace,
    private readonly events: TimelineEvents,
    view: { from: number; to: number } | null,
  ) {
    this.to = Math.max(trace.duration_ns, 1);
    if (view) this.setRange(view.from, view.to);
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.className = "timeline-canvas";
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute(
      "aria-label",
      "Timeline. W and S zoom, A and D move, arrow keys go from row to row, F zooms to the row, 0 shows everything.",
    );
    parent.append(this.canvas);
    this.context = this.canvas.getContext("2d")!;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(parent);
    this.listen();
    this.resize();
    void this.fetchWhole();
  }

  close(): void {
    this.closed = true;
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.canvas.remove();
  }

  get range(): { from: number; to: number } {
    return { from: this.from, to: this.to };
  }

  focus(): void {
    this.canvas.focus();
  }

  setLit(lit: boolean): void {
    this.lit = lit;
    this.redraw();
  }

  themeChanged(): void {
    this.palette = readPalette();
    this.redraw();
  }

  showAll(): void {
    this.moveTo(0, Math.max(this.trace.duration_ns, 1));
  }

  zoomTo(start: number, end: number): void {
    const margin = Math.max((end - start) * 0.15, 50);
    this.moveTo(start - margin, end + margin);
  }

  /** Zooms around a share of the width; factor above 1 comes nearer. */
  zoom(factor: number, around = 0.5): void {
    const centre = this.from + (this.to - this.from) * around;
    const span = (this.to - this.from) / factor;
    this.moveTo(centre - span * around, centre + span * (1 - around));
  }

  pan(share: number): void {
    const shift = (this.to - this.from) * share;
    this.moveTo(this.from + shift, this.to + shift);
  }

  /** The next (1) or previous (-1) block of the selected one's lane, or the nearest of another lane. */
  step(direction: 1 | -1): void {
    const shown = this.best();
    if (!shown) return;
    const at = this.selected ? this.indexOf(this.selected, shown) : -1;
    if (at < 0) {
      this.pickIn(this.firstLaneInView());
      return;
    }
    const next = at + direction;
    if (next >= 0 && next < shown.lane.length && shown.lane[next] === shown.lane[at]) this.pick(next);
  }

  stepLane(direction: 1 | -1): void {
    const from = this.selected ? this.selected.lane + direction : this.firstLaneInView();
    for (let lane = from; lane >= 0 && lane < this.trace.lanes; lane += direction) {
      if (this.pickIn(lane)) return;
    }
  }

  clearSelection(): void {
    this.selected = null;
    this.events.select(null);
    this.redraw();
  }

  zoomToSelection(): void {
    if (this.selected) this.zoomTo(this.selected.start, this.selected.end);
  }

  // --- places

  private setRange(from: number, to: number): void {
    const duration = Math.max(this.trace.duration_ns, 1);
    const span = Math.min(Math.max(to - from, 20), duration * 1.2);
    const room = span * 0.5; // a little beyond both ends, so that edges can be looked at
    const start = Math.min(Math.max(from, -room), duration + room - span);
    this.from = start;
    this.to = start + span;
  }

  private moveTo(from: number, to: number): void {
    this.setRange(from, to);
    this.events.moved(this.from, this.to);
    this.redraw();
    this.fetchSoon();
  }

  private x(time: number): number {
    return ((time - this.from) / (this.to - this.from)) * this.width;
  }

  private timeAt(x: number): number {
    return this.from + (x / this.width) * (this.to - this.from);
  }

  /** Where a lane's top is, before scrolling. */
  private laneTop(lane: number): number {
    let tracks = 0;
    for (const track of this.trace.tracks) if (track.first_lane <= lane) tracks += 1;
    return AXIS + tracks * HEAD + lane * LANE;
  }

  private contentHeight(): number {
    return this.laneTop(Math.max(this.trace.lanes - 1, 0)) + LANE + 8;
  }

  private laneAt(y: number): number {
    const inside = y + this.scroll;
    for (let i = this.trace.tracks.length - 1; i >= 0; --i) {
      const track = this.trace.tracks[i]!;
      const top = this.laneTop(track.first_lane);
      if (inside >= top - HEAD) {
        const lane = track.first_lane + Math.floor((inside - top) / LANE);
        return inside < top || lane >= track.first_lane + track.lanes ? -1 : lane;
      }
    }
    return -1;
  }

  private firstLaneInView(): number {
    return this.lanesInView().first;
  }

  private lanesInView(): { first: number; count: number } {
    const above = this.scroll + AXIS;
    let first = 0;
    for (const track of this.trace.tracks) {
      const top = this.laneTop(track.first_lane);
      first = track.first_lane + Math.max(0, Math.floor((above - top) / LANE));
      if (first < track.first_lane + track.lanes) break;
    }
    first = Math.min(first, Math.max(this.trace.lanes - 1, 0));
    return { first, count: Math.min(this.trace.lanes - first, Math.ceil(this.height / LANE) + 1) };
  }

  // --- data

  private async fetchWhole(): Promise<void> {
    try {
      const lanes = Math.min(Math.max(this.trace.lanes, 1), FETCH_LANES);
      const view = { from: 0, to: Math.max(this.trace.duration_ns, 1), firstLane: 0, lanes };
      this.whole = await askBlocks(this.id, view, this.width);
      performance.mark("trace-first-paint");
      this.redraw();
      this.fetchSoon();
    } catch (error) {
      this.events.failed(error as Error);
    }
  }

  private best(): Shown | null {
    return this.shown ?? this.whole;
  }

  // Whether what is held shows the view as well as it can be shown.
  private suffices(shown: Shown): boolean {
    const wanted = (this.to - this.from) / (this.width * devicePixelRatio);
    const { first, count } = this.lanesInView();
    const covers =
      shown.from <= Math.max(this.from, 0) && shown.to >= Math.min(this.to, this.trace.duration_ns);
    const near = shown.pixelNs <= Math.max(wanted * 1.6, 1);
    return covers && near && shown.firstLane <= first && shown.firstLane + shown.lanes >= first + count;
  }

  private fetchSoon(): void {
    if (this.pending || this.closed) return;
    if ((this.shown && this.suffices(this.shown)) || (!this.shown && this.whole && this.suffices(this.whole)))
      return;
    this.pending = true;
    setTimeout(() => void this.fetchView(), 40);
  }

  // One question at a time: while it is answered the old blocks are drawn, and moved.
  private async fetchView(): Promise<void> {
    const span = this.to - this.from;
    const { first, count } = this.lanesInView();
    const firstLane = Math.max(0, first - 20);
    const view = {
      from: this.from - span * 0.6,
      to: this.to + span * 0.6,
      firstLane,
      lanes: Math.min(FETCH_LANES, Math.max(this.trace.lanes - firstLane, 1), count + 40),
    };
    const number = ++this.asking;
    try {
      const shown = await askBlocks(this.id, view, this.width * devicePixelRatio * 2.2);
      if (this.closed || number !== this.asking) return;
      this.shown = shown;
      this.redraw();
    } catch (error) {
      if (!this.closed) this.events.failed(error as Error);
    } finally {
      this.pending = false;
      if (!this.closed) this.fetchSoon();
    }
  }

  // --- drawing

  private resize(): void {
    const parent = this.canvas.parentElement;
    if (!parent) return;
    this.width = Math.max(parent.clientWidth, 50);
    this.height = Math.max(parent.clientHeight, 80);
    this.canvas.width = Math.round(this.width * devicePixelRatio);
    this.canvas.height = Math.round(this.height * devicePixelRatio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.clampScroll();
    this.redraw();
    this.fetchSoon();
  }

  private clampScroll(): void {
    this.scroll = Math.max(0, Math.min(this.scroll, this.contentHeight() - this.height));
  }

  private redraw(): void {
    if (this.frame || this.closed) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const begin = performance.now();
      this.draw();
      this.drawMs.push(performance.now() - begin);
      if (this.drawMs.length > 600) this.drawMs.shift();
    });
  }

  private draw(): void {
    const c = this.context;
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    c.fillStyle = this.palette.panel;
    c.fillRect(0, 0, this.width, this.height);
    const { first, count } = this.lanesInView();
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
    const fine = holds(this.shown);
    const covers =
      fine && fine.from <= Math.max(this.from, 0) && fine.to >= Math.min(this.to, this.trace.duration_ns);
    const shown = covers ? fine : (holds(this.whole) ?? fine);
    if (!shown) return;
    const c = this.context;
    const top = this.laneTop(lane) - this.scroll;
    const end = shown.laneBegin[lane - shown.firstLane + 1]!;
    let at = firstAfter(shown, shown.laneBegin[lane - shown.firstLane]!, end, this.from);
    for (; at < end && shown.start[at]! <= this.to; ++at) {
      const left = Math.max(this.x(shown.start[at]!), -2);
      const right = Math.min(this.x(shown.end[at]!), this.width + 2);
      const width = Math.max(right - left, 1);
      const marks = shown.marks[at]!;
      const merged = shown.count[at]! > 1;
      const dim = this.lit && !(marks & CRITICAL) && shown.tone[at] === 0;
      const share = merged ? shown.busy[at]! / Math.max(shown.end[at]! - shown.start[at]!, 1) : 1;
      c.globalAlpha = (dim ? 0.45 : 1) * (merged ? Math.max(0.35, Math.min(share, 1)) : 1);
      c.fillStyle = this.fill(shown, at);
      c.fillRect(left, top, width > 3 ? width - 0.5 : width, BAR);
      c.globalAlpha = 1;
      if (this.lit && marks & CRITICAL) {
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
    return this.palette.hues[hashOf(shown.names[shown.name[at]!]!) % HUES]!;
  }

  private drawLabel(shown: Shown, at: number, left: number, width: number, top: number, dim: boolean): void {
    const c = this.context;
    const merged = shown.count[at]!;
    const failed = shown.marks[at]! & FAILED ? "✕ " : "";
    const name = shown.names[shown.name[at]!]!;
    const text = merged > 1 ? `${merged.toLocaleString()} rows, longest: ${name}` : failed + name;
    const from = Math.max(left, 0) + 5;
    const room = Math.min(left + width, this.width) - from - 3;
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
    for (const track of this.trace.tracks) {
      const top = this.laneTop(track.first_lane) - HEAD - this.scroll;
      if (top > this.height || top < AXIS - HEAD) continue;
      c.fillStyle = this.palette.muted;
      c.font = "600 11px system-ui, sans-serif";
      c.fillText(track.title, 6, top + HEAD / 2 + 3);
      c.strokeStyle = this.palette.grid;
      c.beginPath();
      c.moveTo(0, Math.round(top) + 0.5);
      c.lineTo(this.width, Math.round(top) + 0.5);
      c.stroke();
    }
    c.font = "11px system-ui, sans-serif";
  }

  private ticks(): { step: number; first: number } {
    const wanted = (this.to - this.from) / Math.max(this.width / 110, 2);
    const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= wanted) ?? power * 10;
    return { step, first: Math.ceil(this.from / step) * step };
  }

  private drawGrid(): void {
    const c = this.context;
    const { step, first } = this.ticks();
    c.strokeStyle = this.palette.grid;
    c.beginPath();
    for (let time = first; time <= this.to; time += step) {
      const x = Math.round(this.x(time)) + 0.5;
      c.moveTo(x, AXIS);
      c.lineTo(x, this.height);
    }
    c.stroke();
  }

  private drawAxis(): void {
    const c = this.context;
    c.fillStyle = this.palette.panel;
    c.fillRect(0, 0, this.width, AXIS);
    c.fillStyle = this.palette.muted;
    const { step, first } = this.ticks();
    for (let time = first; time <= this.to; time += step) {
      if (this.x(time) < this.width - 40) c.fillText(axisText(time, step), this.x(time) + 3, AXIS / 2);
    }
    c.strokeStyle = this.palette.grid;
    c.strokeRect(-1, -1, this.width + 2, AXIS + 0.5);
    if (this.hoverX === null) return;
    c.strokeStyle = this.palette.muted;
    c.beginPath();
    c.moveTo(Math.round(this.hoverX) + 0.5, 0);
    c.lineTo(Math.round(this.hoverX) + 0.5, this.height);
    c.stroke();
  }

  private drawSelection(): void {
    if (!this.selected) return;
    const c = this.context;
    const left = Math.max(this.x(this.selected.start), -4);
    const right = Math.min(this.x(this.selected.end), this.width + 4);
    c.strokeStyle = this.palette.focus;
    c.lineWidth = 2;
    c.strokeRect(
      left - 1,
      this.laneTop(this.selected.lane) - this.scroll - 1,
      Math.max(right - left, 2) + 2,
      BAR + 2,
    );
    c.lineWidth = 1;
  }

  // --- choosing

  private indexOf(selection: Selection, shown: Shown): number {
    return blockAt(shown, selection.lane, (selection.start + selection.end) / 2, 0);
  }

  private pickIn(lane: number): boolean {
    const shown = this.best();
    if (!shown) return false;
    const centre = this.selected ? (this.selected.start + this.selected.end) / 2 : (this.from + this.to) / 2;
    const found = blockAt(shown, lane, centre, (this.to - this.from) / 2);
    if (found >= 0) this.pick(found);
    return found >= 0;
  }

  private pick(at: number): void {
    const shown = this.best()!;
    this.selected = {
      lane: shown.lane[at]!,
      row: shown.row[at]!,
      rows: shown.count[at]!,
      name: shown.names[shown.name[at]!]!,
      start: shown.start[at]!,
      end: shown.end[at]!,
      busy: shown.busy[at]!,
    };
    this.reveal();
    this.events.select(this.selected);
    this.redraw();
  }

  // Brings the selection into view when it is not in it.
  private reveal(): void {
    const chosen = this.selected!;
    const top = this.laneTop(chosen.lane);
    if (top - this.scroll < AXIS + HEAD) this.scroll = top - AXIS - HEAD;
    if (top + LANE - this.scroll > this.height) this.scroll = top + LANE - this.height + 4;
    this.clampScroll();
    if (chosen.end < this.from || chosen.start > this.to) {
      const span = this.to - this.from;
      const centre = (chosen.start + chosen.end) / 2;
      this.moveTo(centre - span / 2, centre + span / 2);
    }
    this.fetchSoon();
  }

  private chooseAt(x: number, y: number): void {
    const shown = this.best();
    const lane = this.laneAt(y);
    if (!shown || lane < 0) return this.clearSelection();
    const slack = ((this.to - this.from) / this.width) * 3;
    const found = blockAt(shown, lane, this.timeAt(x), slack);
    if (found < 0) return this.clearSelection();
    this.pick(found);
  }

  private hover(x: number | null, y: number): void {
    this.hoverX = x;
    const shown = this.best();
    let text = "";
    if (x !== null && shown) {
      const lane = this.laneAt(y);
      const slack = ((this.to - this.from) / this.width) * 2;
      const at = lane < 0 ? -1 : blockAt(shown, lane, this.timeAt(x), slack);
      text = axisText(this.timeAt(x), (this.to - this.from) / this.width);
      if (at >= 0) {
        const merged = shown.count[at]!;
        const name = shown.names[shown.name[at]!]!;
        const took = milliseconds(shown.busy[at]! / 1e6);
        text += merged > 1 ? ` · ${merged.toLocaleString()} rows, together ${took}` : ` · ${name}, ${took}`;
      }
    }
    this.events.hovered(text);
    this.redraw();
  }

  // --- input

  private listen(): void {
    const canvas = this.canvas;
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.pointerDown(event));
    canvas.addEventListener("pointermove", (event) => this.pointerMove(event));
    for (const name of ["pointerup", "pointercancel"] as const)
      canvas.addEventListener(name, (event) => this.pointerUp(event));
    canvas.addEventListener("pointerleave", () => this.hover(null, 0));
    canvas.addEventListener("dblclick", () => this.zoomToSelection());
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.pan((event.deltaX || event.deltaY) / this.width);
    } else if (event.altKey) {
      this.scrollBy(event.deltaY);
    } else {
      this.zoom(Math.exp(-event.deltaY * 0.0016), event.offsetX / this.width);
    }
  }

  private scrollBy(pixels: number): void {
    this.scroll += pixels;
    this.clampScroll();
    this.redraw();
    this.fetchSoon();
  }

  private pointerDown(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.dragged = false;
  }

  private pointerMove(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.hover(event.offsetX, event.offsetY);
    const dx = event.offsetX - before.x;
    const dy = event.offsetY - before.y;
    if (!this.dragged && Math.hypot(dx, dy) < 4) return;
    this.dragged = true;
    if (this.pointers.size === 2) this.pinch(event);
    else {
      this.pan(-dx / this.width);
      this.scrollBy(-dy);
    }
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  }

  private pinch(event: PointerEvent): void {
    const own = this.pointers.get(event.pointerId)!;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)![1];
    const before = Math.abs(own.x - other.x);
    const now = Math.abs(event.offsetX - other.x);
    if (before > 10 && now > 10) this.zoom(now / before, (event.offsetX + other.x) / 2 / this.width);
  }

  private pointerUp(event: PointerEvent): void {
    if (!this.pointers.delete(event.pointerId)) return;
    if (!this.dragged && event.type === "pointerup") this.chooseAt(event.offsetX, event.offsetY);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions: Record<string, () => void> = {
      w: () => this.zoom(KEY_ZOOM),
      s: () => this.zoom(1 / KEY_ZOOM),
      a: () => this.pan(-KEY_PAN),
      d: () => this.pan(KEY_PAN),
      f: () => this.zoomToSelection(),
      Enter: () => this.zoomToSelection(),
      "0": () => this.showAll(),
      ArrowRight: () => this.step(1),
      ArrowLeft: () => this.step(-1),
      ArrowDown: () => this.stepLane(1),
      ArrowUp: () => this.stepLane(-1),
      PageDown: () => this.scrollBy(this.height * 0.8),
      PageUp: () => this.scrollBy(-this.height * 0.8),
      Escape: () => this.clearSelection(),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}

function hashOf(text: string): number {
  let hash = 7;
  for (let i = 0; i < text.length; ++i) hash = (hash * 31 + text.charCodeAt(i)) >>> 0;
  return hash;
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
  return `${(ns / (size as number)).toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
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
