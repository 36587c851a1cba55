// A part of the time: what began in it is meant, and it can be played.
import { useEffect, useRef, useState } from "preact/hooks";
import { dateAndTime, milliseconds } from "../../parts/format";

const BINS = 80;
const PLAY_S = 12; // from one end to the other

interface Props {
  times: Float32Array; // ms after the origin; NaN: not known
  originUnixNs: number;
  range: [number, number] | null; // null: all
  onChange(range: [number, number] | null): void;
}

function spanOf(times: Float32Array): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const time of times) {
    if (!Number.isFinite(time)) continue;
    low = Math.min(low, time);
    high = Math.max(high, time);
  }
  return low <= high ? [low, Math.max(high, low + 1)] : [0, 1];
}

function Histogram({
  times,
  span,
  range,
}: {
  times: Float32Array;
  span: [number, number];
  range: [number, number];
}) {
  const counts = new Array<number>(BINS).fill(0);
  for (const time of times) {
    if (!Number.isFinite(time)) continue;
    counts[Math.min(BINS - 1, Math.floor(((time - span[0]) / (span[1] - span[0])) * BINS))]! += 1;
  }
  const most = Math.max(...counts, 1);
  const inside = (i: number) => {
    const at = span[0] + ((i + 0.5) / BINS) * (span[1] - span[0]);
    return at >= range[0] && at <= range[1];
  };
  return (
    <svg class="brush-bars" viewBox={`0 0 ${BINS} 20`} preserveAspectRatio="none" aria-hidden="true">
      {counts.map((count, i) => (
        <rect
          key={i}
          class={inside(i) ? "in" : ""}
          x={i}
          y={20 - (count / most) * 20}
          width="0.85"
          height={(count / most) * 20}
        />
      ))}
    </svg>
  );
}

export function TimeBrush({ times, originUnixNs, range, onChange }: Props) {
  const span = spanOf(times);
  const shown = range ?? span;
  const [playing, setPlaying] = useState(false);
  const latest = useRef(shown);
  latest.current = shown;
  useEffect(() => {
    if (!playing) return;
    const width = Math.min(latest.current[1] - latest.current[0], (span[1] - span[0]) * 0.15);
    let begin = latest.current[1] >= span[1] ? span[0] : latest.current[0];
    let before = performance.now();
    let frame = 0;
    const move = (now: number) => {
      begin += ((span[1] - span[0]) / (PLAY_S * 1000)) * (now - before);
      before = now;
      onChange([begin, begin + width]);
      if (begin > span[1]) {
        setPlaying(false);
        onChange(null);
      } else frame = requestAnimationFrame(move);
    };
    frame = requestAnimationFrame(move);
    return () => cancelAnimationFrame(frame);
  }, [playing]);
  const step = (span[1] - span[0]) / 500;
  const set = (end: 0 | 1, value: number) => {
    const next: [number, number] = [...shown];
    next[end] = value;
    if (next[0] > next[1]) next[1 - end] = value;
    onChange(next);
  };
  return (
    <section class="panel brush" aria-label="Time">
      <button type="button" aria-pressed={playing} onClick={() => setPlaying(!playing)}>
        {playing ? "Stop" : "Replay"}
      </button>
      <div class="brush-area">
        <Histogram times={times} span={span} range={shown} />
        <input
          type="range"
          aria-label="From"
          min={span[0]}
          max={span[1]}
          step={step}
          value={shown[0]}
          onInput={(event) => set(0, Number(event.currentTarget.value))}
        />
        <input
          type="range"
          aria-label="To"
          min={span[0]}
          max={span[1]}
          step={step}
          value={shown[1]}
          onInput={(event) => set(1, Number(event.currentTarget.value))}
        />
      </div>
      <p class="note">
        {dateAndTime(originUnixNs + shown[0] * 1e6)}, {milliseconds(shown[1] - shown[0])}
      </p>
      {range && (
        <button type="button" onClick={() => onChange(null)}>
          All
        </button>
      )}
    </section>
  );
}
