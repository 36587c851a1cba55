// Which time the page shows, and what it is compared with: all of it in the URL.
import { param, setParams } from "../../shell/router";

/** Up to this the stream has every second; longer stretches are computed from the store. */
const STREAMED_SECONDS = 900;
const DEFAULT_SPAN = 300;

export const SPANS = [
  ["1 min", 60],
  ["5 min", 300],
  ["15 min", 900],
  ["1 h", 3600],
  ["6 h", 21_600],
  ["1 d", 86_400],
  ["7 d", 604_800],
] as const;

export const COMPARISONS = [
  ["nothing", 0],
  ["the time before", -1],
  ["one hour before", 3600],
  ["one day before", 86_400],
  ["one week before", 604_800],
] as const;

export interface Stretch {
  from: number; // seconds since 1970
  to: number;
}

/** A stretch that was chosen by its ends; null while the page follows the clock. */
export function fixedStretch(): Stretch | null {
  const from = Number(param("from") ?? NaN);
  const to = Number(param("to") ?? NaN);
  return Number.isFinite(from) && Number.isFinite(to) && to > from ? { from, to } : null;
}

export function spanSeconds(): number {
  const fixed = fixedStretch();
  if (fixed) return fixed.to - fixed.from;
  return SPANS.map(([, value]) => value).find((value) => String(value) === param("span")) ?? DEFAULT_SPAN;
}

export function isStreamed(): boolean {
  return fixedStretch() === null && spanSeconds() <= STREAMED_SECONDS;
}

export function setSpan(seconds: number): void {
  setParams({ span: seconds === DEFAULT_SPAN ? null : String(seconds), from: null, to: null }, "push");
}

export function setStretch(stretch: Stretch): void {
  setParams({ from: String(stretch.from), to: String(stretch.to), span: null }, "push");
}

/** How far back the comparison lies, in seconds; 0: none. */
export function comparedSeconds(): number {
  const chosen =
    COMPARISONS.map(([, value]) => value).find((value) => String(value) === param("compare")) ?? 0;
  return chosen < 0 ? spanSeconds() : chosen;
}

/** The objective in milliseconds; null when there is none. */
export function objective(name: "slo_ttft" | "slo_tpot"): number | null {
  const value = Number(param(name) ?? NaN);
  return Number.isFinite(value) && value > 0 ? value : null;
}
