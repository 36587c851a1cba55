// Durations as people type them: "250 ms", "1.5s", "800us"; a bare number is milliseconds.

const FACTORS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, min: 60e9, h: 3600e9 };

/** Nanoseconds; null when it is not a duration. */
export function parseDuration(text: string): number | null {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*(ns|us|µs|ms|s|min|h)?\s*$/.exec(text);
  if (!match) return null;
  return Math.round(Number(match[1]!.replace(",", ".")) * FACTORS[match[2] ?? "ms"]!);
}

/** The shortest text that parseDuration reads back as the same. */
export function writeDuration(ns: number): string {
  for (const unit of ["h", "min", "s", "ms", "us"]) {
    const factor = FACTORS[unit]!;
    if (ns >= factor && (ns / factor) % 1 === 0) return `${ns / factor} ${unit}`;
  }
  return `${ns} ns`;
}
