// Inside the engine: who is in which slot, and what each batch step carries. From the probe; without one the
// panel says so.
import { useEffect, useRef, useState } from "preact/hooks";
import { present, recent, steps, ticks, turns } from "../../data/live";
import { isPaused } from "../../data/pause";
import type { Step, Turn } from "../../data/types";
import { Explain } from "../../parts/explain";
import { count, milliseconds } from "../../parts/format";
import { linkTo } from "../../shell/pages";
import { colour, isDark } from "../../shell/theme";

const REACH_MS = 60_000;
const RUNNING_MS = 2500; // a turn whose last step is this young still runs
const STEP_HEIGHT = 120;
const LEFT = 44;

/** Who the turn is for: told when it is over, or by a request that ran in that slot at that time. */
function requestOf(turn: Turn): string | null {
  if (turn.request_id) return turn.request_id;
  const found = recent.peek().find((request) => {
    const start = request.start_unix_ns / 1e6;
    return (
      request.slot === turn.slot && turn.start >= start - 5 && turn.end <= start + request.total_ns / 1e6 + 5
    );
  });
  return found?.request_id ?? null;
}

function turnText(turn: Turn, running: boolean, end: number): string {
  const phase = turn.decode_start === null ? "reads its prompt" : "decodes";
  const what = running ? phase : "is done";
  const position = turn.position === null ? "" : `, at position ${count(turn.position + 1)}`;
  // Only the last minute's steps are known here; what began before it has done more.
  const since = turn.start < end - REACH_MS + 2000 ? " in the last minute" : "";
  return `${requestOf(turn) ?? "request"} ${what}: ${count(turn.prefill_tokens)} prompt tokens, ${count(turn.decode_tokens)} generated${since}${position}`;
}

interface Lane {
  key: string;
  name: string;
  turns: Turn[];
}

function lanesOf(all: Turn[], slotCount: number | null): Lane[] {
  const byLane = new Map<string, Lane>();
  const engines = [...new Set(all.map((turn) => turn.upstream ?? turn.engine))];
  // Slots that nobody used stand there too: an idle slot is an answer.
  if (engines.length <= 1) {
    for (let slot = 0; slot < Math.min(slotCount ?? 0, 64); slot++) {
      byLane.set(String(slot), { key: String(slot), name: `slot ${slot}`, turns: [] });
    }
  }
  for (const turn of all) {
    const engine = turn.upstream ?? turn.engine;
    const key = engines.length > 1 ? `${engine} ${turn.slot}` : String(turn.slot);
    const name = engines.length > 1 ? `${engine} ${turn.slot}` : `slot ${turn.slot}`;
    const lane = byLane.get(key) ?? { key, name, turns: [] };
    lane.turns.push(turn);
    byLane.set(key, lane);
  }
  return [...byLane.values()].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

function share(ms: number, end: number): number {
  return Math.max(0, Math.min(100, 100 - (100 * (end - ms)) / REACH_MS));
}

function TurnPiece({ turn, end }: { turn: Turn; end: number }) {
  const running = !turn.over && end - turn.end < RUNNING_MS;
  const from = share(turn.start, end);
  const to = share(running ? end : turn.end, end);
  const split = turn.decode_start === null ? to : share(turn.decode_start, end);
  const id = requestOf(turn);
  const text = turnText(turn, running, end);
  const url = id && turn.over ? linkTo("trace", id) : null;
  const content = (
    <>
      <span class="phase-prefill" style={{ flexGrow: Math.max(0, split - from) }} />
      <span class="phase-decode" style={{ flexGrow: Math.max(0, to - split) }} />
    </>
  );
  const common = {
    class: running ? "turn running" : "turn",
    title: text,
    style: { left: `${from}%`, width: `${Math.max(0.3, to - from)}%` },
  };
  return url ? (
    <a href={url} data-page aria-label={text} {...common}>
      {content}
    </a>
  ) : (
    <span {...common}>{content}</span>
  );
}

function Slots({ end, all }: { end: number; all: Turn[] }) {
  const engine = present.value?.engines[0];
  const context = engine?.context_tokens ?? null; // of one slot, as the server reports it
  const lanes = lanesOf(all, engine?.slots ?? null);
  return (
    <div class="lanes" role="list" aria-label="Slots over the last minute">
      {lanes.map((lane) => {
        const now = lane.turns.find((turn) => !turn.over && end - turn.end < RUNNING_MS);
        return (
          <div class="lane" role="listitem" key={lane.key}>
            <span class="lane-name">{lane.name}</span>
            <span class="lane-track">
              {lane.turns
                .filter((turn) => turn.end > end - REACH_MS)
                .map((turn) => (
                  <TurnPiece turn={turn} end={end} key={`${turn.engine} ${turn.turn}`} />
                ))}
            </span>
            <span class="lane-now" title={now ? turnText(now, true, end) : undefined}>
              {now ? <Filled turn={now} context={context} /> : <span class="note">idle</span>}
            </span>
          </div>
        );
      })}
    </div>
  );
}

/** How far a running turn is: its position in the slot's part of the context. */
function Filled({ turn, context }: { turn: Turn; context: number | null }) {
  const phase = turn.decode_start === null ? "prefill" : "decode";
  const full = context && turn.position !== null ? Math.min(1, (turn.position + 1) / context) : null;
  return (
    <>
      <span class={`swatch phase-${phase}`} />
      {phase}
      {turn.position === null ? "" : ` ${count(turn.position + 1)}`}
      {full !== null && (
        <span class="filled" title={`${Math.round(100 * full)} % of the slot's context`}>
          <span style={{ width: `${100 * full}%` }} />
        </span>
      )}
    </>
  );
}

function stepAt(list: Step[], x: number, width: number): Step | null {
  const bar = (width - LEFT) / list.length;
  return list[Math.floor((x - LEFT) / bar)] ?? null;
}

function drawSteps(canvas: HTMLCanvasElement, list: Step[], width: number): void {
  const context = canvas.getContext("2d")!;
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = STEP_HEIGHT * ratio;
  context.scale(ratio, ratio);
  const half = STEP_HEIGHT - 34;
  const most = Math.max(1, ...list.map((step) => step[4] + step[5]));
  const longest = Math.max(1, ...list.map((step) => step[3]));
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("muted");
  context.textAlign = "right";
  context.fillText(`${count(most)} tok`, LEFT - 6, 10);
  context.fillText(milliseconds(longest), LEFT - 6, half + 14);
  const bar = (width - LEFT) / Math.max(1, list.length);
  list.forEach((step, at) => {
    const x = LEFT + at * bar;
    const wide = Math.max(0.75, bar - (bar > 3 ? 1 : 0));
    // A step with one token is seen beside one with two thousand: heights are square roots.
    const total = Math.sqrt((step[4] + step[5]) / most) * (half - 4);
    const prefill = (total * step[4]) / Math.max(1, step[4] + step[5]);
    context.fillStyle = colour("decode");
    context.fillRect(x, half - (total - prefill), wide, total - prefill);
    context.fillStyle = colour("prefill");
    context.fillRect(x, half - total, wide, prefill);
    context.fillStyle = colour("quantile");
    context.fillRect(x, half + 6, wide, Math.max(1, 26 * (step[3] / longest)));
  });
}

function Steps({ list }: { list: Step[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [tip, setTip] = useState("");
  const dark = isDark.value;
  useEffect(() => {
    const observer = new ResizeObserver(() => setWidth(canvas.current?.parentElement?.clientWidth ?? 0));
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width > 0 && !document.hidden) drawSteps(canvas.current!, list, width);
  }, [list, width, dark]);
  const onMove = (event: PointerEvent) => {
    const step = stepAt(list, event.clientX - canvas.current!.getBoundingClientRect().left, width);
    setTip(
      step
        ? `${count(step[4])} prompt + ${count(step[5])} generated tokens of ${count(step[6])} requests in ${milliseconds(step[3])}`
        : "",
    );
  };
  const newest = list.at(-1);
  const words = newest
    ? `the newest: ${count(newest[4])} prompt + ${count(newest[5])} generated tokens of ${count(newest[6])} requests in ${milliseconds(newest[3])}`
    : "";
  return (
    <div class="steps-picture">
      <canvas
        ref={canvas}
        id="steps-canvas"
        role="img"
        aria-label={`The last ${list.length} batch steps; ${words}`}
        style={{ height: `${STEP_HEIGHT}px` }}
        onPointerMove={onMove}
        onPointerLeave={() => setTip("")}
      />
      <p class="note">{tip || words}</p>
    </div>
  );
}

function NoProbe() {
  return (
    <p class="note">
      No batch step was seen yet: this panel shows who is in which slot and what each step carries. It needs
      the probe in a llama-server with a shared libllama: <code>up</code> puts it in by itself,{" "}
      <code>llamatelemetry probe</code> into one that you start; <code>llamatelemetry doctor</code> says
      whether yours can have it.
    </p>
  );
}

export function Batches() {
  const [held, setHeld] = useState({ turns: turns.peek(), steps: steps.peek(), end: Date.now() });
  const tick = ticks.value;
  const paused = isPaused.value;
  useEffect(() => {
    if (!paused) setHeld({ turns: turns.peek(), steps: steps.peek(), end: Date.now() });
  }, [tick, paused]);
  const seen = held.steps.length > 0 || held.turns.length > 0;
  return (
    <section id="batches" class="panel" aria-labelledby="batches-title">
      <div class="panel-head">
        <h2 id="batches-title">
          Slots and batch steps{" "}
          <Explain
            what="a slot and a batch step"
            text="A slot is one of the engine's places for a running request. In each batch step the engine computes some tokens of every busy slot at once: prompt tokens of those that begin, one token of those that answer. The lanes show the last minute, the bars the last steps: tokens above, duration below."
          />
        </h2>
        {seen && (
          <ul class="key">
            <li>
              <span class="swatch phase-prefill" />
              prefill
            </li>
            <li>
              <span class="swatch phase-decode" />
              decode
            </li>
            <li>
              <span class="swatch quantile" />
              duration of a step
            </li>
          </ul>
        )}
      </div>
      {seen ? (
        <div class="batches">
          <Slots end={held.end} all={held.turns} />
          {held.steps.length > 0 && <Steps list={held.steps} />}
        </div>
      ) : (
        <NoProbe />
      )}
    </section>
  );
}
