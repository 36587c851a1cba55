#include "views/exports/perfetto_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/sql_literal.h"
#include "views/exports/content.h"
#include "views/exports/lanes.h"
#include "views/exports/rows.h"

namespace llt::views {
namespace {

Argument text_argument(const Row& row, std::size_t column) {
  if (!row.known(column)) return {};
  return std::string(row.text(column));
}

Argument number_argument(const Row& row, std::size_t column) {
  if (const auto value = row.integer(column)) return *value;
  return {};
}

Argument milliseconds(const Row& row, std::size_t column) {
  if (const auto value = row.integer(column)) return static_cast<double>(*value) / 1e6;
  return {};
}

// The group of tracks in which things that overlap stand beside each other.
class LaneTracks {
 public:
  LaneTracks(PerfettoWriter& writer, std::string name) : writer_(writer), name_(std::move(name)) {}

  Result<std::uint64_t> track(const Lanes::Span& span) {
    if (group_ == 0) {
      auto made = writer_.track(name_);
      if (!made) return made;
      group_ = *made;
    }
    const std::size_t lane = lanes_.place(span);
    if (lane == tracks_.size()) {
      auto made = writer_.track(fmt::format("lane {}", lane + 1), group_);
      if (!made) return made;
      tracks_.push_back(*made);
    }
    return tracks_[lane];
  }

 private:
  PerfettoWriter& writer_;
  std::string name_;
  std::uint64_t group_ = 0;
  Lanes lanes_;
  std::vector<std::uint64_t> tracks_;
};

class RequestWriter {
 public:
  explicit RequestWriter(PerfettoWriter& writer) : writer_(writer), tracks_(writer, "Requests") {}

  Result<> add(const Row& row) {
    start_ = row.integer(kStart).value_or(0);
    end_ = start_ + row.integer(kTotal).value_or(0);
    const auto track = tracks_.track({start_, end_, {}, {}});
    if (!track) return std::unexpected(track.error());
    Event event{*track, std::string(row.text(kTitle)), "request", start_, end_ - start_, arguments(row), {}};
    const auto operation = row.integer(kOperationStart);
    if (!operation) event.flows = row.naturals(kFlows);
    if (auto written = writer_.slice(event); !written) return written;
    return operation ? phases(row, *track) : Result<>{};
  }

 private:
  /// The columns of write_requests' SELECT.
  enum Column : std::size_t {
    kId,
    kTraceId,
    kStart,
    kTotal,
    kOperationStart,
    kOperationLength,
    kQueueStart,
    kPrefillStart,
    kDecodeStart,
    kTitle,
    kOperation,
    kModel,
    kUpstream,
    kStatus,
    kErrorType,
    kInput,
    kCached,
    kOutput,
    kTtft,
    kQueue,
    kPrefill,
    kDecode,
    kSlot,
    kFlows,
  };

  static std::vector<NamedArgument> arguments(const Row& row) {
    return {{"request_id", text_argument(row, kId)},         {"trace_id", text_argument(row, kTraceId)},
            {"status", number_argument(row, kStatus)},       {"error", text_argument(row, kErrorType)},
            {"upstream", text_argument(row, kUpstream)},     {"slot", number_argument(row, kSlot)},
            {"ttft_ms", milliseconds(row, kTtft)},           {"queue_ms", milliseconds(row, kQueue)},
            {"prefill_ms", milliseconds(row, kPrefill)},     {"decode_ms", milliseconds(row, kDecode)},
            {"input_tokens", number_argument(row, kInput)},  {"cached_tokens", number_argument(row, kCached)},
            {"output_tokens", number_argument(row, kOutput)}};
  }

  // As schema/spans.toml has them: each phase lasts until the next one that is known.
  Result<> phases(const Row& row, std::uint64_t track) {
    const UnixNs begin = start_ + row.integer(kOperationStart).value_or(0);
    const UnixNs end = begin + row.integer(kOperationLength).value_or(0);
    std::string name(row.known(kOperation) ? row.text(kOperation) : "upstream");
    if (row.known(kModel)) name += fmt::format(" {}", row.text(kModel));
    if (auto written = child(track, std::move(name), begin, end, row.naturals(kFlows)); !written)
      return written;
    const std::array<std::pair<const char*, Column>, 3> phases{
        {{"queue", kQueueStart}, {"prefill", kPrefillStart}, {"decode", kDecodeStart}}};
    for (std::size_t i = 0; i < phases.size(); ++i) {
      const auto from = row.integer(phases[i].second);
      if (!from) continue;
      UnixNs to = end;
      for (std::size_t later = phases.size() - 1; later > i; --later) {
        if (const auto next = row.integer(phases[later].second)) to = start_ + *next;
      }
      if (auto written = child(track, phases[i].first, start_ + *from, to, {}); !written) return written;
    }
    return {};
  }

  Result<> child(std::uint64_t track, std::string name, UnixNs from, UnixNs to,
                 std::vector<std::uint64_t> flows) {
    from = std::clamp(from, start_, end_);
    to = std::clamp(to, from, end_);
    return writer_.slice({track, std::move(name), "request", from, to - from, {}, std::move(flows)});
  }

  PerfettoWriter& writer_;
  LaneTracks tracks_;
  UnixNs start_ = 0, end_ = 0;
};

// Attributes as arguments; their names live as long as the row.
void add_attributes(const simdjson::dom::element& cell, std::vector<NamedArgument>& arguments) {
  simdjson::dom::object object;
  if (cell.get(object) != simdjson::SUCCESS) return;
  for (const auto [name, value] : object) {
    if (is_content_attribute(name)) continue;
    std::string_view text;
    std::int64_t number = 0;
    double real = 0;
    bool flag = false;
    if (value.get(number) == simdjson::SUCCESS) {
      arguments.push_back({name, number});
    } else if (value.get(real) == simdjson::SUCCESS) {
      arguments.push_back({name, real});
    } else if (value.get(flag) == simdjson::SUCCESS) {
      arguments.push_back({name, flag});
    } else if (value.get(text) == simdjson::SUCCESS) {
      arguments.push_back({name, std::string(text)});
    } else if (!value.is_null()) {
      arguments.push_back({name, simdjson::minify(value)});
    }
  }
}

/// The tracks of one engine process after the other: its steps, then its slots.
class EngineTracks {
 public:
  explicit EngineTracks(PerfettoWriter& writer) : writer_(writer) {}

  Result<std::uint64_t> group(std::uint64_t engine, std::string_view upstream) {
    if (const auto found = groups_.find(engine); found != groups_.end()) return found->second;
    auto made = writer_.track(fmt::format("Engine {} (run {:x})", upstream, engine));
    if (made) groups_[engine] = *made;
    return made;
  }

  Result<std::uint64_t> part(std::uint64_t engine, std::string_view upstream, const std::string& name) {
    auto parent = group(engine, upstream);
    if (!parent) return parent;
    if (const auto found = parts_.find({engine, name}); found != parts_.end()) return found->second;
    auto made = writer_.track(name, *parent);
    if (made) parts_[{engine, name}] = *made;
    return made;
  }

 private:
  PerfettoWriter& writer_;
  std::map<std::uint64_t, std::uint64_t> groups_;
  std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> parts_;
};

const char* step_name(std::int64_t prefill, std::int64_t decode) {
  if (prefill != 0 && decode != 0) return "prefill and decode";
  return prefill != 0 ? "prefill" : "decode";
}

Result<> write_batch_steps(store::Reader& reader, const PerfettoScope& scope, EngineTracks& tracks,
                           PerfettoWriter& writer, std::uint64_t& count) {
  // A step ends when its results are there; what the engine began meanwhile would cut it short.
  const std::string sql = fmt::format(
      "WITH flows AS (SELECT engine_id, step, list(DISTINCT hash(engine_id, turn)) AS flows FROM "
      "step_members "
      "WHERE {0} GROUP BY engine_id, step), "
      "s AS (SELECT *, greatest(return_ns, coalesce(sync_ns, 0)) AS took, lead(start_unix_ns) OVER "
      "(PARTITION BY engine_id, context ORDER BY start_unix_ns, step) - start_unix_ns AS room FROM steps "
      "WHERE {0}) "
      "SELECT s.engine_id, s.step, s.upstream, s.start_unix_ns, least(s.took, coalesce(s.room, s.took)), "
      "coalesce(s.context, 'target'), s.prefill_tokens, s.decode_tokens, s.sequences, s.kv_tokens, s.result, "
      "s.gap_ns, s.predicted_ns, f.flows "
      "FROM s LEFT JOIN flows f USING (engine_id, step) ORDER BY s.engine_id, s.start_unix_ns",
      scope.during("start_unix_ns"));
  return for_each_row(reader, sql, [&](const Row& row) -> Result<> {
    const auto track = tracks.part(row.natural(0).value_or(0), row.text(2),
                                   row.text(5) == "draft" ? "batch steps, draft model" : "batch steps");
    if (!track) return std::unexpected(track.error());
    ++count;
    const std::int64_t prefill = row.integer(6).value_or(0), decode = row.integer(7).value_or(0);
    return writer.slice({*track,
                         step_name(prefill, decode),
                         "step",
                         row.integer(3).value_or(0),
                         row.integer(4).value_or(0),
                         {{"step", number_argument(row, 1)},
                          {"prefill_tokens", prefill},
                          {"decode_tokens", decode},
                          {"sequences", number_argument(row, 8)},
                          {"kv_tokens", number_argument(row, 9)},
                          {"result", number_argument(row, 10)},
                          {"gap_before_ms", milliseconds(row, 11)},
                          {"predicted_ms", milliseconds(row, 12)}},
                         row.naturals(13)});
  });
}

Result<> write_turns(store::Reader& reader, const PerfettoScope& scope, EngineTracks& tracks,
                     PerfettoWriter& writer) {
  const std::string sql = fmt::format(
      "SELECT engine_id, turn, upstream, slot, start_unix_ns, least(duration_ns, "
      "coalesce(lead(start_unix_ns) OVER "
      "(PARTITION BY engine_id, slot ORDER BY start_unix_ns, turn) - start_unix_ns, duration_ns)), "
      "request_id, "
      "prefill_tokens, decode_tokens, cached_tokens, steps, own_ns, [hash(engine_id, turn)] "
      "FROM turns WHERE {} ORDER BY engine_id, slot, start_unix_ns",
      scope.during("start_unix_ns"));
  return for_each_row(reader, sql, [&](const Row& row) -> Result<> {
    const auto track = tracks.part(row.natural(0).value_or(0), row.text(2),
                                   fmt::format("slot {}", row.integer(3).value_or(0)));
    if (!track) return std::unexpected(track.error());
    return writer.slice({*track,
                         row.known(6) ? std::string(row.text(6)) : "a request of others",
                         "turn",
                         row.integer(4).value_or(0),
                         row.integer(5).value_or(0),
                         {{"turn", number_argument(row, 1)},
                          {"prefill_tokens", number_argument(row, 7)},
                          {"decode_tokens", number_argument(row, 8)},
                          {"cached_tokens", number_argument(row, 9)},
                          {"steps", number_argument(row, 10)},
                          {"own_ms", milliseconds(row, 11)}},
                         row.naturals(12)});
  });
}

struct GpuCounter {
  std::string_view column, name, unit;
};
constexpr std::array kGpuCounters{
    GpuCounter{"utilization * 100", "utilization", "%"},
    GpuCounter{"memory_activity * 100", "memory activity", "%"},
    GpuCounter{"memory_used_bytes", "memory used", "B"},
    GpuCounter{"power_watts", "power", "W"},
    GpuCounter{"temperature_celsius", "temperature", "°C"},
    GpuCounter{"sm_clock_hz / 1e6", "clock", "MHz"},
    GpuCounter{"pcie_receive_bytes_per_second", "PCIe to the GPU", "B/s"},
    GpuCounter{"pcie_transmit_bytes_per_second", "PCIe from the GPU", "B/s"},
};

/// Tracks of numbers that are made when the first number comes.
class CounterTracks {
 public:
  explicit CounterTracks(PerfettoWriter& writer) : writer_(writer) {}

  Result<std::uint64_t> group(const std::string& name) {
    if (const auto found = groups_.find(name); found != groups_.end()) return found->second;
    auto made = writer_.track(name);
    if (made) groups_[name] = *made;
    return made;
  }

  Result<> add(const std::string& group_name, const std::string& name, const std::string& unit, UnixNs at,
               double value) {
    auto parent = group(group_name);
    if (!parent) return std::unexpected(parent.error());
    const std::pair<std::uint64_t, std::string> key{*parent, name};
    auto found = tracks_.find(key);
    if (found == tracks_.end()) {
      const auto made = writer_.counter_track(name, unit, *parent);
      if (!made) return std::unexpected(made.error());
      found = tracks_.emplace(key, *made).first;
    }
    return writer_.counter(found->second, at, value);
  }

 private:
  PerfettoWriter& writer_;
  std::map<std::string, std::uint64_t> groups_;
  std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> tracks_;
};

}  // namespace

std::string PerfettoScope::during(std::string_view column) const {
  return fmt::format("{0} >= {1} AND {0} < {2}", column, from, to);
}

std::string PerfettoScope::of_trace(std::string_view column) const {
  return trace.empty() ? "true" : fmt::format("{} = {}", column, sql_literal(trace));
}

Result<std::uint64_t> write_requests(store::Reader& reader, const PerfettoScope& scope,
                                     PerfettoWriter& writer) {
  const std::string sql = fmt::format(
      "{} SELECT r.request_id, trace_id, r.start_unix_ns, total_ns, operation_start_ns, operation_ns, "
      "queue_start_ns, "
      "prefill_start_ns, decode_start_ns, coalesce(method || ' ', '') || route, operation, model, upstream, "
      "http_status, error_type, input_tokens, cached_tokens, output_tokens, ttft_ns, queue_ns, prefill_ns, "
      "decode_ns, slot, {} FROM requests r {} WHERE {} AND {} ORDER BY r.start_unix_ns, r.request_id",
      scope.steps ? "WITH t AS (SELECT request_id, list(hash(engine_id, turn)) AS flows FROM turns WHERE "
                    "request_id IS NOT "
                    "NULL GROUP BY request_id)"
                  : "",
      scope.steps ? "t.flows" : "NULL", scope.steps ? "LEFT JOIN t ON t.request_id = r.request_id" : "",
      scope.during("r.start_unix_ns"), scope.of_trace("r.trace_id"));
  RequestWriter requests(writer);
  std::uint64_t count = 0;
  auto read = for_each_row(reader, sql, [&](const Row& row) {
    ++count;
    return requests.add(row);
  });
  if (!read) return std::unexpected(read.error());
  return count;
}

Result<std::uint64_t> write_spans(store::Reader& reader, const PerfettoScope& scope, PerfettoWriter& writer) {
  const std::string sql = fmt::format(
      "SELECT service_name, start_unix_ns, duration_ns, name, span_id, parent_span_id, trace_id, kind, "
      "status_code, "
      "status_message, attributes FROM received_spans WHERE {} AND {} "
      "ORDER BY service_name, start_unix_ns, duration_ns DESC",
      scope.during("start_unix_ns"), scope.of_trace("trace_id"));
  std::string service;
  std::optional<LaneTracks> tracks;
  std::uint64_t count = 0;
  auto read = for_each_row(reader, sql, [&](const Row& row) -> Result<> {
    if (!tracks || service != row.text(0)) {
      service = row.text(0);
      tracks.emplace(writer, "Service " + service);
    }
    const UnixNs start = row.integer(1).value_or(0);
    const std::int64_t took = std::max<std::int64_t>(row.integer(2).value_or(0), 0);
    const auto track = tracks->track({start, start + took, row.text(4), row.text(5)});
    if (!track) return std::unexpected(track.error());
    ++count;
    std::vector<NamedArgument> arguments{
        {"span_id", text_argument(row, 4)},  {"parent_span_id", text_argument(row, 5)},
        {"trace_id", text_argument(row, 6)}, {"kind", text_argument(row, 7)},
        {"status", text_argument(row, 8)},   {"status_message", text_argument(row, 9)}};
    add_attributes(row.cell(10), arguments);
    return writer.slice({*track, std::string(row.text(3)), "span", start, took, std::move(arguments), {}});
  });
  if (!read) return std::unexpected(read.error());
  return count;
}

Result<std::uint64_t> write_steps(store::Reader& reader, const PerfettoScope& scope, PerfettoWriter& writer) {
  std::uint64_t count = 0;
  if (!scope.steps) return count;
  EngineTracks tracks(writer);
  if (auto read = write_batch_steps(reader, scope, tracks, writer, count); !read)
    return std::unexpected(read.error());
  if (auto read = write_turns(reader, scope, tracks, writer); !read) return std::unexpected(read.error());
  return count;
}

Result<std::uint64_t> write_gpus(store::Reader& reader, const PerfettoScope& scope, PerfettoWriter& writer) {
  std::string sql = "SELECT s.unix_ns, s.gpu, 'GPU ' || s.gpu || coalesce(': ' || g.name, '')";
  for (const GpuCounter& counter : kGpuCounters) sql += fmt::format(", ({})::DOUBLE", counter.column);
  sql += fmt::format(
      " FROM gpu_samples s LEFT JOIN (SELECT gpu, arg_max(name, unix_ns) AS name FROM gpus GROUP BY gpu) g "
      "USING (gpu) "
      "WHERE {} ORDER BY s.gpu, s.unix_ns",
      scope.during("s.unix_ns"));
  CounterTracks tracks(writer);
  std::uint64_t count = 0;
  auto read = for_each_row(reader, sql, [&](const Row& row) -> Result<> {
    const UnixNs at = row.integer(0).value_or(0);
    const std::string group(row.text(2));
    for (std::size_t i = 0; i < kGpuCounters.size(); ++i) {
      const auto value = row.real(i + 3);
      if (!value) continue;
      ++count;
      auto added =
          tracks.add(group, std::string(kGpuCounters[i].name), std::string(kGpuCounters[i].unit), at, *value);
      if (!added) return added;
    }
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return count;
}

Result<std::uint64_t> write_gauges(store::Reader& reader, const PerfettoScope& scope,
                                   PerfettoWriter& writer) {
  const std::string sql = fmt::format(
      "SELECT unix_ns, replace(name, 'llamatelemetry.', ''), value, coalesce(unit, ''), attributes FROM "
      "metrics "
      "WHERE {} AND name IN ('llamatelemetry.requests.waiting', 'llamatelemetry.requests.prefilling', "
      "'llamatelemetry.requests.decoding', 'llamatelemetry.engine.slots_busy', "
      "'llamatelemetry.engine.requests_deferred', 'llamatelemetry.prefill.throughput', "
      "'llamatelemetry.decode.throughput') ORDER BY name, unix_ns",
      scope.during("unix_ns"));
  CounterTracks tracks(writer);
  std::uint64_t count = 0;
  auto read = for_each_row(reader, sql, [&](const Row& row) -> Result<> {
    const auto value = row.real(2);
    if (!value) return {};
    ++count;
    std::string name(row.text(1));
    simdjson::dom::object labels;
    if (row.cell(4).get(labels) == simdjson::SUCCESS && labels.size() != 0)
      name += " " + std::string(simdjson::minify(labels));
    return tracks.add("Queue and throughput", name, std::string(row.text(3)), row.integer(0).value_or(0),
                      *value);
  });
  if (!read) return std::unexpected(read.error());
  return count;
}

Result<> write_events(store::Reader& reader, const PerfettoScope& scope, PerfettoWriter& writer) {
  const std::string sql =
      fmt::format("SELECT unix_ns, kind, severity, message, upstream FROM events WHERE {} ORDER BY unix_ns",
                  scope.during("unix_ns"));
  std::uint64_t track = 0;
  return for_each_row(reader, sql, [&](const Row& row) -> Result<> {
    if (track == 0) {
      const auto made = writer.track("Events");
      if (!made) return std::unexpected(made.error());
      track = *made;
    }
    return writer.instant({track,
                           std::string(row.text(1)),
                           "event",
                           row.integer(0).value_or(0),
                           0,
                           {{"severity", text_argument(row, 2)},
                            {"message", text_argument(row, 3)},
                            {"upstream", text_argument(row, 4)}},
                           {}});
  });
}

}  // namespace llt::views
