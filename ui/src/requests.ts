// The table of recent requests. Rows that arrive while one is open wait, so that nothing moves under a
// reader's eyes; a button says how many.
import { askJson } from "./api";
import { requestDetail } from "./detail";
import { el, known, unknown } from "./dom";
import { count, isoTime, nanoseconds, timeOfDay } from "./format";
import { phaseBar } from "./phases";
import type { RequestSummary } from "./types";

const FIRST_ROWS = 25; // "older" adds more
const OLDER_ROWS = 50;
const MOST_WAITING = 300;
const COLUMNS = ["Time", "Model", "Status", "First token", "Total", "Tokens in → out", "Time spent"];

function keyOf(request: RequestSummary): string {
  return `${request.request_id} ${request.start_unix_ns} ${request.trace_id}`;
}

function status(request: RequestSummary): Node {
  if (request.http_status === null) return unknown("no answer was sent");
  const bad = request.error_type !== null;
  const text = bad ? `${request.http_status} ${request.error_type}` : String(request.http_status);
  return el("span", { class: bad ? "status bad" : "status" }, text);
}

function tokens(request: RequestSummary): Node {
  const reason = "the answer did not say";
  return el(
    "span",
    {},
    known(request.input_tokens === null ? null : count(request.input_tokens), reason),
    " → ",
    known(request.output_tokens === null ? null : count(request.output_tokens), reason),
  );
}

export class RequestTable {
  private readonly seen = new Set<string>();
  private waiting: RequestSummary[] = []; // newest first
  private readonly body = el("tbody");
  private readonly fresh = el("button", { type: "button", class: "fresh", hidden: "" });
  private readonly older = el("button", { type: "button", class: "older" }, "Load older requests");
  private readonly empty: HTMLElement;
  private readonly table: HTMLElement;
  private limit = FIRST_ROWS;
  paused = false;

  constructor(parent: HTMLElement) {
    const head = el("tr", {}, ...COLUMNS.map((name) => el("th", { scope: "col" }, name)));
    this.table = el(
      "table",
      { class: "requests" },
      el("caption", { class: "hidden" }, "Recent requests, newest first"),
      el("thead", {}, head),
      this.body,
    );
    this.empty = el("div", { class: "empty" });
    this.fresh.addEventListener("click", () => this.showWaiting());
    this.older.addEventListener("click", () => void this.loadOlder());
    parent.append(this.fresh, this.empty, this.table, this.older);
    this.refresh("");
  }

  /** Takes rows, newest first; those known already are passed over. */
  add(requests: RequestSummary[], gatewayUrl: string): void {
    const fresh = requests.filter((request) => !this.seen.has(keyOf(request)));
    for (const request of fresh) this.seen.add(keyOf(request));
    this.waiting = [...fresh, ...this.waiting].slice(0, MOST_WAITING);
    const reading = this.paused || this.body.querySelector('[aria-expanded="true"]') !== null;
    if (reading && this.body.childElementCount > 0) this.announceWaiting();
    else this.showWaiting();
    this.refresh(gatewayUrl);
  }

  showWaiting(): void {
    for (const request of this.waiting.reverse()) this.body.prepend(...this.rowsOf(request));
    this.waiting = [];
    this.fresh.hidden = true;
    this.trim();
  }

  /** Takes the oldest rows away, unless somebody reads them. */
  private trim(): void {
    while (this.rows().length > this.limit) {
      const row = this.rows().at(-1)!;
      if (row.querySelector('[aria-expanded="true"]')) return;
      this.seen.delete(row.dataset["key"] ?? "");
      row.nextElementSibling?.remove();
      row.remove();
    }
  }

  private rows(): HTMLElement[] {
    return [...this.body.querySelectorAll<HTMLElement>("tr.request")];
  }

  private announceWaiting(): void {
    const many = this.waiting.length;
    this.fresh.hidden = many === 0;
    this.fresh.textContent = many === 1 ? "1 new request" : `${count(many)} new requests`;
  }

  /** A row and the closed row below it that holds its detail. */
  private rowsOf(request: RequestSummary): HTMLElement[] {
    const id = `detail-${crypto.randomUUID()}`;
    const time = el("time", { datetime: isoTime(request.start_unix_ns) }, timeOfDay(request.start_unix_ns));
    const opener = el(
      "button",
      { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": id },
      time,
    );
    const model = request.model ?? request.response_model;
    const ttftReason = request.stream ? "no content was sent" : "the answer was not a stream";
    const cells: [string, Node][] = [
      ["time", opener],
      ["model", el("span", {}, known(model, "the request named none"), el("small", {}, request.route))],
      ["http", status(request)],
      ["ttft", known(request.ttft_ns === null ? null : nanoseconds(request.ttft_ns), ttftReason)],
      ["total", document.createTextNode(nanoseconds(request.total_ns))],
      ["tokens", tokens(request)],
      ["spent", phaseBar(request)],
    ];
    const row = el("tr", {
      class: "request",
      "data-request-id": request.request_id,
      "data-key": keyOf(request),
      "data-start": String(request.start_unix_ns),
    });
    for (const [name, content] of cells) row.append(el("td", { class: name }, content));
    const holder = el("td", { colspan: String(COLUMNS.length) });
    const below = el("tr", { class: "below", id, hidden: "" }, holder);
    row.addEventListener("click", (event) => {
      if (window.getSelection()?.isCollapsed === false && !(event.target as Element).closest("button"))
        return;
      this.toggle(opener, below, holder, request);
    });
    return [row, below];
  }

  private toggle(
    opener: HTMLElement,
    below: HTMLElement,
    holder: HTMLElement,
    request: RequestSummary,
  ): void {
    const open = opener.getAttribute("aria-expanded") !== "true";
    opener.setAttribute("aria-expanded", String(open));
    below.hidden = !open;
    if (open && holder.childElementCount === 0) holder.append(requestDetail(request));
    if (!open && !this.paused && this.body.querySelector('[aria-expanded="true"]') === null)
      this.showWaiting();
  }

  private async loadOlder(): Promise<void> {
    const starts = this.rows().map((row) => Number(row.dataset["start"]));
    if (starts.length === 0) return;
    this.older.disabled = true;
    try {
      // Numbers of this size lose their last digits in JSON, so what comes may overlap; known rows are passed over.
      const path = `/api/v1/requests?limit=${OLDER_ROWS}&before=${Math.min(...starts)}`;
      const { requests } = await askJson<{ requests: RequestSummary[] }>(path);
      this.limit += OLDER_ROWS;
      for (const request of requests) {
        if (this.seen.has(keyOf(request))) continue;
        this.seen.add(keyOf(request));
        this.body.append(...this.rowsOf(request));
      }
      this.older.disabled = false;
      if (requests.length === 0) this.older.textContent = "No older requests are stored";
    } catch (error) {
      this.older.textContent = `Older requests could not be read: ${(error as Error).message}`;
      this.older.disabled = false;
    }
  }

  private refresh(gatewayUrl: string): void {
    const none = this.body.childElementCount === 0;
    this.table.hidden = none;
    this.older.hidden = none;
    this.empty.hidden = !none;
    if (none) this.teach(gatewayUrl);
  }

  private teach(gatewayUrl: string): void {
    if (!gatewayUrl) {
      this.empty.replaceChildren(el("p", {}, "Waiting for the first data…"));
      return;
    }
    if (this.empty.querySelector("pre")) return;
    const command =
      `curl ${gatewayUrl}/v1/chat/completions -H 'Content-Type: application/json' \\\n` +
      `  -d '{"messages": [{"role": "user", "content": "Hello!"}], "stream": true}'`;
    const copy = el("button", { type: "button" }, "Copy");
    copy.addEventListener("click", () => {
      void navigator.clipboard.writeText(command).then(() => (copy.textContent = "Copied"));
    });
    this.empty.replaceChildren(
      el(
        "p",
        {},
        "No requests yet. Point any OpenAI client at ",
        el("code", {}, `${gatewayUrl}/v1`),
        ", or try:",
      ),
      el("pre", { tabindex: "0" }, command),
      copy,
    );
  }
}
