// One trace: the sentence, the timeline, and what is known of the chosen row.
import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { count, dateAndTime, nanoseconds } from "../../parts/format";
import { PhaseBar, PhaseKey } from "../../parts/phases";
import { useCommands } from "../../shell/commands";
import { announce } from "../../shell/notices";
import { painted } from "../../shell/painted";
import { PageHead } from "../../shell/page_head";
import { param, setParams } from "../../shell/router";
import { isDark } from "../../shell/theme";
import { openSoon, openWhole, type Opened } from "./early";
import { RowPanel } from "./row_detail";
import { Timeline, type Selection } from "./timeline";
import type { Attribution, Trace } from "./types";

/** The part of the trace that the URL names. */
function viewOfUrl(): { from: number; to: number } | null {
  const from = Number(param("from") ?? NaN);
  const to = Number(param("to") ?? NaN);
  return Number.isFinite(from) && Number.isFinite(to) && to > from ? { from, to } : null;
}

const ENGINE_PARTS: [keyof Attribution & string, string, string][] = [
  ["queue_ns", "queue", "until its first step"],
  ["own_prefill_ns", "prefill", "own prompt"],
  ["own_decode_ns", "decode", "own generation"],
  ["others_prefill_ns", "trace-other-prefill", "other requests' prompts"],
  ["others_decode_ns", "trace-other-decode", "other requests' generation"],
  ["engine_gap_ns", "gateway", "between steps"],
];

/** Whose work the request waited for inside the engine. */
function EngineTime({ row }: { row: Attribution }) {
  const parts = ENGINE_PARTS.filter(([member]) => Number(row[member]) > 0);
  return (
    <div class="engine-time">
      <div
        class="bar"
        role="img"
        aria-label={parts.map(([m, , text]) => `${text} ${nanoseconds(Number(row[m]))}`).join(", ")}
      >
        {parts.map(([member, tone]) => (
          <span
            key={member}
            style={{ flexGrow: Number(row[member]) / row.upstream_ns, background: `var(--${tone})` }}
          />
        ))}
      </div>
      <ul class="key">
        {parts.map(([member, tone, text]) => (
          <li key={member}>
            <span class="swatch" style={{ background: `var(--${tone})` }} />
            {text} {nanoseconds(Number(row[member]))}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Why({ trace }: { trace: Trace }) {
  return (
    <section class="panel why" aria-labelledby="why-title">
      <h2 id="why-title">Why it took {nanoseconds(trace.duration_ns)}</h2>
      <ul class="sentences">
        {!trace.whole && (
          <li role="status">
            All {count(trace.spans)} spans are being read; the longest of them are drawn already.
          </li>
        )}
        {trace.whole && trace.why.length === 0 && <li>Nothing that was measured explains it.</li>}
        {trace.why.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {trace.requests.length === 1 && <PhaseBar request={trace.requests[0]!} />}
      {trace.requests.length > 0 && <PhaseKey />}
      {trace.attribution?.slice(0, 3).map((row) => (
        <EngineTime row={row} key={row.request_id} />
      ))}
      {trace.notes.map((note) => (
        <p class="note" key={note}>
          {note}.
        </p>
      ))}
    </section>
  );
}

function Path({ trace }: { trace: Trace }) {
  if (!trace.critical_path?.length) return null;
  const most = trace.critical_path[0]!.ns;
  return (
    <section class="panel" aria-labelledby="path-title">
      <h2 id="path-title">On the critical path</h2>
      <ol class="path-list">
        {trace.critical_path.map((share) => (
          <li key={`${share.name} ${share.service}`}>
            <span class="path-name">
              {share.name} <span class="note">{share.service}</span>
            </span>
            <span class="path-bar" aria-hidden="true">
              <span style={{ width: `${(share.ns / most) * 100}%` }} />
            </span>
            <span class="number">{nanoseconds(share.ns)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Comes after the first paint: the browser takes longer to make ready for dates than to draw the timeline. */
function Begin({ trace }: { trace: Trace }) {
  const [text, setText] = useState("");
  useEffect(() => setText(` · ${dateAndTime(trace.start_unix_ns)}`), [trace.start_unix_ns]);
  return <>{text}</>;
}

function Facts({ trace }: { trace: Trace }) {
  const neighbours = new Set(
    trace.delayed_by?.map((delay) => delay.by_request_id ?? `slot ${delay.by_slot}`),
  );
  return (
    <p class="note trace-facts">
      {count(trace.spans)} spans
      {trace.steps !== null && ` · ${count(trace.steps)} batch steps`}
      {neighbours.size > 0 && ` · ${count(neighbours.size)} others in them`} · trace{" "}
      <code>{trace.trace_id}</code>
      <Begin trace={trace} />
    </p>
  );
}

function useTimeline(id: string, opened: Opened | null) {
  const parent = useRef<HTMLDivElement>(null);
  const timeline = useRef<Timeline | null>(null);
  const [selection, setSelection] = useState<Selection | null>(null);
  const [hovered, setHovered] = useState("");
  const view = useRef(viewOfUrl()); // stays when a sketch gives way to the whole
  useLayoutEffect(() => {
    if (!opened || opened.trace.lanes === 0) return;
    let timer = 0;
    const mine = new Timeline(
      parent.current!,
      id,
      opened,
      {
        select: setSelection,
        hovered: setHovered,
        failed: (error) => announce(`The rows could not be read: ${error.message}`, "failed"),
        moved(from, to) {
          view.current = { from, to };
          clearTimeout(timer);
          timer = window.setTimeout(
            () => setParams({ from: String(Math.round(from)), to: String(Math.round(to)) }),
            250,
          );
        },
      },
      view.current,
    );
    timeline.current = mine;
    (window as { llamatelemetryTimeline?: Timeline }).llamatelemetryTimeline = mine;
    mine.setLit(param("path") !== "0");
    return () => {
      clearTimeout(timer);
      mine.close();
      timeline.current = null;
      setSelection(null); // rows are numbered anew
    };
  }, [opened]);
  useSignalEffect(() => {
    void isDark.value;
    timeline.current?.themeChanged();
  });
  return { parent, timeline, selection, hovered };
}

function heightOf(trace: Trace): string {
  const wanted = 40 + trace.tracks.length * 22 + trace.lanes * 19;
  return `clamp(140px, ${wanted}px, 62vh)`;
}

export function TraceView({ id }: { id: string }) {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [problem, setProblem] = useState("");
  const [attempt, setAttempt] = useState(0);
  useLayoutEffect(() => {
    let current = true;
    setProblem("");
    const read = async () => {
      const first = await openSoon(id);
      if (current) setOpened(first);
      if (!current || first.trace.whole) return;
      await painted(); // reading takes a processor, which the first picture needs
      if (!current) return;
      const whole = await openWhole(id);
      if (current) setOpened(whole);
    };
    read().catch((error: Error) => current && setProblem(error.message));
    return () => {
      current = false;
    };
  }, [id, attempt]);
  const trace = opened?.trace ?? null;
  const { parent, timeline, selection, hovered } = useTimeline(id, opened);
  const lit = param("path") !== "0";
  const toggleLit = () => {
    timeline.current?.setLit(!lit);
    setParams({ path: lit ? "0" : null });
  };
  useCommands(
    () => [
      { text: "Zoom in", group: "Trace", keys: "w", run: () => timeline.current?.zoom(1.35) },
      { text: "Zoom out", group: "Trace", keys: "s", run: () => timeline.current?.zoom(1 / 1.35) },
      { text: "Earlier", group: "Trace", keys: "a", run: () => timeline.current?.pan(-0.15) },
      { text: "Later", group: "Trace", keys: "d", run: () => timeline.current?.pan(0.15) },
      {
        text: "Zoom to the chosen row",
        group: "Trace",
        keys: "f",
        run: () => timeline.current?.zoomToSelection(),
      },
      { text: "Show everything", group: "Trace", keys: "0", run: () => timeline.current?.showAll() },
      { text: "Light the critical path up or not", group: "Trace", keys: "c", run: toggleLit },
    ],
    [lit],
  );
  return (
    <>
      <PageHead title="Trace">
        <a class="button" href="/trace" data-page>
          All traces
        </a>
        <button type="button" aria-pressed={lit} onClick={toggleLit}>
          Critical path
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => timeline.current?.zoom(1 / 1.35)}>
          −
        </button>
        <button type="button" aria-label="Zoom in" onClick={() => timeline.current?.zoom(1.35)}>
          +
        </button>
        <button type="button" onClick={() => timeline.current?.showAll()}>
          Everything
        </button>
      </PageHead>
      {problem && (
        <div class="page-note" role="alert">
          <p>{problem}.</p>
          <button type="button" onClick={() => setAttempt(attempt + 1)}>
            Look again
          </button>
        </div>
      )}
      {!trace && !problem && <p class="page-note">Reading the trace…</p>}
      {trace && (
        <>
          <Facts trace={trace} />
          <Why trace={trace} />
          {trace.lanes === 0 ? (
            <p class="page-note">
              Only the request as a whole is known: no phase, span or step of it was seen.
            </p>
          ) : (
            <section class="panel timeline-panel" aria-label="Timeline">
              <div class="timeline" ref={parent} style={{ height: heightOf(trace) }} />
              <p class="note timeline-foot" aria-live="off">
                {hovered ||
                  "Wheel or W S: zoom · drag or A D: move · Alt-wheel: up and down · click: a row · F: come near · 0: everything"}
              </p>
            </section>
          )}
          {selection && <RowPanel trace={trace} selection={selection} />}
          <Path trace={trace} />
          <p class="hidden" role="status">
            {selection ? `${selection.name}, ${nanoseconds(selection.end - selection.start)}` : ""}
          </p>
        </>
      )}
    </>
  );
}
