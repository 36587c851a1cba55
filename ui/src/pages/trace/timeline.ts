// The timeline: which part of a trace is in view and what of it is chosen; fetches what that needs. How it looks is in
// painter.ts, what moves it in timeline_input.ts.
import { count, milliseconds } from "../../parts/format";
import { askBlocks, blockAt, type Shown } from "./blocks";
import type { Opened } from "./early";
import { AXIS, HEAD, LANE, Lanes } from "./lanes";
import { axisText, Painter, type Frame } from "./painter";
import { FETCH_LANES } from "./paths";
import { takeInput } from "./timeline_input";
import type { Trace } from "./types";

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

export class Timeline {
  private readonly canvas: HTMLCanvasElement;
  private readonly lanes: Lanes;
  private readonly painter: Painter;
  private from = 0;
  private to: number;
  private scroll = 0;
  private shown: Shown | null = null;
  private asking = 0;
  private pending = false;
  private frame = 0;
  private width = 1;
  private height = 1;
  private madeFor = ""; // what the canvas was made for
  private selected: Selection | null = null;
  private lit = true;
  private hoverX: number | null = null;
  private readonly observer: ResizeObserver;
  private closed = false;
  private painted = false;
  private readonly trace: Trace;
  private readonly whole: Shown; // everything, coarsely: what is drawn until better is there
  /** Times of the last frames' drawing, for measurements. */
  readonly drawMs: number[] = [];

  constructor(
    parent: HTMLElement,
    private readonly id: string,
    opened: Opened,
    private readonly events: TimelineEvents,
    view: { from: number; to: number } | null,
  ) {
    this.trace = opened.trace;
    this.whole = opened.shown;
    this.to = Math.max(this.trace.duration_ns, 1);
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
    this.lanes = new Lanes(this.trace);
    this.painter = new Painter(this.canvas, this.lanes);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(parent);
    takeInput(this.canvas, this);
    this.resize();
  }

  close(): void {
    this.closed = true;
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.canvas.remove();
  }

  /** In css pixels. */
  get size(): { width: number; height: number } {
    return { width: this.width, height: this.height };
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
    this.painter.themeChanged();
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

  scrollBy(pixels: number): void {
    this.scroll += pixels;
    this.clampScroll();
    this.redraw();
    this.fetchSoon();
  }

  /** The next (1) or previous (-1) block of the selected one's lane, or the nearest of another lane. */
  step(direction: 1 | -1): void {
    const shown = this.best();
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

  private frameNow(): Frame {
    const { trace, from, to, scroll, width, height, whole, shown, selected, lit, hoverX } = this;
    return { trace, from, to, scroll, width, height, whole, shown, selected, lit, hoverX };
  }

  /** Where a moment of a lane is on the canvas. */
  placeOf(lane: number, time: number): { x: number; y: number } {
    const x = ((time - this.from) / (this.to - this.from)) * this.width;
    return { x, y: this.lanes.top(lane) - this.scroll };
  }

  private timeAt(x: number): number {
    return this.from + (x / this.width) * (this.to - this.from);
  }

  private firstLaneInView(): number {
    return this.lanesInView().first;
  }

  private lanesInView(): { first: number; count: number } {
    return this.lanes.inView(this.scroll, this.height);
  }

  // --- data

  private best(): Shown {
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
    if (this.suffices(this.best())) return;
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
      const { whole, rows } = this.trace;
      const shown = await askBlocks(this.id, view, this.width * devicePixelRatio * 2.2, !whole);
      if (this.closed || number !== this.asking) return;
      if (!whole && shown.rows !== rows) return; // read meanwhile: another timeline is about to take this one's place
      this.shown = shown;
      this.redraw();
    } catch (error) {
      if (!this.closed) this.events.failed(error as Error);
    } finally {
      this.pending = false;
      if (!this.closed) this.fetchSoon();
    }
  }

  // --- size and frames

  private resize(): void {
    const parent = this.canvas.parentElement;
    if (!parent) return;
    this.width = Math.max(parent.clientWidth, 50);
    this.height = Math.max(parent.clientHeight, 80);
    const size = `${this.width} ${this.height} ${devicePixelRatio}`;
    if (size === this.madeFor) return; // a canvas that gets a size is cleared
    this.madeFor = size;
    this.canvas.width = Math.round(this.width * devicePixelRatio);
    this.canvas.height = Math.round(this.height * devicePixelRatio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.clampScroll();
    this.redraw();
    this.fetchSoon();
  }

  private clampScroll(): void {
    this.scroll = Math.max(0, Math.min(this.scroll, this.lanes.contentHeight() - this.height));
  }

  private redraw(): void {
    if (this.frame || this.closed) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const begin = performance.now();
      this.painter.draw(this.frameNow());
      this.drawMs.push(performance.now() - begin);
      this.notePaint();
      if (this.drawMs.length > 600) this.drawMs.shift();
    });
  }

  // For measurements: when rows were drawn first, and when all of the trace were.
  private notePaint(): void {
    if (this.painted) return;
    this.painted = true;
    performance.mark("trace-first-paint");
    if (this.trace.whole) performance.mark("trace-whole-paint");
  }

  // --- choosing

  private indexOf(selection: Selection, shown: Shown): number {
    return blockAt(shown, selection.lane, (selection.start + selection.end) / 2, 0);
  }

  private pickIn(lane: number): boolean {
    const shown = this.best();
    const centre = this.selected ? (this.selected.start + this.selected.end) / 2 : (this.from + this.to) / 2;
    const found = blockAt(shown, lane, centre, (this.to - this.from) / 2);
    if (found >= 0) this.pick(found);
    return found >= 0;
  }

  private pick(at: number): void {
    const shown = this.best();
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
    const top = this.lanes.top(chosen.lane);
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

  chooseAt(x: number, y: number): void {
    const shown = this.best();
    const lane = this.lanes.at(y + this.scroll);
    if (lane < 0) return this.clearSelection();
    const slack = ((this.to - this.from) / this.width) * 3;
    const found = blockAt(shown, lane, this.timeAt(x), slack);
    if (found < 0) return this.clearSelection();
    this.pick(found);
  }

  hover(x: number | null, y: number): void {
    this.hoverX = x;
    const shown = this.best();
    let text = "";
    if (x !== null) {
      const lane = this.lanes.at(y + this.scroll);
      const slack = ((this.to - this.from) / this.width) * 2;
      const at = lane < 0 ? -1 : blockAt(shown, lane, this.timeAt(x), slack);
      text = axisText(this.timeAt(x), (this.to - this.from) / this.width);
      if (at >= 0) {
        const merged = shown.count[at]!;
        const name = shown.names[shown.name[at]!]!;
        const took = milliseconds(shown.busy[at]! / 1e6);
        text += merged > 1 ? ` · ${count(merged)} rows, together ${took}` : ` · ${name}, ${took}`;
      }
    }
    this.events.hovered(text);
    this.redraw();
  }
}
