// What the page shows, as the URL says it. The parameters are those of the API, so a view and its data are
// named alike; only `range` is ours, since it moves with the clock.
import { param, params, setParams } from "../../shell/router";

export interface Filter {
  column: string;
  operator: string;
  value: string;
}

export const RANGES = [
  ["15 min", "15m"],
  ["1 hour", "1h"],
  ["1 day", "1d"],
  ["7 days", "7d"],
  ["All", "all"],
] as const;
const RANGE_SECONDS: Record<string, number> = { "15m": 900, "1h": 3600, "1d": 86_400, "7d": 604_800 };
const DEFAULT_RANGE = "all";

export const METRICS = [
  ["Total", "total_ns"],
  ["First token", "ttft_ns"],
  ["Per output token", "tpot_ns"],
  ["Queue", "queue_ns"],
  ["Prefill", "prefill_ns"],
  ["Decode", "decode_ns"],
] as const;

export const PHASES_COLUMN = "phases"; // not one of the store: the bar
export const DEFAULT_COLUMNS = [
  "start_unix_ns",
  "model",
  "http_status",
  "total_ns",
  "ttft_ns",
  "tpot_ns",
  "queue_ns",
  "input_tokens",
  "output_tokens",
  PHASES_COLUMN,
];
const BEHIND_THE_BAR =
  "total_ns,receive_ns,gateway_ns,connect_ns,queue_ns,prefill_ns,decode_ns,unattributed_ns,client_ns";
const ALWAYS = "stream,error_type,error_message"; // what other cells explain themselves with

export function rangeName(): string {
  const text = param("range") ?? DEFAULT_RANGE;
  return text in RANGE_SECONDS ? text : DEFAULT_RANGE;
}

/** A range of the list; a stretch that was dragged gives way to it. */
export function setRange(name: string): void {
  setParams({ range: name === DEFAULT_RANGE ? null : name, since: null, until: null }, "push");
}

export function metric(): string {
  return METRICS.map(([, name]) => name).find((name) => name === param("metric")) ?? "total_ns";
}

export function filters(): Filter[] {
  return params.value.getAll("filter").flatMap((text) => {
    const [column, operator, ...value] = text.split(":");
    return column && operator && value.length > 0 ? [{ column, operator, value: value.join(":") }] : [];
  });
}

const filterText = (filter: Filter) => `${filter.column}:${filter.operator}:${filter.value}`;

export function setFilters(list: Filter[], others: Record<string, string | null> = {}): void {
  setParams({ ...others, filter: list.map(filterText) }, "push");
}

export function columns(): string[] {
  return param("columns")?.split(",").filter(Boolean) ?? DEFAULT_COLUMNS;
}

export function setColumns(list: string[]): void {
  const text = list.join(",");
  setParams({ columns: text === DEFAULT_COLUMNS.join(",") ? null : text });
}

export function sort(): { column: string; descending: boolean } {
  const text = param("sort") ?? "-start_unix_ns";
  return { column: text.replace(/^-/, ""), descending: text.startsWith("-") };
}

/** The filters as the API takes them; `now` in milliseconds is where a relative range ends. */
export function apiFilters(now: number): URLSearchParams {
  const out = new URLSearchParams();
  for (const name of ["search", "errors", "all", "since", "until"]) {
    const value = param(name);
    if (value) out.set(name, value);
  }
  for (const text of params.value.getAll("filter")) out.append("filter", text);
  const seconds = RANGE_SECONDS[rangeName()];
  if (seconds && !out.has("since"))
    out.set("since", `${BigInt(Math.round(now) - seconds * 1000) * 1_000_000n}`);
  return out;
}

/** The columns to ask for, so that what is shown and what its cells explain can be drawn. */
export function apiColumns(): string {
  const names = new Set(
    columns().flatMap((name) => (name === PHASES_COLUMN ? BEHIND_THE_BAR.split(",") : name)),
  );
  for (const name of ALWAYS.split(",")) names.add(name);
  return [...names].join(",");
}

/** Nanoseconds since 1970 as the API takes them, from milliseconds. */
export function nsText(ms: number): string {
  return `${BigInt(Math.round(ms)) * 1_000_000n}`;
}
