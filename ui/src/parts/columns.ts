// The columns of requests: what the console says they mean, and how their values are written.
import { signal } from "@preact/signals";
import { askJson } from "../data/api";
import { count, dateAndTime, nanoseconds, number, percent, bytes } from "./format";

export interface RequestColumn {
  name: string;
  kind: "text" | "number" | "boolean" | "json";
  unit: string | null;
  nullable: boolean;
  description: string;
}

export interface TableColumn {
  name: string;
  type: string;
  unit: string | null;
  nullable: boolean;
  description: string;
}

export interface StoreSchema {
  schema_version: number;
  tables: { name: string; description: string; time_column: string | null; columns: TableColumn[] }[];
  request_columns: RequestColumn[];
}

export const schema = signal<StoreSchema | null>(null);
export const schemaError = signal("");
let asked = false;

/** Asks for the schema once; `schema` holds it when it is there. */
export function wantSchema(): void {
  if (asked) return;
  asked = true;
  askJson<StoreSchema>("/api/v1/schema").then(
    (document) => (schema.value = document),
    (error: Error) => {
      asked = false;
      schemaError.value = error.message;
    },
  );
}

const TITLES: Record<string, string> = {
  start_unix_ns: "Start",
  end_unix_ns: "End",
  model: "Model",
  http_status: "Status",
  error_type: "Error",
  total_ns: "Total",
  ttft_ns: "First token",
  tpot_ns: "Per output token",
  queue_ns: "Queue",
  prefill_ns: "Prefill",
  decode_ns: "Decode",
  input_tokens: "Tokens in",
  cached_tokens: "Cached",
  output_tokens: "Tokens out",
  tokens_per_second: "Decode speed",
  cached_share: "Cached share",
  finish_reason: "Finish",
  conversation_id: "Conversation",
  request_id: "Request",
  trace_id: "Trace",
};

/** "decode_start_ns" reads "Decode start". */
export function columnTitle(name: string): string {
  const known = TITLES[name];
  if (known) return known;
  const words = name.replace(/_(ns|us)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether a value of this unit is a duration in nanoseconds. */
export function isDuration(unit: string | null): boolean {
  return unit === "ns" || unit === "ns after the start";
}

/** A value as people read it. */
export function valueText(value: unknown, column: { name: string; unit: string | null }): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") {
    if (column.unit === "ns since 1970") return dateAndTime(value);
    if (isDuration(column.unit)) return nanoseconds(value);
    if (column.unit === "us") return nanoseconds(value * 1000);
    if (column.unit === "bytes") return bytes(value);
    if (column.name === "cached_share") return percent(value);
    if (column.name === "http_status" || column.name === "slot" || column.name.endsWith("_port"))
      return String(value);
    return Number.isInteger(value) ? count(value) : number(value);
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
