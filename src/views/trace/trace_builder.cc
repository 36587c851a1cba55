#include "views/trace/trace_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <tuple>

#include "analytics/span_tree.h"
#include "views/json_rows.h"
#include "views/trace/lanes.h"

namespace llt::views {
namespace {

using analytics::kNoSpan;

std::optional<std::int64_t> number_at(const Json& row, const char* member) {
  const auto found = row.find(member);
  if (found == row.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

class Builder {
 public:
  explicit Builder(TraceParts parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const TraceIndex> run() {
    find_bounds();
    add_phases();
    add_spans();
    if (index_.whole) add_engines();
    index_.timeline = Timeline(std::move(rows_));
    index_.names = parts_.names.take();
    return std::make_shared<const TraceIndex>(std::move(index_));
  }

 private:
  void find_bounds() {
    for (const Json& row : index_.requests) {
      const UnixNs from = row["start_unix_ns"].get<UnixNs>();
      parts_.stretch(from, from + row["total_ns"].get<std::int64_t>());
    }
    for (const SpanRow& span : parts_.spans) parts_.stretch(span.start, span.start + span.duration);
    index_.start = parts_.start;
    index_.duration_ns = parts_.end - parts_.start;
    index_.shown_spans = parts_.spans.size();
    if (index_.whole) index_.spans = parts_.spans.size();
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
        add_row(start + *from, start + to, next_lane_, parts_.names.number(name), tone,
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
    if (parts_.spans.empty()) {
      if (!index_.requests.empty())
        index_.notes.emplace_back("this trace was not sampled by its caller: it has no spans, only phases");
      return;
    }
    OrderedSpans spans = order_spans(parts_.spans);
    parts_.spans.clear();
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
      row.tone = span_tone(parts_.names.text(labels[i].name));
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
      share.name = parts_.names.text(static_cast<std::uint32_t>(key >> 32));
      share.service = parts_.names.text(static_cast<std::uint32_t>(key));
      index_.path.push_back(std::move(share));
    }
    std::ranges::sort(index_.path, [](const PathShare& a, const PathShare& b) {
      return std::tie(b.ns, a.name, a.service) < std::tie(a.ns, b.name, b.service);
    });
    if (index_.path.size() > 10) index_.path.resize(10);
    return through;
  }

  void add_engines() {
    for (EngineParts& engine : parts_.engines) {
      index_.engines.push_back(engine.id);
      const std::string which =
          parts_.engines.size() == 1 ? "" : fmt::format(" of engine {}", index_.engines.size());
      add_steps(engine, which);
      add_slots(engine, which);
    }
    if (!index_.requests.empty() && parts_.engines.empty()) {
      index_.notes.emplace_back(
          "no batch steps are known of it: they are recorded where the engine's probe is on (llama-server "
          "with "
          "its shared library)");
    }
  }

  void add_steps(const EngineParts& engine, const std::string& which) {
    Track& track = begin_track(fmt::format("steps-{}", index_.engines.size() - 1), "Batch steps" + which);
    const auto place = static_cast<std::uint32_t>(index_.engines.size() - 1);
    const std::uint32_t prompts = parts_.names.number("prompts"),
                        generation = parts_.names.number("generation"),
                        both = parts_.names.number("prompts and generation");
    for (const EngineParts::Step& step : engine.steps) {
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
  void add_slots(EngineParts& engine, const std::string& which) {
    std::ranges::sort(engine.members, [](const EngineParts::Member& a, const EngineParts::Member& b) {
      return std::tie(a.slot, a.step) < std::tie(b.slot, b.step);
    });
    const auto place = static_cast<std::uint32_t>(index_.engines.size() - 1);
    std::optional<std::int64_t> slot;
    std::size_t open = 0;
    for (const EngineParts::Member& member : engine.members) {
      const auto step = std::ranges::lower_bound(engine.steps, member.step, {}, &EngineParts::Step::step);
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
              parts_.names.number(request.empty() ? "a request that is not known" : request), tone,
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

  TraceParts parts_;
  TraceIndex& index_ = parts_.index;
  std::vector<TimelineRow> rows_;
  std::uint32_t next_lane_ = 0;
};

}  // namespace

Result<std::shared_ptr<const TraceIndex>> build_index(TraceParts parts) {
  if (parts.index.requests.empty() && parts.spans.empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("the trace {} is not stored any more", parts.index.trace_id),
                "old rows are deleted: --retention and --store-max say when");
  }
  return Builder(std::move(parts)).run();
}

}  // namespace llt::views
