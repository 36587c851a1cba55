#include "views/trace/trace_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sql_literal.h"
#include "store/row_scanner.h"
#include "views/json_rows.h"
#include "views/request_columns.h"

namespace llt::views {
namespace {

constexpr std::size_t kMostRequests = 100;

std::string quoted_list(const Json& rows, const char* member) {
  std::string list;
  for (const Json& row : rows) {
    if (row[member].is_string())
      list += (list.empty() ? "" : ",") + sql_literal(row[member].get<std::string>());
  }
  return list;
}

}  // namespace

void TraceParts::stretch(UnixNs from, UnixNs to) {
  start = std::min(start, from);
  end = std::max(end, to);
}

PartsReader::PartsReader(store::Reader& reader, std::string trace_id, std::stop_token stop)
    : reader_(reader), limits_{.timeout_ms = 60'000, .max_rows = kMostRows, .stop = std::move(stop)} {
  parts.index.trace_id = std::move(trace_id);
}

Result<> PartsReader::read_requests() {
  auto rows =
      json_rows(reader_, fmt::format("SELECT {}, queue_start_ns, prefill_start_ns, "
                                     "decode_start_ns, operation_start_ns, operation_ns "
                                     "FROM requests WHERE trace_id = {} ORDER BY start_unix_ns LIMIT {}",
                                     kRequestColumns, sql_literal(parts.index.trace_id), kMostRequests));
  if (!rows) return std::unexpected(rows.error());
  parts.index.requests = std::move(*rows);
  return {};
}

Result<bool> PartsReader::read_spans(std::string_view condition, std::uint64_t most) {
  const std::string sql = fmt::format(
      "SELECT span_id, parent_span_id, start_unix_ns, duration_ns, name, service_name, "
      "(status_code = 'ERROR')::BIGINT{} {}",
      of_its_spans(), condition);
  store::QueryLimits limits = limits_;
  limits.max_rows = most;
  const auto done = store::scan(reader_, sql, limits, [this](const store::RowChunk& chunk) {
    const auto starts = chunk.numbers(2), durations = chunk.numbers(3), failed = chunk.numbers(6);
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      SpanRow& span = parts.spans.emplace_back();
      span.id = parts.index.span_ids.keep(chunk.text(0, i));
      span.parent = span_id_number(chunk.text(1, i));
      span.start = starts[i];
      span.duration = std::max<std::int64_t>(durations[i], 0);
      span.label.name = parts.names.number(chunk.text(4, i));
      span.label.service = parts.names.number(chunk.text(5, i)) & INT32_MAX;
      span.label.failed = failed[i] != 0;
    }
    return true;
  });
  if (!done) return std::unexpected(done.error());
  return done->truncated;
}

// Without requests of ours the view `spans` holds what was received, but takes a third longer to say so.
std::string PartsReader::of_its_spans() const {
  return fmt::format(" FROM {} WHERE trace_id = {}",
                     parts.index.requests.empty() ? "received_spans" : "spans",
                     sql_literal(parts.index.trace_id));
}

// Which engines computed for these requests, and when.
Result<> PartsReader::read_engines() {
  const std::string ids = quoted_list(parts.index.requests, "request_id");
  if (ids.empty()) return {};
  auto turns =
      json_rows(reader_, fmt::format("SELECT engine_id::VARCHAR AS engine_id, min(start_unix_ns) AS b, "
                                     "max(start_unix_ns + duration_ns) AS e FROM turns "
                                     "WHERE request_id IN ({}) GROUP BY engine_id ORDER BY b",
                                     ids));
  if (!turns) return std::unexpected(turns.error());
  for (const Json& row : *turns) {
    EngineParts engine{.id = row["engine_id"].get<std::string>(),
                       .from = row["b"].get<std::int64_t>(),
                       .to = row["e"].get<std::int64_t>()};
    if (auto read = read_engine(engine); !read) return read;
    parts.engines.push_back(std::move(engine));
  }
  if (!parts.engines.empty()) return read_attribution(ids);
  return {};
}

Result<> PartsReader::read_engine(EngineParts& engine) {
  const auto turns = json_rows(
      reader_,
      fmt::format("SELECT turn::BIGINT AS turn, coalesce(request_id, '') AS request_id FROM turns WHERE "
                  "engine_id = {} AND start_unix_ns <= {} AND start_unix_ns + duration_ns >= {}",
                  engine.id, engine.to, engine.from));
  if (!turns) return std::unexpected(turns.error());
  for (const Json& row : *turns)
    engine.turns[row["turn"].get<std::int64_t>()] = row["request_id"].get<std::string>();
  const std::string where =
      fmt::format("engine_id = {} AND start_unix_ns BETWEEN {} AND {}", engine.id, engine.from, engine.to);
  if (auto done = read_steps(engine, where); !done) return done;
  return read_members(engine, where);
}

Result<> PartsReader::read_steps(EngineParts& engine, const std::string& where) {
  const auto done =
      store::scan(reader_,
                  "SELECT step::BIGINT, start_unix_ns, coalesce(sync_ns, return_ns), prefill_tokens::BIGINT, "
                  "decode_tokens::BIGINT FROM steps WHERE " +
                      where + " ORDER BY step",
                  limits_, [&](const store::RowChunk& c) {
                    for (std::size_t i = 0; i < c.size(); ++i) {
                      const std::int64_t start = c.numbers(1)[i];
                      engine.steps.push_back({c.numbers(0)[i], start, start + c.numbers(2)[i],
                                              c.numbers(3)[i], c.numbers(4)[i]});
                    }
                    return true;
                  });
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> PartsReader::read_members(EngineParts& engine, const std::string& where) {
  const auto done = store::scan(
      reader_,
      "SELECT step::BIGINT, turn::BIGINT, slot::BIGINT, prefill_tokens::BIGINT, decode_tokens::BIGINT "
      "FROM step_members WHERE " +
          where,
      limits_, [&](const store::RowChunk& c) {
        for (std::size_t i = 0; i < c.size(); ++i)
          engine.members.push_back(
              {c.numbers(0)[i], c.numbers(1)[i], c.numbers(2)[i], c.numbers(3)[i], c.numbers(4)[i]});
        return true;
      });
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<> PartsReader::read_attribution(const std::string& ids) {
  auto rows =
      json_rows(reader_, fmt::format("SELECT * EXCLUDE (engine_id) FROM attribution WHERE request_id IN "
                                     "({}) ORDER BY start_unix_ns",
                                     ids));
  if (!rows) return std::unexpected(rows.error());
  parts.index.attribution = std::move(*rows);
  auto delays = json_rows(
      reader_,
      fmt::format("SELECT d.request_id, b.request_id AS by_request_id, b.slot AS by_slot, "
                  "b.prefill_tokens AS by_prompt_tokens, sum(i.prefill_ns)::BIGINT AS prefill_ns, "
                  "sum(i.decode_ns)::BIGINT AS decode_ns, sum(i.steps)::BIGINT AS steps FROM interference i "
                  "JOIN turns d ON d.engine_id = i.engine_id AND d.turn = i.turn "
                  "JOIN turns b ON b.engine_id = i.engine_id AND b.turn = i.by_turn "
                  "WHERE d.request_id IN ({}) AND b.request_id IS DISTINCT FROM d.request_id "
                  "GROUP BY d.request_id, b.engine_id, b.turn, b.request_id, b.slot, b.prefill_tokens "
                  "ORDER BY sum(i.prefill_ns) + sum(i.decode_ns) DESC LIMIT 20",
                  ids));
  if (!delays) return std::unexpected(delays.error());
  parts.index.delayed_by = std::move(*delays);
  return {};
}

}  // namespace llt::views
