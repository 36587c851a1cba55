// The charts and the time that they show: the stream's seconds, or a stretch computed from the store.
import { useEffect, useMemo, useState } from "preact/hooks";
import { askJson } from "../../data/api";
import { GpuSeries } from "../../data/gpu_series";
import { gpuSeries, series, ticks } from "../../data/live";
import { isPaused } from "../../data/pause";
import { Series, type SeriesWindow } from "../../data/series";
import type { Curves as Answer } from "../../data/types";
import { plotTime } from "../../parts/format";
import { usePlotly } from "../../parts/use_plotly";
import { setBanner } from "../../shell/notices";
import { isDark } from "../../shell/theme";
import { Chart, type Shown } from "./chart";
import { CHARTS } from "./specs";
import { comparedSeconds, fixedStretch, isStreamed, spanSeconds } from "./view";

const LEAST_REFRESH_MS = 10_000;
const NO_CARDS: Map<number, Shown> = new Map();

interface Stored {
  path: string;
  series: Series;
  gpus: GpuSeries;
  step: number;
  from: number;
  to: number;
}

function seriesOf(answer: Answer): Series {
  const out = new Series();
  out.setColumns(answer.columns);
  out.merge(answer.rows);
  return out;
}

function gpusOf(answer: Answer): GpuSeries {
  const out = new GpuSeries();
  out.merge(answer.gpu_columns, answer.gpu_rows);
  return out;
}

/** A stretch from the store: `[from, to)` in seconds, or null when none is wanted. */
function useStored(stretch: { from: number; to: number; step?: number } | null): {
  stored: Stored | null;
  error: string;
} {
  const [stored, setStored] = useState<Stored | null>(null);
  const [error, setError] = useState("");
  const path = stretch
    ? `/api/v1/range?from=${stretch.from}&to=${stretch.to}${stretch.step ? `&step=${stretch.step}` : ""}`
    : "";
  useEffect(() => {
    if (!path) {
      setStored(null);
      setError("");
      return;
    }
    const abort = new AbortController();
    askJson<Answer>(path, abort.signal).then(
      (answer) => {
        const { step, from, to } = answer;
        setStored({ path, series: seriesOf(answer), gpus: gpusOf(answer), step, from, to });
        setError("");
      },
      (problem: Error) => !abort.signal.aborted && setError(problem.message),
    );
    return () => abort.abort();
  }, [path]);
  return { stored: path ? stored : null, error };
}

/** The present second, moving in steps of `everyMs` while the page follows the clock. */
function useClock(everyMs: number, stopped: boolean): number {
  const [now, setNow] = useState(() => Math.floor(Date.now() / 1000));
  useEffect(() => {
    if (stopped) return;
    setNow(Math.floor(Date.now() / 1000));
    const timer = setInterval(() => !document.hidden && setNow(Math.floor(Date.now() / 1000)), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, stopped]);
  return now;
}

export interface CurvesState {
  shown: Shown;
  gpus: Map<number, Shown>; // by card
  from: number; // seconds
  to: number;
  error: string;
}

function emptyShown(from: number, to: number): Shown {
  return { window: new Series().whole(), earlier: null, from: plotTime(from), to: plotTime(to), live: false };
}

/** What the charts show now. It stays the same object until there is something else to draw. */
export function useCurves(): CurvesState {
  const streamed = isStreamed();
  const fixed = fixedStretch();
  const span = spanSeconds();
  const paused = isPaused.value;
  const refresh = Math.max(LEAST_REFRESH_MS, (span / 900) * 1000);
  const clock = useClock(refresh, paused || streamed || fixed !== null);
  const from = fixed?.from ?? clock - span;
  const to = fixed?.to ?? clock;
  const stored = useStored(streamed ? null : { from, to });
  // A comparison moves along with the clock, in steps: it is asked for when its ends have moved by a twentieth.
  const offset = comparedSeconds();
  const coarse = useClock(Math.max(LEAST_REFRESH_MS, span * 50), paused || !streamed);
  const base = streamed ? { from: coarse - span, to: coarse + Math.ceil(span / 20) } : { from, to };
  const step = streamed ? 1 : (stored.stored?.step ?? 0);
  const earlier = useStored(
    offset > 0 && step > 0 ? { from: base.from - offset, to: base.to - offset, step } : null,
  );
  const tick = streamed && !paused ? ticks.value : ticks.peek();
  const [held, setHeld] = useState(tick);
  if (!paused && held !== tick) setHeld(tick);
  const { shown, gpus } = useMemo(() => {
    const under = earlier.stored ? earlier.stored.series.whole(offset) : null;
    const underGpu = (card: number) => earlier.stored?.gpus.of(card)?.whole(offset) ?? null;
    const ofCards = (all: Shown, cards: GpuSeries, points: (one: Series) => SeriesWindow) =>
      new Map(
        cards
          .numbers()
          .map((card) => [card, { ...all, window: points(cards.of(card)!), earlier: underGpu(card) }]),
      );
    if (!streamed) {
      if (!stored.stored) return { shown: { ...emptyShown(from, to), earlier: under }, gpus: NO_CARDS };
      const { series: points, gpus: cards, from: first, to: end } = stored.stored;
      const ends = { from: plotTime(first), to: plotTime(end), live: false };
      const all: Shown = { window: points.whole(), earlier: under, ...ends };
      return { shown: all, gpus: ofCards(all, cards, (one) => one.whole()) };
    }
    const window = series.window(span);
    const newest = window.seconds.at(-1) ?? Math.floor(Date.now() / 1000);
    const ends = { from: plotTime(newest - span), to: plotTime(newest), live: true };
    const all: Shown = { window, earlier: under, ...ends };
    return { shown: all, gpus: ofCards(all, gpuSeries, (one) => one.window(span, newest)) };
  }, [streamed ? held : stored.stored, earlier.stored, streamed, span, offset]);
  return { shown, gpus, from, to, error: stored.error || earlier.error };
}

/** What all charts of the page share: Plotly once it is there, the theme, and how often the page was seen again. */
export function useDrawing() {
  const { plotly, failed } = usePlotly();
  useEffect(() => {
    if (failed) setBanner("charts", "The charts could not be loaded; reload the page.");
  }, [failed]);
  // A hidden page draws nothing; when it is seen again it catches up.
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    const again = () => setSeen((count) => count + 1);
    document.addEventListener("visibilitychange", again);
    return () => document.removeEventListener("visibilitychange", again);
  }, []);
  return { plotly, dark: isDark.value, seen };
}

export type Drawing = ReturnType<typeof useDrawing>;

export function Curves({ state, drawing }: { state: CurvesState; drawing: Drawing }) {
  const probed = state.shown.window.get("steps").some((value) => value !== null);
  const drawn = CHARTS.filter((spec) => (probed || !spec.probed) && (state.shown.live || !spec.sampled));
  return (
    <section aria-labelledby="charts-title">
      <h2 id="charts-title" class="hidden">
        Curves
      </h2>
      {state.error && (
        <p class="failed" role="alert">
          This time could not be read from the store: {state.error}
        </p>
      )}
      <div id="charts" class={state.shown.live ? "charts" : "charts whole"}>
        {drawn.map((spec) => (
          <Chart key={spec.id} spec={spec} shown={state.shown} {...drawing} />
        ))}
      </div>
    </section>
  );
}
