// The present, shared by all pages: one stream a tab, whatever is shown.
import { signal } from "@preact/signals";
import { setBanner } from "../shell/notices";
import { Feed, type Connection } from "./feed";
import { Series } from "./series";
import type { Present, RequestSummary } from "./types";

const REQUESTS_HELD = 300;

export const connection = signal<Connection>("connecting");
/** The newest state; null before the first event. */
export const present = signal<Present | null>(null);
/** The curves by second. Not a signal itself: `ticks` grows with each change of it. */
export const series = new Series();
export const ticks = signal(0);
/** The newest requests, newest first. */
export const recent = signal<RequestSummary[]>([]);

/** Tells requests apart: clients choose request ids, so those alone do not. */
export function keyOf(request: RequestSummary): string {
  return `${request.request_id} ${request.start_unix_ns} ${request.trace_id}`;
}

const LOST =
  "The connection to llamatelemetry is lost. What you see is the last that was known; trying again…";

function takePresent(now: Present): void {
  series.setColumns(now.columns);
  present.value = now;
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
      if (history.complete) series.clear();
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
