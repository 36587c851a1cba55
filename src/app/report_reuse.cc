#include "app/report_reuse.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "app/sql.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kShown = 5;

constexpr std::string_view kSums =
    "count(*) AS prompts, sum(prompt_tokens)::BIGINT AS prompt_tokens, "
    "sum(cached_tokens)::BIGINT AS cached_tokens, "
    "sum(cached_tokens + recomputed_tokens)::BIGINT AS cacheable_tokens, "
    "sum(prompt_tokens - cached_tokens)::BIGINT AS computed_tokens, "
    "sum(recomputed_tokens)::BIGINT AS recomputed_tokens, "
    "sum(recomputed_held_tokens)::BIGINT AS recomputed_held_tokens, "
    "sum(recomputed_tokens) / nullif(sum(prompt_tokens - cached_tokens), 0)::DOUBLE AS recomputed_share, "
    "sum(recomputed_ns) / 1e6 AS recomputed_ms";

std::string from_sql(std::optional<UnixNs> since) {
  return since ? fmt::format(" FROM prompt_reuse p WHERE p.start_unix_ns >= {}", *since)
               : std::string(" FROM prompt_reuse p WHERE true");
}

// Those who lost most by it. A request id may be used again: the time tells which request it was.
std::string by_sql(std::optional<UnixNs> since, std::string_view columns, std::string_view known) {
  return fmt::format(
      "WITH w AS (SELECT p.*, r.conversation_id, r.client_address, r.user_agent FROM prompt_reuse p "
      "JOIN requests r ON r.request_id = p.request_id AND p.start_unix_ns >= r.start_unix_ns "
      "AND p.start_unix_ns <= r.start_unix_ns + r.total_ns WHERE {0}{1}) "
      "SELECT {2}, {3} FROM w GROUP BY {2} HAVING sum(recomputed_tokens) > 0 "
      "ORDER BY recomputed_tokens DESC, {2} LIMIT {4}",
      known, since ? fmt::format(" AND p.start_unix_ns >= {}", *since) : "", columns, kSums, kShown);
}

}  // namespace

Result<Json> prompt_reuse(Source& source, std::optional<UnixNs> since) {
  const std::array queries = {fmt::format("SELECT {}{}", kSums, from_sql(since)),
                              by_sql(since, "conversation_id", "r.conversation_id IS NOT NULL"),
                              by_sql(since, "client_address, user_agent", "r.client_address IS NOT NULL")};
  std::array<Json, queries.size()> results;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    auto rows = query_rows(source, queries[i]);
    // A store of an earlier version that no `up` has opened since lacks the table.
    if (!rows && rows.error().code == ErrorCode::invalid_argument) return Json(nullptr);
    if (!rows) return std::unexpected(rows.error());
    results[i] = std::move(*rows);
  }
  if (results[0].at(0)["prompts"] == 0) return Json(nullptr);
  Json out = results[0].at(0);
  out["by_conversation"] = results[1];
  out["by_client"] = results[2];
  return out;
}

}  // namespace llt::app
