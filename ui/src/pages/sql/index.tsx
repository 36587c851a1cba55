// The SQL page: a question, its answer as table or chart, and the files it can be taken away as.
import "../../styles/sql.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { ConsoleError, runQuery } from "../../data/api";
import { wantSchema } from "../../parts/columns";
import { fileName, saveBlob } from "../../parts/download";
import { count, number } from "../../parts/format";
import { useCommands } from "../../shell/commands";
import { announce } from "../../shell/notices";
import { PageHead, Segments } from "../../shell/page_head";
import { param, setParams } from "../../shell/router";
import { Examples, SchemaBrowser } from "./browser";
import { Editor } from "./editor";
import { EXAMPLES, type Example } from "./examples";
import { readResult, type Result } from "./result";
import { ResultView, resultNote, VIEWS, type View } from "./result_view";

const LIMITS = [100, 1000, 10_000] as const;
const DEFAULT_LIMIT = 1000;
const FILES = [
  ["CSV", "csv", "csv"],
  ["Parquet", "parquet", "parquet"],
  ["Arrow", "arrow", "arrows"],
] as const;

type State =
  | { is: "idle" }
  | { is: "running"; abort: AbortController }
  | { is: "failed"; error: Error }
  | { is: "done"; result: Result };

function limit(): number {
  return LIMITS.find((one) => String(one) === param("limit")) ?? DEFAULT_LIMIT;
}

function viewShown(): View {
  return VIEWS.map(([, name]) => name).find((name) => name === param("view")) ?? "table";
}

/** The choices that only this query's columns have. */
const FRESH = { x: null, y: null, kind: null, source: null, target: null, weight: null };

function Failure({ error }: { error: Error }) {
  return (
    <div class="query-error" role="alert">
      <pre>{error.message}</pre>
      {error instanceof ConsoleError && error.hint && <p>{error.hint}</p>}
    </div>
  );
}

function show(view: View): void {
  setParams({ view: view === "table" ? null : view });
}

function showNext(view: View): void {
  const names = VIEWS.map(([, name]) => name);
  show(names[(names.indexOf(view) + 1) % names.length]!);
}

export default function SqlPage() {
  const [given, setGiven] = useState({ text: param("q") ?? EXAMPLES[0]!.sql });
  const typed = useRef(given.text);
  const [state, setState] = useState<State>({ is: "idle" });
  const insert = useRef<(text: string) => void>(() => undefined);
  const view = viewShown();
  const asked = param("q");

  const stop = () => state.is === "running" && state.abort.abort();
  const run = (sql: string) => {
    stop();
    const abort = new AbortController();
    setState({ is: "running", abort });
    readResult(sql, limit(), abort.signal).then(
      (result) => setState({ is: "done", result }),
      (error: Error) => setState(abort.signal.aborted ? { is: "idle" } : { is: "failed", error }),
    );
  };
  const put = (text: string) => {
    if (text !== typed.current) setGiven({ text });
    typed.current = text;
  };
  /** Runs what is in the editor; what was asked is in the URL, so a link shows it. */
  const runText = () => {
    const text = typed.current;
    if (!text.trim()) return;
    if (text === asked) run(text);
    else setParams({ ...FRESH, q: text }, "push");
  };
  const take = (example: Example) => {
    put(example.sql);
    setParams({ ...FRESH, q: example.sql, view: example.view ?? null }, "push");
  };
  useEffect(wantSchema, []);
  useEffect(() => {
    if (asked === null) return;
    put(asked);
    run(asked);
  }, [asked, param("limit")]);
  useEffect(() => () => void (state.is === "running" && state.abort.abort()), [state]);
  useCommands(
    () => [
      { text: "Run the query", group: "SQL", keys: "mod+enter", run: runText },
      {
        text: "Table, chart or graph",
        group: "SQL",
        keys: "v",
        run: () => showNext(view),
      },
      {
        text: "Write SQL",
        group: "SQL",
        keys: "/",
        run: () => document.querySelector<HTMLElement>(".editor textarea")?.focus(),
      },
    ],
    [asked, view, param("limit")],
  );
  const download = async (format: "csv" | "parquet" | "arrow", ending: string) => {
    try {
      const response = await runQuery(typed.current, { format });
      const blob = await response.blob();
      saveBlob(blob, fileName("query", ending));
      announce(`Saved ${number(blob.size / 1024)} KiB as ${format}.`);
    } catch (error) {
      announce(`The file could not be made: ${(error as Error).message}`, "failed");
    }
  };
  const running = state.is === "running";
  return (
    <>
      <PageHead title="SQL">
        <Segments legend="Result as" name="view" options={VIEWS} value={view} onChange={show} />
      </PageHead>
      <div class="sql">
        <div class="sql-main">
          <section class="panel sql-editor" aria-label="Query">
            <Editor
              given={given}
              onChange={(text) => (typed.current = text)}
              onRun={runText}
              bind={(way) => (insert.current = way)}
            />
            <div class="sql-bar">
              <button type="button" id="run" class="primary" onClick={runText} disabled={running}>
                Run
              </button>
              {running && (
                <button type="button" onClick={stop}>
                  Stop
                </button>
              )}
              <label>
                at most
                <select
                  id="limit"
                  value={limit()}
                  onChange={(event) =>
                    setParams({
                      limit:
                        event.currentTarget.value === String(DEFAULT_LIMIT)
                          ? null
                          : event.currentTarget.value,
                    })
                  }
                >
                  {LIMITS.map((one) => (
                    <option value={one} key={one}>
                      {count(one)}
                    </option>
                  ))}
                </select>
                rows
              </label>
              <span class="sql-files">
                Save all rows as
                {FILES.map(([name, format, ending]) => (
                  <button type="button" key={name} onClick={() => void download(format, ending)}>
                    {name}
                  </button>
                ))}
              </span>
            </div>
            <p class="note">
              Read-only: SELECT, WITH, DESCRIBE, SUMMARIZE, EXPLAIN. A query has 30 s; leaving the page or
              Stop ends it. Times in columns named …_unix_ns are nanoseconds since 1970, durations …_ns
              nanoseconds.
            </p>
          </section>
          <section class="panel" id="result" aria-label="Result" aria-busy={running}>
            {state.is === "idle" && <p class="note">Run the query, or take an example.</p>}
            {running && <p class="note">running…</p>}
            {state.is === "failed" && <Failure error={state.error} />}
            {state.is === "done" && (
              <>
                <p class="note" id="result-note" role="status">
                  {resultNote(state.result)}
                </p>
                {state.result.rows.length > 0 && <ResultView view={view} result={state.result} />}
              </>
            )}
          </section>
        </div>
        <aside class="sql-side" aria-label="Help for writing">
          <section class="panel" aria-labelledby="examples-title">
            <h2 id="examples-title">Examples</h2>
            <Examples take={take} />
          </section>
          <section class="panel" aria-labelledby="schema-title">
            <h2 id="schema-title">Tables</h2>
            <SchemaBrowser insert={(name) => insert.current(name)} />
          </section>
        </aside>
      </div>
    </>
  );
}
