// What the console's API sends. The rows of the store come from the generated schema.
import type { RequestRow, Severity } from "@schema";

/** A request as lists carry it: a part of the table's columns. */
export type RequestSummary = Pick<
  RequestRow,
  | "request_id"
  | "trace_id"
  | "start_unix_ns"
  | "route"
  | "operation"
  | "model"
  | "response_model"
  | "upstream"
  | "stream"
  | "http_status"
  | "error_type"
  | "error_message"
  | "total_ns"
  | "receive_ns"
  | "gateway_ns"
  | "connect_ns"
  | "queue_ns"
  | "prefill_ns"
  | "decode_ns"
  | "unattributed_ns"
  | "client_ns"
  | "ttft_ns"
  | "input_tokens"
  | "cached_tokens"
  | "output_tokens"
  | "finish_reason"
  | "slot"
  | "conversation_id"
>;

export interface Engine {
  upstream: string;
  state: string | null;
  model: string | null;
  architecture: string | null;
  quantization: string | null;
  build: string | null;
  commit: string | null;
  flash_attention: boolean | null;
  context_tokens: number | null;
  slots: number | null;
  slots_busy: number | null;
  requests_deferred: number | null;
  restarts: number;
}

/** One GPU; null is what its driver does not tell. */
export interface Gpu {
  index: number;
  name: string | null;
  role: string | null;
  utilization: number | null;
  power_watts: number | null;
  temperature_celsius: number | null;
  memory_used_bytes: number | null;
  memory_total_bytes: number | null;
  planned_bytes: number | null;
  engine_bytes: number | null;
  sm_clock_hz: number | null;
  throttled_by: string | null;
  misplaced: string[];
}

export interface Loss {
  name: string;
  severity: Severity;
  description: string;
  count: number;
  run_count: number;
}

export interface SystemEvent {
  unix_ns: number;
  kind: string;
  severity: Severity;
  message: string | null;
  upstream: string | null;
}

/** Common to both kinds of event of /api/v1/live. */
export interface Present {
  boot: string;
  waiting: number;
  prefilling: number;
  decoding: number;
  connections: number;
  serving: boolean;
  gateway_url: string;
  engines: Engine[];
  gpus: Gpu[];
  losses: Loss[];
  events: SystemEvent[];
  requests: RequestSummary[];
  columns: Column[];
  /** Turns that have changed since the last event; with the history, those of the last minute. */
  turns: Turn[];
  steps: Step[];
  gpu_columns: Column[];
  gpu_rows: Row[];
}

/** A stretch of batch steps that one sequence spent on one request, as far as the last minute shows it. Times in
 * milliseconds since 1970. */
export interface Turn {
  engine: string;
  turn: string;
  slot: number;
  start: number;
  end: number;
  decode_start: number | null;
  prefill_tokens: number;
  decode_tokens: number;
  position: number | null;
  upstream: string | null;
  request_id: string | null; // known when it is over
  over: boolean;
}

/** One batch step. */
export type Step = [
  engine: string,
  step: string,
  startMs: number,
  durationMs: number,
  prefillTokens: number,
  decodeTokens: number,
  sequences: number,
];

/** The curves of any stretch of time. */
export interface Curves {
  from: number;
  to: number;
  step: number;
  columns: Column[];
  rows: Row[];
  gpu_columns: Column[];
  gpu_rows: Row[];
}

export interface History extends Present {
  /** Everything that is known, rather than what is newer than the last event seen. */
  complete: boolean;
  rows: Row[];
}

export interface Tick extends Present {
  time: number;
  revised: Row[];
  store_error: string | null;
}

export type Column =
  | "time"
  | "requests"
  | "errors"
  | "waiting"
  | "prefilling"
  | "decoding"
  | "ttft_p50"
  | "ttft_p95"
  | "ttft_p99"
  | "tpot_p50"
  | "tpot_p95"
  | "tpot_p99"
  | "prefill_tokens"
  | "decode_tokens"
  | "queue_seconds"
  | "prefill_seconds"
  | "decode_seconds"
  | "cache_hit_ratio"
  | "steps"
  | "step_prefill_tokens"
  | "step_decode_tokens"
  | "step_sequences"
  | "step_p95"
  // of one GPU
  | "gpu"
  | "utilization"
  | "power_watts"
  | "temperature_celsius"
  | "memory_used_bytes"
  | "memory_engine_bytes"
  | "memory_analytics_bytes"
  | "memory_other_bytes";

/** One second, in the order of `columns`; null is unknown. */
export type Row = (number | null)[];

export interface Span {
  span_id: string;
  parent_span_id: string | null;
  name: string;
  kind: string;
  start_unix_ns: number;
  duration_ns: number;
  status_code: string;
  status_message: string | null;
  service_name: string;
}

export interface RequestDetail {
  request: RequestRow;
  phases: { name: string; duration_ns: number | null }[];
  spans: Span[];
}
