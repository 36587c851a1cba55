// Numbers with units, as people read them.

// Formatters are made when they are used first: each takes milliseconds, and no page needs them all.
const numbers: Intl.NumberFormat[] = [];

/** With so many digits after the point. */
export function fixed(value: number, digits: number): string {
  const format = (numbers[digits] ??= new Intl.NumberFormat(undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }));
  return format.format(value);
}

function times(options: Intl.DateTimeFormatOptions): (at: Date) => string {
  let made: Intl.DateTimeFormat | undefined;
  return (at) => (made ??= new Intl.DateTimeFormat(undefined, options)).format(at);
}

const clock = times({
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23", // as on the charts' axes
});
const moment = times({ dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const minutes = times({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = times({ month: "short", day: "numeric" });

/** Three significant digits where that is not misleading: 0.42, 4.20, 42.0, 420, 4,200. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || size >= 100) return count(value);
  return fixed(value, size >= 10 ? 1 : 2);
}

export function count(value: number): string {
  return fixed(value, 0);
}

export function milliseconds(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 1) return `${number(ms * 1000)} µs`;
  if (ms < 1000) return `${number(ms)} ms`;
  if (ms < 60_000) return `${number(ms / 1000)} s`;
  return `${count(Math.floor(ms / 60_000))} min ${count((ms % 60_000) / 1000)} s`;
}

export function nanoseconds(ns: number): string {
  return milliseconds(ns / 1e6);
}

export function percent(ratio: number): string {
  return ratio > 0 && ratio < 0.0001 ? `< ${number(0.01)} %` : `${number(ratio * 100)} %`;
}

const SIZES = ["bytes", "KiB", "MiB", "GiB", "TiB"];

export function bytes(size: number): string {
  let step = 0;
  while (size >= 1024 && step + 1 < SIZES.length) {
    size /= 1024;
    step += 1;
  }
  return `${step === 0 ? count(size) : number(size)} ${SIZES[step]}`;
}

/** Time of day, in the reader's zone. */
export function timeOfDay(unixNs: number): string {
  return clock(new Date(unixNs / 1e6));
}

export function dateAndTime(unixNs: number): string {
  return moment(new Date(unixNs / 1e6));
}

/** A tick of a time axis: the time of day, with the date where days differ. Seconds only where there are some. */
export function clockTime(unixMs: number, withDate: boolean): string {
  const at = new Date(unixMs);
  const time = at.getSeconds() === 0 ? minutes(at) : clock(at);
  return withDate ? `${day(at)} ${time}` : time;
}

export function isoTime(unixNs: number): string {
  return new Date(unixNs / 1e6).toISOString();
}

/** Plotly draws dates in UTC; this is the local clock time written as if it were UTC. */
export function plotTime(unixSeconds: number): string {
  const at = new Date(unixSeconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
