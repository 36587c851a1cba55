// What a request's row opens to: its phases, its numbers, and the gaps between its tokens.
import { askJson } from "./api";
import { el, known, unknown } from "./dom";
import { count, dateAndTime, isoTime, nanoseconds, number, percent } from "./format";
import { phaseBar, phaseTable } from "./phases";
import type { RequestDetail, RequestSummary, Span } from "./types";

const NOT_SAID = "the answer did not say";

function fact(name: string, value: Node): HTMLElement {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function text(value: string): Node {
  return document.createTextNode(value);
}

function inputTokens(request: RequestSummary): Node {
  if (request.input_tokens === null) return unknown(NOT_SAID);
  const cached =
    request.cached_tokens === null || request.input_tokens === 0
      ? ""
      : `, ${count(request.cached_tokens)} cached (${percent(request.cached_tokens / request.input_tokens)})`;
  return text(`${count(request.input_tokens)} tokens${cached}`);
}

/** Decode speed; it takes two tokens to have a time between tokens. */
function decodeSpeed(request: RequestSummary): { each: Node; rate: Node } {
  const tokens = request.output_tokens;
  const ns = request.decode_ns;
  if (tokens === null || ns === null) return { each: unknown(NOT_SAID), rate: unknown(NOT_SAID) };
  if (tokens < 2 || ns <= 0) {
    const reason = "fewer than two tokens were produced";
    return { each: unknown(reason), rate: unknown(reason) };
  }
  const each = ns / (tokens - 1);
  return { each: text(nanoseconds(each)), rate: text(`${number(1e9 / each)} tok/s`) };
}

function facts(request: RequestSummary): HTMLElement {
  const speed = decodeSpeed(request);
  const started = el(
    "time",
    { datetime: isoTime(request.start_unix_ns) },
    dateAndTime(request.start_unix_ns),
  );
  const ttftReason = request.stream ? "no content was sent" : "the answer was not a stream";
  return el(
    "dl",
    { class: "facts" },
    fact("Started", started),
    fact("First token", known(request.ttft_ns === null ? null : nanoseconds(request.ttft_ns), ttftReason)),
    fact("Per output token", speed.each),
    fact("Decode speed", speed.rate),
    fact("Prompt", inputTokens(request)),
    fact(
      "Output",
      known(request.output_tokens === null ? null : `${count(request.output_tokens)} tokens`, NOT_SAID),
    ),
    fact("Finish", known(request.finish_reason, NOT_SAID)),
    fact("Upstream", known(request.upstream, "no server was reached")),
    fact("Slot", known(request.slot === null ? null : String(request.slot), NOT_SAID)),
    fact("Conversation", known(request.conversation_id, "the client gave none")),
    fact("Request", el("code", {}, request.request_id)),
    fact("Trace", el("code", {}, request.trace_id)),
  );
}

const SVG = "http://www.w3.org/2000/svg";

/** The gaps between content chunks as bars: a stall is a tall one. */
function gapChart(gapsUs: number[], chunks: number | null): HTMLElement {
  const most = Math.max(...gapsUs, 1);
  const columns = Math.min(gapsUs.length, 200);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${columns} 40`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  for (let i = 0; i < columns; i++) {
    // Several gaps may share a column; the longest is drawn, since stalls are what matters.
    const from = Math.floor((i * gapsUs.length) / columns);
    const to = Math.max(from + 1, Math.floor(((i + 1) * gapsUs.length) / columns));
    const height = (40 * Math.max(...gapsUs.slice(from, to))) / most;
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("x", String(i + 0.1));
    bar.setAttribute("y", String(40 - height));
    bar.setAttribute("width", "0.8");
    bar.setAttribute("height", String(height));
    svg.append(bar);
  }
  const label = `Gaps between ${count(chunks ?? gapsUs.length + 1)} content chunks, longest ${nanoseconds(most * 1000)}`;
  svg.setAttribute("aria-label", label);
  return el("div", { class: "gaps" }, el("h4", {}, label), svg as unknown as HTMLElement);
}

/** Spans indented under their parents, each drawn where it lies in the trace. */
function spanList(spans: Span[]): HTMLElement {
  const start = Math.min(...spans.map((span) => span.start_unix_ns));
  const end = Math.max(...spans.map((span) => span.start_unix_ns + span.duration_ns));
  const parents = new Map(spans.map((span) => [span.span_id, span.parent_span_id]));
  const list = el("ol", { class: "spans" });
  for (const span of spans) {
    let depth = 0;
    for (let id = span.parent_span_id; id !== null && parents.has(id) && depth < 12; depth++)
      id = parents.get(id) ?? null;
    const track = el("span", { class: "track", "aria-hidden": "true" });
    const piece = el("span", {
      class: `phase-${["queue", "prefill", "decode"].includes(span.name) ? span.name : "gateway"}`,
    });
    const whole = Math.max(end - start, 1);
    piece.style.marginLeft = `${(100 * (span.start_unix_ns - start)) / whole}%`;
    piece.style.width = `${(100 * span.duration_ns) / whole}%`;
    track.append(piece);
    const name = el("span", { class: "span-name" }, span.name);
    name.style.paddingLeft = `${depth}em`;
    list.append(el("li", {}, name, track, el("span", { class: "number" }, nanoseconds(span.duration_ns))));
  }
  return el("div", {}, el("h4", {}, "Spans of the trace"), list);
}

/** Fills at once from the summary; gaps and spans follow when the console has sent them. */
export function requestDetail(request: RequestSummary): HTMLElement {
  const more = el("div", { class: "more" }, el("p", { class: "note" }, "loading spans…"));
  const failed = request.error_type
    ? el("p", { class: "failed" }, `${request.error_type}: ${request.error_message ?? "no message"}`)
    : null;
  const path = `/api/v1/requests/${encodeURIComponent(request.request_id)}`;
  askJson<RequestDetail>(path).then(
    (detail) => {
      more.replaceChildren();
      const gaps = detail.request.chunk_gaps_us;
      if (gaps && gaps.length > 1) more.append(gapChart(gaps, detail.request.content_chunks));
      if (detail.spans.length > 0) more.append(spanList(detail.spans));
      else
        more.append(
          el("p", { class: "note" }, "No spans are stored: the trace was not sampled, or they were deleted."),
        );
    },
    (error: Error) =>
      more.replaceChildren(el("p", { class: "note" }, `The spans could not be read: ${error.message}`)),
  );
  return el(
    "div",
    { class: "detail" },
    failed,
    phaseBar(request),
    el("div", { class: "detail-columns" }, phaseTable(request), el("div", {}, facts(request), more)),
  );
}
