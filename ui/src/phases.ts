// The parts that a request's time is made of, in the order in which a request goes through them.
import { el, unknown } from "./dom";
import { nanoseconds, percent } from "./format";
import type { RequestSummary } from "./types";

export interface PhaseKind {
  name: "receive" | "gateway" | "connect" | "queue" | "prefill" | "decode" | "unattributed" | "client";
  meaning: string;
  whyUnknown: string;
}

const NO_EVENT = "the engine did not say when this began or ended";
const NOT_REACHED = "the request did not get this far";

export const PHASES: PhaseKind[] = [
  { name: "receive", meaning: "reading the request from the client", whyUnknown: NOT_REACHED },
  { name: "gateway", meaning: "our own work: parsing, routing, copying", whyUnknown: NOT_REACHED },
  { name: "connect", meaning: "opening a connection to the engine", whyUnknown: NOT_REACHED },
  { name: "queue", meaning: "waiting for a slot in the engine", whyUnknown: NO_EVENT },
  { name: "prefill", meaning: "the engine reads the prompt", whyUnknown: NO_EVENT },
  { name: "decode", meaning: "the engine produces tokens", whyUnknown: NO_EVENT },
  {
    name: "unattributed",
    meaning: "time at the engine that none of its events explains",
    whyUnknown: NOT_REACHED,
  },
  { name: "client", meaning: "waiting for the client to take the answer", whyUnknown: NOT_REACHED },
];

export function phaseNs(request: RequestSummary, phase: PhaseKind): number | null {
  return request[`${phase.name}_ns`];
}

/** What the phases leave of the total; 0 unless the record is damaged. */
export function remainderNs(request: RequestSummary): number {
  return PHASES.reduce((left, phase) => left - (phaseNs(request, phase) ?? 0), request.total_ns);
}

/** A bar that partitions the total. Its width is that of its place, so bars show shares, not lengths. */
export function phaseBar(request: RequestSummary): HTMLElement {
  const parts: string[] = [];
  const bar = el("div", { class: "bar", role: "img" });
  for (const phase of PHASES) {
    const ns = phaseNs(request, phase);
    if (!ns || ns <= 0 || request.total_ns <= 0) continue;
    const share = ns / request.total_ns;
    const piece = el("span", { class: `phase-${phase.name}`, title: `${phase.name} ${nanoseconds(ns)}` });
    piece.style.flexGrow = String(share);
    bar.append(piece);
    parts.push(`${phase.name} ${nanoseconds(ns)}`);
  }
  bar.setAttribute("aria-label", parts.length > 0 ? parts.join(", ") : "no phase is known");
  return bar;
}

/** The bar's numbers, and that they add up. */
export function phaseTable(request: RequestSummary): HTMLElement {
  const body = el("tbody");
  for (const phase of PHASES) {
    const ns = phaseNs(request, phase);
    const share = ns !== null && request.total_ns > 0 ? percent(ns / request.total_ns) : null;
    body.append(
      el(
        "tr",
        { "data-phase": phase.name, ...(ns === null ? {} : { "data-ns": String(ns) }) },
        el("th", { scope: "row" }, el("span", { class: `swatch phase-${phase.name}` }), phase.name),
        el("td", { class: "number" }, ns === null ? unknown(phase.whyUnknown) : nanoseconds(ns)),
        el("td", { class: "number" }, share ?? ""),
        el("td", { class: "meaning" }, phase.meaning),
      ),
    );
  }
  const left = remainderNs(request);
  const sum = left === 0 ? "the phases add up to it" : `${nanoseconds(left)} are in no phase`;
  const total = el(
    "tr",
    { "data-total-ns": String(request.total_ns) },
    el("th", { scope: "row" }, "total"),
    el("td", { class: "number" }, nanoseconds(request.total_ns)),
    el("td", { class: "number" }, "100 %"),
    el("td", { class: "meaning" }, `first byte in to last byte out; ${sum}`),
  );
  return el(
    "table",
    { class: "phases" },
    el("caption", { class: "hidden" }, "Phases"),
    body,
    el("tfoot", {}, total),
  );
}

/** What the colours mean, for the three that matter most. */
export function phaseKey(list: HTMLElement): void {
  for (const phase of PHASES.filter((kind) => ["queue", "prefill", "decode"].includes(kind.name))) {
    list.append(
      el("li", { title: phase.meaning }, el("span", { class: `swatch phase-${phase.name}` }), phase.name),
    );
  }
  list.append(
    el(
      "li",
      { title: "everything else: the client, the gateway, the connection" },
      el("span", { class: "swatch phase-gateway" }),
      "other",
    ),
  );
}
