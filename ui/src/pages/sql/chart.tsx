// A result as a chart: which column is where can be chosen, and stands in the URL.
import type { Data, Layout } from "plotly.js-dist-min";
import { useEffect, useRef } from "preact/hooks";
import { blobOf, fileName, saveBlob } from "../../parts/download";
import { baseLayout, CHART_CONFIG, seriesColours } from "../../parts/plotly";
import { usePlotly } from "../../parts/use_plotly";
import { param, setParams } from "../../shell/router";
import { colour, isDark } from "../../shell/theme";
import { isNumeric, isTime, plotMoment, type Result } from "./result";

const KINDS = [
  ["Lines", "line"],
  ["Bars", "bar"],
  ["Points", "points"],
  ["Histogram", "histogram"],
] as const;
type Kind = (typeof KINDS)[number][1];
const MOST_POINTS = 10_000; // as SVG; more would stumble

interface Choice {
  kind: Kind;
  x: number; // -1: the row's number
  y: number[];
}

/** What the URL says, and otherwise what suits the columns. */
function choiceFor(result: Result): Choice {
  const { columns } = result;
  const numeric = columns.map((_, at) => at).filter((at) => isNumeric(result, at));
  const time = columns.findIndex((_, at) => isTime(result, at));
  const named = (name: string | null) => (name === null ? -1 : columns.indexOf(name));
  let x = named(param("x"));
  if (x < 0) x = time >= 0 ? time : columns.findIndex((_, at) => !numeric.includes(at));
  if (x < 0 && numeric.length > 1) x = numeric[0]!;
  const asked = (param("y") ?? "")
    .split(",")
    .map(named)
    .filter((at) => at >= 0);
  const y = asked.length > 0 ? asked : numeric.filter((at) => at !== x).slice(0, 4);
  const suits: Kind = x >= 0 && isTime(result, x) ? "line" : x >= 0 && numeric.includes(x) ? "points" : "bar";
  const kind = KINDS.map(([, name]) => name).find((name) => name === param("kind")) ?? suits;
  return { kind, x, y };
}

function traces(result: Result, choice: Choice): Data[] {
  const colours = seriesColours();
  const rows = result.rows.slice(0, MOST_POINTS);
  const time = choice.x >= 0 && isTime(result, choice.x);
  const x = rows.map((row, at) =>
    choice.x < 0 ? at + 1 : time ? plotMoment(row[choice.x]!) : row[choice.x],
  );
  return choice.y.map((column, position) => {
    const ink = colours[position % colours.length]!;
    const name = result.columns[column]!;
    const y = rows.map((row) => row[column]);
    if (choice.kind === "histogram")
      return { type: "histogram", x: y, name, marker: { color: `${ink}c0` } } as Data;
    if (choice.kind === "bar")
      return {
        type: "bar",
        x: x.map((value) => value ?? "unknown"),
        y,
        name,
        marker: { color: ink },
      } as Data;
    return {
      type: "scatter",
      mode: choice.kind === "points" ? "markers" : "lines",
      x,
      y,
      name,
      line: { color: ink, width: 1.75 },
      marker: { color: `${ink}a0`, size: 6 },
    } as Data;
  });
}

function layout(result: Result, choice: Choice): Partial<Layout> {
  const grid = colour("grid");
  const title = (text: string) => ({ text, font: { size: 12, color: colour("ink") }, standoff: 8 });
  const xName =
    choice.kind === "histogram"
      ? choice.y.map((at) => result.columns[at]).join(", ")
      : (result.columns[choice.x] ?? "row");
  return {
    ...baseLayout(),
    margin: { l: 60, r: 12, t: 10, b: 48 },
    showlegend: choice.y.length > 1,
    legend: { orientation: "h", y: 1.12, font: { color: colour("ink") } },
    hovermode: choice.kind === "points" ? "closest" : "x unified",
    dragmode: "zoom",
    barmode: "group",
    xaxis: { title: title(xName), gridcolor: grid, linecolor: grid, automargin: true },
    yaxis: {
      title: title(
        choice.kind === "histogram" ? "rows" : choice.y.length === 1 ? result.columns[choice.y[0]!]! : "",
      ),
      gridcolor: grid,
      zerolinecolor: grid,
      automargin: true,
      exponentformat: "SI",
    },
  } as Partial<Layout>;
}

export function ResultChart({ result }: { result: Result }) {
  const plot = useRef<HTMLDivElement>(null);
  const { plotly, failed } = usePlotly();
  const choice = choiceFor(result);
  const dark = isDark.value;
  const numeric = result.columns.filter((_, at) => isNumeric(result, at));
  useEffect(() => {
    if (!plotly || choice.y.length === 0) return;
    void plotly.react(plot.current!, traces(result, choice), layout(result, choice), {
      ...CHART_CONFIG,
      doubleClick: "reset",
    });
  }, [plotly, result, choice.kind, choice.x, choice.y.join(), dark]);
  useEffect(() => () => void (plotly && plot.current && plotly.purge(plot.current)), [plotly]);
  const toggle = (name: string) => {
    const now = choice.y.map((at) => result.columns[at]!);
    const next = now.includes(name) ? now.filter((one) => one !== name) : [...now, name];
    setParams({ y: next.join(",") || null });
  };
  if (numeric.length === 0) {
    return <p class="note">A chart needs a column of numbers; this result has none.</p>;
  }
  const png = async () => {
    if (!plotly) return;
    const options = { format: "png", width: 1400, height: 700, scale: 2 };
    saveBlob(blobOf(await plotly.toImage(plot.current!, options as never)), fileName("query", "png"));
  };
  return (
    <div class="result-chart">
      <div class="chart-choices">
        <label>
          Kind
          <select value={choice.kind} onChange={(event) => setParams({ kind: event.currentTarget.value })}>
            {KINDS.map(([text, name]) => (
              <option value={name} key={name}>
                {text}
              </option>
            ))}
          </select>
        </label>
        {choice.kind !== "histogram" && (
          <label>
            Across
            <select
              value={result.columns[choice.x] ?? ""}
              onChange={(event) => setParams({ x: event.currentTarget.value || null })}
            >
              <option value="">the row's number</option>
              {result.columns.map((name) => (
                <option value={name} key={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <fieldset class="ticks">
          <legend>Up</legend>
          {numeric.map((name) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={choice.y.some((at) => result.columns[at] === name)}
                onChange={() => toggle(name)}
              />
              {name}
            </label>
          ))}
        </fieldset>
        <button type="button" onClick={() => void png()} disabled={!plotly}>
          PNG
        </button>
      </div>
      {failed && <p class="failed">The charts could not be loaded; reload the page.</p>}
      {result.rows.length > MOST_POINTS && (
        <p class="note">The first {MOST_POINTS.toLocaleString()} rows are drawn.</p>
      )}
      <div
        class="result-plot"
        id="plot-result"
        ref={plot}
        role="img"
        aria-label={`Chart of ${result.rows.length} rows`}
      />
    </div>
  );
}
