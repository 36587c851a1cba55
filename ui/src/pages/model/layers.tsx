// The file as a picture: a row for each layer, a block for each tensor, as wide as its bytes.
import { useState } from "preact/hooks";
import { bytes, count, number, percent } from "../../parts/format";
import { Segments } from "../../shell/page_head";
import { param, setParams } from "../../shell/router";
import type { Model, Tensor } from "./types";

const BY = [
  ["Quantisation", "type"],
  ["Role", "role"],
  ["Memory", "gpu"],
] as const;
type By = (typeof BY)[number][1];

function valueOf(tensor: Tensor, by: By): string {
  if (by === "gpu") return tensor.gpu === null ? "RAM" : `GPU ${tensor.gpu}`;
  return tensor[by];
}

interface Group {
  value: string;
  bytes: number;
  tensors: number;
}

/** What a colour stands for, the heaviest first: they keep their hue whatever is chosen. */
function groupsOf(tensors: Tensor[], by: By): Group[] {
  const groups = new Map<string, Group>();
  for (const tensor of tensors) {
    const value = valueOf(tensor, by);
    const group = groups.get(value) ?? { value, bytes: 0, tensors: 0 };
    group.bytes += tensor.bytes ?? 0;
    group.tensors += 1;
    groups.set(value, group);
  }
  return [...groups.values()].sort((a, b) => b.bytes - a.bytes || a.value.localeCompare(b.value));
}

interface LayerRow {
  name: string;
  tensors: Tensor[];
  bytes: number;
}

function rowsOf(tensors: Tensor[]): LayerRow[] {
  const before: Tensor[] = [];
  const after: Tensor[] = [];
  const layers = new Map<number, Tensor[]>();
  for (const tensor of tensors) {
    if (tensor.layer !== null) layers.set(tensor.layer, [...(layers.get(tensor.layer) ?? []), tensor]);
    else (tensor.name.startsWith("output") ? after : before).push(tensor);
  }
  const row = (name: string, list: Tensor[]): LayerRow => ({
    name,
    tensors: list,
    bytes: list.reduce((sum, tensor) => sum + (tensor.bytes ?? 0), 0),
  });
  return [
    ...(before.length > 0 ? [row("input", before)] : []),
    ...[...layers].sort((a, b) => a[0] - b[0]).map(([layer, list]) => row(`layer ${layer}`, list)),
    ...(after.length > 0 ? [row("output", after)] : []),
  ];
}

function shortName(tensor: Tensor): string {
  return tensor.name.replace(/^blk\.\d+\./, "").replace(/\.weight$/, "");
}

function where(row: LayerRow): string {
  const places = new Set(row.tensors.map((tensor) => valueOf(tensor, "gpu")));
  return [...places].join(", ");
}

function describe(tensor: Tensor): string {
  const size = tensor.bytes === null ? "size not known" : bytes(tensor.bytes);
  return `${tensor.name}: ${tensor.shape.join(" × ")}, ${tensor.type}, ${size}, ${valueOf(tensor, "gpu")}`;
}

export function Layers({ model }: { model: Model }) {
  const by = BY.map(([, value]) => value).find((value) => value === param("by")) ?? "type";
  const [chosen, setChosen] = useState<Tensor | null>(null);
  const groups = groupsOf(model.tensors, by);
  const hue = new Map(groups.map((group, i) => [group.value, Math.min(i, 8) + 1]));
  const rows = rowsOf(model.tensors);
  const widest = Math.max(...rows.map((row) => row.bytes), 1);
  const total = groups.reduce((sum, group) => sum + group.bytes, 0);
  const placed = model.placement !== null;
  return (
    <section class="panel layers" aria-labelledby="layers-title">
      <div class="panel-head">
        <h2 id="layers-title">Layers and tensors, by bytes</h2>
        <Segments
          legend="Colour by"
          name="model-by"
          options={BY}
          value={by}
          onChange={(value) => setParams({ by: value === "type" ? null : value })}
        />
      </div>
      <ul class="key">
        {groups.map((group) => (
          <li key={group.value}>
            <span class={`swatch hue-${hue.get(group.value)}`} />
            {group.value}: {count(group.tensors)} tensors, {bytes(group.bytes)}
            {total > 0 && ` (${percent(group.bytes / total)})`}
          </li>
        ))}
      </ul>
      {by === "gpu" && !placed && (
        <p class="note">
          llama-server chose by itself where the layers go: nothing is known about their places.
        </p>
      )}
      <ol class="layer-rows">
        {rows.map((row) => (
          <li key={row.name}>
            <span class="layer-name">{row.name}</span>
            <div class="layer-bar" style={{ width: `${Math.max((row.bytes / widest) * 100, 1)}%` }}>
              {row.tensors.map((tensor) => (
                <button
                  type="button"
                  key={tensor.name}
                  class={`tensor hue-${hue.get(valueOf(tensor, by))}`}
                  style={{ flexGrow: Math.max(tensor.bytes ?? 0, row.bytes * 0.002) }}
                  title={describe(tensor)}
                  aria-label={describe(tensor)}
                  aria-pressed={chosen === tensor}
                  tabIndex={tensor === row.tensors[0] ? 0 : -1}
                  onClick={() => setChosen(tensor)}
                  onFocus={() => setChosen(tensor)}
                  onKeyDown={moveFocus}
                >
                  <span aria-hidden="true">{shortName(tensor)}</span>
                </button>
              ))}
            </div>
            <span class="layer-size number">
              {bytes(row.bytes)} <span class="note">{placed ? where(row) : ""}</span>
            </span>
          </li>
        ))}
      </ol>
      <p class="note layers-foot" role="status">
        {chosen
          ? `${describe(chosen)}${chosen.bytes && model.file_bytes ? `, ${number((chosen.bytes / model.file_bytes) * 100)} % of the file` : ""}`
          : "Point at a block, or move through them with the arrow keys."}
      </p>
    </section>
  );
}

/** Left and right go through a layer's tensors, up and down to the next layer. */
function moveFocus(event: KeyboardEvent): void {
  const from = event.currentTarget as HTMLElement;
  const row = from.closest("li")!;
  const along = { ArrowLeft: from.previousElementSibling, ArrowRight: from.nextElementSibling }[event.key];
  const next = { ArrowUp: row.previousElementSibling, ArrowDown: row.nextElementSibling }[event.key];
  const target = along ?? next?.querySelector(".tensor");
  if (!(target instanceof HTMLElement)) return;
  event.preventDefault();
  target.focus();
}
