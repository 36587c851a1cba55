// What a request's row opens to: its phases, its numbers, and the gaps between its tokens.
import { useEffect, useState } from "preact/hooks";
import { askJson } from "../data/api";
import type { RequestDetail as Detail, RequestSummary, Span } from "../data/types";
import { linkTo } from "../shell/pages";
import { count, dateAndTime, isoTime, nanoseconds, number, percent } from "./format";
import { PhaseBar, PhaseTable } from "./phases";
import { Fact, Known, Unknown } from "./value";

const NOT_SAID = "the answer did not say";
const MOST_COLUMNS = 200; // of the gaps' picture
const DEEPEST = 12;

function inputText(request: RequestSummary): string | null {
  if (request.input_tokens === null) return null;
  const cached =
    request.cached_tokens === null || request.input_tokens === 0
      ? ""
      : `, ${count(request.cached_tokens)} cached (${percent(request.cached_tokens / request.input_tokens)})`;
  return `${count(request.input_tokens)} tokens${cached}`;
}

/** Time between tokens; it takes two of them to have one. */
function perToken(request: RequestSummary): { ns: number } | { why: string } {
  const { output_tokens: tokens, decode_ns: ns } = request;
  if (tokens === null || ns === null) return { why: NOT_SAID };
  if (tokens < 2 || ns <= 0) return { why: "fewer than two tokens were produced" };
  return { ns: ns / (tokens - 1) };
}

function Facts({ request }: { request: RequestSummary }) {
  const each = perToken(request);
  const why = "why" in each ? each.why : "";
  const ns = "ns" in each ? each.ns : null;
  return (
    <dl class="facts">
      <Fact name="Started">
        <time dateTime={isoTime(request.start_unix_ns)}>{dateAndTime(request.start_unix_ns)}</time>
      </Fact>
      <Fact name="First token">
        <Known
          text={request.ttft_ns === null ? null : nanoseconds(request.ttft_ns)}
          why={request.stream ? "no content was sent" : "the answer was not a stream"}
        />
      </Fact>
      <Fact name="Per output token">
        <Known text={ns === null ? null : nanoseconds(ns)} why={why} />
      </Fact>
      <Fact name="Decode speed">
        <Known text={ns === null ? null : `${number(1e9 / ns)} tok/s`} why={why} />
      </Fact>
      <Fact name="Prompt">
        <Known text={inputText(request)} why={NOT_SAID} />
      </Fact>
      <Fact name="Output">
        {request.output_tokens === null ? (
          <Unknown why={NOT_SAID} />
        ) : (
          `${count(request.output_tokens)} tokens`
        )}
      </Fact>
      <Fact name="Finish">
        <Known text={request.finish_reason} why={NOT_SAID} />
      </Fact>
      <Fact name="Upstream">
        <Known text={request.upstream} why="no server was reached" />
      </Fact>
      <Fact name="Slot">
        <Known text={request.slot === null ? null : String(request.slot)} why={NOT_SAID} />
      </Fact>
      <Fact name="Conversation">
        <Known text={request.conversation_id} why="the client gave none" />
      </Fact>
      <Fact name="Request">
        <code>{request.request_id}</code>
      </Fact>
      <Fact name="Trace">
        <code>{request.trace_id}</code>
      </Fact>
    </dl>
  );
}

/** The gaps between content chunks as bars: a stall is a tall one. */
function Gaps({ gapsUs, chunks }: { gapsUs: number[]; chunks: number | null }) {
  const most = Math.max(...gapsUs, 1);
  const columns = Math.min(gapsUs.length, MOST_COLUMNS);
  const bars = Array.from({ length: columns }, (_, i) => {
    // Several gaps may share a column; the longest is drawn, since stalls are what matters.
    const from = Math.floor((i * gapsUs.length) / columns);
    const to = Math.max(from + 1, Math.floor(((i + 1) * gapsUs.length) / columns));
    return (40 * Math.max(...gapsUs.slice(from, to))) / most;
  });
  const longest = nanoseconds(most * 1000);
  const all = chunks !== null && gapsUs.length < chunks - 1 ? `the first ${count(gapsUs.length)} ` : "";
  return (
    <div class="gaps">
      <h4>
        Gaps between chunks of the answer ({all}longest {longest})
      </h4>
      <svg
        viewBox={`0 0 ${columns} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${count(gapsUs.length)} gaps, the longest ${longest}`}
      >
        {bars.map((height, i) => (
          <rect key={i} x={i} y={40 - height} width={0.9} height={height} />
        ))}
      </svg>
    </div>
  );
}

function depthOf(span: Span, parents: Map<string, string | null>): number {
  let depth = 0;
  for (let id = span.parent_span_id; id !== null && parents.has(id) && depth < DEEPEST; depth++) {
    id = parents.get(id) ?? null;
  }
  return depth;
}

/** Spans indented under their parents, each drawn where it lies in the trace. */
function SpanList({ spans }: { spans: Span[] }) {
  const start = Math.min(...spans.map((span) => span.start_unix_ns));
  const end = Math.max(...spans.map((span) => span.start_unix_ns + span.duration_ns));
  const whole = Math.max(end - start, 1);
  const parents = new Map(spans.map((span) => [span.span_id, span.parent_span_id]));
  return (
    <div>
      <h4>Spans of the trace</h4>
      <ol class="spans">
        {spans.map((span) => (
          <li key={span.span_id}>
            <span class="span-name" style={{ paddingLeft: `${depthOf(span, parents)}em` }}>
              {span.name}
            </span>
            <span class="track" aria-hidden="true">
              <span
                class={`phase-${["queue", "prefill", "decode"].includes(span.name) ? span.name : "gateway"}`}
                style={{
                  marginLeft: `${(100 * (span.start_unix_ns - start)) / whole}%`,
                  width: `${(100 * span.duration_ns) / whole}%`,
                }}
              />
            </span>
            <span class="number">{nanoseconds(span.duration_ns)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function More({ detail }: { detail: Detail }) {
  const gaps = detail.request.chunk_gaps_us;
  return (
    <>
      {gaps && gaps.length > 1 && <Gaps gapsUs={gaps} chunks={detail.request.content_chunks} />}
      {detail.spans.length > 0 ? (
        <SpanList spans={detail.spans} />
      ) : (
        <p class="note">No spans are stored: the trace was not sampled, or they were deleted.</p>
      )}
    </>
  );
}

/** Fills at once from the summary; gaps and spans follow when the console has sent them, unless they are given. */
export function RequestDetail({ request, given }: { request: RequestSummary; given?: Detail }) {
  const [detail, setDetail] = useState<Detail | Error | null>(given ?? null);
  useEffect(() => {
    if (given) return;
    askJson<Detail>(`/api/v1/requests/${encodeURIComponent(request.request_id)}`).then(setDetail, setDetail);
  }, [request.request_id]);
  const trace = linkTo("trace", request.request_id);
  return (
    <div class="detail">
      {request.error_type && (
        <p class="failed">
          {request.error_type}: {request.error_message ?? "no message"}
        </p>
      )}
      <PhaseBar request={request} />
      <div class="detail-columns">
        <PhaseTable request={request} />
        <div>
          <Facts request={request} />
          <div class="more">
            {trace && (
              <p>
                <a href={trace} data-page>
                  Open its trace
                </a>
              </p>
            )}
            {detail === null && <p class="note">loading spans…</p>}
            {detail instanceof Error && <p class="note">The spans could not be read: {detail.message}</p>}
            {detail !== null && !(detail instanceof Error) && <More detail={detail} />}
          </div>
        </div>
      </div>
    </div>
  );
}
