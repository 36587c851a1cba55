#include "views/graph/node_columns.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <span>

#include "store/row_scanner.h"

namespace llt::views {
namespace {

enum class Form : std::uint8_t { number, category, start };

struct Known {
  std::string_view name, sql;
  Form form;
  std::string_view unit, meaning;
  double scale = 1;  ///< what a number of the SQL is multiplied by
};

/// The vertices of a kind: one row each, its id first. {since} is filled in.
struct Source {
  std::string_view kind, id, from;
  std::span<const Known> columns;
};

constexpr Known kRequest[] = {
    {"start", "start_unix_ns", Form::start, "ms", "when it began"},
    {"total", "total_ns", Form::number, "ms", "from first byte to last", 1e-6},
    {"queue", "queue_ns", Form::number, "ms", "waiting for a slot", 1e-6},
    {"prefill", "prefill_ns", Form::number, "ms", "reading the prompt", 1e-6},
    {"decode", "decode_ns", Form::number, "ms", "producing tokens", 1e-6},
    {"input_tokens", "input_tokens", Form::number, "tokens", "prompt tokens"},
    {"cached_tokens", "cached_tokens", Form::number, "tokens", "of them from the cache"},
    {"output_tokens", "output_tokens", Form::number, "tokens", "generated"},
    {"model", "coalesce(model, response_model)", Form::category, "", "model asked for"},
    {"route", "route", Form::category, "", "path of the API"},
    {"server", "upstream", Form::category, "", "who answered"},
    {"error", "error_type", Form::category, "", "why it failed"},
};
constexpr Known kSpan[] = {
    {"start", "start_unix_ns", Form::start, "ms", "when it began"},
    {"duration", "duration_ns", Form::number, "ms", "how long it took", 1e-6},
    {"service", "service_name", Form::category, "", "who did it"},
    {"kind", "kind", Form::category, "", "of span"},
    {"status", "status_code", Form::category, "", "how it ended"},
};
constexpr Known kService[] = {
    {"spans", "count(*)::BIGINT", Form::number, "spans", "seen of it"},
    {"failed", "(count(*) FILTER (WHERE status_code = 'ERROR'))::BIGINT", Form::number, "spans", "with an error"},
    {"p50", "quantile_disc(duration_ns, 0.5)", Form::number, "ms", "median duration of its spans", 1e-6},
    {"p95", "quantile_disc(duration_ns, 0.95)", Form::number, "ms", "95th percentile", 1e-6},
    {"start", "min(start_unix_ns)", Form::start, "ms", "when it was first seen"},
};
constexpr Source kSources[] = {
    {"interference", "request_id", "FROM requests WHERE start_unix_ns >= {}", kRequest},
    {"prefix", "request_id", "FROM requests WHERE start_unix_ns >= {}", kRequest},
    {"trace", "span_id", "FROM spans WHERE start_unix_ns >= {}", kSpan},
    {"services", "service_name", "FROM spans WHERE start_unix_ns >= {} GROUP BY service_name", kService},
};

Column empty_column(const Known& known, std::size_t count) {
  Column column{std::string(known.name), std::string(known.unit), std::string(known.meaning), {}};
  if (known.form == Form::category)
    column.values = Categories{{}, std::vector<std::uint32_t>(count, Categories::kMissing)};
  else
    column.values = std::vector<float>(count, std::numeric_limits<float>::quiet_NaN());
  return column;
}

// Times as numbers a float holds: milliseconds from the earliest.
UnixNs settle_start(std::vector<std::int64_t>& times, std::vector<float>& out) {
  UnixNs first = std::numeric_limits<UnixNs>::max();
  for (const UnixNs time : times) {
    if (time != 0) first = std::min(first, time);
  }
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] != 0) out[i] = static_cast<float>(static_cast<double>(times[i] - first) / 1e6);
  }
  return first == std::numeric_limits<UnixNs>::max() ? 0 : first;
}

void take_rows(const store::RowChunk& chunk, const Source& source, const analytics::IdTable& ids,
               NodeColumns& out, std::vector<std::int64_t>& starts) {
  for (std::size_t row = 0; row < chunk.size(); ++row) {
    const auto vertex = ids.find(chunk.text(0, row));
    if (!vertex) continue;
    for (std::size_t i = 0; i < source.columns.size(); ++i) {
      if (chunk.is_null(i + 1, row)) continue;
      auto& values = out.columns[i].values;
      switch (source.columns[i].form) {
        case Form::start:
          starts[*vertex] = chunk.numbers(i + 1)[row];
          break;
        case Form::category: {
          auto& categories = std::get<Categories>(values);
          categories.values[*vertex] = categories.number(std::string(chunk.text(i + 1, row)));
          break;
        }
        case Form::number:
          std::get<std::vector<float>>(values)[*vertex] = static_cast<float>(
              static_cast<double>(chunk.numbers(i + 1)[row]) * source.columns[i].scale);
      }
    }
  }
}

}  // namespace

Result<NodeColumns> read_node_columns(store::Reader& reader, std::string_view kind,
                                      const analytics::NamedGraph& graph, UnixNs since) {
  const auto* source = std::ranges::find(kSources, kind, &Source::kind);
  NodeColumns out;
  if (source == std::end(kSources)) return out;
  std::string sql = fmt::format("SELECT {}", source->id);
  for (const Known& known : source->columns) {
    sql += fmt::format(", {}", known.sql);
    out.columns.push_back(empty_column(known, graph.edges.vertices));
  }
  sql += " " + fmt::format(fmt::runtime(source->from), since);
  std::vector<std::int64_t> starts(graph.edges.vertices, 0);
  const auto done = store::scan(reader, sql, {.timeout_ms = 60'000}, [&](const store::RowChunk& chunk) {
    take_rows(chunk, *source, graph.ids, out, starts);
    return true;
  });
  if (!done) return std::unexpected(done.error());
  for (std::size_t i = 0; i < source->columns.size(); ++i) {
    if (source->columns[i].form == Form::start)
      out.origin = settle_start(starts, std::get<std::vector<float>>(out.columns[i].values));
  }
  return out;
}

}  // namespace llt::views
