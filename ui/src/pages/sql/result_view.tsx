// A result on the page: as a table, a chart or a graph.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { count, milliseconds } from "../../parts/format";
import { linkTo } from "../../shell/pages";
import { ResultChart } from "./chart";
import { isNumeric, type Result, type Value } from "./result";

const DRAWN_ROWS = 1000; // of a table; a browser cannot do more without stumbling
export const VIEWS = [
  ["Table", "table"],
  ["Chart", "chart"],
  ["Graph", "graph"],
] as const;
export type View = (typeof VIEWS)[number][1];

function cellText(value: Value): string {
  if (typeof value === "number")
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(9)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Cell({ name, value }: { name: string; value: Value }) {
  if (value === null) return <span class="null">NULL</span>;
  const url = name === "request_id" || name === "trace_id" ? linkTo("trace", String(value)) : null;
  return url ? (
    <a href={url} data-page>
      {cellText(value)}
    </a>
  ) : (
    <>{cellText(value)}</>
  );
}

function ResultTable({ result }: { result: Result }) {
  const numeric = result.columns.map((_, at) => isNumeric(result, at));
  return (
    <div class="table-scroll result-table" tabIndex={0} role="region" aria-label="Result, scrolls">
      <table>
        <caption class="hidden">Result</caption>
        <thead>
          <tr>
            {result.columns.map((name, at) => (
              <th scope="col" class={numeric[at] ? "number" : undefined} key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {result.rows.slice(0, DRAWN_ROWS).map((row, at) => (
            <tr key={at}>
              {row.map((value, column) => (
                <td class={numeric[column] ? "number" : undefined} key={column}>
                  <Cell name={result.columns[column]!} value={value} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function resultNote(result: Result): string {
  const rows = `${count(result.rows.length)}${result.truncated ? " rows, and more that are not shown" : result.rows.length === 1 ? " row" : " rows"}`;
  const drawn = result.rows.length > DRAWN_ROWS ? `; the table shows the first ${count(DRAWN_ROWS)}` : "";
  return `${rows} in ${milliseconds(result.milliseconds)}${drawn}`;
}

// The picture of a graph is code that a table does not need.
function LazyGraph({ result }: { result: Result }) {
  const [loaded, setLoaded] = useState<{ Graph: ComponentType<{ result: Result }> } | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    import("./graph").then(
      (module) => setLoaded({ Graph: module.default }),
      () => setFailed(true),
    );
  }, []);
  if (failed) return <p class="failed">The graph's code could not be loaded; reload the page.</p>;
  return loaded ? <loaded.Graph result={result} /> : <p class="note">loading…</p>;
}

export function ResultView({ view, result }: { view: View; result: Result }) {
  if (view === "chart") return <ResultChart result={result} />;
  return view === "graph" ? <LazyGraph result={result} /> : <ResultTable result={result} />;
}
