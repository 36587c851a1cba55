// The present, shared by all pages: one stream a tab, whatever is shown.
import { signal } from "@preact/signals";
import { setBanner } from "../shell/notices";
import { Feed, type Connection } from "./feed";
import { GpuSeries } from "./gpu_series";
import { Series } from "./series";
import type { Present, RequestSummary, Step, Turn } from "./types";

const REQUESTS_HELD = 300;
const STEPS_HELD = 240;
const TURNS_REACH_MS = 70_000;

export const connection = signal<Connection>("connecting");
/** The newest state; null before the first event. */
export const present = signal<Present | null>(null);
/** The curves by second. Not a signal itself: `ticks` grows with each change of it. */
export const series = new Series();
export const ticks = signal(0);
/** Those of the GPUs, likewise. */
export const gpuSeries = new GpuSeries();
/** The newest requests, newest first. */
export const recent = signal<RequestSummary[]>([]);

/** Who was in which slot in the last minute, and the newest batch steps: of engines with the probe. */
export const turns = signal<Turn[]>([]);
export const steps = signal<Step[]>([]);

/** Tells requests apart: clients choose request ids, so those alone do not. */
export function keyOf(request: RequestSummary): string {
  return `${request.request_id} ${request.start_unix_ns} ${request.trace_id}`;
}

function merged<T>(old: T[], more: T[], idOf: (one: T) => string): T[] {
  const all = new Map(old.map((one) => [idOf(one), one]));
  for (const one of more) all.set(idOf(one), one);
  return [...all.values()];
}

function takeBatches(now: Present): void {
  if (now.steps.length > 0) {
    const all = merged(steps.peek(), now.steps, (step) => `${step[0]} ${step[1]}`);
    steps.value = all.sort((a, b) => a[2] - b[2]).slice(-STEPS_HELD);
  }
  if (now.turns.length === 0 && turns.peek().length === 0) return;
  const oldest = Date.now() - TURNS_REACH_MS;
  const all = merged(turns.peek(), now.turns, (turn) => `${turn.engine} ${turn.turn}`);
  turns.value = all.filter((turn) => turn.end > oldest);
}

const LOST =
  "The connection to llamatelemetry is lost. What you see is the last that was known; trying again…";

function takePresent(now: Present): void {
  series.setColumns(now.columns);
  present.value = now;
  takeBatches(now);
  gpuSeries.merge(now.gpu_columns, now.gpu_rows);
  if (now.requests.length > 0) {
    const known = new Set(recent.peek().map(keyOf));
    const fresh = now.requests.filter((request) => !known.has(keyOf(request)));
    if (fresh.length > 0) recent.value = [...fresh, ...recent.peek()].slice(0, REQUESTS_HELD);
  }
  setBanner("serving", now.serving ? "" : "Requests cannot be served now: no engine is ready.");
}

/** Reads the stream until the page goes away. */
export function startLive(): Promise<void> {
  const feed = new Feed({
    history(history) {
      if (history.complete) {
        series.clear();
        gpuSeries.clear();
      }
      takePresent(history);
      series.merge(history.rows);
      ticks.value += 1;
    },
    tick(tick) {
      takePresent(tick);
      series.merge(tick.revised);
      setBanner("store", tick.store_error ? `The store does not answer: ${tick.store_error}` : "");
      ticks.value += 1;
    },
    connection(state) {
      connection.value = state;
      setBanner("connection", state === "lost" ? LOST : "");
    },
  });
  return feed.run();
}
