#pragma once
// Perfetto's trace packets: tracks, slices, instants, counters. Packets may come in any order of time.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "views/exports/byte_sink.h"

namespace llt::perfetto {
class TracePacket;
}

namespace llt::views {

/// What stands beside an event; a value that is not known is left out.
using Argument = std::variant<std::monostate, std::int64_t, double, bool, std::string>;
struct NamedArgument {
  std::string_view name;
  Argument value;
};

struct Event {
  std::uint64_t track = 0;
  std::string name;
  std::string_view category;
  UnixNs start = 0;
  std::int64_t duration_ns = 0;
  std::vector<NamedArgument> arguments;
  std::vector<std::uint64_t> flows;  ///< events that share one are joined by arrows, in the order of time
};

class PerfettoWriter {
 public:
  /// `sink` is given whole packets, some hundred kilobytes at a time.
  explicit PerfettoWriter(const ByteSink& sink);
  ~PerfettoWriter();

  /// Begins the trace: its clock shows the wall-clock time, from `begin` on.
  [[nodiscard]] Result<> begin(UnixNs begin);

  /// A track; `parent` 0 is none. Tracks stand under each other in the order in which they are made.
  [[nodiscard]] Result<std::uint64_t> track(const std::string& name, std::uint64_t parent = 0);
  /// A track of numbers; `unit` is for the reader's eye.
  [[nodiscard]] Result<std::uint64_t> counter_track(const std::string& name, const std::string& unit,
                                                    std::uint64_t parent);

  /// Slices of one track lie beside or inside each other; an inner one comes after the outer one.
  [[nodiscard]] Result<> slice(const Event& event);
  [[nodiscard]] Result<> instant(const Event& event);
  [[nodiscard]] Result<> counter(std::uint64_t track, UnixNs at, double value);
  [[nodiscard]] Result<> finish() { return flush(); }

  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

 private:
  struct Names;
  [[nodiscard]] Result<> add(llt::perfetto::TracePacket& packet);
  [[nodiscard]] Result<> flush();
  [[nodiscard]] Result<> write_begin(const Event& event, int type);

  const ByteSink& sink_;
  std::unique_ptr<Names> names_;
  std::string buffer_;
  std::uint64_t tracks_ = 0, events_ = 0;
  bool first_ = true;
};

}  // namespace llt::views
