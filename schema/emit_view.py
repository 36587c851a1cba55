"""The view `spans`: the spans of our own requests, computed from their rows, and those received from others."""

from model import Schema, Span, Table


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def child_id(number: int) -> str:
    """As child_span_id() in src/base/ids.h makes it."""
    return f"format('{{:016x}}', xor(CAST('0x' || client_span_id AS UBIGINT), CAST({number} AS UBIGINT)))"


def attributes(span: Span) -> str:
    """A JSON object without the unknown ones: merging a patch (RFC 7396) drops members that are null."""
    if not span.attributes:
        return "NULL"
    members = ", ".join(f"{text(name)}, {sql}" for name, sql in span.attributes.items())
    return f"json_merge_patch('{{}}', json_object({members}))"


def columns(span: Span) -> dict[str, str]:
    return {
        "trace_id": "trace_id",
        "span_id": child_id(span.child) if span.child else span.id,
        "parent_span_id": "client_span_id" if span.child else span.parent,
        "name": span.name,
        "kind": text(span.kind),
        "start_unix_ns": span.start,
        "duration_ns": f"({span.end}) - ({span.start})",
        "status_code": f"CASE WHEN {span.failed} THEN 'ERROR' ELSE 'UNSET' END",
        "status_message": f"CASE WHEN {span.failed} THEN error_message END",
        "service_name": "coalesce(written_by.service_name, 'llamatelemetry')",
        "scope": "'llamatelemetry'",
        "trace_state": "trace_state",
        "attributes": attributes(span),
        "resource_attributes": "written_by.attributes",
        "events": "NULL",
        "links": "NULL",
    }


def select(span: Span, order: list[str]) -> str:
    made = columns(span)
    listed = ", ".join(f'{made[name]} AS "{name}"' for name in order)
    return (f"SELECT {listed} FROM requests LEFT JOIN (SELECT id, any_value(service_name) AS service_name, "
            "any_value(attributes) AS attributes FROM resources GROUP BY id) AS written_by "
            f"ON written_by.id = resource_id WHERE {span.when}")


def spans_view(schema: Schema) -> str:
    received: Table = next(table for table in schema.tables if table.view)
    order = [column.name for column in received.columns]
    listed = ", ".join(f'"{name}"' for name in order)
    parts = [select(span, order) for span in schema.spans] + [f"SELECT {listed} FROM {received.name}"]
    return f"CREATE OR REPLACE VIEW {received.view} AS " + " UNION ALL ".join(parts)
