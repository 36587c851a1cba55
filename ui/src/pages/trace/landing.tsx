// Which trace? By id, or from the slowest.
import { useEffect, useState } from "preact/hooks";
import { askJson } from "../../data/api";
import { count, dateAndTime, nanoseconds, timeOfDay } from "../../parts/format";
import { PageHead, Segments } from "../../shell/page_head";
import { go, param, setParams } from "../../shell/router";
import type { TraceEntry } from "./types";

const ORDERS = [
  ["Slowest", "slowest"],
  ["Newest", "newest"],
] as const;

function tracePath(entry: TraceEntry): string {
  return `/trace/${encodeURIComponent(entry.request_id ?? entry.trace_id)}`;
}

/** Queue, prefill and decode as parts of the whole. */
function Shares({ entry }: { entry: TraceEntry }) {
  const phases = entry.phases_ns;
  if (!phases || entry.duration_ns <= 0) return null;
  const parts = (["queue", "prefill", "decode"] as const).flatMap((name) => {
    const ns = phases[name];
    return ns ? [{ name, ns }] : [];
  });
  const label = parts.map((part) => `${part.name} ${nanoseconds(part.ns)}`).join(", ");
  const rest = entry.duration_ns - parts.reduce((sum, part) => sum + part.ns, 0);
  return (
    <div class="bar" role="img" aria-label={label || "no phase is known"}>
      {parts.map((part) => (
        <span
          key={part.name}
          class={`phase-${part.name}`}
          style={{ flexGrow: part.ns / entry.duration_ns }}
          title={`${part.name} ${nanoseconds(part.ns)}`}
        />
      ))}
      {rest > 0 && (
        <span class="phase-gateway" style={{ flexGrow: rest / entry.duration_ns }} title="other" />
      )}
    </div>
  );
}

function Row({ entry }: { entry: TraceEntry }) {
  return (
    <tr class="trace-row">
      <td>
        <time title={dateAndTime(entry.start_unix_ns)}>{timeOfDay(entry.start_unix_ns)}</time>
      </td>
      <td class="number">{nanoseconds(entry.duration_ns)}</td>
      <td class="shares">
        <Shares entry={entry} />
      </td>
      <td>
        <a href={tracePath(entry)} data-page>
          {entry.request_id ?? entry.trace_id}
        </a>
        <span class="note"> {entry.name}</span>
        {entry.failed && <strong class="failed"> failed</strong>}
      </td>
      <td class="reason">
        {entry.reason ||
          (entry.spans === null ? "" : `${count(entry.spans)} spans of ${entry.service ?? "?"}`)}
      </td>
    </tr>
  );
}

function Nothing({ find }: { find: string }) {
  if (find) {
    return (
      <p class="page-note">
        Nothing stored begins with “{find}”. Ids are case-sensitive; old requests are deleted (
        <code>--retention</code>).
      </p>
    );
  }
  return (
    <div class="page-note">
      <p>
        No trace is stored yet. Each request through the gateway becomes one half a second after it has ended;
        the answer names it in its header <code>X-Request-Id</code>.
      </p>
      <p>Send one with any OpenAI client, and it is here: where its time went, step by step.</p>
    </div>
  );
}

export function Landing() {
  const order = param("order") === "newest" ? "newest" : "slowest";
  const find = param("find") ?? "";
  const errors = param("errors") === "1";
  const [entries, setEntries] = useState<TraceEntry[] | null>(null);
  const [problem, setProblem] = useState("");
  const [text, setText] = useState(find);
  useEffect(() => {
    let current = true;
    const query = new URLSearchParams({ order, limit: "50" });
    if (find) query.set("find", find);
    if (errors) query.set("errors", "1");
    askJson<{ traces: TraceEntry[] }>(`/api/v1/traces?${query}`).then(
      (answer) => {
        if (!current) return;
        setProblem("");
        setEntries(answer.traces);
      },
      (error: Error) => current && setProblem(error.message),
    );
    return () => {
      current = false;
    };
  }, [order, find, errors]);
  const submit = (event: Event) => {
    event.preventDefault();
    const only = entries?.length === 1 && find === text.trim() ? entries[0] : undefined;
    if (only) go(tracePath(only));
    else setParams({ find: text.trim() }, "push");
  };
  return (
    <>
      <PageHead title="Trace">
        <form role="search" class="trace-search" onSubmit={submit}>
          <label class="hidden" for="trace-find">
            Request or trace id, or its beginning
          </label>
          <input
            id="trace-find"
            type="search"
            placeholder="Request or trace id"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <button type="submit">Find</button>
        </form>
        <Segments
          legend="Order"
          name="trace-order"
          options={ORDERS}
          value={order}
          onChange={(value) => setParams({ order: value === "slowest" ? null : value })}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={errors}
            onChange={(event) => setParams({ errors: event.currentTarget.checked ? "1" : null })}
          />
          failed only
        </label>
      </PageHead>
      {problem && (
        <p class="banner" role="alert">
          {problem}
        </p>
      )}
      {entries === null && !problem && <p class="page-note">Loading…</p>}
      {entries?.length === 0 && <Nothing find={find} />}
      {entries !== null && entries.length > 0 && (
        <section class="panel trace-list" aria-label="Traces">
          <table>
            <thead>
              <tr>
                <th scope="col">began</th>
                <th scope="col" class="number">
                  took
                </th>
                <th scope="col">queue, prefill, decode</th>
                <th scope="col">request or trace</th>
                <th scope="col">why</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <Row entry={entry} key={entry.request_id ?? entry.trace_id} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
