// The trace that the console was opened with: asked for while the code that shows it is still on its way.
import { askJson } from "../../data/api";
import type { Trace } from "./types";

const early = new Map<string, Promise<Trace>>();

const read = (id: string) => askJson<Trace>(`/api/v1/traces/${encodeURIComponent(id)}`);

export function askEarly(id: string): void {
  const answer = read(id);
  answer.catch(() => undefined); // whoever takes it is told
  early.set(id, answer);
}

export function askTrace(id: string): Promise<Trace> {
  const answer = early.get(id);
  early.delete(id);
  return answer ?? read(id);
}
