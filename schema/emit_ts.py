"""TypeScript types for the web UI. 64-bit integers arrive as JSON numbers."""

from model import Schema, Table

TS_TYPES = {"text": "string", "json": "Record<string, unknown> | unknown[]", "bool": "boolean", "u32[]": "number[]",
            "u64[]": "number[]"}


def row_name(table: Table) -> str:
    return table.row or "".join(part.capitalize() for part in table.name.split("_")) + "Row"


def text(schema: Schema) -> str:
    out = ["// Made by schema/generate.py; edit schema/*.toml instead.", "",
           f"export const SCHEMA_VERSION = {schema.version};", ""]
    for table in schema.tables:
        out += [f"/** {table.description} */", f"export interface {row_name(table)} {{"]
        for column in table.columns:
            unit = f" [{column.unit}]" if column.unit else ""
            kind = TS_TYPES.get(column.type, "number") + (" | null" if column.null else "")
            out += [f"  /** {column.description}{unit} */", f"  {column.name}: {kind};"]
        out += ["}", ""]
    out += ["export type Severity = 'info' | 'warning' | 'error';", "",
            "export const LOSSES: Record<string, { severity: Severity; description: string }> = {"]
    out += [f"  {loss.name}: {{ severity: '{loss.severity}', description: {quote(loss.description)} }}," for loss in schema.losses]
    out += ["};", ""]
    return "\n".join(out)


def quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
