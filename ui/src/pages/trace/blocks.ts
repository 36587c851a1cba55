// What of a trace is drawn: blocks of one window, held as arrays, and found again by lane and time.
import { askJson } from "../../data/api";
import type { RowsAnswer } from "./types";

export interface Shown {
  from: number;
  to: number;
  pixelNs: number;
  firstLane: number;
  lanes: number;
  rows: number;
  names: string[];
  hues: Uint8Array; // of each name
  lane: Uint32Array;
  start: Float64Array;
  end: Float64Array;
  count: Uint32Array;
  busy: Float64Array;
  row: Uint32Array;
  name: Uint32Array;
  tone: Uint8Array;
  marks: Uint8Array;
  /** Of each lane, counted from firstLane, its first block; one entry more than there are lanes. */
  laneBegin: Uint32Array;
}

export const HUES = 6;

/** The same name has the same colour wherever it is drawn. */
function hueOf(name: string): number {
  let hash = 7;
  for (let i = 0; i < name.length; ++i) hash = (hash * 31 + name.charCodeAt(i)) >>> 0;
  return hash % HUES;
}

export interface View {
  from: number;
  to: number;
  firstLane: number;
  lanes: number;
}

export function hold(answer: RowsAnswer, firstLane: number, lanes: number): Shown {
  const { blocks } = answer;
  const laneBegin = new Uint32Array(lanes + 1);
  for (const lane of blocks.lane) {
    const at = lane - firstLane + 1;
    if (at > 0 && at <= lanes) laneBegin[at]! += 1;
  }
  for (let i = 1; i <= lanes; ++i) laneBegin[i]! += laneBegin[i - 1]!;
  return {
    from: answer.from,
    to: answer.to,
    pixelNs: answer.pixel_ns,
    firstLane,
    lanes,
    rows: answer.rows,
    names: answer.names,
    hues: Uint8Array.from(answer.names, hueOf),
    lane: Uint32Array.from(blocks.lane),
    start: Float64Array.from(blocks.start),
    end: Float64Array.from(blocks.end),
    count: Uint32Array.from(blocks.rows),
    busy: Float64Array.from(blocks.busy),
    row: Uint32Array.from(blocks.row),
    name: Uint32Array.from(blocks.name),
    tone: Uint8Array.from(blocks.tone),
    marks: Uint8Array.from(blocks.marks),
    laneBegin,
  };
}

export async function askBlocks(id: string, view: View, pixels: number, sketch: boolean): Promise<Shown> {
  const query = new URLSearchParams({
    from: String(Math.floor(view.from)),
    to: String(Math.ceil(view.to)),
    pixels: String(Math.min(8192, Math.max(1, Math.round(pixels)))),
    lane: String(view.firstLane),
    lanes: String(view.lanes),
    sketch: sketch ? "1" : "0",
  });
  const answer = await askJson<RowsAnswer>(`/api/v1/traces/${encodeURIComponent(id)}/rows?${query}`);
  return hold(answer, view.firstLane, view.lanes);
}

/** The first block of a lane that ends after `time`: an index below `end`, or `end`. */
export function firstAfter(shown: Shown, begin: number, end: number, time: number): number {
  let low = begin;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown.end[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The block at a place, or the nearest within `slackNs`; -1 when there is none. */
export function blockAt(shown: Shown, lane: number, time: number, slackNs: number): number {
  const at = lane - shown.firstLane;
  if (at < 0 || at >= shown.lanes) return -1;
  const end = shown.laneBegin[at + 1]!;
  const found = firstAfter(shown, shown.laneBegin[at]!, end, time - slackNs);
  return found < end && shown.start[found]! <= time + slackNs ? found : -1;
}
