// The trace API's answers, as docs/api.md describes them. Times are nanoseconds from the trace's beginning.
import type { RequestSummary } from "../../data/types";

export interface TraceEntry {
  trace_id: string;
  request_id: string | null;
  name: string;
  service: string | null;
  start_unix_ns: number;
  duration_ns: number;
  spans: number | null;
  failed: boolean;
  reason: string;
  phases_ns: { queue: number | null; prefill: number | null; decode: number | null } | null;
}

export interface Track {
  id: string;
  title: string;
  first_lane: number;
  lanes: number;
}

export interface Attribution {
  request_id: string;
  upstream_ns: number;
  queue_ns: number;
  own_prefill_ns: number;
  own_decode_ns: number;
  others_prefill_ns: number;
  others_decode_ns: number;
  engine_gap_ns: number;
}

export interface Delay {
  request_id: string;
  by_request_id: string | null;
  by_slot: number;
  by_prompt_tokens: number;
  prefill_ns: number;
  decode_ns: number;
  steps: number;
}

export interface Trace {
  trace_id: string;
  /** False: a sketch, the longest spans of a large trace, there before the rest is read. */
  whole: boolean;
  start_unix_ns: number;
  duration_ns: number;
  rows: number;
  spans: number;
  steps: number | null;
  lanes: number;
  tracks: Track[];
  why: string[];
  critical_path: { name: string; service: string; ns: number; spans: number }[] | null;
  requests: RequestSummary[];
  attribution: Attribution[] | null;
  delayed_by: Delay[] | null;
  notes: string[];
}

export interface RowsAnswer {
  from: number;
  to: number;
  pixel_ns: number;
  rows: number;
  lanes: number;
  whole: boolean;
  names: string[];
  blocks: Record<"lane" | "start" | "end" | "rows" | "busy" | "row" | "name" | "tone" | "marks", number[]>;
}

export interface StepMember {
  slot: number;
  request_id: string | null;
  prefill_tokens: number;
  decode_tokens: number;
  share_ns: number | null;
}

export interface RowDetail {
  kind: "phase" | "span" | "step" | "member";
  name: string;
  tone: string;
  start: number;
  duration_ns: number;
  critical: boolean | null;
  failed: boolean;
  slot: number | null;
  detail: Record<string, unknown> | null;
}

export const TONES = [
  "neutral",
  "queue",
  "prefill",
  "decode",
  "mixed",
  "other_prefill",
  "other_decode",
] as const;

export const FAILED = 1;
export const CRITICAL = 2;
