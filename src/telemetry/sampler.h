#pragma once
// Which traces are exported: OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. The store keeps every request
// whatever the answer is.

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "telemetry/environment.h"

namespace llt::telemetry {

/// Immutable, so decide() is safe from every thread and takes a few nanoseconds.
class Sampler {
 public:
  /// always_on, always_off, traceidratio and their parentbased_ forms. Default: parentbased_always_on, also
  /// for a name or ratio that is not understood (logged).
  [[nodiscard]] static Sampler from_environment(const Environment& environment);

  /// Pure: the same trace id gets the same answer in every process that has the same settings.
  [[nodiscard]] bool decide(const TraceId& trace, std::optional<bool> parent_sampled) const noexcept;

 private:
  bool parent_based_ = true;
  /// A trace is taken when the last eight bytes of its id, as a big-endian number, are not above this.
  std::uint64_t threshold_ = UINT64_MAX;
  bool off_ = false;
};

}  // namespace llt::telemetry
