"""C++: row structs, table descriptions, loss counters, attribute and metric names."""

from emit_doc import SQL_TYPES
from emit_view import spans_view
from model import Column, Schema, Table

HEAD = "// Made by schema/generate.py; edit schema/*.toml instead.\n"
CPP_TYPES = {"text": "std::string", "json": "std::string", "bool": "bool", "u16": "std::uint16_t",
             "u32": "std::uint32_t", "u64": "std::uint64_t", "i32": "std::int32_t", "i64": "std::int64_t",
             "f64": "double", "u32[]": "std::vector<std::uint32_t>", "u64[]": "std::vector<std::uint64_t>"}
INITIAL = {"bool": " = false", "f64": " = 0", "u16": " = 0", "u32": " = 0", "u64": " = 0", "i32": " = 0", "i64": " = 0"}


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def constant(name: str) -> str:
    return "k" + "".join(part.capitalize() for part in name.replace(".", "_").split("_"))


def member(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    json = " (JSON text)" if column.type == "json" else ""
    kind = CPP_TYPES[column.type]
    if column.null:
        return f"  std::optional<{kind}> {column.name};  ///< {column.description}{unit}{json}"
    return f"  {kind} {column.name}{INITIAL.get(column.type, '')};  ///< {column.description}{unit}{json}"


def row_struct(table: Table) -> str:
    visited = f"const {table.row}&" if table.header == "rows" else "Row&"
    template = "template <class Visitor>" if table.header == "rows" else f"template <RowOf<{table.row}> Row, class Visitor>"
    lines = [f"/// {table.description}", f"struct {table.row} {{"]
    lines += [member(column) for column in table.columns]
    lines += ["", f"  friend bool operator==(const {table.row}&, const {table.row}&) = default;", "};", "",
              f"/// Calls `visit(value)` for each column of a row in the order of the table `{table.name}`.",
              template, f"void for_each_column({visited} row, Visitor&& visit) {{"]
    lines += [f"  visit(row.{column.name});" for column in table.columns]
    return "\n".join(lines + ["}", ""])


def queued_rows(schema: Schema) -> str:
    tables = [table for table in schema.tables if table.loss]
    traits = "\n".join(f"template <>\nstruct TableOf<{t.row}> {{\n"
                       f"  static constexpr std::string_view name = {quote(t.name)};\n"
                       f"  static constexpr Loss loss = Loss::{t.loss};\n}};" for t in tables)
    lists = ", ".join(f"std::vector<{t.row}>" for t in tables)
    pointers = ", ".join(f"{t.row}*" for t in tables)
    return f"""/// The table that a row belongs to: its name, and what counts a row that could not be stored.
template <class Row>
struct TableOf;
{traits}

/// A list for each table whose rows come through the writer's queue.
using RowLists = std::tuple<{lists}>;
/// One row of any of them.
using AnyRow = std::variant<{pointers}>;
"""


def rows_h(schema: Schema) -> str:
    structs = "\n".join(row_struct(table) for table in schema.tables if table.row and table.header == "rows")
    return f"""{HEAD}#pragma once
// One struct for each table that is appended to. Optional members are NULL when empty. JSON columns take
// the text of a JSON object; the store refuses what is not JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "schema/losses.h"

namespace llt::store {{

{structs}
{queued_rows(schema)}
}}  // namespace llt::store
"""


def other_rows_h(schema: Schema, header: str) -> str:
    structs = "\n".join(row_struct(table) for table in schema.tables if table.header == header)
    return f"""{HEAD}#pragma once
// Rows as in rows.h that another process hands in: their columns can be set as well as read, one by one.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace llt::store {{

/// A row, or a row that is only read.
template <class T, class Row>
concept RowOf = std::same_as<std::remove_const_t<T>, Row>;

{structs}
}}  // namespace llt::store
"""


def tables_h() -> str:
    return f"""{HEAD}#pragma once
// The tables as data: for DDL, appenders and checks.

#include <span>
#include <string_view>

namespace llt::store {{

inline constexpr int kSchemaVersion = SCHEMA_VERSION;

struct ColumnInfo {{
  std::string_view name;
  std::string_view sql_type;     ///< DuckDB's name of the type
  std::string_view unit;         ///< empty when it has none
  std::string_view description;
  bool nullable;
  bool content;                  ///< what people wrote or were answered: leaves the store only when asked for
}};

struct TableInfo {{
  std::string_view name;
  std::string_view description;
  std::string_view age_column;   ///< nanoseconds since 1970, for retention; empty when rows do not age
  std::string_view create_sql;   ///< CREATE TABLE IF NOT EXISTS ...
  std::span<const ColumnInfo> columns;
}};

/// All tables, in the order of schema/tables.toml.
[[nodiscard]] std::span<const TableInfo> tables();

/// CREATE OR REPLACE VIEW spans ...: needs the tables.
[[nodiscard]] std::string_view spans_view_sql();

}}  // namespace llt::store
"""


def create_sql(table: Table) -> str:
    parts = []
    for column in table.columns:
        suffix = " PRIMARY KEY" if column.key else ("" if column.null else " NOT NULL")
        parts.append(f'"{column.name}" {SQL_TYPES[column.type]}{suffix}')
    return f'CREATE TABLE IF NOT EXISTS "{table.name}" ({", ".join(parts)})'


def tables_cc(schema: Schema) -> str:
    out = [HEAD + '#include "schema/tables.h"\n', "#include <array>\n", "namespace llt::store {", "namespace {", ""]
    entries = []
    for table in schema.tables:
        name = "k" + table.name.capitalize() + "Columns"
        out.append(f"constexpr std::array<ColumnInfo, {len(table.columns)}> {name}{{{{")
        for c in table.columns:
            flags = ", ".join("true" if flag else "false" for flag in (c.null, c.content))
            out.append(f"    {{{quote(c.name)}, {quote(SQL_TYPES[c.type])}, {quote(c.unit)}, {quote(c.description)}, {flags}}},")
        out += ["}};", ""]
        entries.append(f"    {{{quote(table.name)}, {quote(table.description)}, {quote(table.age_column)},\n"
                       f"     {quote(create_sql(table))},\n     {name}}},")
    out += [f"constexpr std::array<TableInfo, {len(entries)}> kTables{{{{", *entries, "}};", "", "}  // namespace", "",
            "std::span<const TableInfo> tables() { return kTables; }", "",
            f"std::string_view spans_view_sql() {{\n  return {quote(spans_view(schema))};\n}}", "", "}  // namespace llt::store", ""]
    return "\n".join(out)


def losses_h(schema: Schema) -> str:
    names = "\n".join(f"  {loss.name},  ///< {loss.description}" for loss in schema.losses)
    table = "\n".join(f"    {{{quote(x.name)}, LossSeverity::{x.severity}, {quote(x.description)}}}," for x in schema.losses)
    return f"""{HEAD}#pragma once
// Counters of lost or bad data. Count with base/losses.h.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace llt {{

enum class Loss : std::uint16_t {{
{names}
}};
inline constexpr std::size_t kLossCount = {len(schema.losses)};

enum class LossSeverity : std::uint8_t {{
  info,     ///< detail of a datum is missing
  warning,  ///< a datum is missing or doubtful
  error,    ///< rows, spans or metrics are missing
}};

[[nodiscard]] constexpr std::string_view to_string(LossSeverity severity) noexcept {{
  switch (severity) {{
    case LossSeverity::info: return "info";
    case LossSeverity::warning: return "warning";
    case LossSeverity::error: return "error";
  }}
  return "error";
}}

struct LossInfo {{
  std::string_view name;
  LossSeverity severity;
  std::string_view description;
}};

/// Indexed by Loss.
inline constexpr std::array<LossInfo, kLossCount> kLossInfo{{{{
{table}
}}}};

[[nodiscard]] constexpr const LossInfo& info(Loss loss) noexcept {{
  return kLossInfo[static_cast<std::size_t>(loss)];
}}

}}  // namespace llt
"""


def names_h(schema: Schema) -> str:
    attributes = "\n".join(
        f"/// {a.type}{f' [{a.unit}]' if a.unit else ''}: {a.description}\n"
        f"inline constexpr char {constant(a.name)}[] = {quote(a.name)};" for a in schema.attributes)
    buckets = "\n".join(
        f"inline constexpr double k{''.join(p.capitalize() for p in n.split('_'))}[] = {{{', '.join(f'{float(e)!r}' for e in edges)}}};"
        for n, edges in schema.buckets.items())
    metrics = "\n".join(
        f"inline constexpr MetricInfo {constant(m.name)}{{{quote(m.name)}, {quote(m.unit)}, {quote(m.description)}, "
        f"Instrument::{m.instrument}, NameSet::{m.set}, "
        f"{'bucket::' + constant(m.buckets) if m.buckets else '{}'}}};" for m in schema.metrics)
    everything = "\n".join(f"    &metric::{constant(m.name)}," for m in schema.metrics)
    return f"""{HEAD}#pragma once
// Names of OpenTelemetry attributes and metrics. All texts are NUL-terminated.

#include <array>
#include <cstdint>
#include <span>

namespace llt::names {{

namespace attr {{
{attributes}
}}  // namespace attr

/// Upper edges of histogram buckets.
namespace bucket {{
{buckets}
}}  // namespace bucket

enum class Instrument : std::uint8_t {{ histogram, counter, updowncounter, gauge }};

/// Which conventions have the name: the released ones, their successor, both, or none (ours).
enum class NameSet : std::uint8_t {{ rel, main, both, own }};

struct MetricInfo {{
  const char* name;
  const char* unit;
  const char* description;
  Instrument instrument;
  NameSet set;
  std::span<const double> buckets;  ///< empty unless a histogram
}};

namespace metric {{
{metrics}
}}  // namespace metric

inline constexpr std::array<const MetricInfo*, {len(schema.metrics)}> kMetrics{{
{everything}
}};

}}  // namespace llt::names
"""


def files(schema: Schema) -> dict[str, str]:
    return {
        "rows.h": rows_h(schema),
        "graph_rows.h": other_rows_h(schema, "graph_rows"),
        "tables.h": tables_h().replace("SCHEMA_VERSION", str(schema.version)),
        "tables.cc": tables_cc(schema),
        "losses.h": losses_h(schema),
        "names.h": names_h(schema),
    }
