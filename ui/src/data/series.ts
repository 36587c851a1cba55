// The curves' points: one per second, replaced when the console revises them.
import { plotTime } from "../parts/format";
import type { Column, Row } from "./types";

const HELD_SECONDS = 1200;

interface Point {
  time: number;
  label: string;
  row: Row;
}

export class Series {
  private points: Point[] = []; // ascending in time
  private index = new Map<Column, number>();

  clear(): void {
    this.points = [];
  }

  setColumns(columns: Column[]): void {
    this.index = new Map(columns.map((name, position) => [name, position]));
  }

  /** `rows` ascend in time; a second that is here already is replaced. */
  merge(rows: Row[]): void {
    const timeAt = this.index.get("time") ?? 0;
    let sorted = true;
    for (const row of rows) {
      const time = row[timeAt];
      if (typeof time !== "number") continue;
      const newest = this.points.at(-1)?.time ?? -Infinity;
      if (time > newest) {
        this.points.push({ time, label: plotTime(time), row });
        continue;
      }
      const position = this.find(time);
      if (position >= 0) this.points[position] = { ...this.points[position]!, row };
      else {
        this.points.push({ time, label: plotTime(time), row });
        sorted = false;
      }
    }
    if (!sorted) this.points.sort((a, b) => a.time - b.time);
    const excess = this.points.length - HELD_SECONDS;
    if (excess > 0) this.points.splice(0, excess);
  }

  /** All points, oldest first, drawn `shift` seconds later than they were. */
  whole(shift = 0): SeriesWindow {
    const moved =
      shift === 0
        ? this.points
        : this.points.map((point) => ({ ...point, label: plotTime(point.time + shift) }));
    return new SeriesWindow(moved, this.index);
  }

  /** The points of the `seconds` before `newest`, oldest first; without it before the newest point. */
  window(seconds: number, newest = this.points.at(-1)?.time ?? 0): SeriesWindow {
    const first = this.points.findIndex((point) => point.time > newest - seconds);
    return new SeriesWindow(first < 0 ? [] : this.points.slice(first), this.index);
  }

  private find(time: number): number {
    let low = 0;
    let high = this.points.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.points[middle]!.time;
      if (at === time) return middle;
      if (at < time) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/** A snapshot of consecutive points. */
export class SeriesWindow {
  readonly times: string[]; // as Plotly takes them
  readonly seconds: number[]; // since 1970

  constructor(
    private readonly points: Point[],
    private readonly index: Map<Column, number>,
  ) {
    this.times = points.map((point) => point.label);
    this.seconds = points.map((point) => point.time);
  }

  get(column: Column): (number | null)[] {
    const at = this.index.get(column);
    return this.points.map((point) => (at === undefined ? null : (point.row[at] ?? null)));
  }
}
