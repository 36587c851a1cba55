#pragma once
// What the store knows of one trace, before it becomes rows in lanes.

#include <cstdint>
#include <deque>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "store/reader.h"
#include "views/trace/names.h"
#include "views/trace/span_rows.h"
#include "views/trace/trace_index.h"

namespace llt::views {

inline constexpr std::size_t kMostRows = 2'000'000;  ///< of one trace: about 70 bytes each in memory

/// An engine that computed for the trace's requests, and all that it did in their time.
struct EngineParts {
  struct Step {
    std::int64_t step, start, end, prefill, decode;
  };
  struct Member {
    std::int64_t step, turn, slot, prefill, decode;
  };
  std::string id;  ///< digits
  std::int64_t from = 0, to = 0;
  std::map<std::int64_t, std::string> turns{};  ///< the request of each; empty: none of ours
  std::vector<Step> steps{};
  std::vector<Member> members{};
};

struct TraceParts {
  TraceIndex
      index;  ///< what needs no work: the id, requests, attribution, delays, notes; of a sketch its size
  Names names;
  std::deque<SpanRow> spans;
  std::vector<EngineParts> engines;
  UnixNs start = INT64_MAX, end = INT64_MIN;  ///< of the trace, as far as is known besides `spans`

  void stretch(UnixNs from, UnixNs to);
};

/// Reads one trace, part by part.
class PartsReader {
 public:
  PartsReader(store::Reader& reader, std::string trace_id, std::stop_token stop);

  /// First of all: what is asked next depends on them.
  [[nodiscard]] Result<> read_requests();
  /// Adds spans that fulfil `condition` (SQL that follows a WHERE, or nothing). Whether there are more than
  /// `most`.
  [[nodiscard]] Result<bool> read_spans(std::string_view condition, std::uint64_t most);
  [[nodiscard]] Result<> read_engines();

  /// " FROM ... WHERE ...": the trace's spans.
  [[nodiscard]] std::string of_its_spans() const;

  TraceParts parts;

 private:
  [[nodiscard]] Result<> read_engine(EngineParts& engine);
  [[nodiscard]] Result<> read_steps(EngineParts& engine, const std::string& where);
  [[nodiscard]] Result<> read_members(EngineParts& engine, const std::string& where);
  [[nodiscard]] Result<> read_attribution(const std::string& request_ids);

  store::Reader& reader_;
  store::QueryLimits limits_;
};

}  // namespace llt::views
