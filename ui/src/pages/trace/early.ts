// A trace as it is opened: what is said of it and everything in it, coarsely, asked for at once. The one that the console
// was opened with is asked for while the code that shows it is still on its way.
import { askJson } from "../../data/api";
import { hold, type Shown } from "./blocks";
import { FETCH_LANES, openingPaths } from "./paths";
import type { RowsAnswer, Trace } from "./types";

export interface Opened {
  trace: Trace;
  shown: Shown;
}

async function open(id: string, sketch: 0 | 1): Promise<Opened> {
  const paths = openingPaths(id, sketch);
  const askRows = () => askJson<RowsAnswer>(paths.rows);
  const [trace, first] = await Promise.all([askJson<Trace>(paths.trace), askRows()]);
  const ofOneReading = first.rows === trace.rows && first.whole === trace.whole;
  const rows = ofOneReading ? first : await askRows(); // it has grown in between
  return { trace, shown: hold(rows, 0, FETCH_LANES) };
}

const early = new Map<string, Promise<Opened>>();

/** Settles when the answer is there, whatever it is. */
export function askEarly(id: string): Promise<unknown> {
  const answer = open(id, 1);
  early.set(id, answer);
  return answer.catch(() => undefined); // whoever takes it is told
}

/** What is there soonest: of a large trace that nobody has looked at yet a sketch. */
export function openSoon(id: string): Promise<Opened> {
  const answer = early.get(id);
  early.delete(id);
  return answer ?? open(id, 1);
}

export function openWhole(id: string): Promise<Opened> {
  return open(id, 0);
}
