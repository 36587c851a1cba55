// A graph as the console sends it: packed arrays behind a head in JSON (docs/api.md).
import { ask } from "../data/api";

export type Values =
  | { kind: "number"; values: Float32Array }
  | { kind: "group"; values: Uint32Array }
  | { kind: "category"; values: Uint32Array; names: string[] }
  | { kind: "text"; values: string[] };

export type Column = Values & { name: string; unit: string; meaning: string };

export interface Run {
  algorithm: string;
  backend: string;
  version: string;
  reason: string;
  elapsed_ms: number;
  modularity: number | null;
}

interface Head {
  about: string;
  graph: string;
  algorithm: string;
  node_count: number;
  edge_count: number;
  directed: boolean;
  runs: Run[];
  findings: string[];
  notes: string[];
  origin_unix_ns: number | null;
  columns: {
    of: "nodes" | "edges";
    name: string;
    unit: string;
    meaning: string;
    type: "f32" | "u32" | "category" | "text";
    offset: number;
    bytes_offset?: number;
    names?: string[];
  }[];
}

export interface Picture {
  head: Head;
  nodes: Column[];
  edges: Column[];
  source: Uint32Array;
  target: Uint32Array;
}

export const MISSING = 0xffffffff;

function decodeTexts(
  buffer: ArrayBuffer,
  base: number,
  offset: number,
  bytesOffset: number,
  count: number,
): string[] {
  const begins = new Uint32Array(buffer, base + offset, count + 1);
  const bytes = new Uint8Array(buffer, base + bytesOffset, begins[count]!);
  const decoder = new TextDecoder();
  const texts: string[] = new Array<string>(count);
  for (let i = 0; i < count; ++i) texts[i] = decoder.decode(bytes.subarray(begins[i]!, begins[i + 1]!));
  return texts;
}

/** Throws when the bytes are no picture. */
export function decodePicture(buffer: ArrayBuffer): Picture {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, false) !== 0x4c544731) throw new Error("this is no graph");
  const length = view.getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length))) as Head;
  const base = 8 + length;
  const picture: Picture = {
    head,
    nodes: [],
    edges: [],
    source: new Uint32Array(),
    target: new Uint32Array(),
  };
  for (const column of head.columns) {
    const count = column.of === "nodes" ? head.node_count : head.edge_count;
    const { name, unit, meaning } = column;
    let values: Values;
    if (column.type === "f32")
      values = { kind: "number", values: new Float32Array(buffer, base + column.offset, count) };
    else if (column.type === "text")
      values = {
        kind: "text",
        values: decodeTexts(buffer, base, column.offset, column.bytes_offset!, count),
      };
    else {
      const numbers = new Uint32Array(buffer, base + column.offset, count);
      values =
        column.type === "u32"
          ? { kind: "group", values: numbers }
          : { kind: "category", values: numbers, names: column.names! };
    }
    if (column.of === "edges" && name === "source" && values.kind === "group") picture.source = values.values;
    else if (column.of === "edges" && name === "target" && values.kind === "group")
      picture.target = values.values;
    else picture[column.of].push({ name, unit, meaning, ...values });
  }
  return picture;
}

export async function askPicture(
  graph: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Picture> {
  query.set("format", "binary");
  const answer = await ask(`/api/v1/graphs/${encodeURIComponent(graph)}?${query}`, { signal });
  if (!answer.ok) {
    const document = (await answer.json()) as { error?: { message: string; hint: string } };
    const error = document.error;
    throw new Error(
      error
        ? `${error.message}${error.hint ? ` (${error.hint})` : ""}`
        : `the console answered ${answer.status}`,
    );
  }
  return decodePicture(await answer.arrayBuffer());
}

export function columnOf(picture: Picture, name: string): Column | null {
  return picture.nodes.find((column) => column.name === name) ?? null;
}

/** A value as people read it; "" where there is none. */
export function textOf(column: Column, i: number): string {
  if (column.kind === "text") return column.values[i] ?? "";
  const value = column.values[i]!;
  if (column.kind === "category") return value === MISSING ? "" : (column.names[value] ?? "");
  if (column.kind === "group") return value === MISSING ? "" : String(value);
  if (!Number.isFinite(value)) return "";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 2 : 5;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: digits })}${column.unit ? ` ${column.unit}` : ""}`;
}
