// What was found in a graph, in words, and how it was computed.
import { count, milliseconds } from "../parts/format";
import type { Picture } from "./picture";

export function Findings({ picture }: { picture: Picture }) {
  const { head } = picture;
  return (
    <section class="panel findings" aria-labelledby="findings-title">
      <h2 id="findings-title">
        {count(head.node_count)} nodes, {count(head.edge_count)} edges
      </h2>
      <p class="note">{head.about}</p>
      <ul class="sentences">
        {head.findings.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {head.notes.map((note) => (
        <p class="note" key={note}>
          {note}.
        </p>
      ))}
      <details>
        <summary>How it was computed</summary>
        <ul class="runs">
          {head.runs.map((run) => (
            <li key={run.algorithm}>
              {run.algorithm}: {run.backend} ({run.version}), {milliseconds(run.elapsed_ms)}
              {run.modularity !== null && `, modularity ${run.modularity.toFixed(3)}`}. {run.reason}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
