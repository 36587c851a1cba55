#include "views/trace/trace_index.h"

#include <fmt/format.h>

#include "base/sql_literal.h"
#include "views/json_rows.h"
#include "views/trace/trace_builder.h"

namespace llt::views {

Result<std::string> resolve_trace(store::Reader& reader, std::string_view id) {
  const std::string text = sql_literal(id);
  auto rows =
      json_rows(reader, fmt::format("SELECT trace_id FROM requests WHERE request_id = {0} OR trace_id = {0} "
                                    "ORDER BY start_unix_ns DESC LIMIT 1",
                                    text));
  if (rows && rows->empty())
    rows = json_rows(reader,
                     fmt::format("SELECT trace_id FROM received_spans WHERE trace_id = {} LIMIT 1", text));
  if (!rows) return std::unexpected(rows.error());
  if (!rows->empty()) return rows->front()["trace_id"].get<std::string>();
  return fail(
      ErrorCode::not_found, fmt::format("no trace and no request has the id {}", id),
      "requests appear half a second after they end, and old ones are deleted; GET /api/v1/traces lists "
      "what is there");
}

Result<std::shared_ptr<const TraceIndex>> load_trace(store::Reader& reader, const std::string& trace_id,
                                                     std::stop_token stop) {
  PartsReader trace(reader, trace_id, std::move(stop));
  if (auto done = trace.read_requests(); !done) return std::unexpected(done.error());
  const auto more = trace.read_spans("", kMostRows);
  if (!more) return std::unexpected(more.error());
  if (*more) {
    trace.parts.index.notes.push_back(
        fmt::format("only {} of its spans are shown: there are more", kMostRows));
  }
  if (auto done = trace.read_engines(); !done) return std::unexpected(done.error());
  return build_index(std::move(trace.parts));
}

}  // namespace llt::views
