#pragma once
// One trace with everything that happened beside it, ready to be looked at through windows.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "views/trace/span_ids.h"
#include "views/trace/timeline.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// What a row of the timeline stands for. Its number in `TimelineRow::origin`: first come all spans, then the
/// others.
struct Origin {
  enum class Kind : std::uint8_t { phase, span, step, member };
  Kind kind = Kind::span;
  std::uint32_t place = 0;  ///< phase: of the request; span: its own; step, member: of the engine
  std::int64_t step = 0;    ///< of the engine
  std::int32_t slot = 0;    ///< member
};

/// Lanes that belong together.
struct Track {
  std::string id;     ///< phases, spans, steps, slot-3
  std::string title;  ///< for people
  std::uint32_t first_lane = 0, lanes = 0;
};

/// What the trace waited for, by name: time on the critical path.
struct PathShare {
  std::string name, service;
  std::int64_t ns = 0;
  std::size_t spans = 0;
};

struct TraceIndex {
  std::string trace_id;
  UnixNs start = 0;
  std::int64_t duration_ns = 0;
  bool whole = true;  ///< otherwise a sketch: see trace_sketch.h
  std::size_t spans = 0, steps = 0;
  std::size_t shown_spans = 0;  ///< of them in the timeline: all, unless this is a sketch
  Timeline timeline;
  std::vector<Track> tracks;
  std::vector<std::string> names;
  std::vector<std::uint64_t> span_numbers;  ///< of each span; `span_ids` knows how they are written
  SpanIds span_ids;
  std::vector<Origin> origins;       ///< of the rows that are no spans
  std::vector<std::string> engines;  ///< Origin::place points here; an engine's id in decimal digits
  std::vector<PathShare> path;       ///< the largest first, at most ten
  nlohmann::ordered_json requests = nlohmann::ordered_json::array();  ///< rows of `requests`, by start
  nlohmann::ordered_json attribution = nlohmann::ordered_json::array();
  nlohmann::ordered_json delayed_by = nlohmann::ordered_json::array();  ///< who held these requests up
  std::vector<std::string> notes;  ///< sentences: what is missing or doubtful

  [[nodiscard]] Origin origin_of(const TimelineRow& row) const {
    if (row.origin < shown_spans) return {.kind = Origin::Kind::span, .place = row.origin};
    return origins[row.origin - shown_spans];
  }
};

/// The trace of this id, or of the request with this id. Errors: not_found, and those of the store.
[[nodiscard]] Result<std::string> resolve_trace(store::Reader& reader, std::string_view id);

/// Reads everything of a trace. Takes about half a second for a million spans.
[[nodiscard]] Result<std::shared_ptr<const TraceIndex>> load_trace(store::Reader& reader,
                                                                   const std::string& trace_id,
                                                                   std::stop_token stop);

}  // namespace llt::views
