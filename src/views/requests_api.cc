#include "views/requests_api.h"

#include <fmt/format.h>

#include "base/sql_literal.h"
#include "store/reader.h"
#include "views/json_rows.h"
#include "views/phases.h"
#include "views/request_filter.h"

namespace llt::views {

Reply list_requests(store::Reader& reader, const Target& target) {
  const auto page = parse_request_page(target);
  if (!page) return error_reply(page.error());
  const std::string sql = fmt::format("SELECT {} FROM requests WHERE {} ORDER BY {} LIMIT {}", page->select,
                                      page->where, page->order_by, page->limit);
  auto rows = json_rows(reader, sql);
  if (!rows) return error_reply(rows.error());
  Json document;
  const bool full = static_cast<std::int64_t>(rows->size()) == page->limit;
  document["next"] = full ? Json(cursor_of(rows->back(), page->sort)) : Json(nullptr);
  document["next_before"] = full ? rows->back()["start_unix_ns"] : Json(nullptr);
  document["sql"] = sql;
  document["requests"] = std::move(*rows);
  return json_reply(document);
}

Reply describe_request(store::Reader& reader, std::string_view request_id) {
  if (request_id.size() > kMaxIdBytes) return error_reply(bad_parameter("request_id", "at most 1024 bytes"));
  auto rows = json_rows(reader, fmt::format("SELECT * FROM requests WHERE request_id = {} "
                                            "ORDER BY start_unix_ns DESC LIMIT 1",
                                            sql_literal(request_id)));
  if (!rows) return error_reply(rows.error());
  if (rows->empty()) {
    return error_reply({ErrorCode::not_found, fmt::format("no request {} is stored", request_id),
                        "requests appear half a second after they end, and old ones are deleted"});
  }
  Json& request = rows->front();
  auto spans =
      json_rows(reader, fmt::format("SELECT span_id, parent_span_id, name, kind, start_unix_ns, duration_ns, "
                                    "status_code, status_message, service_name, attributes FROM spans "
                                    "WHERE trace_id = {} ORDER BY start_unix_ns LIMIT 1000",
                                    sql_literal(request.value("trace_id", ""))));
  if (!spans) return error_reply(spans.error());
  Json document;
  document["phases"] = Json::array();
  for (const Phase& phase : kPhases) {
    document["phases"].push_back(
        {{"name", phase.name}, {"duration_ns", request.value(phase.column, Json(nullptr))}});
  }
  document["request"] = std::move(request);
  document["spans"] = std::move(*spans);
  return json_reply(document);
}

}  // namespace llt::views
