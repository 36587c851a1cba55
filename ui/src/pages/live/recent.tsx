// The newest requests. Rows that arrive while one is open, or while the page is paused, wait, so that nothing
// moves under a reader's eyes; a button says how many.
import { useId, useState } from "preact/hooks";
import { askJson } from "../../data/api";
import { keyOf, present, recent } from "../../data/live";
import { isPaused } from "../../data/pause";
import type { RequestSummary } from "../../data/types";
import { RequestDetail } from "../../parts/detail";
import { count, isoTime, nanoseconds, timeOfDay } from "../../parts/format";
import { PhaseBar, PhaseKey } from "../../parts/phases";
import { Status } from "../../parts/status";
import { Known } from "../../parts/value";
import { linkTo } from "../../shell/pages";

const FIRST_ROWS = 25; // "older" adds more
const OLDER_ROWS = 50;
const COLUMNS = ["Time", "Model", "Status", "First token", "Total", "Tokens in → out", "Time spent"];
const NOT_SAID = "the answer did not say";

interface RowProps {
  request: RequestSummary;
  open: boolean;
  toggle(request: RequestSummary): void;
}

/** A row and the one below it that holds its detail. */
function Row({ request, open, toggle }: RowProps) {
  const id = useId();
  const text = (value: number | null) => <Known text={value === null ? null : count(value)} why={NOT_SAID} />;
  const onRowClick = (event: MouseEvent) => {
    const onControl = (event.target as Element).closest("button, a");
    if (!onControl && getSelection()?.isCollapsed === false) return;
    if (!(event.target as Element).closest("a")) toggle(request);
  };
  return (
    <>
      <tr class="request" data-request-id={request.request_id} onClick={onRowClick}>
        <td class="time">
          <button type="button" class="opener" aria-expanded={open} aria-controls={id}>
            <time dateTime={isoTime(request.start_unix_ns)}>{timeOfDay(request.start_unix_ns)}</time>
          </button>
        </td>
        <td class="model">
          <span>
            <Known text={request.model ?? request.response_model} why="the request named none" />
            <small>{request.route}</small>
          </span>
        </td>
        <td class="http">
          <Status status={request.http_status} error={request.error_type} message={request.error_message} />
        </td>
        <td class="ttft">
          <Known
            text={request.ttft_ns === null ? null : nanoseconds(request.ttft_ns)}
            why={request.stream ? "no content was sent" : "the answer was not a stream"}
          />
        </td>
        <td class="total">{nanoseconds(request.total_ns)}</td>
        <td class="tokens">
          {text(request.input_tokens)} → {text(request.output_tokens)}
        </td>
        <td class="spent">
          <PhaseBar request={request} />
        </td>
      </tr>
      <tr class="below" id={id} hidden={!open}>
        <td colSpan={COLUMNS.length}>{open && <RequestDetail request={request} />}</td>
      </tr>
    </>
  );
}

function Teach({ gatewayUrl }: { gatewayUrl: string }) {
  const [copied, setCopied] = useState(false);
  if (!gatewayUrl) return <p>Waiting for the first data…</p>;
  const command =
    `curl ${gatewayUrl}/v1/chat/completions -H 'Content-Type: application/json' \\\n` +
    `  -d '{"messages": [{"role": "user", "content": "Hello!"}], "stream": true}'`;
  const copy = () => void navigator.clipboard.writeText(command).then(() => setCopied(true));
  return (
    <>
      <p>
        No requests yet. Point any OpenAI client at <code>{gatewayUrl}/v1</code>, or try:
      </p>
      <pre tabIndex={0}>{command}</pre>
      <button type="button" onClick={copy}>
        {copied ? "Copied" : "Copy"}
      </button>
    </>
  );
}

/** `recent`, and what was loaded before it; a row is there once. */
function merged(newest: RequestSummary[], older: RequestSummary[]): RequestSummary[] {
  const known = new Set(newest.map(keyOf));
  return [...newest, ...older.filter((request) => !known.has(keyOf(request)))];
}

export function RecentRequests() {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [held, setHeld] = useState<RequestSummary[] | null>(null); // what a reader looks at, while there is one
  const [older, setOlder] = useState<RequestSummary[]>([]);
  const [olderNote, setOlderNote] = useState("Load older requests");
  const flowing = merged(recent.value.slice(0, FIRST_ROWS), older);
  const reading = (isPaused.value || open.size > 0) && flowing.length > 0;
  if (reading && held === null) setHeld(flowing);
  if (!reading && held !== null) setHeld(null);
  const shown = reading ? (held ?? flowing) : flowing;
  const first = shown[0];
  const waiting = first ? recent.value.findIndex((request) => keyOf(request) === keyOf(first)) : 0;

  const toggle = (request: RequestSummary) => {
    const next = new Set(open);
    if (!next.delete(keyOf(request))) next.add(keyOf(request));
    setOpen(next);
  };
  const loadOlder = async () => {
    const oldest = shown.at(-1);
    if (!oldest) return;
    try {
      const path = `/api/v1/requests?limit=${OLDER_ROWS}&before=${oldest.start_unix_ns}`;
      const { requests } = await askJson<{ requests: RequestSummary[] }>(path);
      const all = merged(older, requests);
      setOlder(all);
      if (held) setHeld(merged(held, requests));
      if (requests.length === 0) setOlderNote("No older requests are stored");
    } catch (error) {
      setOlderNote(`Older requests could not be read: ${(error as Error).message}`);
    }
  };
  const all = linkTo("requests");
  return (
    <section id="requests" class="panel" aria-labelledby="requests-title">
      <div class="panel-head">
        <h2 id="requests-title">Recent requests</h2>
        <PhaseKey />
      </div>
      <div id="requests-body">
        {waiting > 0 && (
          <button type="button" class="fresh" onClick={() => setHeld(flowing)}>
            {waiting === 1 ? "1 new request" : `${count(waiting)} new requests`}
          </button>
        )}
        {shown.length === 0 ? (
          <div class="empty">
            <Teach gatewayUrl={present.value?.gateway_url ?? ""} />
          </div>
        ) : (
          <>
            <table class="requests">
              <caption class="hidden">Recent requests, newest first</caption>
              <thead>
                <tr>
                  {COLUMNS.map((name) => (
                    <th scope="col" key={name}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {shown.map((request) => (
                  <Row
                    key={keyOf(request)}
                    request={request}
                    open={open.has(keyOf(request))}
                    toggle={toggle}
                  />
                ))}
              </tbody>
            </table>
            <p class="below-table">
              <button type="button" class="older" onClick={() => void loadOlder()}>
                {olderNote}
              </button>
              {all && (
                <a href={all} data-page>
                  All requests
                </a>
              )}
            </p>
          </>
        )}
      </div>
    </section>
  );
}
