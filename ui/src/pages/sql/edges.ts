// Rows as edges: which columns an edge's ends are taken from, and the edge list that the console draws.
import { csvText } from "../../parts/download";
import { param } from "../../shell/router";
import { isNumeric, type Result, type Value } from "./result";

const SOURCES = ["source", "src", "from", "caller"];
const TARGETS = ["target", "dst", "to", "destination"];

export interface EdgeColumns {
  source: number;
  target: number;
  weight: number; // -1: every row counts one
}

/** What the URL says, and otherwise what the columns' names and types suggest; null with fewer than two columns. */
export function edgeColumns(result: Result): EdgeColumns | null {
  const { columns } = result;
  if (columns.length < 2) return null;
  const named = (names: (string | null)[]) => columns.findIndex((name) => names.includes(name));
  const texts = columns.map((_, at) => at).filter((at) => !isNumeric(result, at));
  const free = (taken: number) => [...texts, ...columns.keys()].find((at) => at !== taken)!;
  let source = named([param("source")]);
  if (source < 0) source = named(SOURCES);
  let target = named([param("target")]);
  if (target < 0) target = named(TARGETS);
  if (source < 0) source = free(target);
  if (target < 0) target = free(source);
  const asked = param("weight");
  return { source, target, weight: asked === "none" ? -1 : named([asked ?? "weight"]) };
}

export interface EdgeList {
  csv: string;
  edges: number;
  leftOut: number; // rows that are no edge
}

function idText(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  return (typeof value === "object" ? JSON.stringify(value) : String(value)).trim();
}

export function edgeList(result: Result, columns: EdgeColumns): EdgeList {
  const rows: unknown[][] = [];
  for (const row of result.rows) {
    const source = idText(row[columns.source]);
    const target = idText(row[columns.target]);
    const weight = columns.weight < 0 ? 1 : row[columns.weight];
    if (source && target && typeof weight === "number" && weight >= 0) rows.push([source, target, weight]);
  }
  return {
    csv: csvText(["src", "dst", "weight"], rows),
    edges: rows.length,
    leftOut: result.rows.length - rows.length,
  };
}
