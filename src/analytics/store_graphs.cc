#include "analytics/store_graphs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/sql_literal.h"

namespace llt::analytics {
namespace {

constexpr std::size_t kMostEdges = 1'000'000;

constexpr std::string_view kTraceSql = R"(
SELECT p.span_id AS src, c.span_id AS dst, c.duration_ns / 1e6 AS weight,
       p.name || ' (' || p.service_name || ')' AS src_label, c.name || ' (' || c.service_name || ')' AS dst_label
FROM spans c JOIN spans p ON p.trace_id = c.trace_id AND p.span_id = c.parent_span_id
WHERE c.start_unix_ns >= {since} AND ({trace} = '' OR c.trace_id = {trace})
ORDER BY c.start_unix_ns, c.span_id)";

// A call is a span whose parent belongs to another service, or a CLIENT span that no span answers, whose
// peer's name stands in its attributes.
constexpr std::string_view kServicesSql = R"(
WITH calls AS (
  SELECT p.service_name AS src, c.service_name AS dst
  FROM spans c JOIN spans p ON p.trace_id = c.trace_id AND p.span_id = c.parent_span_id
  WHERE c.start_unix_ns >= {since} AND p.service_name <> c.service_name
  UNION ALL
  SELECT c.service_name, coalesce(c.attributes->>'peer.service',
         (c.attributes->>'server.address') || coalesce(':' || (c.attributes->>'server.port'), ''))
  FROM spans c
  WHERE c.start_unix_ns >= {since} AND c.kind = 'CLIENT' AND NOT EXISTS (
    SELECT 1 FROM spans d WHERE d.trace_id = c.trace_id AND d.parent_span_id = c.span_id AND d.service_name <> c.service_name))
SELECT src, dst, count(*)::DOUBLE AS weight, src AS src_label, dst AS dst_label
FROM calls WHERE dst IS NOT NULL GROUP BY src, dst ORDER BY src, dst)";

// Without the engine's probe only times are known.
constexpr std::string_view kInterferenceSql = R"(
WITH r AS (
  SELECT request_id AS id, upstream, start_unix_ns + prefill_start_ns AS b,
         start_unix_ns + coalesce(decode_start_ns + decode_ns, prefill_start_ns + prefill_ns) AS e,
         coalesce(conversation_id, client_address, '?') || ' ' || route || ' ' || request_id AS label
  FROM requests
  WHERE start_unix_ns >= {since} AND upstream IS NOT NULL AND prefill_start_ns IS NOT NULL)
SELECT x.id AS src, y.id AS dst, (least(x.e, y.e) - greatest(x.b, y.b)) / 1e6 AS weight, x.label AS src_label,
       y.label AS dst_label
FROM r x JOIN r y ON x.upstream = y.upstream AND x.b < y.e AND y.b < x.e AND (x.b < y.b OR (x.b = y.b AND x.id < y.id))
ORDER BY x.b, x.id, y.b, y.id)";

constexpr std::string_view kInterferenceLeftOut = R"(
SELECT count(*) FROM requests
WHERE start_unix_ns >= {since} AND operation IS NOT NULL AND (upstream IS NULL OR prefill_start_ns IS NULL))";

// With it: which turn's tokens were in the batches that another waited for.
constexpr std::string_view kDelaysSql = R"(
WITH delays AS (
  SELECT coalesce(b.request_id, 'turn ' || i.engine_id || '/' || i.by_turn) AS src,
         coalesce(t.request_id, 'turn ' || i.engine_id || '/' || i.turn) AS dst, i.start_unix_ns,
         (i.prefill_ns + i.decode_ns) / 1e6 AS weight
  FROM interference i LEFT JOIN turns b ON b.engine_id = i.engine_id AND b.turn = i.by_turn
                      LEFT JOIN turns t ON t.engine_id = i.engine_id AND t.turn = i.turn
  WHERE i.start_unix_ns >= {since})
SELECT src, dst, weight, src AS src_label, dst AS dst_label FROM delays ORDER BY start_unix_ns, src, dst)";

// With the engine's probe: which prompt was the last one with the longest beginning that another shares.
constexpr std::string_view kSharedPrefixSql = R"(
WITH shared AS (
  SELECT coalesce(b.request_id, 'turn ' || p.engine_id || '/' || p.shares_with_turn) AS src,
         coalesce(p.request_id, 'turn ' || p.engine_id || '/' || p.turn) AS dst, p.start_unix_ns,
         p.shared_tokens::DOUBLE AS weight
  FROM prompt_reuse p LEFT JOIN turns b ON b.engine_id = p.engine_id AND b.turn = p.shares_with_turn
  WHERE p.shares_with_turn IS NOT NULL AND p.start_unix_ns >= {since})
SELECT src, dst, weight, src AS src_label, dst AS dst_label FROM shared ORDER BY start_unix_ns, src, dst)";

constexpr std::string_view kSharedPrefixLeftOut = R"(
SELECT count(*) FROM requests r
WHERE r.start_unix_ns >= {since} AND r.operation IS NOT NULL AND r.operation NOT IN ('embeddings', 'rerank')
  AND NOT EXISTS (SELECT 1 FROM prompt_reuse p WHERE p.request_id = r.request_id))";

constexpr std::string_view kPrefixSql = R"(
WITH r AS (
  SELECT request_id AS id, start_unix_ns, input_tokens - cached_tokens AS computed, 'prompt ' || prompt_hash || ', ' AS prompt,
         lag(request_id) OVER (PARTITION BY prompt_hash ORDER BY start_unix_ns, request_id) AS earlier
  FROM requests
  WHERE start_unix_ns >= {since} AND prompt_hash IS NOT NULL AND input_tokens IS NOT NULL AND cached_tokens IS NOT NULL)
SELECT earlier AS src, id AS dst, greatest(computed, 0)::DOUBLE AS weight, prompt || earlier AS src_label, prompt || id AS dst_label
FROM r WHERE earlier IS NOT NULL ORDER BY start_unix_ns, id)";

constexpr std::string_view kPrefixLeftOut = R"(
SELECT count(*) FROM requests
WHERE start_unix_ns >= {since} AND operation IS NOT NULL
  AND (prompt_hash IS NULL OR input_tokens IS NULL OR cached_tokens IS NULL))";

constexpr EdgeSelect kNone{};
constexpr std::array<StoreGraphKind, 4> kStoreGraphKinds{{
    {"trace",
     "spans and what they called",
     Algorithm::degree,
     "spans and their children",
     {kTraceSql, true, "an edge leads from a span to its child and weighs the child's milliseconds", ""},
     kNone},
    {"services",
     "who calls whom",
     Algorithm::pagerank,
     "calls between services",
     {kServicesSql, true,
      "an edge weighs the number of calls seen in spans; a service that sends no spans is known by its "
      "address only",
      ""},
     kNone},
    {"interference",
     "requests that delay each other",
     Algorithm::pagerank,
     "requests that shared an engine",
     {kInterferenceSql, false,
      "weak evidence: an edge weighs the milliseconds for which both were being worked on by the same "
      "server; it does not "
      "say whose batch slowed whom",
      kInterferenceLeftOut},
     {kDelaysSql, true,
      "from the engine's batch steps: an edge leads from who delayed to who was delayed, and weighs the "
      "milliseconds",
      ""}},
    {"prefix",
     "prompts that came again",
     Algorithm::components,
     "requests whose prompts begin alike",
     {kPrefixSql, true,
      "weak evidence: whole prompts by their hash, not shared beginnings; an edge weighs the prompt tokens "
      "that were "
      "computed although the same prompt had been seen before",
      kPrefixLeftOut},
     {kSharedPrefixSql, true,
      "from the blocks of prompt tokens that the engine's probe saw: an edge leads from the last prompt with "
      "the "
      "longest beginning that another one shares to that other one, and weighs the shared tokens",
      kSharedPrefixLeftOut}},
}};

std::string filled(std::string_view sql, const StoreGraphRequest& request) {
  std::string text(sql);
  const auto replace = [&](std::string_view what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
      text.replace(at, what.size(), with);
  };
  replace("{since}", std::to_string(request.since.value_or(0)));
  replace("{trace}", sql_literal(request.trace));
  return text;
}

Result<nlohmann::json> rows_of(store::Reader& reader, const std::string& sql, std::uint64_t most) {
  store::QueryLimits limits;
  limits.timeout_ms = 300'000;
  limits.max_rows = most;
  auto text = reader.query_text(sql, store::Format::json, limits);
  if (!text) return std::unexpected(text.error());
  auto rows = nlohmann::json::parse(*text, nullptr, false);
  if (!rows.is_array()) return fail(ErrorCode::data_loss, "the store's answer is not a list of rows");
  return rows;
}

std::string text_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void add_rows(const nlohmann::json& rows, DescribedGraph& graph) {
  for (const auto& row : rows) {
    const Vertex from = graph.vertex(text_of(row.at("src")), text_of(row.at("src_label")));
    const Vertex to = graph.vertex(text_of(row.at("dst")), text_of(row.at("dst_label")));
    graph.graph.edges.add(from, to, std::max(0.0, row.at("weight").get<double>()));
  }
}

Result<DescribedGraph> read_edges_of(store::Reader& reader, const StoreGraphKind& kind,
                                     const EdgeSelect& select, const StoreGraphRequest& request) {
  const auto rows = rows_of(reader, filled(select.sql, request), kMostEdges);
  if (!rows) return std::unexpected(rows.error());
  DescribedGraph graph;
  graph.about = kind.about;
  graph.directed = select.directed;
  graph.graph.ids.keep_as_text();
  graph.notes.emplace_back(select.evidence);
  add_rows(*rows, graph);
  if (rows->size() == kMostEdges)
    graph.notes.push_back(fmt::format("only the first {} edges are in it: give --since", kMostEdges));
  if (select.left_out.empty()) return graph;
  const auto count = rows_of(reader, filled(select.left_out, request), 1);
  if (!count) return std::unexpected(count.error());
  if (const auto left = count->at(0).begin()->get<std::uint64_t>(); left != 0)
    graph.notes.push_back(fmt::format("{} requests are left out: what it takes is not known of them", left));
  return graph;
}

}  // namespace

std::span<const StoreGraphKind> store_graph_kinds() { return kStoreGraphKinds; }

const StoreGraphKind* find_store_graph(std::string_view name) {
  const auto found = std::ranges::find(kStoreGraphKinds, name, &StoreGraphKind::name);
  return found == kStoreGraphKinds.end() ? nullptr : &*found;
}

Result<DescribedGraph> read_store_graph(store::Reader& reader, const StoreGraphKind& kind,
                                        const StoreGraphRequest& request) try {
  if (!kind.exact.sql.empty()) {
    // A store of an earlier version lacks the tables: then there is no such evidence.
    auto exact = read_edges_of(reader, kind, kind.exact, request);
    if (exact ? !exact->graph.edges.source.empty() : exact.error().code != ErrorCode::invalid_argument)
      return exact;
  }
  return read_edges_of(reader, kind, kind.edges, request);
} catch (const nlohmann::json::exception& error) {
  return fail(ErrorCode::data_loss, fmt::format("the store's answer was not understood: {}", error.what()));
}

}  // namespace llt::analytics
