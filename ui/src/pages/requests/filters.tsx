// What narrows the list: a search, errors only, and conditions on any column.
import { useEffect, useRef, useState } from "preact/hooks";
import { columnTitle, isDuration, schema, type RequestColumn } from "../../parts/columns";
import { parseDuration, writeDuration } from "../../parts/duration";
import { dateAndTime } from "../../parts/format";
import { useCommands } from "../../shell/commands";
import { param, setParams } from "../../shell/router";
import { filters, setFilters, type Filter } from "./query";

const TYPING_MS = 300;

const OPERATORS: Record<RequestColumn["kind"], [name: string, text: string][]> = {
  text: [
    ["has", "contains"],
    ["eq", "is"],
    ["ne", "is not"],
  ],
  number: [
    ["ge", "at least"],
    ["lt", "less than"],
    ["eq", "is"],
    ["ne", "is not"],
  ],
  boolean: [["eq", "is"]],
  json: [],
};
const WORDS: Record<string, string> = {
  has: "contains",
  eq: "is",
  ne: "is not",
  ge: "≥",
  gt: ">",
  lt: "<",
  le: "≤",
};

function columnOf(name: string): RequestColumn | undefined {
  return schema.value?.request_columns.find((column) => column.name === name);
}

function filterText(filter: Filter): string {
  const title = columnTitle(filter.column);
  if (filter.operator === "is") return `${title} is ${filter.value === "null" ? "unknown" : "known"}`;
  const value = isDuration(columnOf(filter.column)?.unit ?? null)
    ? writeDuration(Number(filter.value))
    : filter.value;
  return `${title} ${WORDS[filter.operator] ?? filter.operator} ${value}`;
}

function Chip({ text, remove }: { text: string; remove(): void }) {
  return (
    <span class="chip">
      {text}
      <button type="button" aria-label={`Remove: ${text}`} onClick={remove}>
        ×
      </button>
    </span>
  );
}

/** The value as the API takes it; null when it is none. */
function typedValue(column: RequestColumn, text: string): string | null {
  if (column.kind === "text") return text || null;
  if (column.kind === "boolean") return text === "true" || text === "false" ? text : null;
  if (isDuration(column.unit)) {
    const ns = parseDuration(text);
    return ns === null ? null : String(ns);
  }
  return text.trim() !== "" && Number.isFinite(Number(text)) ? text.trim() : null;
}

function valueHint(column: RequestColumn): string {
  if (isDuration(column.unit)) return "a duration: 250 ms, 1.5 s";
  if (column.kind === "number") return `a number${column.unit ? ` (${column.unit})` : ""}`;
  return "a text";
}

function AddFilter({ close }: { close(): void }) {
  const all = schema.value?.request_columns.filter((column) => column.kind !== "json") ?? [];
  const [name, setName] = useState("total_ns");
  const column = columnOf(name) ?? all[0];
  const [operator, setOperator] = useState("ge");
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  if (!column) return <p class="note">The columns are being read…</p>;
  const operators = [
    ...OPERATORS[column.kind],
    ...(column.nullable ? [["null", "is unknown"] as const, ["known", "is known"] as const] : []),
  ];
  const chosen = operators.some(([one]) => one === operator) ? operator : operators[0]![0];
  const bare = chosen === "null" || chosen === "known";
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const value = bare ? chosen : typedValue(column, column.kind === "boolean" && !text ? "true" : text);
    if (value === null) {
      setWrong(`This needs ${valueHint(column)}.`);
      return;
    }
    setFilters([...filters(), { column: column.name, operator: bare ? "is" : chosen, value }]);
    close();
  };
  return (
    <form class="add-filter" onSubmit={add}>
      <select
        aria-label="Column"
        value={column.name}
        onChange={(event) => setName(event.currentTarget.value)}
      >
        {all.map((one) => (
          <option value={one.name} key={one.name}>
            {columnTitle(one.name)}
          </option>
        ))}
      </select>
      <select
        aria-label="Condition"
        value={chosen}
        onChange={(event) => setOperator(event.currentTarget.value)}
      >
        {operators.map(([one, words]) => (
          <option value={one} key={one}>
            {words}
          </option>
        ))}
      </select>
      {!bare && column.kind === "boolean" && (
        <select
          aria-label="Value"
          value={text || "true"}
          onChange={(event) => setText(event.currentTarget.value)}
        >
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
      )}
      {!bare && column.kind !== "boolean" && (
        <input
          aria-label="Value"
          placeholder={valueHint(column)}
          value={text}
          autofocus
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <button type="submit" class="primary">
        Add
      </button>
      <button type="button" onClick={close}>
        Cancel
      </button>
      <span class="note">{column.description}</span>
      {wrong && (
        <span class="failed" role="alert">
          {wrong}
        </span>
      )}
    </form>
  );
}

function timeText(ns: string): string {
  return dateAndTime(Number(ns));
}

export function FilterBar() {
  const [adding, setAdding] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  useCommands(
    () => [
      { text: "Search requests", group: "Requests", keys: "/", run: () => search.current?.focus() },
      { text: "Add a filter", group: "Requests", keys: "f", run: () => setAdding(true) },
      {
        text: "Only failed requests, or all",
        group: "Requests",
        keys: "e",
        run: () => setParams({ errors: param("errors") ? null : "1" }, "push"),
      },
    ],
    [],
  );
  const typed = param("search") ?? "";
  useEffect(() => {
    if (search.current && search.current.value !== typed) search.current.value = typed;
  }, [typed]);
  const onSearch = (value: string) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setParams({ search: value || null }), TYPING_MS);
  };
  const list = filters();
  const since = param("since");
  const until = param("until");
  return (
    <div class="filter-bar" role="search">
      <input
        ref={search}
        type="search"
        aria-label="Search request id, trace id, model, route, conversation, error"
        placeholder="Search id, model, route, error…"
        onInput={(event) => onSearch(event.currentTarget.value)}
      />
      <button
        type="button"
        id="errors-only"
        aria-pressed={param("errors") === "1"}
        onClick={() => setParams({ errors: param("errors") ? null : "1" }, "push")}
      >
        Failed only
      </button>
      {since && until && (
        <Chip
          text={`${timeText(since)} to ${timeText(until)}`}
          remove={() => setParams({ since: null, until: null }, "push")}
        />
      )}
      {list.map((filter, position) => (
        <Chip
          key={`${position} ${filter.column}`}
          text={filterText(filter)}
          remove={() => setFilters(list.filter((_, at) => at !== position))}
        />
      ))}
      {adding ? (
        <AddFilter close={() => setAdding(false)} />
      ) : (
        <button type="button" id="add-filter" onClick={() => setAdding(true)}>
          + Filter
        </button>
      )}
      {(list.length > 0 || typed || since || param("errors")) && (
        <button
          type="button"
          class="quiet"
          onClick={() => setFilters([], { search: null, since: null, until: null, errors: null })}
        >
          Clear all
        </button>
      )}
    </div>
  );
}
