// A query's answer as a table in memory. 64-bit numbers that JavaScript cannot hold stay text, so that an id
// that is copied from here is the id that is stored.
import { runQuery } from "../../data/api";

export type Value = string | number | boolean | null | unknown[] | Record<string, unknown>;

export interface Result {
  columns: string[];
  rows: Value[][];
  truncated: boolean;
  milliseconds: number; // from asking to having it all
}

function reviver(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  if (
    typeof value === "number" &&
    context?.source &&
    !Number.isSafeInteger(value) &&
    /^-?\d+$/.test(context.source)
  ) {
    return context.source;
  }
  return value;
}

/** Asks for one row more than is shown, so that a cut result is known to be one. */
export async function readResult(sql: string, maxRows: number, signal: AbortSignal): Promise<Result> {
  const started = performance.now();
  const response = await runQuery(sql, { format: "json", maxRows: maxRows + 1, signal });
  const objects = JSON.parse(await response.text(), reviver) as Record<string, Value>[];
  const columns = Object.keys(objects[0] ?? {});
  const rows = objects.slice(0, maxRows).map((object) => columns.map((name) => object[name] ?? null));
  return {
    columns,
    rows,
    truncated: objects.length > maxRows,
    milliseconds: performance.now() - started,
  };
}

export function isNumeric(result: Result, column: number): boolean {
  let some = false;
  for (const row of result.rows) {
    const value = row[column];
    if (value === null) continue;
    if (typeof value !== "number") return false;
    some = true;
  }
  return some;
}

const TIMESTAMP = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/;

/** Whether the column can be a time axis: timestamps, or nanoseconds since 1970. */
export function isTime(result: Result, column: number): boolean {
  const name = result.columns[column] ?? "";
  const sample = result.rows.find((row) => row[column] !== null)?.[column];
  return (typeof sample === "string" && TIMESTAMP.test(sample)) || name.endsWith("unix_ns");
}

/** A value of a time axis as Plotly takes it: local time written as if it were UTC. */
export function plotMoment(value: Value): string | null {
  if (value === null) return null;
  const ms =
    typeof value === "string" && TIMESTAMP.test(value)
      ? Date.parse(`${value.replace(" ", "T").slice(0, 23)}Z`)
      : Number(value) / 1e6;
  if (!Number.isFinite(ms)) return null;
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 23);
}
