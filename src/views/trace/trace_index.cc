#include "views/trace/trace_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "analytics/span_tree.h"
#include "base/sql_literal.h"
#include "store/row_scanner.h"
#include "views/json_rows.h"
#include "views/request_columns.h"
#include "views/trace/lanes.h"
#include "views/trace/names.h"
#include "views/trace/span_rows.h"

namespace llt::views {
namespace {

using analytics::kNoSpan;

constexpr std::size_t kMostRows = 2'000'000;  // what one trace may take of our memory: about 70 bytes each
constexpr std::size_t kMostRequests = 100;

std::string quoted_list(const Json& rows, const char* member) {
  std::string list;
  for (const Json& row : rows) {
    if (row[member].is_string())
      list += (list.empty() ? "" : ",") + sql_literal(row[member].get<std::string>());
  }
  return list;
}

std::optional<std::int64_t> number_at(const Json& row, const char* member) {
  const auto found = row.find(member);
  if (found == row.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

class Loader {
 public:
  Loader(store::Reader& reader, std::string trace_id, std::stop_token stop)
      : reader_(reader), limits_{.timeout_ms = 60'000, .max_rows = kMostRows, .stop = std::move(stop)} {
    index_.trace_id = std::move(trace_id);
  }

  Result<std::shared_ptr<const TraceIndex>> run() {
    if (auto done = read_requests(); !done) return std::unexpected(done.error());
    const auto more = read_spans("", kMostRows);
    if (!more) return std::unexpected(more.error());
    if (*more)
      index_.notes.push_back(fmt::format("only {} of its spans are shown: there are more", kMostRows));
    return finish();
  }

  Result<std::shared_ptr<const TraceIndex>> sketch() {
    if (auto done = read_requests(); !done) return std::unexpected(done.error());
    const auto more = read_spans("", kSketchSpans);
    if (!more) return std::unexpected(more.error());
    if (*more) {
      index_.whole = false;
      if (auto done = read_longest(); !done) return std::unexpected(done.error());
    }
    return finish();
  }

 private:
  struct Step {
    std::int64_t step, start, end, prefill, decode;
  };
  struct Member {
    std::int64_t step, turn, slot, prefill, decode;
  };
  struct Engine {
    std::string id;  // digits
    std::int64_t from, to;
    std::map<std::int64_t, std::string> turns;  // the request of each; empty: none of ours
    std::vector<Step> steps;
    std::vector<Member> members;
  };

  Result<std::shared_ptr<const TraceIndex>> finish() {
    if (index_.whole) {
      if (auto done = read_engines(); !done) return std::unexpected(done.error());
    }
    if (index_.requests.empty() && spans_.empty()) {
      return fail(ErrorCode::not_found, fmt::format("the trace {} is not stored any more", index_.trace_id),
                  "old rows are deleted: --retention and --store-max say when");
    }
    find_bounds();
    add_phases();
    add_spans();
    if (index_.whole) add_engines();
    index_.timeline = Timeline(std::move(rows_));
    index_.names = names_.take();
    return std::make_shared<const TraceIndex>(std::move(index_));
  }

  Result<> read_requests() {
    auto rows =
        json_rows(reader_, fmt::format("SELECT {}, queue_start_ns, prefill_start_ns, "
                                       "decode_start_ns, operation_start_ns, operation_ns "
                                       "FROM requests WHERE trace_id = {} ORDER BY start_unix_ns LIMIT {}",
                                       kRequestColumns, sql_literal(index_.trace_id), kMostRequests));
    if (!rows) return std::unexpected(rows.error());
    index_.requests = std::move(*rows);
    return {};
  }

  // Two short looks at all spans instead of a long one: when they were, then everything of the longest.
  Result<> read_longest() {
    std::vector<std::int64_t> durations;
    const std::string times = fmt::format("SELECT start_unix_ns, duration_ns FROM {} WHERE trace_id = {}",
                                          span_source(), sql_literal(index_.trace_id));
    const auto done = store::scan(reader_, times, limits_, [&](const store::RowChunk& chunk) {
      for (std::size_t i = 0; i < chunk.size(); ++i) {
        const std::int64_t duration = chunk.numbers(1)[i];
        stretch(chunk.numbers(0)[i], chunk.numbers(0)[i] + std::max<std::int64_t>(duration, 0));
        durations.push_back(duration);
      }
      return true;
    });
    if (!done) return std::unexpected(done.error());
    index_.spans = durations.size();
    spans_.clear();
    if (durations.empty()) return {};
    const auto last =
        durations.begin() + static_cast<std::ptrdiff_t>(std::min(durations.size(), kSketchSpans) - 1);
    std::ranges::nth_element(durations, last, std::greater());
    const auto more =
        read_spans(fmt::format(" AND duration_ns >= {} ORDER BY duration_ns DESC", *last), kSketchSpans);
    if (!more) return std::unexpected(more.error());
    return {};
  }

  // Whether there are more than `most`.
  Result<bool> read_spans(const std::string& condition, std::uint64_t most) {
    const std::string sql = fmt::format(
        "SELECT span_id, parent_span_id, start_unix_ns, duration_ns, name, service_name, "
        "(status_code = 'ERROR')::BIGINT FROM {} WHERE trace_id = {}{}",
        span_source(), sql_literal(index_.trace_id), condition);
    store::QueryLimits limits = limits_;
    limits.max_rows = most;
    const auto done = store::scan(reader_, sql, limits, [this](const store::RowChunk& chunk) {
      const auto starts = chunk.numbers(2), durations = chunk.numbers(3), failed = chunk.numbers(6);
      for (std::size_t i = 0; i < chunk.size(); ++i) {
        SpanRow& span = spans_.emplace_back();
        span.id = index_.span_ids.keep(chunk.text(0, i));
        span.parent = span_id_number(chunk.text(1, i));
        span.start = starts[i];
        span.duration = std::max<std::int64_t>(durations[i], 0);
        span.label.name = names_.number(chunk.text(4, i));
        span.label.service = names_.number(chunk.text(5, i)) & INT32_MAX;
        span.label.failed = failed[i] != 0;
      }
      return true;
    });
    if (!done) return std::unexpected(done.error());
    return done->truncated;
  }

  // Without requests of ours the view `spans` holds what was received, but takes a third longer to say so.
  [[nodiscard]] std::string_view span_source() const {
    return index_.requests.empty() ? "received_spans" : "spans";
  }

  // Which engines computed for these requests, and when.
  Result<> read_engines() {
    const std::string ids = quoted_list(index_.requests, "request_id");
    if (ids.empty()) return {};
    auto turns =
        json_rows(reader_, fmt::format("SELECT engine_id::VARCHAR AS engine_id, min(start_unix_ns) AS b, "
                                       "max(start_unix_ns + duration_ns) AS e FROM turns "
                                       "WHERE request_id IN ({}) GROUP BY engine_id ORDER BY b",
                                       ids));
    if (!turns) return std::unexpected(turns.error());
    for (const Json& row : *turns) {
      Engine engine{row["engine_id"].get<std::string>(),
                    row["b"].get<std::int64_t>(),
                    row["e"].get<std::int64_t>(),
                    {},
                    {},
                    {}};
      if (auto read = read_engine(engine); !read) return read;
      engines_.push_back(std::move(engine));
    }
    if (!engines_.empty()) return read_attribution(ids);
    return {};
  }

  Result<> read_engine(Engine& engine) {
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
    auto done = store::scan(
        reader_,
        "SELECT step::BIGINT, start_unix_ns, coalesce(sync_ns, return_ns), prefill_tokens::BIGINT, "
        "decode_tokens::BIGINT FROM steps WHERE " +
            where + " ORDER BY step",
        limits_, [&](const store::RowChunk& c) {
          for (std::size_t i = 0; i < c.size(); ++i) {
            const std::int64_t start = c.numbers(1)[i];
            engine.steps.push_back(
                {c.numbers(0)[i], start, start + c.numbers(2)[i], c.numbers(3)[i], c.numbers(4)[i]});
          }
          return true;
        });
    if (!done) return std::unexpected(done.error());
    done = store::scan(
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

  Result<> read_attribution(const std::string& ids) {
    auto rows =
        json_rows(reader_, fmt::format("SELECT * EXCLUDE (engine_id) FROM attribution WHERE request_id IN "
                                       "({}) ORDER BY start_unix_ns",
                                       ids));
    if (!rows) return std::unexpected(rows.error());
    index_.attribution = std::move(*rows);
    auto delays = json_rows(
        reader_,
        fmt::format(
            "SELECT d.request_id, b.request_id AS by_request_id, b.slot AS by_slot, "
            "b.prefill_tokens AS by_prompt_tokens, sum(i.prefill_ns)::BIGINT AS prefill_ns, "
            "sum(i.decode_ns)::BIGINT AS decode_ns, sum(i.steps)::BIGINT AS steps FROM interference i "
            "JOIN turns d ON d.engine_id = i.engine_id AND d.turn = i.turn "
            "JOIN turns b ON b.engine_id = i.engine_id AND b.turn = i.by_turn "
            "WHERE d.request_id IN ({}) AND b.request_id IS DISTINCT FROM d.request_id "
            "GROUP BY d.request_id, b.engine_id, b.turn, b.request_id, b.slot, b.prefill_tokens "
            "ORDER BY sum(i.prefill_ns) + sum(i.decode_ns) DESC LIMIT 20",
            ids));
    if (!delays) return std::unexpected(delays.error());
    index_.delayed_by = std::move(*delays);
    return {};
  }

  void stretch(UnixNs from, UnixNs to) {
    start_ = std::min(start_, from);
    end_ = std::max(end_, to);
  }

  void find_bounds() {
    for (const Json& row : index_.requests) {
      const UnixNs from = row["start_unix_ns"].get<UnixNs>();
      stretch(from, from + row["total_ns"].get<std::int64_t>());
    }
    for (const SpanRow& span : spans_) stretch(span.start, span.start + span.duration);
    index_.start = start_;
    index_.duration_ns = end_ - start_;
    index_.shown_spans = spans_.size();
    if (index_.whole) index_.spans = spans_.size();
  }

  Track& begin_track(std::string id, std::string title) {
    index_.tracks.push_back({std::move(id), std::move(title), next_lane_, 0});
    return index_.tracks.back();
  }
  void end_track(Track& track) {
    track.lanes = next_lane_ - track.first_lane;
    if (track.lanes == 0) index_.tracks.pop_back();
  }

  void add_row(UnixNs start, UnixNs end, std::uint32_t lane, std::uint32_t name, Tone tone, Origin origin) {
    if (rows_.size() >= kMostRows) return;
    index_.origins.push_back(origin);
    rows_.push_back({start - index_.start, end - index_.start, lane, name,
                     static_cast<std::uint32_t>(index_.shown_spans + index_.origins.size() - 1), tone, 0});
  }

  // What the engine's own events say of each request: these three lie one after the other.
  void add_phases() {
    Track& track = begin_track("phases", "Phases");
    for (std::uint32_t i = 0; i < index_.requests.size(); ++i) {
      const Json& row = index_.requests[i];
      const auto queue = number_at(row, "queue_start_ns"), prefill = number_at(row, "prefill_start_ns"),
                 decode = number_at(row, "decode_start_ns");
      if (!queue && !prefill && !decode) continue;
      const UnixNs start = row["start_unix_ns"].get<UnixNs>();
      const std::int64_t end =
          number_at(row, "operation_start_ns").value_or(0) + number_at(row, "operation_ns").value_or(0);
      const auto add = [&](const char* name, Tone tone, std::optional<std::int64_t> from, std::int64_t to) {
        if (!from || to <= *from) return;
        add_row(start + *from, start + to, next_lane_, names_.number(name), tone,
                {.kind = Origin::Kind::phase, .place = i});
      };
      add("queue", Tone::queue, queue, prefill.value_or(decode.value_or(end)));
      add("prefill", Tone::prefill, prefill, decode.value_or(end));
      add("decode", Tone::decode, decode, end);
      ++next_lane_;
    }
    end_track(track);
  }

  void add_spans() {
    if (spans_.empty()) {
      if (!index_.requests.empty())
        index_.notes.emplace_back("this trace was not sampled by its caller: it has no spans, only phases");
      return;
    }
    OrderedSpans spans = order_spans(spans_);
    spans_.clear();
    const std::size_t orphans = spans.orphans;
    const analytics::SpanTree tree(std::move(spans.times));
    const SpanLanes placed = place_spans(tree);
    std::vector<bool> critical(spans.labels.size(), false);
    if (index_.whole) {  // of a sketch's spans many a parent is not read, and many a child
      note_doubts(orphans, placed.early_children);
      critical = follow_path(tree, spans.labels);
    }
    Track& track = begin_track("spans", "Spans");
    add_span_rows(tree, placed, spans.labels, critical);
    next_lane_ += placed.lanes;
    end_track(track);
    index_.span_numbers = std::move(spans.ids);
  }

  void note_doubts(std::size_t orphans, std::size_t early_children) {
    if (orphans > 1)
      index_.notes.push_back(
          fmt::format("{} spans name a parent that is not stored: they stand alone", orphans));
    if (early_children != 0)
      index_.notes.push_back(fmt::format(
          "{} spans begin before their parents: the clocks of two machines differ", early_children));
  }

  // Lane by lane, so that the timeline finds them in its order.
  void add_span_rows(const analytics::SpanTree& tree, const SpanLanes& placed,
                     const std::vector<SpanLabel>& labels, const std::vector<bool>& critical) {
    std::vector<std::size_t> next(placed.lanes + 1, 0);
    for (const std::uint32_t lane : placed.lane) ++next[lane + 1];
    next[0] = rows_.size();
    for (std::size_t lane = 1; lane < next.size(); ++lane) next[lane] += next[lane - 1];
    rows_.resize(next.back());
    for (std::uint32_t i = 0; i < labels.size(); ++i) {
      const analytics::SpanTimes& span = tree.spans()[i];
      TimelineRow& row = rows_[next[placed.lane[i]]++];
      row.start = span.start - index_.start;
      row.end = row.start + span.duration_ns;
      row.lane = next_lane_ + placed.lane[i];
      row.name = labels[i].name;
      row.origin = i;
      row.tone = span_tone(names_.text(labels[i].name));
      row.marks =
          static_cast<std::uint8_t>((labels[i].failed != 0 ? kFailed : 0) | (critical[i] ? kCritical : 0));
    }
  }

  static Tone span_tone(std::string_view name) {
    if (name == "queue") return Tone::queue;
    if (name == "prefill") return Tone::prefill;
    if (name == "decode") return Tone::decode;
    return Tone::neutral;
  }

  // Marks the spans that the path leads through and adds up what it waited for.
  std::vector<bool> follow_path(const analytics::SpanTree& tree, const std::vector<SpanLabel>& labels) {
    std::vector<std::int64_t> own(labels.size(), 0);
    for (const std::uint32_t root : tree.roots()) {
      analytics::walk_critical_path(
          tree, root, [&own](const analytics::PathSegment& part) { own[part.span] += part.duration_ns; });
    }
    std::vector<bool> through(labels.size(), false);
    boost::unordered_flat_map<std::uint64_t, PathShare> shares;
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (own[i] == 0) continue;
      for (std::uint32_t at = static_cast<std::uint32_t>(i); at != kNoSpan && !through[at];
           at = tree.spans()[at].parent)
        through[at] = true;
      PathShare& share = shares[std::uint64_t{labels[i].name} << 32 | labels[i].service];
      share.ns += own[i];
      ++share.spans;
    }
    for (auto& [key, share] : shares) {
      share.name = names_.text(static_cast<std::uint32_t>(key >> 32));
      share.service = names_.text(static_cast<std::uint32_t>(key));
      index_.path.push_back(std::move(share));
    }
    std::ranges::sort(index_.path, [](const PathShare& a, const PathShare& b) {
      return std::tie(b.ns, a.name, a.service) < std::tie(a.ns, b.name, b.service);
    });
    if (index_.path.size() > 10) index_.path.resize(10);
    return through;
  }

  void add_engines() {
    for (Engine& engine : engines_) {
      index_.engines.push_back(engine.id);
      const std::string which =
          engines_.size() == 1 ? "" : fmt::format(" of engine {}", index_.engines.size());
      add_steps(engine, which);
      add_slots(engine, which);
    }
    if (!index_.requests.empty() && engines_.empty()) {
      index_.notes.emplace_back(
          "no batch steps are known of it: they are recorded where the engine's probe is on (llama-server "
          "with "
          "its shared library)");
    }
  }

  void add_steps(const Engine& engine, const std::string& which) {
    Track& track = begin_track(fmt::format("steps-{}", index_.engines.size() - 1), "Batch steps" + which);
    const auto place = static_cast<std::uint32_t>(index_.engines.size() - 1);
    const std::uint32_t prompts = names_.number("prompts"), generation = names_.number("generation"),
                        both = names_.number("prompts and generation");
    for (const Step& step : engine.steps) {
      const Tone tone = step.prefill == 0 ? Tone::decode : step.decode == 0 ? Tone::prefill : Tone::mixed;
      const std::uint32_t name = step.prefill == 0 ? generation : step.decode == 0 ? prompts : both;
      add_row(step.start, step.end, next_lane_, name, tone,
              {.kind = Origin::Kind::step, .place = place, .step = step.step});
    }
    index_.steps += engine.steps.size();
    if (!engine.steps.empty()) ++next_lane_;
    end_track(track);
  }

  // One lane for each slot: who was in it, step by step.
  void add_slots(Engine& engine, const std::string& which) {
    std::ranges::sort(engine.members, [](const Member& a, const Member& b) {
      return std::tie(a.slot, a.step) < std::tie(b.slot, b.step);
    });
    const auto place = static_cast<std::uint32_t>(index_.engines.size() - 1);
    std::optional<std::int64_t> slot;
    std::size_t open = 0;
    for (const Member& member : engine.members) {
      const auto step = std::ranges::lower_bound(engine.steps, member.step, {}, &Step::step);
      if (step == engine.steps.end() || step->step != member.step) continue;
      if (slot != member.slot) {
        if (slot) close_slot(open);
        slot = member.slot;
        begin_track(fmt::format("slot-{}-{}", place, member.slot),
                    fmt::format("Slot {}{}", member.slot, which));
        open = index_.tracks.size() - 1;
      }
      const auto turn = engine.turns.find(member.turn);
      const std::string request = turn == engine.turns.end() ? "" : turn->second;
      const bool own = is_own(request);
      const bool prompt = member.prefill > 0;
      const Tone tone =
          own ? (prompt ? Tone::prefill : Tone::decode) : (prompt ? Tone::other_prefill : Tone::other_decode);
      add_row(step->start, step->end, next_lane_,
              names_.number(request.empty() ? "a request that is not known" : request), tone,
              {.kind = Origin::Kind::member,
               .place = place,
               .step = member.step,
               .slot = static_cast<std::int32_t>(member.slot)});
    }
    if (slot) close_slot(open);
  }

  void close_slot(std::size_t track) {
    ++next_lane_;
    index_.tracks[track].lanes = next_lane_ - index_.tracks[track].first_lane;
  }

  [[nodiscard]] bool is_own(const std::string& request_id) const {
    return std::ranges::any_of(index_.requests,
                               [&](const Json& row) { return row["request_id"] == request_id; });
  }

  store::Reader& reader_;
  store::QueryLimits limits_;
  TraceIndex index_;
  Names names_;
  std::deque<SpanRow> spans_;
  std::vector<Engine> engines_;
  std::vector<TimelineRow> rows_;
  std::uint32_t next_lane_ = 0;
  UnixNs start_ = INT64_MAX, end_ = INT64_MIN;
};

}  // namespace

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
  return Loader(reader, trace_id, std::move(stop)).run();
}

Result<std::shared_ptr<const TraceIndex>> sketch_trace(store::Reader& reader, const std::string& trace_id) {
  return Loader(reader, trace_id, {}).sketch();
}

}  // namespace llt::views
