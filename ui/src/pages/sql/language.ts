// DuckDB's SQL for the editor: what its words look like, and what can be completed from the store's own tables.
import type { Completion, CompletionContext, CompletionResult } from "prism-code-editor/autocomplete";
import { fuzzyFilter, registerCompletions } from "prism-code-editor/autocomplete";
import { languages } from "prism-code-editor/prism";
import { schema, type StoreSchema } from "../../parts/columns";

export const LANGUAGE = "duckdb";

const KEYWORDS =
  `ALL AND ANTI ANY AS ASC ASOF BETWEEN BY CASE CAST CROSS DESC DESCRIBE DISTINCT ELSE END EXCEPT EXCLUDE EXISTS ` +
  `EXPLAIN FILTER FOLLOWING FROM FULL GROUP HAVING ILIKE IN INNER INTERSECT INTERVAL IS JOIN LATERAL LEFT LIKE LIMIT ` +
  `MATERIALIZED NATURAL NOT NULLS OFFSET ON OR ORDER OUTER OVER PARTITION PIVOT POSITIONAL PRECEDING QUALIFY RANGE ` +
  `RECURSIVE REPLACE RIGHT ROWS SAMPLE SELECT SEMI SUMMARIZE THEN UNBOUNDED UNION UNNEST UNPIVOT USING VALUES WHEN ` +
  `WHERE WINDOW WITH`;
const FUNCTIONS =
  `abs any_value approx_count_distinct approx_quantile arg_max arg_min avg ceil coalesce concat count date_trunc ` +
  `epoch_ns extract first floor format greatest hash histogram lag last lead least length list ln log10 lower ` +
  `make_timestamp_ns max median min mode now nullif quantile_cont range regexp_extract regexp_matches round row_number ` +
  `split_part sqrt stddev strftime string_agg substring sum time_bucket to_timestamp trim upper`;

const words = (text: string) => text.split(" ").join("|");

languages[LANGUAGE] = {
  comment: /--.*|\/\*[^]*?(?:\*\/|$)/g,
  string: /'(?:[^']|'')*'?/g,
  identifier: /"(?:[^"]|"")*"?/g,
  keyword: new RegExp(`\\b(?:${words(KEYWORDS)})\\b`, "i"),
  boolean: /\b(?:true|false|null)\b/i,
  number: /\b(?:0x[\da-f]+|\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?)\b/i,
  punctuation: /[()[\]{},;]/,
};

type Table = StoreSchema["tables"][number];

const plain = (text: string) => text.replaceAll("`", "");

function columnsOf(tables: Table[]): Completion[] {
  const found = new Map<string, Completion>();
  for (const table of tables) {
    for (const column of table.columns) {
      const text = `${plain(column.description)}${column.unit ? ` [${column.unit}]` : ""}`;
      found.set(column.name, {
        label: column.name,
        detail: column.type.toLowerCase(),
        icon: "property",
        boost: 1,
        renderDocs: () => [text],
      });
    }
  }
  return [...found.values()];
}

function tableOptions(tables: Table[]): Completion[] {
  return tables.map((table) => ({
    label: table.name,
    icon: "class",
    renderDocs: () => [plain(table.description)],
  }));
}

const KEYWORD_OPTIONS: Completion[] = KEYWORDS.split(" ").map((label) => ({ label, icon: "keyword" }));
const FUNCTION_OPTIONS: Completion[] = FUNCTIONS.split(" ").map((label) => ({
  label,
  icon: "function",
  insert: `${label}()`,
  tabStops: [label.length + 1],
}));

/** The tables that the whole text names. */
function tablesIn(text: string): Table[] {
  return (schema.value?.tables ?? []).filter((table) => new RegExp(`\\b${table.name}\\b`, "i").test(text));
}

/** What `name.` means: a table, or what the text calls so. */
function tableCalled(name: string, text: string): Table | undefined {
  const tables = schema.value?.tables ?? [];
  const known = tables.find((table) => table.name === name);
  return (
    known ?? tables.find((table) => new RegExp(`\\b${table.name}\\s+(?:AS\\s+)?${name}\\b`, "i").test(text))
  );
}

function insideText(before: string): boolean {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return /--/.test(line) || (before.match(/'/g)?.length ?? 0) % 2 === 1;
}

function complete(context: CompletionContext, text: string): CompletionResult | null {
  const { before, pos, explicit } = context;
  if (insideText(before)) return null;
  const typed = /\w*$/.exec(before)![0];
  const from = pos - typed.length;
  const qualifier = /(\w+)\.\w*$/.exec(before);
  if (qualifier) {
    const table = tableCalled(qualifier[1]!, text);
    return table ? { from, options: columnsOf([table]) } : null;
  }
  if (!typed && !explicit) return null;
  const all = schema.value?.tables ?? [];
  if (/\b(?:from|join|describe|summarize)\s+\w*$/i.test(before)) return { from, options: tableOptions(all) };
  const named = tablesIn(text);
  return {
    from,
    options: [
      ...columnsOf(named.length > 0 ? named : all),
      ...KEYWORD_OPTIONS,
      ...FUNCTION_OPTIONS,
      ...tableOptions(all),
    ],
  };
}

registerCompletions([LANGUAGE], { sources: [(context, editor) => complete(context, editor.value)] });

export { fuzzyFilter };
