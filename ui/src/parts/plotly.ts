// Plotly (its bundle for charts with two axes: a third of the whole), loaded once and after the page has shown itself, and
// what all charts have in common.
import type { Config, Layout } from "plotly.js-dist-min";
import { colour } from "../shell/theme";

export type Plotly = typeof import("plotly.js-dist-min");

let loading: Promise<Plotly> | null = null;

export function loadPlotly(): Promise<Plotly> {
  loading ??= import("plotly.js-cartesian-dist-min").then(
    (module) => (module as unknown as { default?: Plotly }).default ?? module,
    (error: Error) => {
      loading = null; // a later try may reach the console again
      throw error;
    },
  );
  return loading;
}

const FONT_PX = 11;

export const CHART_CONFIG: Partial<Config> = { displayModeBar: false, responsive: true, doubleClick: false };

/** Colours of the theme, no decoration; axes are the chart's own business. */
export function baseLayout(): Partial<Layout> {
  return {
    uirevision: "same",
    autosize: true,
    margin: { l: 44, r: 6, t: 6, b: 24 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    hovermode: "x unified",
    dragmode: false,
    font: { family: "inherit", size: FONT_PX, color: colour("muted") },
    hoverlabel: {
      bgcolor: colour("panel"),
      bordercolor: colour("edge"),
      font: { color: colour("ink"), size: 12 },
    },
  } as Partial<Layout>;
}

/** Colours for series that have none of their own, apart for every common kind of colour blindness. */
export function seriesColours(): string[] {
  return ["prefill", "queue", "decode", "quantile", "client", "neutral", "error"].map(colour);
}
