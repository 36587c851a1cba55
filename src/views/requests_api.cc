#include "views/requests_api.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "store/reader.h"
#include "views/request_columns.h"
#include "views/store_json.h"

namespace llt::views {
namespace {

// Order matters: it is the order in which a request goes through them, and the order they are drawn in.
using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 8> kPhases{"receive", "gateway", "connect",      "queue",
                                                  "prefill", "decode",  "unattributed", "client"};
constexpr std::int64_t kMaxRequests = 1000;
constexpr std::size_t kMaxIdBytes = 1024;

Reply json_reply(const Json& document) {
  Reply reply;
  reply.body = json_text(document);
  return reply;
}

Reply bad_parameter(std::string_view name, std::string_view hint) {
  return error_reply(
      {ErrorCode::invalid_argument, fmt::format("the parameter '{}' is not valid", name), std::string(hint)});
}

}  // namespace

std::string sql_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

Reply list_requests(store::Reader& reader, const Target& target) {
  std::int64_t limit = 100;
  if (const auto text = target.find("limit")) {
    const auto value = parse_integer(*text, 1, kMaxRequests);
    if (!value) return bad_parameter("limit", "a number from 1 to 1000");
    limit = *value;
  }
  std::string where = "operation IS NOT NULL";
  if (const auto text = target.find("before")) {
    const auto value = parse_integer(*text, 0, std::numeric_limits<std::int64_t>::max());
    if (!value) return bad_parameter("before", "nanoseconds since 1970: the start_unix_ns of a request");
    where += fmt::format(" AND start_unix_ns < {}", *value);
  }
  if (const auto text = target.find("model")) where += " AND model = " + sql_literal(*text);
  if (const auto text = target.find("route")) where += " AND route = " + sql_literal(*text);
  if (target.find("errors") == "1") where += " AND error_type IS NOT NULL";

  auto rows =
      rows_of(reader, fmt::format("SELECT {} FROM requests WHERE {} ORDER BY start_unix_ns DESC LIMIT {}",
                                  kRequestColumns, where, limit));
  if (!rows) return error_reply(rows.error());
  Json document;
  const bool full = static_cast<std::int64_t>(rows->size()) == limit;
  document["next_before"] = full ? rows->back()["start_unix_ns"] : Json(nullptr);
  document["requests"] = std::move(*rows);
  return json_reply(document);
}

Reply describe_request(store::Reader& reader, std::string_view request_id) {
  if (request_id.size() > kMaxIdBytes) return bad_parameter("request_id", "at most 1024 bytes");
  auto rows = rows_of(reader, fmt::format("SELECT * FROM requests WHERE request_id = {} "
                                          "ORDER BY start_unix_ns DESC LIMIT 1",
                                          sql_literal(request_id)));
  if (!rows) return error_reply(rows.error());
  if (rows->empty()) {
    return error_reply({ErrorCode::not_found, fmt::format("no request {} is stored", request_id),
                        "requests appear half a second after they end, and old ones are deleted"});
  }
  Json& request = rows->front();
  auto spans =
      rows_of(reader, fmt::format("SELECT span_id, parent_span_id, name, kind, start_unix_ns, duration_ns, "
                                  "status_code, status_message, service_name, attributes FROM spans "
                                  "WHERE trace_id = {} ORDER BY start_unix_ns LIMIT 1000",
                                  sql_literal(request.value("trace_id", ""))));
  if (!spans) return error_reply(spans.error());
  Json document;
  document["phases"] = Json::array();
  for (const std::string_view phase : kPhases) {
    document["phases"].push_back(
        {{"name", phase}, {"duration_ns", request.value(fmt::format("{}_ns", phase), Json(nullptr))}});
  }
  document["request"] = std::move(request);
  document["spans"] = std::move(*spans);
  return json_reply(document);
}

}  // namespace llt::views
