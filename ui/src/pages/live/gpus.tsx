// The GPUs as cards side by side: what each is for, what fills its memory, what it does now and did before.
import { useState } from "preact/hooks";
import { present } from "../../data/live";
import type { Gpu } from "../../data/types";
import { bytes, number, percent } from "../../parts/format";
import { Fact, Known, Unknown } from "../../parts/value";
import { Chart, type Shown } from "./chart";
import type { Drawing } from "./curves";
import { gpuCharts } from "./specs";

const NOT_TOLD = "the driver does not tell";
const ABSENT =
  "No NVIDIA or AMD GPU here. These panels appear when a driver of one is found: what runs on each card, and curves of its use, its memory by role, power and temperature.";
const OPEN_UNTIL = 2; // with more cards, curves are drawn for those that are opened

function told(value: number | null, text: (value: number) => string) {
  return value === null ? <Unknown why={NOT_TOLD} /> : text(value);
}

/** Memory as a bar: what the engine holds, what others hold, and a mark where the plan saw the engine. */
function MemoryBar({ gpu }: { gpu: Gpu }) {
  const { memory_used_bytes: used, memory_total_bytes: total } = gpu;
  if (used === null || !total) {
    return (
      <p>
        Memory <Unknown why={NOT_TOLD} />
      </p>
    );
  }
  const share = (part: number) => `${Math.min(100, (100 * part) / total).toFixed(2)}%`;
  const engine = Math.min(gpu.engine_bytes ?? 0, used);
  return (
    <div class="vram" role="img" aria-label={`${bytes(used)} of ${bytes(total)} used`}>
      <span class="vram-engine" style={{ width: share(engine) }} />
      <span class="vram-other" style={{ width: share(used - engine) }} />
      {!!gpu.planned_bytes && (
        <span
          class="vram-plan"
          title={`planned for the engine: ${bytes(gpu.planned_bytes)}`}
          style={{ left: share(gpu.planned_bytes) }}
        />
      )}
    </div>
  );
}

function memoryText(gpu: Gpu): string {
  const parts: string[] = [];
  if (gpu.memory_used_bytes !== null && gpu.memory_total_bytes !== null) {
    parts.push(`${bytes(gpu.memory_used_bytes)} of ${bytes(gpu.memory_total_bytes)} used`);
  }
  if (gpu.engine_bytes !== null) parts.push(`engine ${bytes(gpu.engine_bytes)}`);
  if (gpu.planned_bytes) parts.push(`planned ${bytes(gpu.planned_bytes)}`);
  return parts.join(" · ");
}

function GpuCard({ gpu }: { gpu: Gpu }) {
  return (
    <>
      <p class="engine-name">
        <strong>GPU {gpu.index}</strong>
        <Known text={gpu.name} why={NOT_TOLD} />
        {gpu.role && <span class="upstream">{gpu.role}</span>}
      </p>
      <MemoryBar gpu={gpu} />
      <p class="vram-text">{memoryText(gpu)}</p>
      <dl class="facts">
        <Fact name="Utilisation">{told(gpu.utilization, percent)}</Fact>
        <Fact name="Power">{told(gpu.power_watts, (watts) => `${number(watts)} W`)}</Fact>
        <Fact name="Temperature">{told(gpu.temperature_celsius, (degrees) => `${number(degrees)} °C`)}</Fact>
        <Fact name="Clock">{told(gpu.sm_clock_hz, (hertz) => `${number(hertz / 1e6)} MHz`)}</Fact>
        {gpu.throttled_by !== null && (
          <Fact name="Held down by">
            <span class="warn">{gpu.throttled_by.replaceAll("_", " ")}</span>
          </Fact>
        )}
      </dl>
      {gpu.misplaced.map((sentence) => (
        <p class="misplaced" role="alert" key={sentence}>
          {sentence}
        </p>
      ))}
    </>
  );
}

interface CurvesProps {
  card: number;
  total: number | null;
  shown: Shown | undefined;
  drawing: Drawing;
  open: boolean;
}

function CardCurves({ card, total, shown, drawing, open: atFirst }: CurvesProps) {
  const [open, setOpen] = useState(atFirst);
  const byRole = shown?.window.get("memory_engine_bytes").some((value) => value !== null) ?? false;
  return (
    <details class="gpu-curves" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Curves of GPU {card}</summary>
      {open && !shown && <p class="note">Nothing was read from this card in this time.</p>}
      {open && shown && (
        <div class="gpu-charts">
          {gpuCharts(card, total, byRole).map((spec) => (
            <Chart key={spec.id} spec={spec} shown={shown} {...drawing} />
          ))}
        </div>
      )}
    </details>
  );
}

/** A card that is not in this machine now: the store has its curves. */
function GoneCard({ card }: { card: number }) {
  return (
    <p class="engine-name">
      <strong>GPU {card}</strong> <span class="note">not here now; its curves are in the store</span>
    </p>
  );
}

interface Props {
  curves: Map<number, Shown>;
  drawing: Drawing;
}

export function Gpus({ curves, drawing }: Props) {
  const gpus = new Map((present.value?.gpus ?? []).map((gpu) => [gpu.index, gpu]));
  const cards = [...new Set([...gpus.keys(), ...curves.keys()])].sort((a, b) => a - b);
  return (
    <section id="gpus" class="panel" aria-labelledby="gpus-title">
      <h2 id="gpus-title" class="hidden">
        GPUs
      </h2>
      <div class="gpus">
        {cards.length === 0 && <p class="empty">{ABSENT}</p>}
        {cards.map((card) => {
          const gpu = gpus.get(card);
          return (
            <div class="gpu" key={card}>
              {gpu ? <GpuCard gpu={gpu} /> : <GoneCard card={card} />}
              <CardCurves
                card={card}
                total={gpu?.memory_total_bytes ?? null}
                shown={curves.get(card)}
                drawing={drawing}
                open={cards.length <= OPEN_UNTIL}
              />
            </div>
          );
        })}
      </div>
    </section>
  );
}
