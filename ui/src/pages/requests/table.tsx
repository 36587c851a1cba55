// The list: columns to choose, sorted by any of them, each row a way to its trace.
import { useEffect, useRef, useState } from "preact/hooks";
import { columnTitle, schema, valueText, type RequestColumn } from "../../parts/columns";
import { Explain } from "../../parts/explain";
import { RequestDetail } from "../../parts/detail";
import { count, dateAndTime } from "../../parts/format";
import { PhaseBar, PhaseKey, type Phased } from "../../parts/phases";
import { Status } from "../../parts/status";
import { Unknown } from "../../parts/value";
import { useCommands } from "../../shell/commands";
import { linkTo } from "../../shell/pages";
import { go, setParams } from "../../shell/router";
import type { RequestDetail as Detail } from "../../data/types";
import { useAnswer, type Row, type useList } from "./data";
import { columns, DEFAULT_COLUMNS, PHASES_COLUMN, setColumns, sort } from "./query";

const PHASES: RequestColumn = {
  name: PHASES_COLUMN,
  kind: "json",
  unit: null,
  nullable: false,
  description:
    "The request's time from its first byte to its last, split by what it was spent on. Bars show shares, not lengths.",
};

const NOT_A_STREAM = new Set(["ttft_ns", "time_to_first_chunk_ns"]);

function definition(name: string): RequestColumn {
  if (name === PHASES_COLUMN) return PHASES;
  const found = schema.value?.request_columns.find((column) => column.name === name);
  return found ?? { name, kind: "text", unit: null, nullable: true, description: "" };
}

function whyUnknown(column: RequestColumn, row: Row): string {
  if (NOT_A_STREAM.has(column.name) && row["stream"] === false) return "the answer was not a stream";
  if (column.name === "error_type" || column.name === "error_message") return "the request succeeded";
  if (column.name === "tpot_ns" || column.name === "tokens_per_second")
    return "fewer than two tokens, or no decode time was told";
  return "it was not told or not reached";
}

function Cell({ column, row }: { column: RequestColumn; row: Row }) {
  if (column.name === PHASES_COLUMN) return <PhaseBar request={row as unknown as Phased} />;
  const value = row[column.name];
  if (column.name === "http_status") {
    const text = (name: string) => row[name] as string | null;
    return (
      <Status status={value as number | null} error={text("error_type")} message={text("error_message")} />
    );
  }
  if (value === null || value === undefined) return <Unknown why={whyUnknown(column, row)} />;
  return <>{valueText(value, column)}</>;
}

/** Numbers stand right, under each other; moments are read like words. */
function alignment(column: RequestColumn): string {
  return column.kind === "number" && column.unit !== "ns since 1970" ? "number" : "text";
}

function Head({ column }: { column: RequestColumn }) {
  const now = sort();
  const sorted = now.column === column.name;
  const title = columnTitle(column.name === PHASES_COLUMN ? "time_spent" : column.name);
  const next = sorted && now.descending ? column.name : `-${column.name}`;
  const state = !sorted ? "none" : now.descending ? "descending" : "ascending";
  const unit =
    column.unit && column.unit !== "ns since 1970" && column.unit !== "ns" ? ` Unit: ${column.unit}.` : "";
  const unknown = column.nullable ? " A dash: not known." : "";
  return (
    <th scope="col" aria-sort={state} class={alignment(column)}>
      <span class="column-head">
        {column.kind === "json" ? (
          title
        ) : (
          <button
            type="button"
            class="sorter"
            onClick={() => setParams({ sort: next === "-start_unix_ns" ? null : next }, "push")}
          >
            {title}
            <span aria-hidden="true">{sorted ? (now.descending ? " ↓" : " ↑") : ""}</span>
          </button>
        )}
        {column.description && (
          <Explain what={title} text={`${sentence(column.description)}${unit}${unknown}`} />
        )}
      </span>
    </th>
  );
}

function sentence(text: string): string {
  const plain = text.replaceAll("`", "");
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}${plain.endsWith(".") ? "" : "."}`;
}

export function traceUrl(row: Row): string | null {
  return linkTo("trace", row.request_id);
}

interface RowProps {
  row: Row;
  shown: RequestColumn[];
  open: boolean;
  marked: boolean;
  toggle(): void;
}

function TableRow({ row, shown, open, marked, toggle }: RowProps) {
  const url = traceUrl(row);
  const onClick = (event: MouseEvent) => {
    if ((event.target as Element).closest("a, button") || getSelection()?.isCollapsed === false) return;
    if (url) go(url);
    else toggle();
  };
  return (
    <>
      <tr class={marked ? "request marked" : "request"} data-request-id={row.request_id} onClick={onClick}>
        <td class="peek">
          <button
            type="button"
            class="opener"
            aria-expanded={open}
            aria-label={`Phases of the request of ${dateAndTime(row.start_unix_ns)}`}
            onClick={toggle}
          />
        </td>
        {shown.map((column, position) => (
          <td key={column.name} class={column.name === PHASES_COLUMN ? "spent" : alignment(column)}>
            {position === 0 && url ? (
              <a href={url} data-page>
                <Cell column={column} row={row} />
              </a>
            ) : (
              <Cell column={column} row={row} />
            )}
          </td>
        ))}
      </tr>
      {open && (
        <tr class="below">
          <td colSpan={shown.length + 1}>
            <Opened row={row} />
          </td>
        </tr>
      )}
    </>
  );
}

/** An opened row shows more than the list holds, so it is asked for. */
function Opened({ row }: { row: Row }) {
  const answer = useAnswer<Detail>(`/api/v1/requests/${encodeURIComponent(row.request_id)}`, 0);
  if (answer.error) return <p class="note">The request could not be read: {answer.error}</p>;
  if (!answer.value) return <p class="note">loading…</p>;
  return <RequestDetail request={answer.value.request} given={answer.value} />;
}

function heading(rows: number, more: boolean, total: number | null): string {
  if (!more) return rows === 1 ? "1 request" : `${count(rows)} requests`;
  return total === null ? `${count(rows)} requests, and more` : `${count(rows)} of ${count(total)} requests`;
}

function ColumnChooser({ close }: { close(): void }) {
  const chosen = columns();
  const all = [PHASES, ...(schema.value?.request_columns ?? [])];
  const toggle = (name: string) =>
    setColumns(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <div class="column-chooser" role="group" aria-label="Columns">
      <div class="column-list">
        {all.map((column) => (
          <label key={column.name} title={sentence(column.description)}>
            <input
              type="checkbox"
              checked={chosen.includes(column.name)}
              onChange={() => toggle(column.name)}
            />
            {columnTitle(column.name === PHASES_COLUMN ? "time_spent" : column.name)}
          </label>
        ))}
      </div>
      <p>
        <button type="button" onClick={close}>
          Done
        </button>
        <button type="button" class="quiet" onClick={() => setColumns(DEFAULT_COLUMNS)}>
          As it was
        </button>
      </p>
    </div>
  );
}

export function RequestList({ list, total }: { list: ReturnType<typeof useList>; total: number | null }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [choosing, setChoosing] = useState(false);
  const [marked, setMarked] = useState(-1);
  const lastMarked = useRef(-1); // for keys that come faster than the page is drawn
  const end = useRef<HTMLDivElement>(null);
  const { rows } = list;
  const keyOf = (row: Row) => `${row.request_id} ${row.start_unix_ns}`;
  const toggle = (row: Row) =>
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(keyOf(row))) next.add(keyOf(row));
      return next;
    });
  const mark = (step: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, lastMarked.current + step));
    lastMarked.current = next;
    setMarked(next);
    document.querySelectorAll("tr.request")[next]?.scrollIntoView({ block: "nearest" });
  };
  useCommands(
    () => [
      { text: "Next row", group: "Requests", keys: "j", run: () => mark(1) },
      { text: "Row before", group: "Requests", keys: "k", run: () => mark(-1) },
      {
        text: "Open the marked row",
        group: "Requests",
        keys: "x",
        run: () => {
          const row = rows[lastMarked.current];
          if (row) toggle(row);
        },
      },
      {
        text: "Go to the marked row's trace",
        group: "Requests",
        keys: "o",
        run: () => {
          const row = rows[lastMarked.current];
          const url = row && traceUrl(row);
          if (url) go(url);
        },
      },
      { text: "Choose columns", group: "Requests", keys: "c", run: () => setChoosing((now) => !now) },
    ],
    [rows],
  );
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => entries[0]?.isIntersecting && void list.loadMore(),
    );
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, [list.next]);
  const shown = columns().map(definition);
  return (
    <section id="request-list" class="panel" aria-labelledby="list-title">
      <div class="panel-head">
        <h2 id="list-title">{list.known ? heading(rows.length, list.next !== null, total) : "Requests"}</h2>
        <PhaseKey />
        <button
          type="button"
          id="choose-columns"
          aria-expanded={choosing}
          onClick={() => setChoosing(!choosing)}
        >
          Columns
        </button>
        {list.sql && (
          <a class="button" href={`/sql?q=${encodeURIComponent(list.sql)}`} data-page>
            As SQL
          </a>
        )}
      </div>
      {choosing && <ColumnChooser close={() => setChoosing(false)} />}
      {list.error && (
        <p class="failed" role="alert">
          The requests could not be read: {list.error}
        </p>
      )}
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Requests, scrolls sideways">
        <table class="requests grid" aria-busy={list.loading}>
          <caption class="hidden">Requests that match</caption>
          <thead>
            <tr>
              <th scope="col">
                <span class="hidden">Open</span>
              </th>
              {shown.map((column) => (
                <Head column={column} key={column.name} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, position) => (
              <TableRow
                key={keyOf(row)}
                row={row}
                shown={shown}
                open={open.has(keyOf(row))}
                marked={position === marked}
                toggle={() => toggle(row)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {list.known && rows.length === 0 && !list.error && <Nothing />}
      <div ref={end} class="list-end">
        {list.next && (
          <button type="button" onClick={() => void list.loadMore()}>
            More
          </button>
        )}
      </div>
    </section>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <p>
        No request matches. Take a filter away, or choose a longer time. Requests appear here half a second
        after they end.
      </p>
    </div>
  );
}
