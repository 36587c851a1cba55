"""docs/schema.md."""

from model import Schema

SQL_TYPES = {"text": "VARCHAR", "json": "JSON", "bool": "BOOLEAN", "u16": "USMALLINT", "u32": "UINTEGER",
             "u64": "UBIGINT", "i32": "INTEGER", "i64": "BIGINT", "f64": "DOUBLE", "u32[]": "UINTEGER[]",
             "u64[]": "UBIGINT[]"}
SETS = {"rel": "1.41", "main": "next", "both": "1.41 and next", "own": "ours"}


def rows(head: list[str], body: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(cells).replace("  ", " ") + " |" for cells in body] + [""]


def tables(schema: Schema) -> list[str]:
    out = ["## Tables", "", "What is not known is NULL, never 0 and never an empty text.", ""]
    for table in schema.tables:
        if table.view:
            out += [f"### `{table.view}`", "", table.view_description, "", f"A view; its columns are those of `{table.name}`.", ""]
        out += [f"### `{table.name}`", "", table.description, ""]
        if table.notes:
            out += [table.notes.strip(), ""]
        out += rows(["column", "type", "unit", "NULL", "meaning"],
                    [[f"`{c.name}`", SQL_TYPES[c.type], c.unit or "–", "yes" if c.null else "no",
                      c.description.replace("|", "\\|")] for c in table.columns])
    return out


def text(schema: Schema) -> str:
    out = ["# The schema", "",
           "Made by `schema/generate.py` from `schema/*.toml`; a test fails when this file is stale.",
           f"Schema version {schema.version}. All of it can be read with `llamatelemetry query SQL`.", ""]
    out += tables(schema)
    out += ["## Loss counters", "", "`info`: detail of a datum is missing; `warning`: a datum is missing or doubtful; "
            "`error`: rows, spans or metrics are missing.", ""]
    out += rows(["name", "severity", "counts"], [[f"`{x.name}`", x.severity, x.description] for x in schema.losses])
    out += ["## Metrics", "", "Set: the semantic conventions that the name is from.", ""]
    out += rows(["name", "set", "instrument", "unit", "buckets", "meaning"],
                [[f"`{m.name}`", SETS[m.set], m.instrument, f"`{m.unit}`", m.buckets or "–", m.description]
                 for m in schema.metrics])
    out += ["### Bucket edges", ""]
    out += rows(["buckets", "edges"], [[n, ", ".join(f"{e:.15g}" for e in edges)] for n, edges in schema.buckets.items()])
    out += ["## Attributes", ""]
    out += rows(["name", "type", "unit", "meaning"],
                [[f"`{a.name}`", a.type, a.unit or "–", a.description] for a in schema.attributes])
    return "\n".join(out).rstrip() + "\n"
