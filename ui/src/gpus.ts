// The GPUs as cards side by side: what each is for, what fills its memory, what it does right now.
import { el, known, unknown } from "./dom";
import { bytes, number, percent } from "./format";
import type { Gpu } from "./types";

const NOT_TOLD = "the driver does not tell";
const ABSENT =
  "No NVIDIA or AMD GPU here. With one, this panel shows what runs on each card, its memory, power and temperature.";

function fact(name: string, value: Node): HTMLElement {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function told(value: number | null, text: (value: number) => string): Node {
  return value === null ? unknown(NOT_TOLD) : document.createTextNode(text(value));
}

/** Memory as a bar: what the engine holds, what others hold, and a mark where the plan saw the engine. */
function memoryBar(gpu: Gpu): HTMLElement {
  const { memory_used_bytes: used, memory_total_bytes: total } = gpu;
  if (used === null || !total) return el("p", {}, "Memory ", unknown(NOT_TOLD));
  const share = (part: number) => `${Math.min(100, (100 * part) / total).toFixed(2)}%`;
  const engine = Math.min(gpu.engine_bytes ?? 0, used);
  const bar = el("div", {
    class: "vram",
    role: "img",
    "aria-label": `${bytes(used)} of ${bytes(total)} used`,
  });
  const part = (kind: string, size: number) => {
    const piece = el("span", { class: `vram-${kind}` });
    piece.style.width = share(size);
    bar.append(piece);
  };
  part("engine", engine);
  part("other", used - engine);
  if (gpu.planned_bytes) {
    const mark = el("span", {
      class: "vram-plan",
      title: `planned for the engine: ${bytes(gpu.planned_bytes)}`,
    });
    mark.style.left = share(gpu.planned_bytes);
    bar.append(mark);
  }
  return bar;
}

function memoryText(gpu: Gpu): HTMLElement {
  const parts: string[] = [];
  if (gpu.memory_used_bytes !== null && gpu.memory_total_bytes !== null) {
    parts.push(`${bytes(gpu.memory_used_bytes)} of ${bytes(gpu.memory_total_bytes)} used`);
  }
  if (gpu.engine_bytes !== null) parts.push(`engine ${bytes(gpu.engine_bytes)}`);
  if (gpu.planned_bytes) parts.push(`planned ${bytes(gpu.planned_bytes)}`);
  return el("p", { class: "vram-text" }, parts.join(" · "));
}

function describe(gpu: Gpu): HTMLElement {
  const facts = el(
    "dl",
    { class: "facts" },
    fact("Utilisation", told(gpu.utilization, percent)),
    fact(
      "Power",
      told(gpu.power_watts, (watts) => `${number(watts)} W`),
    ),
    fact(
      "Temperature",
      told(gpu.temperature_celsius, (degrees) => `${number(degrees)} °C`),
    ),
    fact(
      "Clock",
      told(gpu.sm_clock_hz, (hertz) => `${number(hertz / 1e6)} MHz`),
    ),
  );
  if (gpu.throttled_by !== null) {
    facts.append(fact("Held down by", el("span", { class: "warn" }, gpu.throttled_by.replaceAll("_", " "))));
  }
  const card = el(
    "div",
    { class: "gpu" },
    el(
      "p",
      { class: "engine-name" },
      el("strong", {}, `GPU ${gpu.index}`),
      known(gpu.name, NOT_TOLD),
      gpu.role ? el("span", { class: "upstream" }, gpu.role) : null,
    ),
    memoryBar(gpu),
    memoryText(gpu),
    facts,
  );
  for (const sentence of gpu.misplaced) card.append(el("p", { class: "misplaced", role: "alert" }, sentence));
  return card;
}

let shown = "";

export function showGpus(parent: HTMLElement, gpus: Gpu[]): void {
  const text = JSON.stringify(gpus);
  if (text === shown) return;
  shown = text;
  parent.replaceChildren(...(gpus.length === 0 ? [el("p", { class: "empty" }, ABSENT)] : gpus.map(describe)));
}
