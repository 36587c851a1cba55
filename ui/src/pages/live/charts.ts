// The charts: what each shows, and how Plotly draws it. Each chart's legend is ours: it doubles as the
// display of the present values, and is text that can be read aloud.
import type { Data, Layout } from "plotly.js-dist-min";
import { el, setText } from "../../parts/dom";
import { count, milliseconds, number, percent } from "../../parts/format";
import type { SeriesWindow } from "../../data/series";
import { colour } from "../../shell/theme";
import type { Column } from "../../data/types";

type Plotly = typeof import("plotly.js-dist-min");

interface Line {
  column: Column;
  name: string;
  colour: string; // a CSS custom property
  dash?: "solid" | "dash" | "dot";
  shape?: "line" | "area" | "bar";
}

interface ChartSpec {
  id: string;
  title: string;
  note: string;
  lines: Line[];
  stacked?: boolean;
  wide?: boolean;
  scale?: number; // values are multiplied by it
  range?: [number, number];
  ticks?: number[];
  suffix: string; // of the axis
  mean?: boolean; // the number beside the name is the mean of the last seconds; one second says little
  format: (value: number) => string;
  whyUnknown: string;
}

const percentiles = (prefix: "ttft" | "tpot"): Line[] => [
  { column: `${prefix}_p50`, name: "p50", colour: "quantile" },
  { column: `${prefix}_p95`, name: "p95", colour: "quantile", dash: "dash" },
  { column: `${prefix}_p99`, name: "p99", colour: "quantile", dash: "dot" },
];

const NOTHING_ENDED = "no such request ended in the last 60 s";

export const CHARTS: ChartSpec[] = [
  {
    id: "phases",
    title: "Where the time goes",
    note: "seconds that all requests together spent in each phase, per second; numbers: last 10 s",
    lines: [
      { column: "queue_seconds", name: "queue", colour: "queue", shape: "area" },
      { column: "prefill_seconds", name: "prefill", colour: "prefill", shape: "area" },
      { column: "decode_seconds", name: "decode", colour: "decode", shape: "area" },
    ],
    stacked: true,
    mean: true,
    wide: true,
    suffix: " s",
    format: (value) => `${number(value)} s`,
    whyUnknown: "no data yet",
  },
  {
    id: "in-flight",
    title: "In flight",
    note: "requests at the gateway, sampled each second",
    lines: [
      { column: "waiting", name: "waiting", colour: "queue", shape: "area" },
      { column: "prefilling", name: "prefill", colour: "prefill", shape: "area" },
      { column: "decoding", name: "decode", colour: "decode", shape: "area" },
    ],
    stacked: true,
    suffix: "",
    format: count,
    whyUnknown: "not sampled",
  },
  {
    id: "requests",
    title: "Requests per second",
    note: "inference requests that ended; numbers: last 10 s",
    lines: [
      { column: "requests", name: "ended", colour: "neutral", shape: "area" },
      { column: "errors", name: "failed", colour: "error" },
    ],
    mean: true,
    suffix: "",
    format: (value) => `${number(value)}/s`,
    whyUnknown: "no data yet",
  },
  {
    id: "ttft",
    title: "Time to first token",
    note: "streams that ended in the last 60 s",
    lines: percentiles("ttft"),
    suffix: " ms",
    format: milliseconds,
    whyUnknown: NOTHING_ENDED,
  },
  {
    id: "tpot",
    title: "Time per output token",
    note: "decode time of requests that ended in the last 60 s",
    lines: percentiles("tpot"),
    suffix: " ms",
    format: milliseconds,
    whyUnknown: NOTHING_ENDED,
  },
  {
    id: "tokens",
    title: "Tokens per second",
    note: "counted where they were computed, once their request has ended; numbers: last 10 s",
    lines: [
      { column: "prefill_tokens", name: "prefill", colour: "prefill" },
      { column: "decode_tokens", name: "decode", colour: "decode" },
    ],
    mean: true,
    wide: true,
    suffix: "",
    format: (value) => `${number(value)} tok/s`,
    whyUnknown: "no data yet",
  },
  {
    id: "cache",
    title: "Prompt cache hits",
    note: "share of prompt tokens found in the KV cache, last 60 s",
    lines: [{ column: "cache_hit_ratio", name: "hits", colour: "neutral", shape: "area" }],
    scale: 100,
    range: [0, 105],
    ticks: [0, 50, 100],
    suffix: " %",
    format: (value) => percent(value / 100),
    whyUnknown: "no request of the last 60 s said how many tokens were cached",
  },
];

const AXIS_FONT_PX = 11;
const MEAN_SECONDS = 10;
const SECONDS_FROM_MS = 2000; // an axis of milliseconds that reaches this far is written in seconds

export class Charts {
  private readonly figures = new Map<string, { plot: HTMLElement; values: Map<Column, HTMLElement> }>();
  private plotly: Plotly | null = null;

  constructor(parent: HTMLElement) {
    for (const spec of CHARTS) parent.append(this.build(spec));
  }

  /** Plotly is large, so the page shows itself before it is there. */
  async load(): Promise<void> {
    const module = await import("plotly.js-dist-min");
    this.plotly = (module as unknown as { default?: Plotly }).default ?? module;
  }

  /** Gives back what Plotly holds; the elements go with their parent. */
  close(): void {
    for (const { plot } of this.figures.values()) this.plotly?.purge(plot);
    this.plotly = null;
  }

  draw(window: SeriesWindow, seconds: number): void {
    for (const spec of CHARTS) {
      const figure = this.figures.get(spec.id)!;
      this.showValues(spec, figure.values, window);
      if (!this.plotly) continue;
      void this.plotly.react(figure.plot, this.traces(spec, window), this.layout(spec, window, seconds), {
        displayModeBar: false,
        responsive: true,
        doubleClick: false,
      });
    }
  }

  private build(spec: ChartSpec): HTMLElement {
    const values = new Map<Column, HTMLElement>();
    const legend = el("dl", { class: "values" });
    for (const line of spec.lines) {
      const value = el("dd", {}, "—");
      const swatch = el("span", { class: `line ${line.dash ?? "solid"}`, "aria-hidden": "true" });
      swatch.style.setProperty("--line", `var(--${line.colour})`);
      legend.append(el("div", {}, el("dt", {}, swatch, line.name), value));
      values.set(line.column, value);
    }
    const plot = el("div", { class: "plot", id: `plot-${spec.id}`, "aria-hidden": "true" });
    this.figures.set(spec.id, { plot, values });
    return el(
      "figure",
      { class: spec.wide ? "panel chart wide" : "panel chart", id: `chart-${spec.id}` },
      el("figcaption", {}, el("h3", {}, spec.title), el("p", { class: "note" }, spec.note)),
      legend,
      plot,
    );
  }

  private showValues(spec: ChartSpec, values: Map<Column, HTMLElement>, window: SeriesWindow): void {
    for (const line of spec.lines) {
      const element = values.get(line.column)!;
      const value = spec.mean ? window.mean(line.column, MEAN_SECONDS) : window.newest(line.column);
      setText(element, value === null ? "—" : spec.format(value * (spec.scale ?? 1)));
      if (value === null) element.title = spec.whyUnknown;
      else element.removeAttribute("title");
    }
  }

  private traces(spec: ChartSpec, window: SeriesWindow): Data[] {
    const { factor } = axisUnit(spec, window);
    const scale = (spec.scale ?? 1) * factor;
    const columns = spec.lines.map((line) =>
      window.get(line.column).map((value) => (value === null ? null : value * scale)),
    );
    // A stack would draw what is not known as 0; it begins where all its parts are known.
    const first = spec.stacked ? window.times.findIndex((_, at) => columns.every((y) => y[at] !== null)) : 0;
    return spec.lines.map((line, position) => {
      const y = first < 0 ? [] : columns[position]!.slice(first);
      const ink = colour(line.colour);
      const stack = spec.stacked
        ? { stackgroup: "one", fillcolor: `${ink}b0` }
        : line.shape === "area"
          ? { fill: "tozeroy", fillcolor: `${ink}30` }
          : {};
      return {
        type: "scatter",
        mode: "lines",
        name: line.name,
        x: first < 0 ? [] : window.times.slice(first),
        y,
        text: y.map((value) => (value === null ? "" : spec.format(value / factor))),
        hovertemplate: "%{text}",
        line: { color: ink, width: spec.stacked ? 1 : 1.75, dash: line.dash ?? "solid", shape: "linear" },
        ...stack,
      } as Data;
    });
  }

  private layout(spec: ChartSpec, window: SeriesWindow, seconds: number): Partial<Layout> {
    const ink = colour("muted");
    const grid = colour("grid");
    const newest = window.times.at(-1);
    const oldest = newest
      ? new Date(Date.parse(`${newest}Z`) - seconds * 1000).toISOString().slice(0, 19)
      : undefined;
    return {
      uirevision: "same",
      autosize: true,
      margin: { l: 44, r: 6, t: 6, b: 24 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      showlegend: false,
      hovermode: "x unified",
      dragmode: false,
      font: { family: "inherit", size: AXIS_FONT_PX, color: ink },
      hoverlabel: {
        bgcolor: colour("panel"),
        bordercolor: colour("edge"),
        font: { color: colour("ink"), size: 12 },
      },
      xaxis: {
        type: "date",
        fixedrange: true,
        showgrid: false,
        linecolor: grid,
        tickcolor: grid,
        nticks: 5,
        tickformat: "%H:%M:%S",
        hoverformat: "%H:%M:%S",
        ...(oldest && newest ? { range: [oldest, newest] } : {}),
      },
      yaxis: {
        fixedrange: true,
        gridcolor: grid,
        zerolinecolor: grid,
        ...(spec.ticks
          ? { tickvals: spec.ticks, ticktext: spec.ticks.map((tick) => `${tick}${spec.suffix}`) }
          : { nticks: 4 }),
        ticksuffix: axisUnit(spec, window).suffix,
        rangemode: "tozero",
        automargin: false,
        exponentformat: "SI",
        ...(spec.range ? { range: spec.range } : emptyRange(spec, window)),
      },
    } as Partial<Layout>;
  }
}

function axisUnit(spec: ChartSpec, window: SeriesWindow): { factor: number; suffix: string } {
  if (spec.suffix !== " ms") return { factor: 1, suffix: spec.suffix };
  const long = spec.lines.some((line) =>
    window.get(line.column).some((value) => (value ?? 0) >= SECONDS_FROM_MS),
  );
  return long ? { factor: 0.001, suffix: " s" } : { factor: 1, suffix: " ms" };
}

/** Without data Plotly would show -1 to 6; an idle curve shall lie on the floor of an honest axis. */
function emptyRange(spec: ChartSpec, window: SeriesWindow): Partial<{ range: [number, number] }> {
  const busy = spec.lines.some((line) =>
    window.get(line.column).some((value) => value !== null && value > 0),
  );
  return busy ? {} : { range: [0, 1] };
}
