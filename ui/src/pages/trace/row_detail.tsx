// What is known of the chosen row.
import { useEffect, useState } from "preact/hooks";
import { askJson } from "../../data/api";
import { count, nanoseconds } from "../../parts/format";
import { Fact, Unknown } from "../../parts/value";
import { axisText } from "./painter";
import type { Selection } from "./timeline";
import type { RowDetail, StepMember, Trace } from "./types";

function shown(value: unknown): string {
  if (value === null || value === undefined) return "—";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function Members({ members, own }: { members: StepMember[]; own: Set<string> }) {
  return (
    <table class="members">
      <caption class="hidden">Who was in the step</caption>
      <thead>
        <tr>
          <th scope="col">slot</th>
          <th scope="col">request</th>
          <th scope="col" class="number">
            prompt
          </th>
          <th scope="col" class="number">
            generated
          </th>
          <th scope="col" class="number">
            share
          </th>
        </tr>
      </thead>
      <tbody>
        {members.map((member) => (
          <tr key={member.slot} class={own.has(member.request_id ?? "") ? "own" : ""}>
            <td>{member.slot}</td>
            <td>
              {member.request_id === null ? (
                <Unknown why="no request is provably this turn's" />
              ) : own.has(member.request_id) ? (
                <strong>this request</strong>
              ) : (
                <a href={`/trace/${encodeURIComponent(member.request_id)}`} data-page>
                  {member.request_id}
                </a>
              )}
            </td>
            <td class="number">{count(member.prefill_tokens)}</td>
            <td class="number">{count(member.decode_tokens)}</td>
            <td class="number">
              {member.share_ns === null ? (
                <Unknown why="the cost model had not seen enough" />
              ) : (
                nanoseconds(member.share_ns)
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Attributes({ detail }: { detail: Record<string, unknown> }) {
  const attributes = detail["attributes"];
  const rows = Object.entries({
    ...detail,
    ...(attributes && typeof attributes === "object" ? (attributes as object) : {}),
  }).filter(
    ([name, value]) => !["attributes", "members", "name", "trace_id"].includes(name) && value !== null,
  );
  return (
    <dl class="attributes">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{shown(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function RowPanel({ trace, selection }: { trace: Trace; selection: Selection }) {
  const [row, setRow] = useState<RowDetail | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let current = true;
    setProblem("");
    const query = `of=${trace.rows}&sketch=${trace.whole ? 0 : 1}`;
    const path = `/api/v1/traces/${encodeURIComponent(trace.trace_id)}/rows/${selection.row}?${query}`;
    askJson<RowDetail>(path).then(
      (answer) => current && setRow(answer),
      (error: Error) => current && setProblem(error.message),
    );
    return () => {
      current = false;
    };
  }, [trace, selection.row]);
  const own = new Set(trace.requests.map((request) => request.request_id));
  const merged = selection.rows > 1;
  return (
    <section class="panel row-panel" aria-labelledby="row-title">
      <div class="panel-head">
        <h2 id="row-title">{merged ? `${count(selection.rows)} rows` : selection.name}</h2>
      </div>
      {merged && (
        <p class="note">
          They are narrower than a pixel: together {nanoseconds(selection.busy)} in{" "}
          {nanoseconds(selection.end - selection.start)}. Press F to come nearer. The longest of them:
        </p>
      )}
      {problem && (
        <p class="warn" role="alert">
          {problem}
        </p>
      )}
      {row && (
        <>
          <dl class="facts">
            <Fact name="kind">{row.kind === "member" ? `step, slot ${row.slot}` : row.kind}</Fact>
            <Fact name="began after">{axisText(row.start, Math.max(row.duration_ns / 100, 1))}</Fact>
            <Fact name="took">{nanoseconds(row.duration_ns)}</Fact>
            {row.critical && <Fact name="critical path">on it</Fact>}
            {row.failed && <Fact name="status">failed</Fact>}
          </dl>
          {Array.isArray(row.detail?.["members"]) && (
            <Members members={row.detail["members"] as StepMember[]} own={own} />
          )}
          {row.detail && (
            <details open={row.kind === "span"}>
              <summary>Everything stored of it</summary>
              <Attributes detail={row.detail} />
            </details>
          )}
        </>
      )}
    </section>
  );
}
