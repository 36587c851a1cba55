"""Reads the declarations and refuses what would not make sense."""

import dataclasses
import pathlib
import re
import tomllib

TYPES = {"text", "json", "bool", "u16", "u32", "u64", "i32", "i64", "f64", "u32[]", "u64[]"}
SEVERITIES = ("info", "warning", "error")
INSTRUMENTS = {"histogram", "counter", "updowncounter", "gauge"}
SETS = {"rel", "main", "both", "own"}
NAME = re.compile(r"[a-z][a-z0-9_]*")
DOTTED_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


class SchemaError(Exception):
    """A declaration is wrong; the text says which."""


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str
    description: str
    null: bool = False
    unit: str = ""
    key: bool = False
    content: bool = False  # what people wrote or were answered


@dataclasses.dataclass(frozen=True)
class Table:
    name: str
    description: str
    columns: list[Column]
    row: str = ""
    loss: str = ""  # counts rows that could not be stored; those with one come through the writer's queue
    age_column: str = ""
    notes: str = ""
    header: str = "rows"  # the C++ header that its struct is in; others than `rows` have rows that can be read back
    view: str = ""  # a view with the same columns that holds this table's rows and the spans of spans.toml
    view_description: str = ""


@dataclasses.dataclass(frozen=True)
class Loss:
    name: str
    severity: str
    description: str


@dataclasses.dataclass(frozen=True)
class Attribute:
    name: str
    type: str
    description: str
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    set: str
    instrument: str
    unit: str
    description: str
    buckets: str = ""


@dataclasses.dataclass(frozen=True)
class Span:
    """SQL over `requests`; see spans.toml."""
    when: str
    name: str
    kind: str
    start: str
    end: str
    id: str = ""
    parent: str = ""
    child: int = 0  # instead of id and parent: the n-th child of the CLIENT span
    failed: str = "false"
    attributes: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Schema:
    version: int
    tables: list[Table]
    losses: list[Loss]
    attributes: list[Attribute]
    metrics: list[Metric]
    spans: list[Span]
    buckets: dict[str, list[float]]


def require(condition: bool, message: str) -> None:
    if not condition:
        raise SchemaError(message)


def unique(names: list[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        require(name not in seen, f"{what} {name} is declared twice")
        seen.add(name)


def build(cls, fields: dict, where: str):
    try:
        return cls(**fields)
    except TypeError as error:
        raise SchemaError(f"{where}: {error}") from error


def table(fields: dict) -> Table:
    name = fields.get("name", "?")
    columns = [build(Column, column, f"table {name}") for column in fields.pop("columns", [])]
    result = build(Table, {**fields, "columns": columns}, f"table {name}")
    unique([column.name for column in columns], f"column of {name}")
    for column in columns:
        where = f"{name}.{column.name}"
        require(NAME.fullmatch(column.name) is not None, f"{where}: not a lower-case name")
        require(column.type in TYPES, f"{where}: unknown type {column.type}")
        require(column.type != "json" or column.null, f"{where}: a JSON column must be able to be NULL")
        require(not (column.null and column.key), f"{where}: a key cannot be NULL")
    require(not result.loss or (bool(result.row) and result.header == "rows"), f"{name}: a loss needs a row of rows.h")
    if result.age_column:
        ages = [column for column in columns if column.name == result.age_column]
        require(len(ages) == 1 and ages[0].type == "i64", f"{name}: age_column must be an i64 column")
    return result


def metric(name: str, fields: dict, buckets: dict) -> Metric:
    result = build(Metric, {"name": name, **fields}, f"metric {name}")
    require(DOTTED_NAME.fullmatch(name) is not None, f"metric {name}: malformed name")
    require(result.instrument in INSTRUMENTS, f"metric {name}: unknown instrument")
    require(result.set in SETS, f"metric {name}: unknown set")
    is_histogram = result.instrument == "histogram"
    require(is_histogram == bool(result.buckets), f"metric {name}: histograms, and only they, have buckets")
    require(not is_histogram or result.buckets in buckets, f"metric {name}: unknown buckets")
    return result


def span(fields: dict, shared: dict[str, str]) -> Span:
    def expand(value):
        if isinstance(value, dict):
            return {key: expand(item) for key, item in value.items()}
        if isinstance(value, str):
            for key, text in shared.items():
                value = value.replace("{" + key + "}", f"({text})")
        return value

    result = build(Span, expand(fields), "span")
    require(bool(result.child) != bool(result.id), f"span {result.name}: has an id or is a child, one of the two")
    return result


def load(folder: pathlib.Path) -> Schema:
    def read(name: str) -> dict:
        try:
            return tomllib.loads((folder / name).read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise SchemaError(f"{name}: {error}") from error

    stored, lost, names, spans = read("tables.toml"), read("losses.toml"), read("telemetry.toml"), read("spans.toml")
    buckets = names["buckets"]
    for name, edges in buckets.items():
        require(edges == sorted(set(edges)), f"buckets {name}: edges must grow")
    schema = Schema(
        version=stored["schema_version"],
        tables=[table(fields) for fields in stored["table"]],
        losses=[build(Loss, fields, "loss") for fields in lost["loss"]],
        attributes=[build(Attribute, {"name": n, **f}, n) for n, f in names["attributes"].items()],
        metrics=[metric(n, f, buckets) for n, f in names["metrics"].items()],
        spans=[span(fields, spans["shared"]) for fields in spans["span"]],
        buckets=buckets,
    )
    unique([entry.name for entry in schema.tables], "table")
    unique([entry.name for entry in schema.losses], "loss")
    counters = {loss.name for loss in schema.losses}
    for entry in schema.tables:
        require(not entry.loss or entry.loss in counters, f"{entry.name}: loss {entry.loss} is not declared")
    for loss in schema.losses:
        require(loss.severity in SEVERITIES, f"loss {loss.name}: unknown severity")
    for attribute in schema.attributes:
        require(DOTTED_NAME.fullmatch(attribute.name) is not None, f"attribute {attribute.name}: malformed")
    known = {attribute.name for attribute in schema.attributes}
    for entry in schema.spans:
        for name in entry.attributes:
            require(name in known, f"span {entry.name}: attribute {name} is not declared")
    return schema
