// The store's tables and what their columns mean; a click puts a name where the cursor is.
import { useState } from "preact/hooks";
import { schema, schemaError } from "../../parts/columns";
import { EXAMPLES, type Example } from "./examples";

export function SchemaBrowser({ insert }: { insert(text: string): void }) {
  const [typed, setTyped] = useState("");
  const text = typed.trim().toLowerCase();
  if (schemaError.value) return <p class="note">The tables could not be read: {schemaError.value}</p>;
  if (!schema.value) return <p class="note">The tables are being read…</p>;
  const tables = schema.value.tables
    .map((table) => ({
      ...table,
      columns: table.columns.filter(
        (column) =>
          !text ||
          table.name.includes(text) ||
          column.name.includes(text) ||
          column.description.toLowerCase().includes(text),
      ),
    }))
    .filter((table) => table.columns.length > 0);
  return (
    <div class="schema">
      <input
        type="search"
        aria-label="Find a table or column"
        placeholder="Find a table or column"
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      {tables.map((table) => (
        <details key={table.name} open={text !== ""}>
          <summary title={table.description}>
            <code>{table.name}</code>
          </summary>
          <p class="note">{table.description.replaceAll("`", "")}</p>
          <ul>
            {table.columns.map((column) => (
              <li key={column.name}>
                <button
                  type="button"
                  class="quiet"
                  onClick={() => insert(column.name)}
                  title={column.description.replaceAll("`", "")}
                >
                  <code>{column.name}</code>
                </button>
                <span class="note">
                  {column.type.toLowerCase()}
                  {column.unit ? `, ${column.unit}` : ""}
                </span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}

export function Examples({ take }: { take(example: Example): void }) {
  return (
    <ul class="examples">
      {EXAMPLES.map((example) => (
        <li key={example.title}>
          <button type="button" class="quiet" onClick={() => take(example)}>
            {example.title}
          </button>
        </li>
      ))}
    </ul>
  );
}
