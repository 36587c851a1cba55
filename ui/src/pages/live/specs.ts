// What each chart shows.
import type { Column } from "../../data/types";
import { bytes, count, milliseconds, number, percent } from "../../parts/format";

export interface Line {
  column: Column;
  name: string;
  colour: string; // a CSS custom property
  dash?: "solid" | "dash" | "dot";
  area?: boolean;
}

export interface ChartSpec {
  id: string;
  title: string;
  note: string;
  meaning: string; // the words behind "?"
  lines: Line[];
  stacked?: boolean;
  wide?: boolean;
  scale?: number; // values are multiplied by it
  sampled?: boolean; // the store has none of it
  probed?: boolean; // shown only where the engine's steps are known
  perStep?: boolean; // values are divided by the second's steps
  range?: [number, number];
  ticks?: number[];
  suffix: string; // of the axis
  mean?: boolean; // the number beside a name is a mean; one second says little
  compared?: number; // the line that a comparison draws; a stack compares its sum
  slo?: "slo_ttft" | "slo_tpot";
  format: (value: number) => string;
  whyUnknown: string;
}

const percentiles = (prefix: "ttft" | "tpot"): Line[] => [
  { column: `${prefix}_p50`, name: "p50", colour: "quantile" },
  { column: `${prefix}_p95`, name: "p95", colour: "quantile", dash: "dash" },
  { column: `${prefix}_p99`, name: "p99", colour: "quantile", dash: "dot" },
];

const GIB = 2 ** 30;
const NOT_TOLD = "not read in this time, or the driver does not tell";

/** The charts of one card. `byRole`: the driver tells which process holds how much of its memory. */
export function gpuCharts(card: number, totalBytes: number | null, byRole: boolean): ChartSpec[] {
  return [
    {
      id: `gpu-${card}-use`,
      title: `GPU ${card}: utilisation`,
      note: "share of time in which a kernel ran",
      meaning:
        "The share of the driver's own sampling interval in which at least one kernel ran. One small kernel counts as much as a full card: 100 % does not mean that nothing more fits.",
      lines: [{ column: "utilization", name: "busy", colour: "neutral", area: true }],
      scale: 100,
      range: [0, 105],
      ticks: [0, 50, 100],
      suffix: " %",
      format: (value) => percent(value / 100),
      whyUnknown: NOT_TOLD,
    },
    {
      id: `gpu-${card}-memory`,
      title: `GPU ${card}: memory`,
      note: byRole ? "by who holds it" : "by all processes; this driver does not tell which",
      meaning:
        "Engine and analytics are our processes, as the driver lists them. Others are processes that are not ours, and what the driver does not give to any process.",
      lines: byRole
        ? [
            { column: "memory_engine_bytes", name: "engine", colour: "decode" },
            { column: "memory_analytics_bytes", name: "analytics", colour: "prefill" },
            { column: "memory_other_bytes", name: "others", colour: "client" },
          ]
        : [{ column: "memory_used_bytes", name: "used", colour: "neutral", area: true }],
      stacked: byRole,
      scale: 1 / GIB,
      ...(totalBytes ? { range: [0, (totalBytes / GIB) * 1.02] } : {}),
      suffix: " GiB",
      format: (value) => bytes(value * GIB),
      whyUnknown: NOT_TOLD,
    },
    {
      id: `gpu-${card}-power`,
      title: `GPU ${card}: power`,
      note: "averaged by the driver over up to a second",
      meaning: "What the card draws. docs/gpus.md says how energy of single requests is told from it.",
      lines: [{ column: "power_watts", name: "drawn", colour: "queue", area: true }],
      suffix: " W",
      format: (value) => `${number(value)} W`,
      whyUnknown: NOT_TOLD,
    },
    {
      id: `gpu-${card}-temperature`,
      title: `GPU ${card}: temperature`,
      note: "the highest reading",
      meaning: "The card slows itself down when it gets too hot; its card above then says so.",
      lines: [{ column: "temperature_celsius", name: "highest", colour: "error" }],
      suffix: " °C",
      format: (value) => `${number(value)} °C`,
      whyUnknown: NOT_TOLD,
    },
  ];
}

const NOTHING_ENDED = "no such request ended in this time";
const NO_PROBE = "no batch step was seen: the engine was idle, or runs without the probe";

export const CHARTS: ChartSpec[] = [
  {
    id: "phases",
    title: "Where the time goes",
    note: "seconds that all requests together spent in each phase, per second",
    meaning:
      "Each request's queue, prefill and decode are laid into the seconds in which they happened and added up. A value of 3 s in decode means that three requests decoded at once. Work is known when its request ends, so the newest seconds still grow.",
    lines: [
      { column: "queue_seconds", name: "queue", colour: "queue" },
      { column: "prefill_seconds", name: "prefill", colour: "prefill" },
      { column: "decode_seconds", name: "decode", colour: "decode" },
    ],
    stacked: true,
    mean: true,
    wide: true,
    suffix: " s",
    format: (value) => `${number(value)} s`,
    whyUnknown: "no data yet",
  },
  {
    id: "in-flight",
    title: "In flight",
    note: "requests at the gateway, sampled each second",
    meaning:
      "Requests that have not ended: waiting for a slot, reading their prompt, producing tokens. Read once a second while llamatelemetry runs, so earlier runs have none.",
    lines: [
      { column: "waiting", name: "waiting", colour: "queue" },
      { column: "prefilling", name: "prefill", colour: "prefill" },
      { column: "decoding", name: "decode", colour: "decode" },
    ],
    stacked: true,
    sampled: true,
    suffix: "",
    format: count,
    whyUnknown: "not sampled",
  },
  {
    id: "requests",
    title: "Requests per second",
    note: "inference requests that ended",
    meaning:
      "Counted in the second in which they ended. Failed: refused, cut off, cancelled or broken in the engine.",
    lines: [
      { column: "requests", name: "ended", colour: "neutral", area: true },
      { column: "errors", name: "failed", colour: "error" },
    ],
    mean: true,
    suffix: "",
    format: (value) => `${number(value)}/s`,
    whyUnknown: "no data yet",
  },
  {
    id: "ttft",
    title: "Time to first token",
    note: "streams that ended in the last 60 s",
    meaning:
      "From the first byte of the request to the first piece of content written to the client: what a user waits before anything appears. p95: 19 of 20 were faster.",
    lines: percentiles("ttft"),
    compared: 1,
    slo: "slo_ttft",
    suffix: " ms",
    format: milliseconds,
    whyUnknown: NOTHING_ENDED,
  },
  {
    id: "tpot",
    title: "Time per output token",
    note: "requests that ended in the last 60 s",
    meaning: "Decode time divided by the tokens after the first: how fast an answer flows once it has begun.",
    lines: percentiles("tpot"),
    compared: 1,
    slo: "slo_tpot",
    suffix: " ms",
    format: milliseconds,
    whyUnknown: NOTHING_ENDED,
  },
  {
    id: "tokens",
    title: "Tokens per second",
    note: "counted where they were computed, once their request has ended",
    meaning:
      "Prompt tokens that the engine had to compute (cached ones cost nothing and are left out), and generated tokens, spread over the time that they took.",
    lines: [
      { column: "prefill_tokens", name: "prefill", colour: "prefill" },
      { column: "decode_tokens", name: "decode", colour: "decode" },
    ],
    compared: 1,
    mean: true,
    wide: true,
    suffix: "",
    format: (value) => `${number(value)} tok/s`,
    whyUnknown: "no data yet",
  },
  {
    id: "cache",
    title: "Prompt cache hits",
    note: "share of prompt tokens found in the KV cache, last 60 s",
    meaning: "Tokens of prompts that the engine did not compute again because its KV cache still held them.",
    lines: [{ column: "cache_hit_ratio", name: "hits", colour: "neutral", area: true }],
    scale: 100,
    range: [0, 105],
    ticks: [0, 50, 100],
    suffix: " %",
    format: (value) => percent(value / 100),
    whyUnknown: "no request of this time said how many tokens were cached",
  },
  {
    id: "batch",
    title: "Tokens per batch step",
    note: "what an average step of the second carried",
    meaning:
      "The engine computes in batch steps that several requests share. Prompt tokens make a step long for everybody in it; that is how one request's prefill delays another's decode. From the probe inside the engine.",
    lines: [
      { column: "step_prefill_tokens", name: "prefill", colour: "prefill" },
      { column: "step_decode_tokens", name: "decode", colour: "decode" },
    ],
    stacked: true,
    perStep: true,
    probed: true,
    mean: true,
    suffix: "",
    format: (value) => `${number(value)} tokens`,
    whyUnknown: NO_PROBE,
  },
  {
    id: "step-time",
    title: "Duration of a batch step",
    note: "95th percentile of the steps that began in the second",
    meaning:
      "From the call of the engine's decode until its results were there. A running answer gets one token a step, so a step's time is the floor of the time per output token.",
    lines: [{ column: "step_p95", name: "p95", colour: "quantile" }],
    wide: true,
    probed: true,
    suffix: " ms",
    mean: true,
    format: milliseconds,
    whyUnknown: NO_PROBE,
  },
];
