#include "app/trace_engine.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "app/engine_path.h"
#include "app/report_render.h"
#include "app/sql.h"
#include "app/text_table.h"
#include "base/sql_literal.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostRequests = 16;
constexpr int kMostSteps = 200'000;
constexpr std::size_t kMostLines = 40;

// From handing the request over to the last byte from the engine.
std::string requests_sql(const std::string& trace_id) {
  return fmt::format(
      "SELECT a.request_id, a.engine_id, r.start_unix_ns + coalesce(r.queue_start_ns, r.operation_start_ns, "
      "0) AS from_ns, "
      "r.start_unix_ns + coalesce(r.operation_start_ns + r.operation_ns, r.total_ns) AS to_ns "
      "FROM requests r JOIN attribution a USING (request_id, start_unix_ns) WHERE r.trace_id = {} "
      "ORDER BY from_ns, a.request_id LIMIT {}",
      sql_literal(trace_id), kMostRequests);
}

// Each step in that time with what was its own, and whom of the others it waited for most.
std::string steps_sql(const Json& request) {
  return fmt::format(
      "WITH s AS (SELECT engine_id, step, start_unix_ns AS b, start_unix_ns + coalesce(greatest(sync_ns, "
      "return_ns), "
      "return_ns) AS e FROM steps WHERE engine_id = {0} AND start_unix_ns < {2} AND start_unix_ns > {1} - "
      "86400000000000), m AS (SELECT s.b, s.e, m.*, t.request_id, t.request_id IS NOT DISTINCT FROM {3} AS "
      "own "
      "FROM s JOIN step_members m ON m.engine_id = s.engine_id AND m.step = s.step "
      "LEFT JOIN turns t ON t.engine_id = m.engine_id AND t.turn = m.turn WHERE s.e > {1}) "
      "SELECT b, e, bool_or(own) AS is_in, "
      "coalesce(sum(share_ns) FILTER (WHERE own AND prefill_tokens > 0), 0)::BIGINT AS own_prefill, "
      "coalesce(sum(share_ns) FILTER (WHERE own AND prefill_tokens = 0), 0)::BIGINT AS own_decode, "
      "coalesce(sum(share_ns) FILTER (WHERE NOT own AND prefill_tokens > 0), 0)::BIGINT AS others_prefill, "
      "coalesce(sum(share_ns) FILTER (WHERE NOT own AND prefill_tokens = 0), 0)::BIGINT AS others_decode, "
      "arg_max(coalesce(request_id, 'turn ' || engine_id || '/' || turn), share_ns) FILTER (WHERE NOT own) "
      "AS others, "
      "coalesce(max(share_ns) FILTER (WHERE NOT own), 0)::BIGINT AS others_ns "
      "FROM m GROUP BY step, b, e ORDER BY b, step LIMIT {4}",
      request["engine_id"].get<std::uint64_t>(), request["from_ns"].get<UnixNs>(),
      request["to_ns"].get<UnixNs>(), sql_literal(request["request_id"].get<std::string>()), kMostSteps);
}

std::vector<PathStep> read_steps(const Json& rows) {
  std::vector<PathStep> steps;
  for (const Json& row : rows) {
    PathStep step;
    step.start = row["b"].get<UnixNs>();
    step.end = row["e"].get<UnixNs>();
    step.is_in = row["is_in"].get<bool>();
    step.own_prefill = row["own_prefill"].get<std::int64_t>();
    step.own_decode = row["own_decode"].get<std::int64_t>();
    step.others_prefill = row["others_prefill"].get<std::int64_t>();
    step.others_decode = row["others_decode"].get<std::int64_t>();
    if (row["others"].is_string()) step.others = row["others"].get<std::string>();
    step.others_ns = row["others_ns"].get<std::int64_t>();
    steps.push_back(std::move(step));
  }
  return steps;
}

Json path_json(const Json& request, const std::vector<Stretch>& path) {
  Json list = Json::array();
  for (const Stretch& stretch : path) {
    list.push_back({{"kind", to_string(stretch.kind)},
                    {"start_unix_ns", stretch.start},
                    {"duration_ns", stretch.end - stretch.start},
                    {"steps", stretch.steps},
                    {"own_ns", stretch.own},
                    {"others_prefill_ns", stretch.others_prefill},
                    {"others_decode_ns", stretch.others_decode},
                    {"gap_ns", stretch.gaps},
                    {"waited_most_for", stretch.others.empty() ? Json(nullptr) : Json(stretch.others)}});
  }
  return {{"request_id", request["request_id"]},
          {"start_unix_ns", request["from_ns"]},
          {"duration_ns", request["to_ns"].get<UnixNs>() - request["from_ns"].get<UnixNs>()},
          {"path", std::move(list)}};
}

std::string_view said(std::string_view kind) {
  if (kind == "waiting") return "waiting to begin";
  if (kind == "prefill") return "reading its prompt";
  if (kind == "stalled") return "generating beside a prompt";
  if (kind == "decode") return "generating";
  return "passed over";
}

}  // namespace

Result<Json> trace_engine(Source& source, const std::string& trace_id) {
  const auto requests = query_rows(source, requests_sql(trace_id));
  if (!requests) return std::unexpected(requests.error());
  Json out = Json::array();
  for (const Json& request : *requests) {
    const auto rows = query_rows(source, steps_sql(request));
    if (!rows) return std::unexpected(rows.error());
    const auto path =
        stretches(read_steps(*rows), request["from_ns"].get<UnixNs>(), request["to_ns"].get<UnixNs>());
    if (!path.empty()) out.push_back(path_json(request, path));
  }
  return out;
}

std::string trace_engine_text(const Json& engine) {
  std::string out;
  for (const Json& request : engine) {
    out += fmt::format("\ninside the engine, request {}: {}\n", shown_text(request["request_id"]),
                       shown_ns(request["duration_ns"]));
    TextTable table({"critical path", "waited most for", "steps", "took", "own", "others' prompts",
                     "others' answers", "between"},
                    2);
    const Json& path = request["path"];
    for (std::size_t i = 0; i < path.size() && i < kMostLines; ++i) {
      const Json& part = path[i];
      table.add({std::string(said(part["kind"].get<std::string>())),
                 shortened(shown_text(part["waited_most_for"]), 36), part["steps"].dump(),
                 shown_ns(part["duration_ns"]), shown_ns(part["own_ns"]), shown_ns(part["others_prefill_ns"]),
                 shown_ns(part["others_decode_ns"]), shown_ns(part["gap_ns"])});
    }
    out += table.to_string();
    if (path.size() > kMostLines)
      out += fmt::format("and {} more stretches: trace --json has all\n", path.size() - kMostLines);
  }
  return out;
}

}  // namespace llt::app
