#include "views/schema_api.h"

#include "schema/tables.h"
#include "views/json_rows.h"
#include "views/request_columns.h"

namespace llt::views {
namespace {

Json or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json tables_json() {
  Json tables = Json::array();
  for (const store::TableInfo& table : store::tables()) {
    Json columns = Json::array();
    for (const store::ColumnInfo& column : table.columns) {
      columns.push_back({{"name", column.name},
                         {"type", column.sql_type},
                         {"unit", or_null(column.unit)},
                         {"nullable", column.nullable},
                         {"description", column.description}});
    }
    tables.push_back({{"name", table.name},
                      {"description", table.description},
                      {"time_column", or_null(table.age_column)},
                      {"columns", std::move(columns)}});
  }
  return tables;
}

std::string_view kind_name(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::text:
      return "text";
    case ColumnKind::integer:
    case ColumnKind::real:
      return "number";
    case ColumnKind::boolean:
      return "boolean";
    case ColumnKind::other:
      return "json";
  }
  return "json";
}

Json request_columns_json() {
  Json columns = Json::array();
  for (const RequestColumn& column : request_columns()) {
    if (!column.listed) continue;
    columns.push_back({{"name", column.name},
                       {"kind", kind_name(column.kind)},
                       {"unit", or_null(column.unit)},
                       {"nullable", column.nullable},
                       {"description", column.description}});
  }
  return columns;
}

}  // namespace

Reply schema_reply() {
  static const std::string text = Json{{"schema_version", store::kSchemaVersion},
                                       {"tables", tables_json()},
                                       {"request_columns", request_columns_json()}}
                                      .dump() +
                                  "\n";
  Reply reply;
  reply.body = text;
  return reply;
}

}  // namespace llt::views
