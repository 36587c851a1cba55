// The parts that a request's time is made of, in the order in which a request goes through them.
import type { RequestSummary } from "../data/types";
import { nanoseconds, percent } from "./format";
import { Unknown } from "./value";

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

/** What a request must tell for its bar to be drawn. */
export type Phased = Pick<RequestSummary, `${PhaseKind["name"]}_ns` | "total_ns">;

export function phaseNs(request: Phased, phase: PhaseKind): number | null {
  return request[`${phase.name}_ns`];
}

/** What the phases leave of the total; 0 unless the record is damaged. */
export function remainderNs(request: Phased): number {
  return PHASES.reduce((left, phase) => left - (phaseNs(request, phase) ?? 0), request.total_ns);
}

/** A bar that partitions the total. Its width is that of its place, so bars show shares, not lengths. */
export function PhaseBar({ request }: { request: Phased }) {
  const parts = PHASES.flatMap((phase) => {
    const ns = phaseNs(request, phase);
    if (!ns || ns <= 0 || request.total_ns <= 0) return [];
    return [{ name: phase.name, share: ns / request.total_ns, text: `${phase.name} ${nanoseconds(ns)}` }];
  });
  const label = parts.length > 0 ? parts.map((part) => part.text).join(", ") : "no phase is known";
  return (
    <div class="bar" role="img" aria-label={label}>
      {parts.map((part) => (
        <span
          key={part.name}
          class={`phase-${part.name}`}
          title={part.text}
          style={{ flexGrow: part.share }}
        />
      ))}
    </div>
  );
}

/** The bar's numbers, and that they add up. */
export function PhaseTable({ request }: { request: Phased }) {
  const left = remainderNs(request);
  const sum = left === 0 ? "the phases add up to it" : `${nanoseconds(left)} are in no phase`;
  return (
    <table class="phases">
      <caption class="hidden">Phases</caption>
      <tbody>
        {PHASES.map((phase) => {
          const ns = phaseNs(request, phase);
          return (
            <tr key={phase.name} data-phase={phase.name} data-ns={ns ?? undefined}>
              <th scope="row">
                <span class={`swatch phase-${phase.name}`} />
                {phase.name}
              </th>
              <td class="number">{ns === null ? <Unknown why={phase.whyUnknown} /> : nanoseconds(ns)}</td>
              <td class="number">
                {ns !== null && request.total_ns > 0 ? percent(ns / request.total_ns) : ""}
              </td>
              <td class="meaning">{phase.meaning}</td>
            </tr>
          );
        })}
      </tbody>
      <tfoot>
        <tr data-total-ns={request.total_ns}>
          <th scope="row">total</th>
          <td class="number">{nanoseconds(request.total_ns)}</td>
          <td class="number">100 %</td>
          <td class="meaning">first byte in to last byte out; {sum}</td>
        </tr>
      </tfoot>
    </table>
  );
}

/** What the colours mean, for the three that matter most. */
export function PhaseKey() {
  const main = PHASES.filter((kind) => ["queue", "prefill", "decode"].includes(kind.name));
  return (
    <ul class="key">
      {main.map((phase) => (
        <li title={phase.meaning} key={phase.name}>
          <span class={`swatch phase-${phase.name}`} />
          {phase.name}
        </li>
      ))}
      <li title="everything else: the client, the gateway, the connection">
        <span class="swatch phase-gateway" />
        other
      </li>
    </ul>
  );
}
