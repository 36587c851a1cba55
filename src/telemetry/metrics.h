#pragma once
// Metrics of finished requests and the gauges, through the OpenTelemetry SDK: exact names, units and bucket
// views come from schema/telemetry.toml.

#include <memory>
#include <string>

#include "telemetry/gauges.h"
#include "telemetry/name_sets.h"
#include "telemetry/phases.h"
#include "telemetry/request_record.h"

namespace opentelemetry::inline v1::sdk::metrics {
class MetricReader;
}

namespace llt::telemetry {

struct ExportGate;

/// Distinct model names that a metric's label can take; the rest is "other".
inline constexpr std::size_t kMaxModelNames = 32;

class Metrics {
 public:
  /// `gauges` must outlive the result.
  Metrics(NameSets names, const std::string& version, Gauges& gauges);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Before the first record() only.
  void add_reader(std::shared_ptr<opentelemetry::sdk::metrics::MetricReader> reader);

  /// One thread at a time.
  void record(const RequestRecord& record, const PhaseBreakdown& phases);
  /// Makes the engine's own model name known to the label bound. Same thread as record().
  void admit_model(const std::string& name);

  /// Exports a last time and stops all readers; returns after `timeout_ms` and a moment at the latest.
  void shutdown(int timeout_ms, const std::shared_ptr<ExportGate>& gate);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llt::telemetry
