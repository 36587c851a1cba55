// One chart of the live page. Its legend is ours: it doubles as the display of the present values, and is text
// that can be read aloud.
import type { Data, Layout } from "plotly.js-dist-min";
import { useEffect, useRef } from "preact/hooks";
import type { SeriesWindow } from "../../data/series";
import { blobOf, csvText, fileName, saveBlob } from "../../parts/download";
import { Explain } from "../../parts/explain";
import { baseLayout, CHART_CONFIG, type Plotly } from "../../parts/plotly";
import { announce } from "../../shell/notices";
import { colour } from "../../shell/theme";
import type { ChartSpec, Line } from "./specs";
import { objective } from "./view";

const MEAN_SECONDS = 10;
const SECONDS_FROM_MS = 2000; // an axis of milliseconds that reaches this far is written in seconds
const PNG_WIDTH = 1200;
const PNG_HEIGHT = 480;

/** What the charts draw: the seconds shown, and those of the comparison moved to lie under them. */
export interface Shown {
  window: SeriesWindow;
  earlier: SeriesWindow | null;
  from: string; // ends of the time axis
  to: string;
  live: boolean; // numbers are those of the newest seconds, otherwise of the whole stretch
}

function valuesOf(spec: ChartSpec, line: Line, window: SeriesWindow): (number | null)[] {
  const values = window.get(line.column);
  if (!spec.perStep) return values.map((value) => (value === null ? null : value * (spec.scale ?? 1)));
  const steps = window.get("steps");
  return values.map((value, at) => (value === null || !steps[at] ? null : value / steps[at]));
}

function meanOf(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

/** The number beside a line's name. */
function presentValue(spec: ChartSpec, line: Line, shown: Shown): number | null {
  const values = valuesOf(spec, line, shown.window);
  if (!shown.live) return meanOf(values);
  return spec.mean ? meanOf(values.slice(-MEAN_SECONDS)) : (values.at(-1) ?? null);
}

function axisUnit(spec: ChartSpec, columns: (number | null)[][]): { factor: number; suffix: string } {
  if (spec.suffix !== " ms") return { factor: 1, suffix: spec.suffix };
  const long = columns.some((values) => values.some((value) => (value ?? 0) >= SECONDS_FROM_MS));
  return long ? { factor: 0.001, suffix: " s" } : { factor: 1, suffix: " ms" };
}

function lineTrace(
  spec: ChartSpec,
  line: Line,
  times: string[],
  values: (number | null)[],
  factor: number,
): Data {
  const ink = colour(line.colour);
  const fill = spec.stacked
    ? { stackgroup: "one", fillcolor: `${ink}b0` }
    : line.area
      ? { fill: "tozeroy", fillcolor: `${ink}30` }
      : {};
  return {
    type: "scatter",
    mode: "lines",
    name: line.name,
    x: times,
    y: values.map((value) => (value === null ? null : value * factor)),
    text: values.map((value) => (value === null ? "" : spec.format(value))),
    hovertemplate: "%{text}",
    line: { color: ink, width: spec.stacked ? 1 : 1.75, dash: line.dash ?? "solid", shape: "linear" },
    ...fill,
  } as Data;
}

function sumOf(columns: (number | null)[][]): (number | null)[] {
  return (columns[0] ?? []).map((_, at) => {
    const parts = columns.map((values) => values[at] ?? null);
    return parts.some((value) => value === null)
      ? null
      : parts.reduce<number>((sum, value) => sum + value!, 0);
  });
}

/** The line that a comparison draws, from another time. */
function comparedValues(spec: ChartSpec, window: SeriesWindow): (number | null)[] {
  const columns = spec.lines.map((line) => valuesOf(spec, line, window));
  return spec.stacked ? sumOf(columns) : columns[spec.compared ?? 0]!;
}

function comparedName(spec: ChartSpec): string {
  if (spec.stacked) return "all, earlier";
  return `${spec.lines[spec.compared ?? 0]!.name}, earlier`;
}

function traces(spec: ChartSpec, shown: Shown, columns: (number | null)[][], factor: number): Data[] {
  const { times } = shown.window;
  // A stack would draw what is not known as 0; it begins where all its parts are known.
  const first = spec.stacked ? times.findIndex((_, at) => columns.every((values) => values[at] !== null)) : 0;
  const from = first < 0 ? times.length : first;
  const all = spec.lines.map((line, position) =>
    lineTrace(spec, line, times.slice(from), columns[position]!.slice(from), factor),
  );
  if (shown.earlier) {
    const values = comparedValues(spec, shown.earlier);
    all.push({
      type: "scatter",
      mode: "lines",
      name: comparedName(spec),
      x: shown.earlier.times,
      y: values.map((value) => (value === null ? null : value * factor)),
      text: values.map((value) => (value === null ? "" : spec.format(value))),
      hovertemplate: "%{text}",
      line: { color: colour("ink"), width: 1.25, dash: "dot" },
      opacity: 0.65,
    } as Data);
  }
  const limit = spec.slo ? objective(spec.slo) : null;
  if (limit !== null) {
    all.push({
      type: "scatter",
      mode: "lines",
      name: "objective",
      x: [shown.from, shown.to],
      y: [limit * factor, limit * factor],
      text: [spec.format(limit), spec.format(limit)],
      hovertemplate: "%{text}",
      line: { color: colour("error"), width: 1.25, dash: "longdash" },
    } as Data);
  }
  return all;
}

function layout(
  spec: ChartSpec,
  shown: Shown,
  columns: (number | null)[][],
  suffix: string,
): Partial<Layout> {
  const grid = colour("grid");
  const long = Date.parse(`${shown.to}Z`) - Date.parse(`${shown.from}Z`) > 86_400_000;
  const clock = long ? "%b %-d %H:%M" : "%H:%M:%S";
  // Without data Plotly would show -1 to 6; an idle curve shall lie on the floor of an honest axis.
  const busy = columns.some((values) => values.some((value) => value !== null && value > 0));
  return {
    ...baseLayout(),
    xaxis: {
      type: "date",
      fixedrange: true,
      showgrid: false,
      linecolor: grid,
      tickcolor: grid,
      nticks: 5,
      tickformat: clock,
      hoverformat: clock,
      range: [shown.from, shown.to],
    },
    yaxis: {
      fixedrange: true,
      gridcolor: grid,
      zerolinecolor: grid,
      ...(spec.ticks
        ? { tickvals: spec.ticks, ticktext: spec.ticks.map((tick) => `${tick}${spec.suffix}`) }
        : { nticks: 4 }),
      ticksuffix: suffix,
      rangemode: "tozero",
      automargin: false,
      exponentformat: "SI",
      ...(spec.range
        ? { range: spec.range }
        : busy || (spec.slo && objective(spec.slo))
          ? {}
          : { range: [0, 1] }),
    },
  } as Partial<Layout>;
}

function saveCsv(spec: ChartSpec, shown: Shown): void {
  const columns = spec.lines.map((line) => valuesOf(spec, line, shown.window));
  const header = ["time", ...spec.lines.map((line) => line.column)];
  const rows = shown.window.seconds.map((second, at) => [
    new Date(second * 1000).toISOString(),
    ...columns.map((values) => values[at] ?? null),
  ]);
  saveBlob(new Blob([csvText(header, rows)], { type: "text/csv" }), fileName(spec.id, "csv"));
}

/** The picture as it is, on the theme's ground, with its name. */
async function savePng(spec: ChartSpec, plotly: Plotly, plot: HTMLElement): Promise<void> {
  const figure = plot as unknown as { data: Data[]; layout: Partial<Layout> };
  const shown = {
    data: figure.data,
    layout: {
      ...figure.layout,
      paper_bgcolor: colour("panel"),
      plot_bgcolor: colour("panel"),
      margin: { l: 60, r: 20, t: 56, b: 40 },
      showlegend: true,
      legend: { orientation: "h", y: 1.08, x: 1, xanchor: "right", font: { color: colour("ink") } },
      title: { text: spec.title, x: 0.02, font: { size: 16, color: colour("ink") } },
      font: { family: "system-ui, sans-serif", size: 12, color: colour("muted") },
    },
  };
  const options = { format: "png", width: PNG_WIDTH, height: PNG_HEIGHT, scale: 2 };
  const url = await plotly.toImage(shown as never, options as never);
  saveBlob(blobOf(url), fileName(spec.id, "png"));
}

interface Props {
  spec: ChartSpec;
  shown: Shown;
  plotly: Plotly | null;
  dark: boolean;
  seen: number; // grows when the page becomes visible
}

export function Chart({ spec, shown, plotly, dark, seen }: Props) {
  const plot = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!plotly || document.hidden) return;
    const columns = spec.lines.map((line) => valuesOf(spec, line, shown.window));
    const { factor, suffix } = axisUnit(spec, columns);
    void plotly.react(
      plot.current!,
      traces(spec, shown, columns, factor),
      layout(spec, shown, columns, suffix),
      CHART_CONFIG,
    );
  }, [plotly, shown, dark, seen]);
  useEffect(() => {
    const element = plot.current!;
    return () => plotly?.purge(element);
  }, [plotly]);
  const earlier = shown.earlier ? meanOf(comparedValues(spec, shown.earlier)) : null;
  const limit = spec.slo ? objective(spec.slo) : null;
  const png = () => {
    if (!plotly) return;
    savePng(spec, plotly, plot.current!).catch((error: Error) =>
      announce(`The picture could not be made: ${error.message}`, "failed"),
    );
  };
  return (
    <figure class={spec.wide ? "panel chart wide" : "panel chart"} id={`chart-${spec.id}`}>
      <figcaption>
        <h3>
          {spec.title} <Explain what={spec.title} text={spec.meaning} />
        </h3>
        <span class="tools">
          <button type="button" aria-label={`${spec.title} as PNG`} onClick={png} disabled={!plotly}>
            PNG
          </button>
          <button type="button" aria-label={`${spec.title} as CSV`} onClick={() => saveCsv(spec, shown)}>
            CSV
          </button>
        </span>
        <p class="note">{spec.note}</p>
      </figcaption>
      <dl class="values">
        {spec.lines.map((line) => {
          const value = presentValue(spec, line, shown);
          return (
            <div key={line.column}>
              <dt>
                <span
                  class={`line ${line.dash ?? "solid"}`}
                  style={{ "--line": `var(--${line.colour})` }}
                  aria-hidden="true"
                />
                {line.name}
              </dt>
              <dd title={value === null ? spec.whyUnknown : undefined}>
                {value === null ? "—" : spec.format(value)}
              </dd>
            </div>
          );
        })}
        {shown.earlier && (
          <div>
            <dt>
              <span class="line dot" style={{ "--line": "var(--ink)" }} aria-hidden="true" />
              {comparedName(spec)}
            </dt>
            <dd title={earlier === null ? spec.whyUnknown : "mean of the earlier time"}>
              {earlier === null ? "—" : spec.format(earlier)}
            </dd>
          </div>
        )}
        {limit !== null && <Verdict spec={spec} limit={limit} shown={shown} />}
      </dl>
      <div class="plot" id={`plot-${spec.id}`} ref={plot} aria-hidden="true" />
    </figure>
  );
}

/** Whether the 95th percentile keeps the objective, in words. */
function Verdict({ spec, limit, shown }: { spec: ChartSpec; limit: number; shown: Shown }) {
  const value = presentValue(spec, spec.lines[1]!, shown);
  const state = value === null ? "unknown" : value <= limit ? "kept" : "missed";
  return (
    <div class={`slo slo-${state}`}>
      <dt>p95 ≤ {spec.format(limit)}</dt>
      <dd title={value === null ? spec.whyUnknown : undefined}>{value === null ? "—" : state}</dd>
    </div>
  );
}
