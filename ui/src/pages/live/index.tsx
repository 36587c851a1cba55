// The live page: what the engine and its clients do now.
import "../../styles/panels.css";
import "../../styles/requests.css";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { series, ticks } from "../../data/live";
import { isPaused } from "../../data/pause";
import { useCommands } from "../../shell/commands";
import { setBanner } from "../../shell/notices";
import { PageHead, Segments } from "../../shell/page_head";
import { param, setParams } from "../../shell/router";
import { isDark } from "../../shell/theme";
import { Charts } from "./charts";
import { Engines } from "./engines";
import { Gpus } from "./gpus";
import { RecentRequests } from "./recent";
import { Events, Losses } from "./troubles";

const SPANS = [
  ["1 min", 60],
  ["5 min", 300],
  ["15 min", 900],
] as const;
const DEFAULT_SPAN = 300;

function shownSpan(): number {
  return SPANS.map(([, value]) => value).find((value) => String(value) === param("span")) ?? DEFAULT_SPAN;
}

function togglePause(): void {
  isPaused.value = !isPaused.peek();
}

function Curves({ seconds }: { seconds: number }) {
  const parent = useRef<HTMLDivElement>(null);
  const charts = useRef<Charts | null>(null);
  const draw = () => {
    if (!document.hidden) charts.current?.draw(series.window(seconds), seconds);
  };
  useEffect(() => {
    const mine = (charts.current = new Charts(parent.current!));
    mine.load().then(
      () => draw(),
      () => setBanner("charts", "The charts could not be loaded; reload the page."),
    );
    return () => mine.close();
  }, []);
  useSignalEffect(() => {
    void ticks.value;
    void isDark.value;
    if (!isPaused.value) draw();
  });
  useEffect(() => {
    draw();
    document.addEventListener("visibilitychange", draw);
    return () => document.removeEventListener("visibilitychange", draw);
  }, [seconds]);
  return (
    <section aria-labelledby="charts-title">
      <h2 id="charts-title" class="hidden">
        Live curves
      </h2>
      <div id="charts" class="charts" ref={parent} />
    </section>
  );
}

export default function LivePage() {
  const seconds = shownSpan();
  useCommands(() => [{ text: "Pause or resume", group: "Live", keys: "p", run: togglePause }], []);
  useEffect(() => () => void (isPaused.value = false), []);
  return (
    <>
      <PageHead title="Live">
        <Segments
          legend="Time shown"
          name="span"
          options={SPANS}
          value={seconds}
          onChange={(value) => setParams({ span: value === DEFAULT_SPAN ? null : String(value) })}
        />
        <button id="pause" type="button" aria-pressed={isPaused.value} onClick={togglePause}>
          {isPaused.value ? "Resume" : "Pause"}
        </button>
      </PageHead>
      <Engines />
      <Gpus />
      <Curves seconds={seconds} />
      <Losses />
      <RecentRequests />
      <Events />
    </>
  );
}
