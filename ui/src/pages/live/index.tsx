// The live page: what the engine and its clients do now, or did at some other time.
import "../../styles/panels.css";
import "../../styles/requests.css";
import { useEffect } from "preact/hooks";
import { isPaused } from "../../data/pause";
import { linkTo } from "../../shell/pages";
import { useCommands } from "../../shell/commands";
import { PageHead } from "../../shell/page_head";
import { Batches } from "./batches";
import { Curves, useCurves, useDrawing } from "./curves";
import { Engines } from "./engines";
import { Gpus } from "./gpus";
import { RecentRequests } from "./recent";
import { Attainment } from "./slo";
import { togglePause, useTimeBar } from "./time_bar";
import { Events, Losses } from "./troubles";
import { setSpan, SPANS, spanSeconds } from "./view";

function stepSpan(by: number): void {
  const at = SPANS.findIndex(([, value]) => value === spanSeconds());
  const next = SPANS[Math.max(0, Math.min(SPANS.length - 1, at + by))];
  if (next) setSpan(next[1]);
}

export default function LivePage() {
  const bar = useTimeBar();
  const curves = useCurves();
  const drawing = useDrawing();
  useCommands(
    () => [
      { text: "Pause or resume", group: "Live", keys: "p", run: togglePause },
      { text: "Longer time", group: "Live", keys: "-", run: () => stepSpan(1) },
      { text: "Shorter time", group: "Live", keys: "+", run: () => stepSpan(-1) },
    ],
    [],
  );
  useEffect(() => () => void (isPaused.value = false), []);
  const requests = linkTo("requests");
  return (
    <>
      <PageHead title="Live">{bar.controls}</PageHead>
      {bar.opened}
      <Engines />
      <Gpus curves={curves.gpus} drawing={drawing} />
      <Batches />
      <Attainment from={curves.from} to={curves.to} live={curves.shown.live} />
      <Curves state={curves} drawing={drawing} />
      {!curves.shown.live && requests && (
        <p class="note">
          <a
            href={`${requests}?since=${BigInt(curves.from) * 1_000_000_000n}&until=${BigInt(curves.to) * 1_000_000_000n}`}
            data-page
          >
            The requests of this time
          </a>
        </p>
      )}
      <Losses />
      <RecentRequests />
      <Events />
    </>
  );
}
